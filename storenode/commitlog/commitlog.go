// Package commitlog is the log of all messages of a shard: files of equal size, each named after the offset of its
// first byte, in the Java broker's bytes (FORMAT.md).
//
// It is the only writer of messages, and one writes at a time: who copies, on a slave, else one goroutine, the appender.
// That takes whatever requests have gathered, gives each record its offsets and time, writes all of it with one write per
// file and answers them; those that wait for the disk another one answers, the syncer, with one sync for all that have
// gathered meanwhile: group commit. Readers work on an immutable list of files and never make the appender wait. Of a file
// that is closed Seal keeps the sum of each block, with which reads are compared, so that what the disk changes is not
// passed on.
// Above it stands store, which knows queues, indexes and checkpoints; this package knows records only by their lengths,
// and it deletes nothing by itself: DropOldest is for who knows what has expired.
package commitlog

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gantry/storenode/vfs"
)

// Offset is a place in the log, in bytes from its beginning.
type Offset int64

// FlushDiskType says what an acknowledgement waits for.
type FlushDiskType int

const (
	AsyncFlush FlushDiskType = iota // the kernel has the bytes; the disk soon after
	SyncFlush                       // the disk has them
)

// Config is what a Log is built from. Names are those of RocketMQ's keys.
type Config struct {
	FS     vfs.FS
	Logger *slog.Logger
	Dir    string // storePathCommitLog
	// SumsDir holds the block sums of closed files (FORMAT.md). Empty: none are made and none are compared.
	SumsDir string

	MappedFileSizeCommitLog int64 // bytes; the size of files that exist wins
	FlushDiskType           FlushDiskType

	FlushIntervalCommitLog         time.Duration // between two looks of the background flush
	FlushCommitLogLeastPages       int           // it leaves less than this many pages of 4096 bytes alone
	FlushCommitLogThoroughInterval time.Duration // unless this has passed

	MaxQueuedRequests int           // waiting appends, by count
	MaxQueuedBytes    int           // waiting appends, by bytes
	MaxGroupBytes     int           // of one write; a larger single request is written alone
	RetryAfterFailure time.Duration // how long appends are refused after a failed write before one is tried again

	// Reserve returns the queue offset for the next count records of a queue and counts them; Release takes the last
	// reservation of a queue back. Both are called from the appender only.
	Reserve func(topic string, queueID int32, count int) int64
	Release func(topic string, queueID int32, first int64)

	// OnAppend is told the log's new end after each group, by who has written it: it must not block.
	OnAppend func(end Offset)
}

// Log is the commit log. Its methods may be called concurrently, except where said otherwise.
type Log struct {
	cfg   Config
	files atomic.Pointer[fileList]

	end            atomic.Int64 // readers see what lies before
	lastStoreTime  atomic.Int64 // ms; storeTimestamp of the last record before end
	lastRecord     atomic.Int64 // where the last request's records begin; below min while none is known
	flushed        atomic.Int64 // the disk has what lies before
	flushedTime    atomic.Int64 // ms; storeTimestamp up to which the disk has everything
	groups, writes atomic.Int64

	syncTurn   chan struct{} // full while one syncs: the kernel tells a failure to one caller only. Taken last
	syncFailed atomic.Bool   // what is not flushed must be written again first

	queue   requestQueue
	failure atomic.Pointer[failure]

	appender appender
	syncer   syncer
	ahead    ahead
	leaving  []leavingFile // the expirer's
	compares sync.Pool     // of *comparison
	stop     chan struct{}
	tasks    sync.WaitGroup
}

// Open opens the files in cfg.Dir. Until Recover has found the log's end, all bytes of all files can be read and
// nothing can be appended.
func Open(cfg Config) (*Log, error) {
	if err := cfg.FS.MkdirAll(cfg.Dir); err != nil {
		return nil, fmt.Errorf("open commit log: %w", err)
	}
	files, err := openFiles(&cfg)
	if err != nil {
		return nil, fmt.Errorf("open commit log: %w", err)
	}
	l := &Log{cfg: cfg, stop: make(chan struct{}), syncTurn: make(chan struct{}, 1)}
	l.files.Store(files)
	l.end.Store(int64(files.limit()))
	l.lastRecord.Store(-1)
	l.removeStaleSums()
	l.appender.log, l.appender.turn = l, make(chan struct{}, 1)
	l.syncer.init(l)
	l.queue.init(cfg.MaxQueuedRequests, cfg.MaxQueuedBytes)
	return l, nil
}

// Start lets appends begin. Call it once, after Recover.
func (l *Log) Start() {
	l.tasks.Go(func() {
		l.appender.run()
		l.appender.end()
		l.syncer.close()
	})
	l.tasks.Go(l.syncer.run)
	l.tasks.Go(l.flushLoop)
}

// Append queues r. When it returns nil, r.Done is called exactly once, from the appender or the syncer. Errors: ErrBusy (as
// *BusyError), ErrClosed, ErrTooLarge, ErrMalformed, *WriteError while the log cannot be written.
func (l *Log) Append(r *Request) error {
	if err := r.prepare(l.files.Load().fileBytes); err != nil {
		return err
	}
	if f := l.failure.Load(); f != nil && !f.mayRetry() {
		return f.err
	}
	return l.queue.put(r)
}

// Min is the offset of the first byte kept; 0 for an empty log.
func (l *Log) Min() Offset { return l.files.Load().min() }

// End is the offset behind the last record readers may see.
func (l *Log) End() Offset { return Offset(l.end.Load()) }

// Empty says that the log has no file.
func (l *Log) Empty() bool { return len(l.files.Load().segments) == 0 }

// FileBytes is the size of each of the log's files.
func (l *Log) FileBytes() int64 { return l.files.Load().fileBytes }

// LastStoreTimestamp is that of the newest record, ms since 1970.
func (l *Log) LastStoreTimestamp() int64 { return l.lastStoreTime.Load() }

// Flushed says up to which offset the disk has the log, and up to which storeTimestamp (ms) it surely has everything.
func (l *Log) Flushed() (Offset, int64) { return Offset(l.flushed.Load()), l.flushedTime.Load() }

// Failure is the error the log is refusing appends with, nil when it is well.
func (l *Log) Failure() error {
	if f := l.failure.Load(); f != nil {
		return f.err
	}
	return nil
}

// Stats counts group commits and the writes they took.
func (l *Log) Stats() (groups, writes int64) { return l.groups.Load(), l.writes.Load() }

// Stop refuses further appends, answers those that wait, syncs, and returns when all goroutines have. The log can
// still be read. Call it once, only after Start.
func (l *Log) Stop() error {
	l.queue.close()
	close(l.stop)
	l.tasks.Wait()
	return errors.Join(l.Sync(), l.dropAhead())
}

// Close closes the files once their last reader is done. Call it last, also without Start.
func (l *Log) Close() error {
	var errs []error
	for _, s := range l.files.Swap(&fileList{fileBytes: l.FileBytes()}).segments {
		errs = append(errs, s.release())
	}
	return errors.Join(errs...)
}
