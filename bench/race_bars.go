package bench

// raceBars are what the project wants to reach, as ratios of medians under one load.
func raceBars() []bar {
	return []bar{
		{"official producer, 64 threads, 1 KiB: standalone", loadProducer, "tps", "standalone", "null", 0.9, 0},
		{"the same, proxy and node", loadProducer, "tps", "gateway", "null", 0.75, 0},
		{"server CPU a message, direct", loadProducer, "cpu_us_per_message", "direct", "real-4.9.7", 0, 0.3},
		{"server CPU a message, proxy and node", loadProducer, "cpu_us_per_message", "gateway", "real-5.3.3-proxy", 0, 0.2},
		{"proxy and node against the real proxy and broker, rate", loadProducer, "tps", "gateway", "real-5.3.3-proxy", 2, 0},
		{"proxy and node against the real broker without a proxy", loadProducer, "tps", "gateway", "real-4.9.7", 1, 0},
		{"the same two with 128 B: real proxy and broker", loadSmall, "tps", "gateway", "real-5.3.3-proxy", 2, 0},
		{"the same two with 128 B: real broker", loadSmall, "tps", "gateway", "real-4.9.7", 1, 0},
		{"one synchronous thread, direct", loadOne, "mean_ms", "direct", "real-4.9.7", 0, 0.75},
		{"one synchronous thread, gateway", loadOne, "mean_ms", "gateway", "real-5.3.3-proxy", 0, 0.6},
		{"own generator at full rate, 128 B, direct, ASYNC_FLUSH", loadFull, "tps", "direct", "real-4.9.7", 3, 0},
		{"SYNC_FLUSH, own generator, 64 connections", loadSync, "tps", "direct-sync", "real-4.9.7-sync", 1.5, 0},
		{"consuming a backlog, official consumer", loadBacklog, "tps", "direct", "real-4.9.7", 1, 0},
		{"the same, server CPU a message", loadBacklog, "cpu_us_per_message", "direct", "real-4.9.7", 0, 0.3},
		{"transactions, official producer, 32 threads", loadTx, "tps", "standalone", "null", 0.75, 0},
		{"open loop at half of the real peak, P99", loadOpen, "p99_ms", "direct", "real-4.9.7", 0, 0.5},
		{"open loop at half of the real peak, P99.9", loadOpen, "p999_ms", "direct", "real-4.9.7", 0, 0.5},
		{"open loop at half of the real proxy's peak, P99", loadOpenGate, "p99_ms", "gateway", "real-5.3.3-proxy", 0, 0.5},
		{"open loop at half of the real proxy's peak, P99.9", loadOpenGate, "p999_ms", "gateway", "real-5.3.3-proxy", 0, 0.5},
		{"end to end, P50, direct", loadLatency, "p50_ms", "direct", "real-4.9.7", 0, 0.5},
		{"end to end, P99, direct", loadLatency, "p99_ms", "direct", "real-4.9.7", 0, 0.5},
		{"end to end, P50, gateway", loadLatency, "p50_ms", "gateway", "real-5.3.3-proxy", 0, 0.5},
		{"end to end, P99, gateway", loadLatency, "p99_ms", "gateway", "real-5.3.3-proxy", 0, 0.5},
		{"resident memory at full load, proxy and node, MiB", loadProducer, "rss_mib", "gateway", "", 0, 100},
		{"resident memory at full load, direct", loadProducer, "rss_mib", "direct", "real-4.9.7", 0, 0.1},
		{"resident memory at full load, proxy and node", loadProducer, "rss_mib", "gateway", "real-5.3.3-proxy", 0, 0.1},
		{"start to ready, ms", loadStart, "ready_ms", "standalone", "", 0, 300},
	}
}
