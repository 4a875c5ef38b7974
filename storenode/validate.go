package storenode

import (
	"math"
	"strings"

	"gantry/membership"
	"gantry/remoting/properties"
	"gantry/storenode/delay"
)

// Validate names the first setting that cannot be used.
func (c Config) Validate() error {
	for _, check := range []func() error{c.validateFlush, c.validateRole, c.validateDeleteWhen, c.validateFolders, c.validateRanges, c.validatePorts, c.validateLevels, c.validateHost} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) validateFlush() error {
	if _, known := flushDiskTypes[c.FlushDiskType]; !known {
		return properties.Refuse("flushDiskType", c.FlushDiskType, "is neither ASYNC_FLUSH nor SYNC_FLUSH")
	}
	return nil
}

func (c Config) validateDeleteWhen() error {
	_, err := c.deleteHours()
	return err
}

func (c Config) validateFolders() error {
	if strings.Contains(c.StorePathCommitLog, ",") {
		return properties.Refuse("storePathCommitLog", c.StorePathCommitLog, "names several folders; a commit log has one here")
	}
	return nil
}

func (c Config) validatePorts() error {
	switch c.HAListenPort {
	case c.ListenPort, c.ListenPort - vipBelow:
		return properties.Refuse("haListenPort", c.HAListenPort, "is served to clients already, as listenPort or two below it; write listenPort+1, or remove the line")
	}
	return nil
}

func (c Config) validateLevels() error {
	if _, err := delay.ParseLevels(c.MessageDelayLevel); err != nil {
		return properties.Refuse("messageDelayLevel", c.MessageDelayLevel, "cannot be read: %v", err)
	}
	return nil
}

func (c Config) validateHost() error {
	if c.BrokerIP1 == "" && c.StoreHostAddr == "" {
		return nil // chosen later
	}
	_, err := c.storeHost()
	return err
}

func (c Config) validateRanges() error {
	for _, r := range c.ranges() {
		if r.value < r.min || r.value > r.max {
			return properties.Refuse(r.key, r.value, "must lie between %d and %d", r.min, r.max)
		}
	}
	return nil
}

// setRange is a number of the configuration and what it may be.
type setRange struct {
	key             string
	value, min, max int64
}

// maxIntervalMillis bounds intervals to a day.
const maxIntervalMillis = 24 * 60 * 60 * 1000

