// Package store is commit log, consume queues and index as one: append, get, dispatch, recovery.
//
// A message is written to the commit log; the dispatcher follows the log by reading it and puts a unit into the
// message's queue, and the indexer follows it on its own and puts the keys in. Both read what is on disk with the same
// code whether the record was appended a moment ago, is found at recovery or was copied from a master. Everything but
// the log is made from it and can be made again. The storage node's handlers stand above; this package knows no
// requests, no groups and no topics beyond their names. What RocketMQ's rules no longer keep it removes (expiry.go), and
// it refuses sends before the disk is full (disk.go).
//
// Files it opens are Java's (FORMAT.md here and beside commitlog, consumequeue, index).
package store

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
	"gantry/storenode/index"
	"gantry/storenode/vfs"
)

// Store is an open store. Its methods may be called concurrently.
type Store struct {
	cfg         Config
	fs          vfs.FS
	logger      *slog.Logger
	memoryBytes int64 // behind the log's end that count as in memory

	lock    io.Closer
	log     *commitlog.Log
	queues  *consumequeue.Queues
	index   *index.Index
	buffers bufferPool
	looks   sync.Pool // of *look

	offsets    queueOffsets
	dispatcher dispatcher
	indexer    indexer
	mender     mender
	marks      marks
	disk       disk
	retention  atomic.Pointer[Retention]
	expiry     expiry
	damages    damages
	counts     counts
	scrub      scrub
	derived    derived
	fromTable  bool // the queues were not looked at when they were loaded
	endLost    bool // the last stop may have taken the log's end

	stop  chan struct{}
	tasks sync.WaitGroup
}

// Open locks, recovers and starts the store. When it returns, every record of the log is in its queue; the index may
// still be catching up. Errors: vfs.ErrLocked, *commitlog.CorruptError, the file system's.
func Open(cfg Config, fs vfs.FS, logger *slog.Logger) (*Store, error) {
	s := &Store{cfg: cfg, fs: fs, logger: logger, memoryBytes: cfg.memoryBytes(), stop: make(chan struct{})}
	s.retention.Store(&cfg.Retention)
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", cfg.StorePathRootDir, err), s.closeFiles())
	}
	s.log.Start()
	s.tasks.Go(s.dispatcher.run)
	if cfg.MessageIndexEnable {
		s.tasks.Go(s.indexer.run)
	}
	s.tasks.Go(s.mender.run)
	s.tasks.Go(s.flushLoop)
	if s.fromTable {
		s.tasks.Go(s.verifyQueues)
	} else {
		s.expiry.from.Store(int64(s.log.Min())) // the queues begin where the log does
	}
	s.tasks.Go(s.disk.watch)
	s.tasks.Go(s.expiry.run)
	s.tasks.Go(s.scrub.run)
	s.tasks.Go(func() { s.counts.run(s.stop) })
	return s, nil
}

func (s *Store) open() (err error) {
	if err := s.fs.MkdirAll(s.cfg.StorePathRootDir); err != nil {
		return err
	}
	if s.lock, err = s.fs.Lock(s.cfg.path("lock")); err != nil {
		return err
	}
	if s.log, err = commitlog.Open(s.logConfig()); err != nil {
		return err
	}
	s.queues = consumequeue.New(s.queuesConfig())
	s.offsets.init(s.queues)
	s.dispatcher.init(s)
	s.indexer.init(s)
	s.mender.init(s)
	s.derived.init(s)
	s.marks.table.init(s)
	s.disk.store = s
	s.disk.look()
	s.expiry.init(s)
	s.scrub.init(s)
	if s.index, err = index.Open(s.indexConfig()); err != nil {
		return err
	}
	return s.recover()
}

