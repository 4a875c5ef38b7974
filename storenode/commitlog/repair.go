package commitlog

import (
	"errors"
	"io"
)

// repair makes the files agree with the log's end again: zeros behind it, and, after a failed sync, what is not flushed
// written once more, since the kernel takes pages it could not write for clean.
func (a *appender) repair() error {
	files, end := a.log.files.Load(), a.log.End()
	for i := len(files.segments) - 1; i >= 0; i-- {
		s := files.segments[i]
		if s.start+Offset(files.fileBytes) <= end {
			break
		}
		if err := s.reset(max(end, s.start), files.fileBytes); err != nil {
			return &WriteError{File: s.path, Op: "repair", Err: err}
		}
	}
	if a.log.syncFailed.Load() {
		if err := a.log.rewrite(Offset(a.log.flushed.Load()), end); err != nil {
			return err
		}
	}
	a.broken = false
	return nil
}

// well notes that what was written is there, if it was not possible before.
func (a *appender) well() {
	if a.log.failure.Load() == nil || a.log.syncFailed.Load() {
		return
	}
	a.log.failure.Store(nil)
	a.log.cfg.Logger.Info("commit log can be written again", "end", int64(a.log.End()))
}

// retryRepair is what the background flush asks the appender for while a sync has failed and nobody appends.
func (a *appender) retryRepair() {
	if !a.log.syncFailed.Load() {
		return
	}
	if err := a.repair(); err != nil {
		a.broken = true
		a.log.fail(err)
		return
	}
	a.well()
}

// rewrite takes [from, to) from the page cache, checks its records, writes it again and syncs.
func (l *Log) rewrite(from, to Offset) error {
	scanner := l.Scan(from)
	scanner.CheckBodies = true
	for scanner.Offset() < to {
		if _, err := scanner.Next(); err != nil && !errors.Is(err, io.EOF) {
			return &WriteError{File: l.pathAt(scanner.Offset()), Op: "repair", Err: err}
		}
	}
	piece := make([]byte, scanBytes)
	for at := from; at < to; {
		n, err := l.ReadAt(piece, at)
		if err != nil {
			return &WriteError{File: l.pathAt(at), Op: "repair", Err: err}
		}
		s := l.files.Load().at(at)
		if _, err := s.file.WriteAt(piece[:n], int64(at-s.start)); err != nil {
			return &WriteError{File: s.path, Op: "repair", Err: err}
		}
		at += Offset(n)
	}
	l.syncFailed.Store(false)
	return l.syncTo(to, l.lastStoreTime.Load())
}
