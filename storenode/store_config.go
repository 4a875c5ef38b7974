package storenode

import (
	"math"
	"strings"
	"time"

	"gantry/membership"
	"gantry/remoting/properties"
	"gantry/storenode/commitlog"
	"gantry/storenode/delay"
	"gantry/storenode/store"
	"gantry/storenode/topic"
)

// flushDiskTypes are the words of flushDiskType.
var flushDiskTypes = map[string]commitlog.FlushDiskType{
	"ASYNC_FLUSH": commitlog.AsyncFlush,
	"SYNC_FLUSH":  commitlog.SyncFlush,
}

// maxIntervalMillis bounds intervals to a day.
const maxIntervalMillis = 24 * 60 * 60 * 1000

// Validate names the first setting that cannot be used.
func (c Config) Validate() error {
	if _, known := flushDiskTypes[c.FlushDiskType]; !known {
		return properties.Refuse("flushDiskType", c.FlushDiskType, "is neither ASYNC_FLUSH nor SYNC_FLUSH")
	}
	if err := c.validateRole(); err != nil {
		return err
	}
	if _, err := c.deleteHours(); err != nil {
		return err
	}
	if strings.Contains(c.StorePathCommitLog, ",") {
		return properties.Refuse("storePathCommitLog", c.StorePathCommitLog, "names several folders; a commit log has one here")
	}
	for _, n := range []struct {
		key             string
		value, min, max int64
	}{
		{"mappedFileSizeCommitLog", c.CommitLogFileBytes, int64(c.MaxMessageBytes) + 64<<10, math.MaxInt32},
		{"mappedFileSizeConsumeQueue", c.ConsumeQueueFileBytes, 20, math.MaxInt32},
		{"maxMessageSize", int64(c.MaxMessageBytes), 1, 1 << 30},
		{"listenPort", int64(c.ListenPort), 3, 65534},
		{"defaultTopicQueueNums", int64(c.DefaultTopicQueueNums), 1, maxQueueNums},
		{"flushIntervalCommitLog", c.FlushIntervalMillis, 1, maxIntervalMillis},
		{"syncFlushTimeout", c.SyncFlushTimeoutMillis, 1, maxIntervalMillis},
		{"flushConsumerOffsetInterval", c.FlushOffsetIntervalMillis, 0, maxIntervalMillis},
		{"flushDelayOffsetInterval", c.FlushDelayOffsetMillis, 0, maxIntervalMillis},
		{"flushCommitLogLeastPages", int64(c.FlushLogLeastPages), 0, 1 << 20},
		{"flushCommitLogThoroughInterval", c.FlushLogThoroughMillis, 1, maxIntervalMillis},
		{"flushIntervalConsumeQueue", c.FlushQueueIntervalMillis, 1, maxIntervalMillis},
		{"flushConsumeQueueLeastPages", int64(c.FlushQueueLeastPages), 0, 1 << 20},
		{"flushConsumeQueueThoroughInterval", c.FlushQueueThoroughMillis, 1, maxIntervalMillis},
		{"registerBrokerTimeoutMills", c.RegisterTimeoutMillis, 1, maxIntervalMillis},
		{"maxTransferBytesOnMessageInMemory", int64(c.MaxTransferBytesInMemory), 1, 8 << 20},
		{"maxTransferCountOnMessageInMemory", int64(c.MaxTransferCountInMemory), 1, math.MaxInt32},
		{"maxTransferBytesOnMessageInDisk", int64(c.MaxTransferBytesInDisk), 1, 8 << 20},
		{"maxTransferCountOnMessageInDisk", int64(c.MaxTransferCountInDisk), 1, math.MaxInt32},
		{"maxHashSlotNum", int64(c.MaxHashSlotNum), 1, math.MaxInt32},
		{"maxIndexNum", int64(c.MaxIndexNum), 2, math.MaxInt32},
		{"fileReservedTime", c.FileReservedHours, 0, 1 << 20},
		{"diskMaxUsedSpaceRatio", int64(c.DiskMaxUsedSpacePercent), 1, 100},
		{"diskSpaceCleanForciblyRatio", int64(c.DiskSpaceCleanPercent), 1, 100},
		{"diskSpaceWarningLevelRatio", int64(c.DiskSpaceWarningPercent), 1, 100},
		{"scrubBytesPerSecond", c.ScrubBytesPerSecond, 0, 1 << 40},
		{"diskFreeBytesMin", c.DiskFreeBytesMin, 0, 1 << 50},
		{"cleanResourceInterval", c.CleanResourceMillis, 1, maxIntervalMillis},
		{"deleteCommitLogFilesInterval", c.DeleteCommitLogMillis, 0, maxIntervalMillis},
		{"deleteConsumeQueueFilesInterval", c.DeleteConsumeQueueMillis, 0, maxIntervalMillis},
		{"redeleteHangedFileInterval", c.RedeleteHangedFileMillis, 0, maxIntervalMillis},
		{"destroyMapedFileIntervalForcibly", c.DestroyFileForciblyMillis, 0, maxIntervalMillis},
		{"transactionTimeOut", c.TransactionTimeOutMillis, 0, maxIntervalMillis},
		{"timerPrecisionMs", c.TimerPrecisionMs, 1, 1000},
		{"timerMaxDelaySec", c.TimerMaxDelaySec, 1, 366 * 24 * 3600},
		{"timerFlushIntervalMs", c.TimerFlushIntervalMs, 0, maxIntervalMillis},
		{"transactionCheckMax", int64(c.TransactionCheckMax), 0, math.MaxInt32},
		{"transactionCheckInterval", c.TransactionCheckIntervalMillis, 1, maxIntervalMillis},
		{"shardSlot", int64(c.ShardSlot), membership.NoSlot, 65535},
		{"haListenPort", int64(c.HAListenPort), 0, 65535},
		{"accessMessageInMemoryMaxRatio", int64(c.AccessMessageInMemoryMaxRatio), 1, 100},
		{"haSendHeartbeatInterval", c.HASendHeartbeatMillis, 1, maxIntervalMillis},
		{"haHousekeepingInterval", c.HAHousekeepingMillis, 1, maxIntervalMillis},
		{"haTransferBatchSize", c.HATransferBatchBytes, 1 << 10, 16 << 20},
		{"haSlaveFallbehindMax", c.HASlaveFallbehindMax, 1, 1 << 50},
		{"slaveTimeout", c.SlaveTimeoutMillis, 1, maxIntervalMillis},
	} {
		if n.value < n.min || n.value > n.max {
			return properties.Refuse(n.key, n.value, "must lie between %d and %d", n.min, n.max)
		}
	}
	if _, err := delay.ParseLevels(c.MessageDelayLevel); err != nil {
		return properties.Refuse("messageDelayLevel", c.MessageDelayLevel, "cannot be read: %v", err)
	}
	if c.BrokerIP1 == "" && c.StoreHostAddr == "" {
		return nil // chosen later
	}
	_, err := c.storeHost()
	return err
}

