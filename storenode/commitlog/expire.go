package commitlog

import (
	"errors"
	"fmt"
	"time"
)

// Errors of DropOldest.
var (
	ErrLastFile   = errors.New("the log's last file is never removed")
	ErrNotFlushed = errors.New("the file is not on the disk yet")
)

// leavingFile is off the list and goes from the disk when its last reader is done.
type leavingFile struct {
	*segment
	since time.Time
}

// Oldest says where the oldest file ends and when it was last written; ok is false where there is none but the last.
// Error: the file system's.
func (l *Log) Oldest() (end Offset, written time.Time, ok bool, err error) {
	files := l.files.Load()
	if len(files.segments) < 2 {
		return 0, time.Time{}, false, nil
	}
	oldest := files.segments[0]
	info, err := l.cfg.FS.Stat(oldest.path)
	if err != nil {
		return 0, time.Time{}, false, fmt.Errorf("look at commit log: %w", err)
	}
	return oldest.start + Offset(files.fileBytes), info.ModTime, true, nil
}

// DropOldest makes end, where the oldest file ends, the log's minimum: from then on nothing of that file is found. Its
// bytes go with RemoveDropped. It is for one goroutine, as is RemoveDropped, and waits for the appender, which alone
// changes the list. Errors: ErrLastFile, ErrNotFlushed, ErrClosed.
func (l *Log) DropOldest(end Offset) error {
	if Offset(l.flushed.Load()) < end {
		return ErrNotFlushed // after a failed sync it must be written again
	}
	dropped := make(chan *segment, 1)
	err := l.Control(func() {
		files := l.files.Load()
		if len(files.segments) < 2 || files.segments[1].start != end {
			dropped <- nil
			return
		}
		l.files.Store(&fileList{fileBytes: files.fileBytes, segments: files.segments[1:]})
		dropped <- files.segments[0]
	})
	if err != nil {
		return err
	}
	s := <-dropped
	if s == nil {
		return ErrLastFile
	}
	l.leaving = append(l.leaving, leavingFile{s, time.Now()})
	return s.release()
}

// RemoveDropped deletes the files that were dropped and have no reader, oldest first, up to the first that has one; what
// was dropped longer than patience ago goes although it is read, which the reader does not notice. It returns how many
// are left. Error: the file system's.
func (l *Log) RemoveDropped(patience time.Duration) (left int, err error) {
	removed := false
	for len(l.leaving) > 0 {
		s := l.leaving[0]
		if s.refs.Load() > 0 {
			if time.Since(s.since) < patience {
				break
			}
			l.cfg.Logger.Warn("commit log file is removed while it is read", "file", s.path)
		}
		if err := l.cfg.FS.Remove(s.path); err != nil {
			return len(l.leaving), fmt.Errorf("remove commit log file: %w", err)
		}
		l.warn(l.removeSums(s.start))
		l.leaving, removed = l.leaving[1:], true
	}
	if removed {
		err = l.cfg.FS.SyncDir(l.cfg.Dir)
	}
	return len(l.leaving), err
}
