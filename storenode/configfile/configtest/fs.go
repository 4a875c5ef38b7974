// Package configtest is a file system in memory for the tests of the tables that live in config files. It can stop
// working at a chosen operation, as a killed process does. It knows no configuration.
package configtest

import (
	"errors"
	"io/fs"
	"sync"
)

// ErrStopped is what every operation returns after the last one allowed.
var ErrStopped = errors.New("the file system has stopped")

// FS holds files by path. The zero FS is empty and works for ever.
type FS struct {
	mu      sync.Mutex
	files   map[string]string
	limited bool
	left    int
	writes  int
}

// StopAfter lets n more changing operations succeed; a negative n lifts the limit.
func (f *FS) StopAfter(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limited, f.left = n >= 0, n
}

// Set puts a file there without counting it as an operation.
func (f *FS) Set(name, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set(name, text)
}

// Text is what a file holds, "" where there is none.
func (f *FS) Text(name string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.files[name]
}

// Writes counts the files written so far.
func (f *FS) Writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

func (f *FS) MkdirAll(string) error { return nil }

func (f *FS) ReadFile(name string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, found := f.files[name]
	if !found {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

func (f *FS) WriteFile(name string, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(); err != nil {
		f.set(name, string(data[:len(data)/2])) // a torn write
		return err
	}
	f.writes++
	f.set(name, string(data))
	return nil
}

func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(); err != nil {
		return err
	}
	text, found := f.files[from]
	if !found {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(f.files, from)
	f.set(to, text)
	return nil
}

func (f *FS) set(name, text string) {
	if f.files == nil {
		f.files = map[string]string{}
	}
	f.files[name] = text
}

func (f *FS) step() error {
	if f.limited && f.left == 0 {
		return ErrStopped
	}
	f.left--
	return nil
}
