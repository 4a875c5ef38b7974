package commitlog

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"gantry/storenode/vfs"
)

// segment is one file of the log. It is closed when its last reader and the list it stands in have let go of it.
type segment struct {
	start Offset
	path  string
	file  vfs.File
	refs  atomic.Int32            // 1 for the list, 1 for each reader
	sums  atomic.Pointer[sidecar] // nil until it is looked for
}

func newSegment(start Offset, path string, file vfs.File) *segment {
	s := &segment{start: start, path: path, file: file}
	s.refs.Store(1)
	return s
}

// acquire keeps the file open until release; false when it was closed meanwhile.
func (s *segment) acquire() bool {
	for {
		refs := s.refs.Load()
		if refs == 0 {
			return false
		}
		if s.refs.CompareAndSwap(refs, refs+1) {
			return true
		}
	}
}

func (s *segment) release() error {
	if s.refs.Add(-1) > 0 {
		return nil
	}
	return errors.Join(s.file.Close(), s.sums.Load().close())
}

// reader is how files are read: vfs.File.ReadAt, or vfs.File.ReadNow for who may not wait.
type reader func(f vfs.File, p []byte, at int64) (int, error)

func (s *segment) read(p []byte, offset Offset) (int, error) {
	return s.readBy(vfs.File.ReadAt, p, offset)
}

func (s *segment) readBy(read reader, p []byte, offset Offset) (n int, err error) {
	n, err = read(s.file, p, int64(offset-s.start))
	if n == len(p) {
		err = nil
	}
	return n, err
}

// reset makes the file read as zeros from offset at on.
func (s *segment) reset(at Offset, fileBytes int64) error {
	return errors.Join(s.file.Truncate(int64(at-s.start)), s.file.Truncate(fileBytes))
}

// fileList is an immutable snapshot of the log's files: of equal size, each beginning where the one before ends.
type fileList struct {
	fileBytes int64
	segments  []*segment
}

func (f *fileList) min() Offset {
	if len(f.segments) == 0 {
		return 0
	}
	return f.segments[0].start
}

// limit is the offset behind the last file.
func (f *fileList) limit() Offset {
	if len(f.segments) == 0 {
		return 0
	}
	return f.segments[len(f.segments)-1].start + Offset(f.fileBytes)
}

// at returns the file that holds offset, nil where none does.
func (f *fileList) at(offset Offset) *segment {
	if offset < f.min() || offset >= f.limit() {
		return nil
	}
	return f.segments[int64(offset-f.min())/f.fileBytes]
}

// beginning returns the file that begins at start, nil where there is none.
func (f *fileList) beginning(start Offset) *segment {
	if s := f.at(start); s != nil && s.start == start {
		return s
	}
	return nil
}

// acquire returns the file that holds offset, to be released; nil where none does.
func (l *Log) acquire(offset Offset) *segment {
	for {
		s := l.files.Load().at(offset)
		if s == nil || s.acquire() {
			return s
		}
	}
}

func fileName(start Offset) string { return fmt.Sprintf("%020d", int64(start)) }

// parseFileName reads a 20-digit file name; ok is false for any other.
func parseFileName(name string) (start Offset, ok bool) {
	if len(name) != 20 {
		return 0, false
	}
	n, err := strconv.ParseInt(name, 10, 64)
	return Offset(n), err == nil && n >= 0
}

// openFiles opens all files of the folder. Files in front of a gap are left alone and named in the log: nothing in them
// can be reached.
func openFiles(cfg *Config) (*fileList, error) {
	entries, err := cfg.FS.List(cfg.Dir)
	if err != nil {
		return nil, err
	}
	files := &fileList{fileBytes: cfg.MappedFileSizeCommitLog}
	for _, e := range entries {
		start, ok := parseFileName(e.Name)
		if e.Dir || !ok {
			cfg.Logger.Warn("ignored what is no commit log file", "file", filepath.Join(cfg.Dir, e.Name))
			continue
		}
		if err := files.add(cfg, start, filepath.Join(cfg.Dir, e.Name)); err != nil {
			return nil, errors.Join(err, files.close())
		}
	}
	return files, nil
}

// add opens one more file behind the others. The first file's size is the log's; a shorter one, which a crash leaves
// between creation and first write, is made as long.
func (f *fileList) add(cfg *Config, start Offset, path string) error {
	file, err := cfg.FS.Open(path)
	if err != nil {
		return err
	}
	size, err := file.Size()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	if len(f.segments) == 0 && size > 0 {
		f.fileBytes = size
	}
	if len(f.segments) > 0 && start != f.limit() {
		cfg.Logger.Error("commit log has a gap, what lies before it is out of reach", "from", int64(f.limit()), "to", int64(start))
		if err := f.close(); err != nil {
			return errors.Join(err, file.Close())
		}
		f.segments = nil
	}
	if err := f.fitSize(path, start, file, size); err != nil {
		return errors.Join(err, file.Close())
	}
	f.segments = append(f.segments, newSegment(start, path, file))
	return nil
}

func (f *fileList) fitSize(path string, start Offset, file vfs.File, size int64) error {
	switch {
	case size == f.fileBytes:
		return nil
	case size < f.fileBytes:
		return file.Truncate(f.fileBytes)
	}
	return &CorruptError{File: path, Offset: start, Err: fmt.Errorf("it has %d bytes, the files before it %d", size, f.fileBytes)}
}

func (f *fileList) close() error {
	var errs []error
	for _, s := range f.segments {
		errs = append(errs, s.release())
	}
	return errors.Join(errs...)
}

// extend adds the file that begins at start, which must be the list's limit, unless it is there already. It is the
// appender's.
func (l *Log) extend(start Offset) (*segment, error) {
	files := l.files.Load()
	if s := files.at(start); s != nil {
		return s, nil
	}
	l.ahead.mu.Lock()
	defer l.ahead.mu.Unlock()
	s, err := l.ahead.take(start), error(nil)
	if s == nil {
		s, err = l.makeFile(start, files.fileBytes)
	}
	if err != nil {
		return nil, err
	}
	list := append(files.segments[:len(files.segments):len(files.segments)], s)
	l.files.Store(&fileList{fileBytes: files.fileBytes, segments: list})
	return s, nil
}
