package vfs

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestReadNowReadsWhatIsInMemory(t *testing.T) {
	each(t, func(t *testing.T, system FS, dir string) {
		f := must[File](t)(system.Create(filepath.Join(dir, "f"), 10000))
		write(t, f, "hello", 4094)
		p := make([]byte, 9)
		if n, err := f.ReadNow(p, 4092); n != 9 || err != nil || string(p) != "\x00\x00hello\x00\x00" {
			t.Errorf("%d bytes, %q, %v", n, p, err)
		}
		if n, err := f.ReadNow(p, 9995); n != 0 || !errors.Is(err, ErrWouldWait) {
			t.Errorf("over the end: %d, %v", n, err)
		}
		if err := errors.Join(f.Sync(), f.DropCache(0, 10000)); err != nil {
			t.Fatal(err)
		}
		if n, err := f.ReadNow(p, 4092); !(n == 9 && err == nil && string(p[2:7]) == "hello" || n == 0 && errors.Is(err, ErrWouldWait)) {
			t.Errorf("what may have left memory: %d, %q, %v", n, p, err)
		}
	})
}

func TestASlowDiskIsNotReadNow(t *testing.T) {
	mem := NewMem()
	if err := mem.MkdirAll("/store"); err != nil {
		t.Fatal(err)
	}
	f := must[File](t)(mem.Create("/store/f", 100))
	slow := time.Duration(0)
	mem.SetDelay(func(op Op) time.Duration {
		if op.Kind == "read" && op.Path == "/store/f" && op.Offset == 50 {
			return slow
		}
		return 0
	})
	for _, c := range []struct {
		delay time.Duration
		at    int64
		want  error
	}{{0, 50, nil}, {time.Hour, 50, ErrWouldWait}, {time.Hour, 10, nil}} {
		slow = c.delay
		if _, err := f.ReadNow(make([]byte, 10), c.at); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
