package replica

import (
	"context"
	"log/slog"
	"net"
	"time"

	"gantry/remoting"
	"gantry/storenode/commitlog"
)

// MasterLog is the log that is copied: *commitlog.Log.
type MasterLog interface {
	Min() commitlog.Offset
	End() commitlog.Offset
	ReadChecked(p []byte, offset commitlog.Offset) (n int, bad []commitlog.Offset, err error)
	DropCache(from, to commitlog.Offset) error
}

// MasterConfig is what a Master is built from. Fields named after RocketMQ's
// keys mean what those mean.
type MasterConfig struct {
	Log      MasterLog
	Logger   *slog.Logger
	Listener net.Listener // of haListenPort; the Master closes it

	HASendHeartbeatInterval time.Duration // of silence, after which a slave is told that the master lives
	HAHousekeepingInterval  time.Duration // a slave that reports nothing for so long is cut off
	HATransferBatchSize     int           // bytes of a frame, at most
	HASlaveFallbehindMax    int64         // bytes; a slave further behind is not waited for

	MaxWaiting      int   // sends that wait for a slave
	MaxWaitingBytes int64 // and their records' bytes

	MaxSlaves  int           // connections at a time
	KeptSlaves int           // ended connections that Status still shows
	CloseDelay time.Duration // that Close gives slaves to get what they have not
	ReadBytes  int           // of the log at a time, for each slave
	ColdBytes  int64         // what lies so far behind the log's end is not kept in memory for a slave's sake
}

// DefaultMasterConfig has the defaults of RocketMQ 4.9.7 (MessageStoreConfig)
// and our bounds; log, logger and listener are the caller's.
func DefaultMasterConfig() MasterConfig {
	return MasterConfig{
		HASendHeartbeatInterval: 5 * time.Second, HAHousekeepingInterval: 20 * time.Second,
		HATransferBatchSize: 32 << 10, HASlaveFallbehindMax: 256 << 20,
		MaxWaiting: 10_000, MaxWaitingBytes: 64 << 20,
		MaxSlaves: 16, KeptSlaves: 8, CloseDelay: 2 * time.Second, ReadBytes: 256 << 10, ColdBytes: 256 << 20,
	}
}

// SlaveStore is what the copy is written to: *store.Store.
type SlaveStore interface {
	Log() *commitlog.Log
	BeginAt(offset commitlog.Offset) error
	AppendCopy(r *commitlog.Request) error
}

// SlaveConfig is what a Slave is built from.
type SlaveConfig struct {
	Store  SlaveStore
	Logger *slog.Logger
	Dial   remoting.DialFunc // of the master's haListenPort
	// Bounds asks the master at masterAddr where its log begins and ends: AskBounds.
	Bounds func(ctx context.Context, masterAddr string) (Bounds, error)

	HASendHeartbeatInterval time.Duration // between two reports, where nothing comes
	HAHousekeepingInterval  time.Duration // a master that sends nothing for so long is dialled again
	RetryInterval           time.Duration // between two attempts
	StoppedRetryInterval    time.Duration // the same, once the logs have been found to differ
	AskTimeout              time.Duration // of dialling, and of asking for bounds
	ReadBytes               int           // that are read, and appended, at a time
	MaxRecordBytes          int64         // a larger one is taken for damage
}

// DefaultSlaveConfig has the defaults of RocketMQ 4.9.7 and our bounds.
func DefaultSlaveConfig() SlaveConfig {
	return SlaveConfig{
		HASendHeartbeatInterval: 5 * time.Second, HAHousekeepingInterval: 20 * time.Second,
		RetryInterval: time.Second, StoppedRetryInterval: 30 * time.Second, AskTimeout: 3 * time.Second, ReadBytes: 1 << 20, MaxRecordBytes: 256 << 20,
	}
}
