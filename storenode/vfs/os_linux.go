package vfs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fcntlSetLock is F_OFD_SETLK: the same record lock Java takes with F_SETLK, in conflict with it, but owned by the open
// file, so that two stores of one process see each other and closing some other handle does not release it.
const fcntlSetLock = 37

// seekData is SEEK_DATA of lseek(2).
const seekData = 3

func dataSync(f *os.File) error { return retry(func() error { return syscall.Fdatasync(int(f.Fd())) }) }

func syncAll(f *os.File) error {
	if _, _, errno := syscall.Syscall(sysSyncFS, f.Fd(), 0, 0); errno != 0 {
		return &fs.PathError{Op: "syncfs", Path: f.Name(), Err: errno}
	}
	return nil
}

func (f osFile) DataFrom(offset int64) (bool, error) {
	_, err := f.Seek(offset, seekData)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, syscall.ENXIO):
		return false, nil
	case errors.Is(err, syscall.EINVAL):
		return true, nil // the file system cannot tell
	}
	return false, err
}

// ReadNow implements File. Where the file system knows no reads that do not wait, all would.
func (f osFile) ReadNow(p []byte, offset int64) (int, error) {
	n, err := unix.Preadv2(int(f.Fd()), [][]byte{p}, offset, unix.RWF_NOWAIT)
	if err != nil || n < len(p) {
		return 0, ErrWouldWait
	}
	return n, nil
}

// fadviseDontNeed is POSIX_FADV_DONTNEED.
const fadviseDontNeed = 4

func (f osFile) DropCache(offset, length int64) error {
	_, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), uintptr(offset), uintptr(length), fadviseDontNeed, 0, 0)
	if errno != 0 {
		return &fs.PathError{Op: "fadvise", Path: f.Name(), Err: errno}
	}
	return nil
}

func (m *osMapping) Sync() error {
	if len(m.bytes) == 0 {
		return nil
	}
	_, _, errno := syscall.Syscall(syscall.SYS_MSYNC, uintptr(unsafe.Pointer(&m.bytes[0])), uintptr(len(m.bytes)), syscall.MS_SYNC)
	if errno != 0 {
		return m.wrap("msync", errno)
	}
	return nil
}

func (m *osMapping) Forget(offset, length int) error {
	page := os.Getpagesize()
	from, to := (offset+page-1)/page*page, (offset+length)/page*page
	if from >= to {
		return nil
	}
	return m.wrap("madvise", syscall.Madvise(m.bytes[from:to], syscall.MADV_DONTNEED))
}

func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// BootID implements FS.
func (OS) BootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(id))
}