// ranges is the table of them.
func (c Config) ranges() []setRange {
	const any32, day = math.MaxInt32, maxIntervalMillis
	return []setRange{
		{"maxMessageSize", int64(c.MaxMessageBytes), 1, 1 << 30},
		{"mappedFileSizeCommitLog", c.CommitLogFileBytes, int64(c.MaxMessageBytes) + 64<<10, any32},
		{"mappedFileSizeConsumeQueue", c.ConsumeQueueFileBytes, 20, any32},
		{"listenPort", int64(c.ListenPort), 3, 65534},
		{"defaultTopicQueueNums", int64(c.DefaultTopicQueueNums), 1, maxQueueNums},
		{"flushIntervalCommitLog", c.FlushIntervalMillis, 1, day},
		{"syncFlushTimeout", c.SyncFlushTimeoutMillis, 1, day},
		{"flushConsumerOffsetInterval", c.FlushOffsetIntervalMillis, 0, day},
		{"flushDelayOffsetInterval", c.FlushDelayOffsetMillis, 0, day},
		{"flushCommitLogLeastPages", int64(c.FlushLogLeastPages), 0, 1 << 20},
		{"flushCommitLogThoroughInterval", c.FlushLogThoroughMillis, 1, day},
		{"flushIntervalConsumeQueue", c.FlushQueueIntervalMillis, 1, day},
		{"flushConsumeQueueLeastPages", int64(c.FlushQueueLeastPages), 0, 1 << 20},
		{"flushConsumeQueueThoroughInterval", c.FlushQueueThoroughMillis, 1, day},
		{"registerBrokerTimeoutMills", c.RegisterTimeoutMillis, 1, day},
		{"maxTransferBytesOnMessageInMemory", int64(c.MaxTransferBytesInMemory), 1, 8 << 20},
		{"maxTransferCountOnMessageInMemory", int64(c.MaxTransferCountInMemory), 1, any32},
		{"maxTransferBytesOnMessageInDisk", int64(c.MaxTransferBytesInDisk), 1, 8 << 20},
		{"maxTransferCountOnMessageInDisk", int64(c.MaxTransferCountInDisk), 1, any32},
		{"maxHashSlotNum", int64(c.MaxHashSlotNum), 1, any32},
		{"maxIndexNum", int64(c.MaxIndexNum), 2, any32},
		{"fileReservedTime", c.FileReservedHours, 0, 1 << 20},
		{"diskMaxUsedSpaceRatio", int64(c.DiskMaxUsedSpacePercent), 1, 100},
		{"diskSpaceCleanForciblyRatio", int64(c.DiskSpaceCleanPercent), 1, 100},
		{"diskSpaceWarningLevelRatio", int64(c.DiskSpaceWarningPercent), 1, 100},
		{"scrubBytesPerSecond", c.ScrubBytesPerSecond, 0, 1 << 40},
		{"diskFreeBytesMin", c.DiskFreeBytesMin, 0, 1 << 50},
		{"cleanResourceInterval", c.CleanResourceMillis, 1, day},
		{"deleteCommitLogFilesInterval", c.DeleteCommitLogMillis, 0, day},
		{"deleteConsumeQueueFilesInterval", c.DeleteConsumeQueueMillis, 0, day},
		{"redeleteHangedFileInterval", c.RedeleteHangedFileMillis, 0, day},
		{"destroyMapedFileIntervalForcibly", c.DestroyFileForciblyMillis, 0, day},
		{"transactionTimeOut", c.TransactionTimeOutMillis, 0, day},
		{"timerPrecisionMs", c.TimerPrecisionMs, 1, 1000},
		{"timerMaxDelaySec", c.TimerMaxDelaySec, 1, 366 * 24 * 3600},
		{"timerFlushIntervalMs", c.TimerFlushIntervalMs, 0, day},
		{"transactionCheckMax", int64(c.TransactionCheckMax), 0, any32},
		{"transactionCheckInterval", c.TransactionCheckIntervalMillis, 1, day},
		{"shardSlot", int64(c.ShardSlot), membership.NoSlot, 65535},
		{"haListenPort", int64(c.HAListenPort), 0, 65535},
		{"accessMessageInMemoryMaxRatio", int64(c.AccessMessageInMemoryMaxRatio), 1, 100},
		{"haSendHeartbeatInterval", c.HASendHeartbeatMillis, 1, day},
		{"haHousekeepingInterval", c.HAHousekeepingMillis, 1, day},
		{"haTransferBatchSize", c.HATransferBatchBytes, 1 << 10, 16 << 20},
		{"haSlaveFallbehindMax", c.HASlaveFallbehindMax, 1, 1 << 50},
		{"slaveTimeout", c.SlaveTimeoutMillis, 1, day},
		{"haMaxSlaves", int64(c.HAMaxSlaves), 1, 1024},
		{"haMaxWaiting", int64(c.HAMaxWaiting), 1, 1 << 20},
		{"haMaxWaitingBytes", c.HAMaxWaitingBytes, 1, 1 << 40},
		{"haDrainMillis", c.HADrainMillis, 0, 60_000},
		{"haReadBytes", int64(c.HAReadBytes), 4 << 10, 64 << 20},
		{"haColdBytes", c.HAColdBytes, 0, 1 << 50},
		{"haReadAheadBytes", int64(c.HAReadAheadBytes), 64 << 10, 1 << 30},
		{"haMaxRecordBytes", c.HAMaxRecordBytes, 64 << 10, math.MaxInt32},
		{"haStoppedRetryMillis", c.HAStoppedRetryMillis, 100, maxIntervalMillis},
	}
}
