package storenode

import (
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/store"
	"gantry/storenode/topic"
)

// flushDiskTypes are the words of flushDiskType.
var flushDiskTypes = map[string]commitlog.FlushDiskType{
	"ASYNC_FLUSH": commitlog.AsyncFlush,
	"SYNC_FLUSH":  commitlog.SyncFlush,
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
