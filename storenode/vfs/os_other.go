//go:build unix && !linux

package vfs

import (
	"os"
	"syscall"
)

// fcntlSetLock is the record lock Java takes.
const fcntlSetLock = syscall.F_SETLK

func dataSync(f *os.File) error { return f.Sync() }

func syncAll(*os.File) error { return syscall.Sync() }

func (f osFile) DataFrom(int64) (bool, error) { return true, nil }

// ReadNow implements File: these systems do not tell what is in memory.
func (f osFile) ReadNow([]byte, int64) (int, error) { return 0, ErrWouldWait }

func (f osFile) DropCache(int64, int64) error { return nil }

// Sync is served by the file's next sync: these systems write mapped pages with it.
func (m *osMapping) Sync() error { return nil }

func (m *osMapping) Forget(int, int) error { return nil }

// BootID implements FS: not known here.
func (OS) BootID() string { return "" }
