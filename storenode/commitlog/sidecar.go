package commitlog

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync/atomic"

	"gantry/storenode/vfs"
)

// sidecar is the file of block sums of one closed commit log file. Its handle lives as long as the segment's, so that
// who reads the segment may use it.
type sidecar struct {
	Sums
	path   string
	file   vfs.File    // nil where there are no sums
	void   atomic.Bool // found to be wrong, used no more
	before *sidecar    // what it stands for now; closed with it
}

func (c *sidecar) usable() bool { return c.file != nil && !c.void.Load() }

func (c *sidecar) close() error {
	var errs []error
	for ; c != nil; c = c.before {
		if c.file != nil {
			errs = append(errs, c.file.Close())
		}
	}
	return errors.Join(errs...)
}

// closed says that the file is full and on the disk: nothing in it changes any more.
func (l *Log) closed(s *segment) bool { return int64(s.start)+l.FileBytes() <= l.flushed.Load() }

// sidecarOf returns the sums of a segment that the caller has acquired. They are looked for when they are needed first.
func (l *Log) sidecarOf(s *segment) *sidecar {
	if c := s.sums.Load(); c != nil {
		return c
	}
	c, err := l.openSidecar(s.start)
	if err != nil {
		l.cfg.Logger.Warn("block sums cannot be used, they are made again", "file", c.path, "error", err)
	}
	if errors.Is(err, ErrSums) {
		l.warn(l.removeSums(s.start))
	}
	if !s.sums.CompareAndSwap(nil, c) {
		_ = c.close() // another reader was faster; nothing was written
		c = s.sums.Load()
	}
	return c
}

// openSidecar never returns nil: without sums, or with ones that cannot be used, what it returns is not usable.
func (l *Log) openSidecar(start Offset) (*sidecar, error) {
	c := &sidecar{path: l.sumsPath(start)}
	if l.cfg.SumsDir == "" {
		return c, nil
	}
	file, err := l.cfg.FS.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if c.Sums, err = readSums(file); err == nil && (c.Start != start || c.FileBytes != l.FileBytes()) {
		err = fmt.Errorf("%w: they are of a file of %d bytes at %d", ErrSums, c.FileBytes, c.Start)
	}
	if err != nil {
		return c, errors.Join(err, file.Close())
	}
	c.file = file
	return c, nil
}

func readSums(file vfs.File) (Sums, error) {
	size, err := file.Size()
	if err != nil {
		return Sums{}, err
	}
	head := make([]byte, min(size, SumsHeaderBytes))
	if _, err := file.ReadAt(head, 0); err != nil {
		return Sums{}, err
	}
	sums, err := ParseSums(head)
	if err == nil && size != sums.Size() {
		err = fmt.Errorf("%w: %d bytes instead of %d", ErrSums, size, sums.Size())
	}
	return sums, err
}

// discard has the sums used no more; the file counts as one without until it is sealed again.
func (l *Log) discard(c *sidecar, why error) {
	if c.void.Swap(true) {
		return
	}
	l.cfg.Logger.Warn("block sums are thrown away, they are made again", "file", c.path, "error", why)
	l.warn(errors.Join(l.removeSums(c.Start), l.cfg.FS.SyncDir(l.cfg.SumsDir)))
}

func (l *Log) warn(err error) {
	if err != nil {
		l.cfg.Logger.Warn("block sums need a look", "error", err)
	}
}

func (l *Log) sumsPath(start Offset) string { return filepath.Join(l.cfg.SumsDir, fileName(start)) }

// removeStaleSums removes what belongs to no file of the log.
func (l *Log) removeStaleSums() {
	if l.cfg.SumsDir == "" {
		return
	}
	entries, err := l.cfg.FS.List(l.cfg.SumsDir)
	if !errors.Is(err, fs.ErrNotExist) {
		l.warn(err)
	}
	files := l.files.Load()
	for _, e := range entries {
		if start, ok := parseFileName(e.Name); !ok || files.beginning(start) == nil {
			l.warn(l.cfg.FS.Remove(filepath.Join(l.cfg.SumsDir, e.Name)))
		}
	}
}

// removeSums removes the sums of a file that is gone. What a crash leaves of them the next start removes.
func (l *Log) removeSums(start Offset) error {
	if l.cfg.SumsDir == "" {
		return nil
	}
	if err := l.cfg.FS.Remove(l.sumsPath(start)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove block sums: %w", err)
	}
	return nil
}