func (c Config) storeConfig(arrived func(store.Arrival), deliverTime func(level int, storeTimestamp int64) int64) store.Config {
	s := store.DefaultConfig(c.StorePathRootDir)
	s.StorePathCommitLog = c.StorePathCommitLog
	s.MappedFileSizeCommitLog, s.MappedFileSizeConsumeQueue = c.CommitLogFileBytes, c.ConsumeQueueFileBytes
	s.FlushDiskType = flushDiskTypes[c.FlushDiskType]
	s.FlushIntervalCommitLog = time.Duration(c.FlushIntervalMillis) * time.Millisecond
	s.MessageIndexEnable, s.MaxHashSlotNum, s.MaxIndexNum = c.MessageIndexEnable, int32(c.MaxHashSlotNum), int32(c.MaxIndexNum)
	s.MaxMsgsNumBatch = int(c.MaxMsgsNumBatch)
	s.MaxTransferBytesOnMessageInMemory, s.MaxTransferCountOnMessageInMemory = c.MaxTransferBytesInMemory, c.MaxTransferCountInMemory
	s.MaxTransferBytesOnMessageInDisk, s.MaxTransferCountOnMessageInDisk = c.MaxTransferBytesInDisk, c.MaxTransferCountInDisk
	s.FlushCommitLogLeastPages, s.FlushConsumeQueueLeastPages = c.FlushLogLeastPages, c.FlushQueueLeastPages
	s.FlushCommitLogThoroughInterval = time.Duration(c.FlushLogThoroughMillis) * time.Millisecond
	s.FlushIntervalConsumeQueue = time.Duration(c.FlushQueueIntervalMillis) * time.Millisecond
	s.FlushConsumeQueueThoroughInterval = time.Duration(c.FlushQueueThoroughMillis) * time.Millisecond
	s.ScrubBytesPerSecond, s.AccessMessageInMemoryMaxRatio = c.ScrubBytesPerSecond, c.AccessMessageInMemoryMaxRatio
	c.setRetention(&s)
	s.OnArrival, s.DeliverTime = arrived, deliverTime
	return s
}

// maxSyncFlushMillis leaves clients, which wait 3 s for an answer, time to get it.
const maxSyncFlushMillis = 2400

// syncFlushBound is how long the answer to a send waits for the disk.
func (c Config) syncFlushBound() time.Duration {
	return time.Duration(min(c.SyncFlushTimeoutMillis, maxSyncFlushMillis)) * time.Millisecond
}

func (c Config) topicConfig() topic.Config {
	t := topic.DefaultConfig(c.BrokerClusterName, c.BrokerName)
	t.AutoCreateTopicEnable, t.DefaultTopicQueueNums = c.AutoCreateTopicEnable, c.DefaultTopicQueueNums
	t.ClusterTopicEnable, t.BrokerTopicEnable = c.ClusterTopicEnable, c.BrokerTopicEnable
	t.TraceTopicEnable, t.MsgTraceTopicName, t.MaxTopics = c.TraceTopicEnable, c.MsgTraceTopicName, c.MaxTopics
	return t
}
