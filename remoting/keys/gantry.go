package keys

import "gantry/remoting/properties"

func ofNodes() []Key {
	const text, num, long, yes = properties.Text, properties.Int, properties.Long, properties.Bool
	return []Key{
		{"storeHostAddr", text, "(where clients reach the node)", plain, Fixed, "IP:PORT written into messages"},
		{"shardSlot", num, "(assigned)", m, Fixed, "the shard's slot, which decides the proxies' ports for it"},
		{"scrubBytesPerSecond", long, "8388608", plain, Fixed, "bytes of the commit log that are read each second to find what the disk has changed; 0: none"},
		{"diskSpaceCleanForciblyRatio", num, "85", plain, Live, "percent of the disk above which the oldest files go (5.x; of 4.x a system property)"},
		{"diskSpaceWarningLevelRatio", num, "90", plain, Live, "percent of the disk above which sends are refused (5.x; of 4.x a system property)"},
		{"diskFreeBytesMin", long, "67108864", plain, Live, "bytes that must be free, or sends are refused"},
		{"timerWheelEnable", yes, "true", plain, Fixed, "messages may have a time of their own (5.x); else they are refused"},
		{"timerPrecisionMs", num, "1000", plain, Fixed, "ms to which TIMER_OUT_MS is rounded (5.x): 1000, 500, 200 or 100; messages come to the millisecond"},
		{"timerMaxDelaySec", num, "259200", plain, Fixed, "seconds that such a message may wait (5.x)"},
		{"timerFlushIntervalMs", num, "1000", plain, Fixed, "ms between two writes of how far they are delivered (5.x)"},
		{"haMaxSlaves", num, "16", plain, Fixed, "slaves connected at a time"},
		{"haMaxWaiting", num, "10000", plain, Fixed, "most sends that wait for a slave; more are refused"},
		{"haMaxWaitingBytes", long, "67108864", plain, Fixed, "and their bytes"},
		{"haDrainMillis", long, "2000", plain, Fixed, "ms that a master which stops gives its slaves to get what they have not"},
		{"haReadBytes", num, "262144", plain, Fixed, "bytes of the log read at a time for each slave"},
		{"haColdBytes", long, "268435456", plain, Fixed, "what lies so far behind the log's end is not kept in memory for a slave's sake"},
		{"haReadAheadBytes", num, "1048576", plain, Fixed, "bytes that a slave reads and writes at a time"},
		{"haMaxRecordBytes", long, "268435456", plain, Fixed, "a larger record of a master is taken for damage"},
		{"haStoppedRetryMillis", long, "30000", plain, Fixed, "ms after which a slave whose log is not its master's looks again"},
	}
}

func ofProxies() []Key {
	const text, num = properties.Text, properties.Int
	return []Key{
		{"routeMode", text, "gateway", m, Fixed, "whose addresses clients are told: gateway, shared or direct"},
		{"advertiseAddr", text, "(the address asked)", m, Fixed, "host that clients are told"},
		{"gatewayBasePort", num, "20911", m, Fixed, "the port of slot 0; 10911 in standalone"},
		{"proxyRetryMillis", num, "2000", plain, Fixed, "ms for which a request is tried again where that is safe"},
		{"drainMillis", num, "45000", plain, Fixed, "ms that a proxy which stops lets its clients leave"},
		{"proxyConnections", num, "65535", plain, Fixed, "most clients connected"},
		{"proxyClientRequests", num, "65535", plain, Fixed, "most requests of one client under way"},
		{"proxyClientRequestBytes", num, "67108864", plain, Fixed, "and their bytes"},
		{"proxyRequests", num, "1048576", plain, Fixed, "most requests of all clients under way"},
		{"proxyRequestBytes", num, "536870912", plain, Fixed, "and their bytes"},
		{"proxyHeldPulls", num, "262144", plain, Fixed, "pulls among them"},
		{"proxySessions", num, "262144", plain, Fixed, "clients times the nodes that each one reaches"},
	}
}

func ofBoth() []Key {
	const text, num = properties.Text, properties.Int
	return []Key{
		{"bindAddress", text, "0.0.0.0", plain, Fixed, "the address listened at (5.x); proxy and standalone have --listen"},
		{"clusterKey", text, "", plain, Fixed, "proves a proxy to a node"},
		{"gossipSeeds", text, "(hosts of namesrvAddr)", m, Fixed, "members that are asked first, HOST or HOST:PORT, `;` between them"},
		{"gossipPort", num, "7946", m, Fixed, "the port that gossip listens at"},
		{"gossipKey", text, "", plain, Fixed, "what gossip is encrypted with"},
		{"namesrvAddr", text, "(NAMESRV_ADDR)", m, Fixed, "its hosts are seeds where gossipSeeds names none"},
	}
}

// unread has keys that guides and older files carry although RocketMQ reads
// none of them.
func unread() []Key {
	const text, path, yes, num = properties.Text, properties.Path, properties.Bool, properties.Int
	const below = "RocketMQ does not read it either; it lies below storePathRootDir"
	return []Key{
		{"storePathConsumeQueue", path, "", plain, NoEffect, below},
		{"storePathIndex", path, "", plain, NoEffect, below},
		{"storeCheckpoint", path, "", plain, NoEffect, below},
		{"abortFile", path, "", plain, NoEffect, below},
		{"checkTransactionMessageEnable", yes, "false", plain, NoEffect, "RocketMQ has not read it since 3.x"},
		{"rmqAddressServerDomain", text, "jmenv.tbsite.net", plain, NoEffect, "no address server is asked; write namesrvAddr"},
		{"rmqAddressServerSubGroup", text, "nsaddr", plain, NoEffect, "no address server is asked; write namesrvAddr"},
		{"brokerConfigPath", path, "", plain, NoEffect, "the file is the one of -c"},
		{"defaultReadQueueNums", num, "", plain, NoEffect, "RocketMQ does not read it; defaultTopicQueueNums decides"},
		{"defaultWriteQueueNums", num, "", plain, NoEffect, "RocketMQ does not read it; defaultTopicQueueNums decides"},
	}
}
