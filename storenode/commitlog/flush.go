package commitlog

import (
	"errors"
	"time"
)

const pageBytes = 4096

var errSyncFailed = errors.New("an earlier sync failed and its bytes are not written again")

// flushLoop syncs in the background what no request has waited for, and makes the next file ahead.
func (l *Log) flushLoop() {
	ticker := time.NewTicker(l.cfg.FlushIntervalCommitLog)
	defer ticker.Stop()
	thorough := time.Now()
	for {
		select {
		case <-l.stop:
			return
		case now := <-ticker.C:
			l.makeAhead()
			if l.syncFailed.Load() {
				_ = l.queue.control(l.appender.retryRepair) // refused only when closing
				continue
			}
			if now.Sub(thorough) < l.cfg.FlushCommitLogThoroughInterval && !l.worthFlushing() {
				continue
			}
			thorough = now
			_ = l.Sync() // which has noted a failure
		}
	}
}

func (l *Log) worthFlushing() bool {
	return l.end.Load()-l.flushed.Load() >= int64(l.cfg.FlushCommitLogLeastPages)*pageBytes
}

// Sync makes everything before End durable. Error: *WriteError.
func (l *Log) Sync() error {
	stored := l.lastStoreTime.Load() // before end: what it covers is never more than what is synced
	end := l.End()
	return l.syncTo(end, stored)
}

// syncTo makes everything before to durable, which covers all storeTimestamps up to storeTime. A failed sync is not
// tried again before the bytes have been written again: the kernel would report success for pages it has given up.
func (l *Log) syncTo(to Offset, storeTime int64) error {
	l.syncTurn <- struct{}{}
	defer func() { <-l.syncTurn }()
	if l.syncFailed.Load() {
		return &WriteError{File: l.cfg.Dir, Op: "sync", Err: errSyncFailed}
	}
	from := Offset(l.flushed.Load())
	if from >= to {
		return nil
	}
	if err := l.syncRange(from, to); err != nil {
		l.fail(err) // before the appender can see that it must repair, and takes this back
		l.syncFailed.Store(true)
		return err
	}
	l.flushed.Store(int64(to))
	l.flushedTime.Store(max(l.flushedTime.Load(), storeTime))
	return nil
}

// syncRange syncs the files that hold bytes of [from, to).
func (l *Log) syncRange(from, to Offset) error {
	files := l.files.Load()
	for _, s := range files.segments {
		if s.start+Offset(files.fileBytes) <= from || s.start >= to || !s.acquire() {
			continue
		}
		err := s.file.Sync()
		if releaseErr := s.release(); err == nil {
			err = releaseErr
		}
		if err != nil {
			return &WriteError{File: s.path, Op: "sync", Err: err}
		}
	}
	return nil
}
