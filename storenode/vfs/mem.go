package vfs

import (
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Op is one operation about to be done, as a hook of Mem sees it.
type Op struct {
	Kind   string // mkdir, list, stat, create, open, remove, rename, syncdir, syncall, lock, read, write, truncate, sync, map, usage, dropcache
	Path   string
	Offset int64 // of a read, write or truncate
	Bytes  int   // of a read, write or dropcache
}

// ShortWrite is what a hook returns to have the first Bytes written before the write fails with Err.
type ShortWrite struct {
	Bytes int
	Err   error
}

func (e *ShortWrite) Error() string { return e.Err.Error() }
func (e *ShortWrite) Unwrap() error { return e.Err }

// Mem is a file system in memory. Every file remembers what was synced of it, and every folder which names were, so
// that Survivor can say what a crash leaves.
type Mem struct {
	mu      sync.Mutex
	hook    func(Op) error
	delay   func(Op) time.Duration
	halted  bool
	usage   Usage
	dirs    map[string]bool
	files   map[string]*memNode
	durable map[string]*memNode // names as of the last sync of their folder
	locked  map[string]bool
	boots   int // power losses before this run
}

var _ FS = (*Mem)(nil)

// NewMem returns an empty file system.
func NewMem() *Mem {
	return &Mem{
		dirs:    map[string]bool{},
		files:   map[string]*memNode{},
		durable: map[string]*memNode{},
		locked:  map[string]bool{},
		usage:   Usage{FreeBytes: 1 << 40},
	}
}

// SetUsage is what DiskUsage says from now on, whatever is in the files; 1 TiB is free before.
func (m *Mem) SetUsage(u Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.usage = u
}

// DiskUsage implements FS.
func (m *Mem) DiskUsage(dir string) (Usage, error) {
	if err := m.begin(Op{Kind: "usage", Path: dir}); err != nil {
		return Usage{}, err
	}
	defer m.mu.Unlock()
	return m.usage, nil
}

// SetHook has hook asked before each operation; what it returns is the operation's error. It must not call m.
func (m *Mem) SetHook(hook func(Op) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hook = hook
}

// SetDelay has each operation begin so much later, while others go on: a slow disk. It must not call m.
func (m *Mem) SetDelay(delay func(Op) time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.delay = delay
}

// begin locks m for the operation, unless it must fail. The caller unlocks when err is nil.
func (m *Mem) begin(op Op) error {
	m.wait(op)
	m.mu.Lock()
	err := m.refusal(op)
	if err != nil {
		m.mu.Unlock()
	}
	return err
}

func (m *Mem) wait(op Op) { time.Sleep(m.late(op)) }

// late is how much later the operation begins.
func (m *Mem) late(op Op) time.Duration {
	m.mu.Lock()
	delay := m.delay
	m.mu.Unlock()
	if delay == nil {
		return 0
	}
	return delay(op)
}

func (m *Mem) refusal(op Op) error {
	if m.halted {
		return &fs.PathError{Op: op.Kind, Path: op.Path, Err: ErrHalted}
	}
	if m.hook == nil {
		return nil
	}
	if err := m.hook(op); err != nil {
		return &fs.PathError{Op: op.Kind, Path: op.Path, Err: err}
	}
	return nil
}

// MkdirAll implements FS. Folders themselves survive every crash.
func (m *Mem) MkdirAll(dir string) error {
	if err := m.begin(Op{Kind: "mkdir", Path: dir}); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for dir = filepath.Clean(dir); !m.dirs[dir]; dir = filepath.Dir(dir) {
		m.dirs[dir] = true
	}
	return nil
}

// List implements FS.
func (m *Mem) List(dir string) ([]Entry, error) {
	if err := m.begin(Op{Kind: "list", Path: dir}); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	if dir = filepath.Clean(dir); !m.dirs[dir] {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	var entries []Entry
	for path := range m.files {
		if filepath.Dir(path) == dir {
			entries = append(entries, Entry{Name: filepath.Base(path)})
		}
	}
	for path := range m.dirs {
		if filepath.Dir(path) == dir && path != dir {
			entries = append(entries, Entry{Name: filepath.Base(path), Dir: true})
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return entries, nil
}

// Stat implements FS.
func (m *Mem) Stat(path string) (Info, error) {
	if err := m.begin(Op{Kind: "stat", Path: path}); err != nil {
		return Info{}, err
	}
	defer m.mu.Unlock()
	if m.dirs[filepath.Clean(path)] {
		return Info{Dir: true}, nil
	}
	node, found := m.files[filepath.Clean(path)]
	if !found {
		return Info{}, &fs.PathError{Op: "stat", Path: path, Err: fs.ErrNotExist}
	}
	return Info{Size: node.size, ModTime: node.modified}, nil
}

// Create implements FS.
func (m *Mem) Create(path string, size int64) (File, error) {
	if err := m.begin(Op{Kind: "create", Path: path}); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	path = filepath.Clean(path)
	switch {
	case !m.dirs[filepath.Dir(path)]:
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrNotExist}
	case m.files[path] != nil || m.dirs[path]:
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	node := newMemNode(size)
	node.modified = time.Now()
	m.files[path] = node
	return &memFile{fs: m, path: path, node: node}, nil
}

// Open implements FS.
func (m *Mem) Open(path string) (File, error) {
	if err := m.begin(Op{Kind: "open", Path: path}); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	path = filepath.Clean(path)
	node, found := m.files[path]
	if !found {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &memFile{fs: m, path: path, node: node}, nil
}

// Remove implements FS.
func (m *Mem) Remove(path string) error {
	if err := m.begin(Op{Kind: "remove", Path: path}); err != nil {
		return err
	}
	defer m.mu.Unlock()
	path = filepath.Clean(path)
	if m.files[path] != nil {
		delete(m.files, path)
		return nil
	}
	if !m.dirs[path] {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	if m.hasChildren(path) {
		return &fs.PathError{Op: "remove", Path: path, Err: syscall.ENOTEMPTY}
	}
	delete(m.dirs, path)
	return nil
}

func (m *Mem) hasChildren(dir string) bool {
	for path := range m.files {
		if filepath.Dir(path) == dir {
			return true
		}
	}
	for path := range m.dirs {
		if filepath.Dir(path) == dir && path != dir {
			return true
		}
	}
	return false
}

// SyncDir implements FS.
func (m *Mem) SyncDir(dir string) error {
	if err := m.begin(Op{Kind: "syncdir", Path: dir}); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.syncNames(func(path string) bool { return filepath.Dir(path) == filepath.Clean(dir) })
	return nil
}

// SyncAll implements FS.
func (m *Mem) SyncAll(dir string) error {
	if err := m.begin(Op{Kind: "syncall", Path: dir}); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.syncNames(func(string) bool { return true })
	for _, node := range m.files {
		node.sync()
	}
	return nil
}

func (m *Mem) syncNames(in func(path string) bool) {
	for path := range m.durable {
		if in(path) && m.files[path] == nil {
			delete(m.durable, path)
		}
	}
	for path, node := range m.files {
		if in(path) {
			m.durable[path] = node
		}
	}
}

// Lock implements FS.
func (m *Mem) Lock(path string) (io.Closer, error) {
	if err := m.begin(Op{Kind: "lock", Path: path}); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	path = filepath.Clean(path)
	if m.locked[path] {
		return nil, &fs.PathError{Op: "lock", Path: path, Err: ErrLocked}
	}
	if m.files[path] == nil {
		m.files[path] = newMemNode(0)
		m.files[path].modified = time.Now()
	}
	m.locked[path] = true
	return memLock{m, path}, nil
}

// BootID implements FS: another one after each power loss.
func (m *Mem) BootID() string { return fmt.Sprint("memory ", m.boots) }

type memLock struct {
	fs   *Mem
	path string
}

func (l memLock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	delete(l.fs.locked, l.path)
	return nil
}
