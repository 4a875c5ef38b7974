package logfile

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// retryPeriod lies between attempts to roll over a log that could not be.
const retryPeriod = time.Minute

// due reports whether the log is to be rolled over before n more bytes.
func (f *File) due(n int) bool {
	now := f.now()
	if now.Sub(f.failed) < retryPeriod {
		return false
	}
	info, err := f.file.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	return info.Size()+int64(n) > f.config.MaxBytes || now.Sub(f.begun) > f.config.MaxAge
}

// rolled is the path of what was rolled over i roll-overs ago.
func (c Config) rolled(i int) string { return strings.ReplaceAll(c.Rolled, "%i", strconv.Itoa(i)) }

// roll makes the log number 1 of what was rolled over and begins a new one. While
// another process does, or compresses what it has, nothing is done: the next
// line finds the log short, or tries again.
func (f *File) roll() error {
	if err := os.MkdirAll(filepath.Dir(f.config.Rolled), 0o755); err != nil {
		return err
	}
	turn, err := os.OpenFile(f.config.Path+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	err = syscall.Flock(int(turn.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return turn.Close()
	}
	moved := f.config.waits() // since somebody was killed who compressed
	if !moved {
		moved, err = f.move()
	}
	if err == nil {
		err = f.reopen()
	}
	if !moved {
		return errors.Join(err, turn.Close())
	}
	f.rolling.Go(func() {
		defer turn.Close() // and with it the lock
		f.config.compress()
	})
	return err
}

// move gives the log the name that compress expects.
func (f *File) move() (moved bool, err error) {
	same, err := f.lock(syscall.LOCK_EX)
	if err != nil {
		return false, err
	}
	defer f.unlock()
	if !same {
		return false, nil
	}
	return true, os.Rename(f.config.Path, f.config.waiting())
}

// waiting is what a log is called until it is compressed.
func (c Config) waiting() string { return c.Path + ".rolled" }

func (c Config) waits() bool {
	_, err := os.Stat(c.waiting())
	return err == nil
}

// compress puts what waits in front of what was rolled over before, and drops
// what is too much or too old. What fails stays as it is for the next time.
func (c Config) compress() error {
	made := c.waiting()
	if strings.HasSuffix(c.Rolled, ".gz") {
		made += ".gz"
		if err := compress(c.waiting(), made); err != nil {
			os.Remove(made)
			return err
		}
	}
	for i := c.Kept; i > 1; i-- {
		if err := os.Rename(c.rolled(i-1), c.rolled(i)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(made, c.rolled(1)); err != nil {
		return err
	}
	if err := os.Remove(c.waiting()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for i := 2; i <= c.Kept; i++ {
		if info, err := os.Stat(c.rolled(i)); err == nil && time.Since(info.ModTime()) > c.KeptAge {
			os.Remove(c.rolled(i))
		}
	}
	return nil
}

// compress writes from, compressed, to a file named to.
func compress(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	zip := gzip.NewWriter(out)
	_, err = io.Copy(zip, in)
	return errors.Join(err, zip.Close(), out.Close())
}

// firstTime is when a log's first line was written.
func firstTime(path string) (time.Time, bool) {
	f, err := os.Open(path)
	if err != nil {
		return time.Time{}, false
	}
	defer f.Close()
	text, err := bufio.NewReader(f).Peek(len(timeFormat))
	if err != nil {
		return time.Time{}, false
	}
	at, err := time.ParseInLocation(timeFormat, string(text), time.Local)
	return at, err == nil
}
