package commitlog

import (
	"errors"
	"path/filepath"
	"sync"
)

// ahead is the file behind the last one, made before the appender needs it: making a file takes two syncs, which nobody
// who sends should wait for. It stands in no list until the appender takes it; after a crash it is an empty file behind
// the log's end, as the Java broker leaves one, and recovery removes it.
type ahead struct {
	mu   sync.Mutex // guards next and the list's growing; held while a file is made, so that only one makes it
	next *segment   // nil: not made
}

// makeAhead makes the next file when the last one is three quarters full. An error is not ours to tell: the appender
// meets it, if it lasts.
func (l *Log) makeAhead() {
	if l.failure.Load() != nil || !l.nearlyFull(l.files.Load()) {
		return
	}
	l.ahead.mu.Lock()
	defer l.ahead.mu.Unlock()
	if files := l.files.Load(); l.ahead.next == nil && l.nearlyFull(files) {
		l.ahead.next, _ = l.makeFile(files.limit(), files.fileBytes)
	}
}

func (l *Log) nearlyFull(files *fileList) bool {
	return len(files.segments) > 0 && int64(files.limit())-l.end.Load() <= files.fileBytes/4
}

// take returns the file that begins at start, if it is there already.
func (a *ahead) take(start Offset) *segment {
	s := a.next
	if s == nil || s.start != start {
		return nil
	}
	a.next = nil
	return s
}

// dropAhead removes the file that nobody has taken.
func (l *Log) dropAhead() error {
	l.ahead.mu.Lock()
	defer l.ahead.mu.Unlock()
	s := l.ahead.next
	if s == nil {
		return nil
	}
	l.ahead.next = nil
	return errors.Join(s.release(), l.cfg.FS.Remove(s.path))
}

// makeFile makes an empty file whose name and length survive a power loss. Error: *WriteError.
func (l *Log) makeFile(start Offset, fileBytes int64) (*segment, error) {
	path := filepath.Join(l.cfg.Dir, fileName(start))
	file, err := l.cfg.FS.Create(path, fileBytes)
	if err != nil {
		return nil, &WriteError{File: path, Op: "create", Err: err}
	}
	if err := errors.Join(file.Sync(), l.cfg.FS.SyncDir(l.cfg.Dir)); err != nil {
		return nil, &WriteError{File: path, Op: "create", Err: errors.Join(err, file.Close(), l.cfg.FS.Remove(path))}
	}
	return newSegment(start, path, file), nil
}
