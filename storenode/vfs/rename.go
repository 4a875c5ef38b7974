package vfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Rename implements FS.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Rename implements FS.
func (m *Mem) Rename(from, to string) error {
	if err := m.begin(Op{Kind: "rename", Path: from}); err != nil {
		return err
	}
	defer m.mu.Unlock()
	from, to = filepath.Clean(from), filepath.Clean(to)
	node := m.files[from]
	switch {
	case node == nil || !m.dirs[filepath.Dir(to)]:
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	case m.dirs[to]:
		return &fs.PathError{Op: "rename", Path: to, Err: syscall.EISDIR}
	}
	delete(m.files, from)
	m.files[to] = node
	return nil
}
