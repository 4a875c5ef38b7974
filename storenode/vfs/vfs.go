// Package vfs is the file system as the store sees it: two interfaces for files and one for a mapped file, with two
// implementations, the operating system's and one in memory that can lose what was not synced and fail where a test
// says so.
//
// commitlog, consumequeue, index and store do all their input and output through it. It knows no file format, caches
// nothing and decides nothing: retries, bounds and durability belong to its users.
package vfs

import (
	"errors"
	"io"
	"time"
)

// ErrLocked says that another process (or another store in this one) holds the lock. The error that wraps it names
// the file.
var ErrLocked = errors.New("locked by another process")

// ErrWouldWait says that what is to be read at once is not in memory, or that the system cannot tell.
var ErrWouldWait = errors.New("reading would wait for the disk")

// FS is a file system. Paths are those of package path/filepath; errors wrap fs.ErrNotExist, syscall.ENOSPC and so on.
// All methods may be called concurrently.
type FS interface {
	// MkdirAll creates dir and what is missing above it.
	MkdirAll(dir string) error
	// List returns the entries of dir sorted by name.
	List(dir string) ([]Entry, error)
	// Stat says how long the file is and when it was last written.
	Stat(path string) (Info, error)
	// Create makes a new file of size bytes without allocating them: it reads as zeros.
	Create(path string, size int64) (File, error)
	// Open opens an existing file for reading and writing.
	Open(path string) (File, error)
	// Remove deletes a file or an empty folder. Open handles stay readable.
	Remove(path string) error
	// Rename gives a file another name, replacing what had it, at once for who looks; SyncDir makes it durable.
	Rename(from, to string) error
	// SyncDir makes names created in and removed from dir durable.
	SyncDir(dir string) error
	// SyncAll makes everything written to the file system that holds dir durable.
	SyncAll(dir string) error
	// DiskUsage says how full the file system is that holds dir.
	DiskUsage(dir string) (Usage, error)
	// Lock takes the write lock on byte 0 of path, creating the file where it is missing, as Java's
	// FileChannel.tryLock(0, 1, false) does. Closing releases it. The file is written only where it does not hold the text
	// `lock` yet, which Java's broker writes at each of its starts: so the file's time says when one was last here.
	// Error: ErrLocked.
	Lock(path string) (io.Closer, error)
	// BootID names the run of the kernel: as long as it is the same, what was written is there, synced or not. Empty
	// where the system does not tell.
	BootID() string
}

// File is an open file. ReadAt and WriteAt may be called concurrently with everything but Close.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// ReadNow is ReadAt for who may not wait for a disk. Error: ErrWouldWait, where ReadAt may do better; also at the file's end.
	ReadNow(p []byte, offset int64) (int, error)
	// Size is the file's length in bytes.
	Size() (int64, error)
	// Truncate sets the length; what is added reads as zeros.
	Truncate(size int64) error
	// Sync makes the file's bytes and length durable (fdatasync).
	Sync() error
	// DataFrom says whether any byte at or behind offset may be other than zero.
	DataFrom(offset int64) (bool, error)
	// DropCache tells the system that what it keeps of the range in memory is not needed soon. What is not on the disk yet
	// stays, and the bytes are the same for who reads them.
	DropCache(offset, length int64) error
	// Map maps the first length bytes for reading and writing. Touching a page for which the disk has no room faults:
	// see debug.SetPanicOnFault.
	Map(length int) (Mapping, error)
}

// Mapping is a mapped file. It outlives the File it came from.
type Mapping interface {
	// Bytes is the mapped memory, valid until Close.
	Bytes() []byte
	// Sync makes what was written to Bytes durable.
	Sync() error
	// Forget gives the memory of the range back; its bytes stay in the file and are read again when touched.
	Forget(offset, length int) error
	Close() error
}

// Entry is one name in a folder.
type Entry struct {
	Name string
	Dir  bool
}

// Info describes a file.
type Info struct {
	Size    int64 // bytes
	ModTime time.Time
	Dir     bool
}

// Usage is how full a file system is. What only root may still use counts as neither.
type Usage struct {
	UsedBytes, FreeBytes int64
}

// Ratio is the used part, 0 to 1.
func (u Usage) Ratio() float64 {
	if u.UsedBytes+u.FreeBytes <= 0 {
		return 0
	}
	return float64(u.UsedBytes) / float64(u.UsedBytes+u.FreeBytes)
}
