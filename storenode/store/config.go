package store

import (
	"path/filepath"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
)

// ScheduleTopic holds delayed messages; its tags code is their time of delivery.
const ScheduleTopic = "SCHEDULE_TOPIC_XXXX"

// Arrival is a message that can be read now. Topic and Properties are borrowed for the call.
type Arrival struct {
	Topic          []byte
	QueueID        int32
	MaxOffset      int64 // the queue's, behind the message
	TagsCode       int64
	StoreTimestamp int64 // ms since 1970
	Properties     message.Properties
}

// Config is what a Store is built from. Fields named after RocketMQ's keys mean what those mean.
type Config struct {
	StorePathRootDir   string
	StorePathCommitLog string // <StorePathRootDir>/commitlog where empty

	MappedFileSizeCommitLog    int64 // bytes; the size of files that exist wins, here and below
	MappedFileSizeConsumeQueue int64

	FlushDiskType                  commitlog.FlushDiskType
	FlushIntervalCommitLog         time.Duration
	FlushCommitLogLeastPages       int
	FlushCommitLogThoroughInterval time.Duration

	FlushIntervalConsumeQueue         time.Duration
	FlushConsumeQueueLeastPages       int
	FlushConsumeQueueThoroughInterval time.Duration // also between two checkpoints
	CheckpointBytes                   int64         // of the log that bring a checkpoint forward
	MarkInterval                      time.Duration // between two notes of the queues: what a start after a kill reads
	MarkBytes                         int64         // of the log that bring a note forward

	CheckCRCOnRecover  bool
	MessageIndexEnable bool
	MaxHashSlotNum     int32
	MaxIndexNum        int32
	MaxMsgsNumBatch    int // of a query by key

	MaxTransferBytesOnMessageInMemory int
	MaxTransferCountOnMessageInMemory int
	MaxTransferBytesOnMessageInDisk   int
	MaxTransferCountOnMessageInDisk   int
	AccessMessageInMemoryMaxRatio     int   // percent of TotalMemoryBytes that counts as in memory
	TotalMemoryBytes                  int64 // of the machine; 0 asks the system

	MaxQueuedAppends     int           // waiting requests
	MaxQueuedAppendBytes int           // and their bytes
	MaxGroupBytes        int           // of one write
	RetryAfterFailure    time.Duration // before a failed write is tried again
	MaxOpenQueueFiles    int
	MaxBufferedUnitBytes int64 // consume queue units in memory, all queues together; as many again while some are mended
	MaxMends             int   // runs of damaged consume queue units known at a time

	SealBytesPerSecond  int64         // of a file that has just been closed: it is read once, mostly from memory
	ScrubBytesPerSecond int64         // of the rest of the log, to find what the disk has changed; 0: it is not read
	ScrubInterval       time.Duration // between two rounds through the log

	Retention                                      // Store.SetRetention changes it
	CleanResourceInterval            time.Duration // between two rounds of removing
	DeleteCommitLogFilesInterval     time.Duration // between two files
	DeleteConsumeQueueFilesInterval  time.Duration
	RedeleteHangedFileInterval       time.Duration // between two looks at a file that has readers
	DestroyMapedFileIntervalForcibly time.Duration // then it goes although it has

	// BeforeExpire is asked before the oldest commit log file, which ends there, goes: it puts what must outlive the file
	// into the log again, with AppendReserved. After an error the file stays and it is asked again.
	BeforeExpire func(end commitlog.Offset) error
	// IndexRest is the least time from one round of indexing to the next: nobody waits for a key. What comes after a pause
	// is taken at once.
	IndexRest time.Duration

	// Slave says that the log is its master's: it grows by AppendCopy alone.
	Slave bool
	// OnAppend is told the log's new end, from the appender: it must not block. May be nil.
	OnAppend func(end commitlog.Offset)
	// OnArrival is told of each message that can be read, in the order of the log, from the dispatcher: it must not block.
	OnArrival func(Arrival)
	// DeliverTime gives the time of delivery (ms) of a message with a delay level that was stored at storeTimestamp (ms).
	DeliverTime func(level int, storeTimestamp int64) int64
}

// DefaultConfig has the defaults of RocketMQ 4.9.7 (MessageStoreConfig) and the bounds of this store, for a root folder.
func DefaultConfig(root string) Config {
	return Config{
		StorePathRootDir:        root,
		MappedFileSizeCommitLog: 1 << 30, MappedFileSizeConsumeQueue: 6_000_000,
		FlushIntervalCommitLog: 500 * time.Millisecond, FlushCommitLogLeastPages: 4, FlushCommitLogThoroughInterval: 10 * time.Second,
		FlushIntervalConsumeQueue: time.Second, FlushConsumeQueueLeastPages: 2, FlushConsumeQueueThoroughInterval: time.Minute,
		CheckpointBytes: 1 << 30, MarkInterval: 10 * time.Second, MarkBytes: 256 << 20,
		CheckCRCOnRecover: true, MessageIndexEnable: true, MaxHashSlotNum: 5_000_000, MaxIndexNum: 20_000_000, MaxMsgsNumBatch: 64,
		MaxTransferBytesOnMessageInMemory: 256 << 10, MaxTransferCountOnMessageInMemory: 32,
		MaxTransferBytesOnMessageInDisk: 64 << 10, MaxTransferCountOnMessageInDisk: 8, AccessMessageInMemoryMaxRatio: 40,
		MaxQueuedAppends: 10_000, MaxQueuedAppendBytes: 64 << 20, MaxGroupBytes: 1 << 20, RetryAfterFailure: time.Second,
		MaxOpenQueueFiles: 256, MaxBufferedUnitBytes: 64 << 20, MaxMends: 100_000,
		SealBytesPerSecond: 256 << 20, ScrubBytesPerSecond: 8 << 20, ScrubInterval: time.Hour,
		Retention: Retention{DeleteWhen: []int{4}, FileReservedTime: 72 * time.Hour, CleanFileForciblyEnable: true,
			DiskMaxUsedSpaceRatio: 75, DiskSpaceCleanForciblyRatio: 85, DiskSpaceWarningLevelRatio: 90, DiskFreeBytesMin: 64 << 20},
		CleanResourceInterval: 10 * time.Second, DeleteCommitLogFilesInterval: 100 * time.Millisecond,
		DeleteConsumeQueueFilesInterval: 100 * time.Millisecond,
		RedeleteHangedFileInterval:      2 * time.Minute, DestroyMapedFileIntervalForcibly: 2 * time.Minute,
		BeforeExpire: func(commitlog.Offset) error { return nil },
		IndexRest:    10 * time.Millisecond,
		OnArrival:    func(Arrival) {},
		DeliverTime:  func(_ int, storeTimestamp int64) int64 { return storeTimestamp + 1000 },
	}
}

func (c *Config) path(name ...string) string {
	return filepath.Join(append([]string{c.StorePathRootDir}, name...)...)
}

func (c *Config) commitLogDir() string {
	if c.StorePathCommitLog != "" {
		return c.StorePathCommitLog
	}
	return c.path("commitlog")
}

func (c *Config) memoryBytes() int64 {
	total := c.TotalMemoryBytes
	if total == 0 {
		total = systemMemoryBytes()
	}
	return total / 100 * int64(c.AccessMessageInMemoryMaxRatio)
}
