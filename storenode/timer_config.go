package storenode

import "gantry/storenode/timer"

// TimerKeys are the keys of timer messages.
type TimerKeys struct {
	TimerWheelEnable     bool  `property:"timerWheelEnable"`
	TimerPrecisionMs     int64 `property:"timerPrecisionMs"` // of TIMER_OUT_MS; messages come to the millisecond
	TimerMaxDelaySec     int64 `property:"timerMaxDelaySec"`
	TimerFlushIntervalMs int64 `property:"timerFlushIntervalMs"`
	TimersInMemory       int   // whose times are in memory only, 16 bytes each
	TimerFiles           int   // of as many times each; 4 KiB of each are in memory
	TimerBytesAtOnce     int   // records read, or delivered, in one turn
}

// DefaultTimerKeys is what RocketMQ 5.3.3 uses where nothing is said.
func DefaultTimerKeys() TimerKeys {
	d := timer.DefaultConfig()
	return TimerKeys{TimerWheelEnable: true, TimerPrecisionMs: 1000, TimerMaxDelaySec: 3 * 24 * 3600, TimerFlushIntervalMs: 1000,
		TimersInMemory: d.MaxYoung, TimerFiles: d.MaxRuns, TimerBytesAtOnce: d.MaxBatchBytes}
}

func (k TimerKeys) rules() timer.Rules {
	return timer.Rules{TimerWheelEnable: k.TimerWheelEnable, TimerPrecisionMs: k.TimerPrecisionMs, TimerMaxDelaySec: k.TimerMaxDelaySec}
}
