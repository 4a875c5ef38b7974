package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// File is a log that is written, by this process and perhaps others.
type File struct {
	config Config
	now    func() time.Time

	mu     sync.Mutex // guards what follows; held across a write
	file   *os.File
	begun  time.Time // when the log's first line was written, as far as is known
	failed time.Time // when a roll-over failed: it is tried again later

	rolling sync.WaitGroup // what compresses
}

// Open opens a log for appending; folders are made. Close must follow.
func Open(c Config) (*File, error) { return open(c, time.Now) }

func open(c Config, now func() time.Time) (*File, error) {
	f := &File{config: c.withDefaults(), now: now}
	if err := f.reopen(); err != nil {
		return nil, err
	}
	return f, nil
}

// reopen opens the file that has the log's name now.
func (f *File) reopen() error {
	if err := os.MkdirAll(filepath.Dir(f.config.Path), 0o755); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	file, err := os.OpenFile(f.config.Path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	if f.file != nil {
		f.file.Close()
	}
	f.file, f.begun = file, f.now()
	if first, known := firstTime(f.config.Path); known {
		f.begun = first
	}
	return nil
}

// Write appends lines. Nothing that another process writes or rolls over
// meanwhile is lost or torn.
func (f *File) Write(lines []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.due(len(lines)) {
		if err := f.roll(); err != nil {
			f.failed = f.now()
			fmt.Fprintf(f.file, "%s WARN main - the log is not rolled over err=%q\n", f.now().Local().Format(timeFormat), err)
		}
	}
	for {
		same, err := f.lock(syscall.LOCK_SH)
		if err != nil {
			return 0, err
		}
		if same {
			n, err := f.file.Write(lines)
			f.unlock()
			return n, err
		}
		f.unlock()
		if err := f.reopen(); err != nil {
			return 0, err
		}
	}
}

// lock takes the open file's lock and reports whether that is still the log.
func (f *File) lock(how int) (same bool, err error) {
	if err := syscall.Flock(int(f.file.Fd()), how); err != nil {
		return false, fmt.Errorf("log %s: lock: %w", f.config.Path, err)
	}
	own, err := f.file.Stat()
	if err != nil {
		f.unlock()
		return false, fmt.Errorf("log: %w", err)
	}
	named, err := os.Stat(f.config.Path)
	return err == nil && os.SameFile(own, named), nil
}

func (f *File) unlock() { syscall.Flock(int(f.file.Fd()), syscall.LOCK_UN) }

// Close ends it; what is being compressed is finished.
func (f *File) Close() error {
	f.mu.Lock()
	err := f.file.Close()
	f.mu.Unlock()
	f.rolling.Wait()
	return err
}