func (s *Store) logConfig() commitlog.Config {
	return commitlog.Config{
		FS: s.fs, Logger: s.logger, Dir: s.cfg.commitLogDir(), SumsDir: s.cfg.path("gantry", "sums"),
		MappedFileSizeCommitLog: s.cfg.MappedFileSizeCommitLog, FlushDiskType: s.cfg.FlushDiskType,
		FlushIntervalCommitLog: s.cfg.FlushIntervalCommitLog, FlushCommitLogLeastPages: s.cfg.FlushCommitLogLeastPages,
		FlushCommitLogThoroughInterval: s.cfg.FlushCommitLogThoroughInterval,
		MaxQueuedRequests:              s.cfg.MaxQueuedAppends, MaxQueuedBytes: s.cfg.MaxQueuedAppendBytes,
		MaxGroupBytes: s.cfg.MaxGroupBytes, RetryAfterFailure: s.cfg.RetryAfterFailure,
		Reserve: s.offsets.reserve, Release: s.offsets.release,
		OnAppend: s.appended,
	}
}

func (s *Store) appended(end commitlog.Offset) {
	s.dispatcher.wake()
	s.indexer.wake()
	if s.cfg.OnAppend != nil {
		s.cfg.OnAppend(end)
	}
}

func (s *Store) queuesConfig() consumequeue.Config {
	return consumequeue.Config{
		FS: s.fs, Logger: s.logger, Dir: s.cfg.path("consumequeue"),
		MappedFileSizeConsumeQueue: s.cfg.MappedFileSizeConsumeQueue, MaxOpenFiles: s.cfg.MaxOpenQueueFiles,
		MaxBufferedBytes: s.cfg.MaxBufferedUnitBytes, LoadWorkers: 8,
		BeforeRemove: s.marks.table.drop, OnDamage: func(err error) { s.damaged(err) },
	}
}

func (s *Store) indexConfig() index.Config {
	return index.Config{
		FS: s.fs, Logger: s.logger, Dir: s.cfg.path("index"),
		MaxHashSlotNum: s.cfg.MaxHashSlotNum, MaxIndexNum: s.cfg.MaxIndexNum, OnDamage: s.indexer.repair,
	}
}

// Append queues the request: see commitlog.Log.Append for Done and the errors. A store whose queues cannot be written
// refuses, too, a slave's with ErrSlave, and one whose disk is nearly full, with a *DiskFullError. Explain says more about
// an error.
func (s *Store) Append(r *commitlog.Request) error {
	if err := s.disk.refusal(); err != nil {
		return err
	}
	return s.AppendReserved(r)
}

// AppendReserved is Append into the room that sends must leave: for what has to be put again before its file goes.
func (s *Store) AppendReserved(r *commitlog.Request) error {
	if s.cfg.Slave {
		return ErrSlave
	}
	if err := s.dispatcher.failure(); err != nil {
		return err
	}
	return s.log.Append(r)
}

// Log is the commit log, for reading: replication and tools.
func (s *Store) Log() *commitlog.Log { return s.log }

// Close answers what waits to be appended, puts it into the queues, makes everything durable and unlocks the store.
// When something of that fails, the next start treats the stop as an unclean one.
func (s *Store) Close() error {
	errs := []error{s.log.Stop()}
	close(s.stop)
	s.tasks.Wait()
	if _, err := s.log.RemoveDropped(0); err != nil {
		errs = append(errs, err)
	}
	if s.dispatcher.position() != s.log.End() {
		errs = append(errs, fmt.Errorf("queues are built up to %d of %d only", s.dispatcher.position(), s.log.End()), s.dispatcher.failure())
	}
	errs = append(errs, s.marks.checkpoint(s))
	if errors.Join(errs...) == nil {
		errs = append(errs, s.marks.end(s))
	}
	if errors.Join(errs...) == nil {
		errs = append(errs, s.marks.clearAbort(s))
	}
	errs = append(errs, s.closeFiles())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close store %s: %w", s.cfg.StorePathRootDir, err)
	}
	return nil
}

func (s *Store) closeFiles() error {
	var errs []error
	if s.index != nil {
		errs = append(errs, s.index.Close())
	}
	if s.queues != nil {
		errs = append(errs, s.queues.Close())
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
