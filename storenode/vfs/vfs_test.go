package vfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// each runs the test on both implementations: one contract.
func each(t *testing.T, test func(t *testing.T, system FS, dir string)) {
	t.Run("os", func(t *testing.T) { test(t, OS{}, t.TempDir()) })
	t.Run("memory", func(t *testing.T) {
		mem := NewMem()
		if err := mem.MkdirAll("/store"); err != nil {
			t.Fatal(err)
		}
		test(t, mem, "/store")
	})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func write(t *testing.T, f File, text string, offset int64) {
	t.Helper()
	if n, err := f.WriteAt([]byte(text), offset); n != len(text) || err != nil {
		t.Fatalf("write: %d, %v", n, err)
	}
}

func read(t *testing.T, f File, offset int64, length int) string {
	t.Helper()
	p := make([]byte, length)
	if _, err := f.ReadAt(p, offset); err != nil {
		t.Fatal(err)
	}
	return string(p)
}

func TestASparseFileReadsAsZerosAndKeepsWhatIsWritten(t *testing.T) {
	each(t, func(t *testing.T, system FS, dir string) {
		f := must[File](t)(system.Create(filepath.Join(dir, "f"), 10000))
		write(t, f, "hello", 4094)
		if got := read(t, f, 4092, 9); got != "\x00\x00hello\x00\x00" {
			t.Errorf("read %q", got)
		}
		if size := must[int64](t)(f.Size()); size != 10000 {
			t.Errorf("size %d", size)
		}
		if n, err := f.ReadAt(make([]byte, 10), 9995); n != 5 || !errors.Is(err, io.EOF) {
			t.Errorf("read over the end: %d, %v", n, err)
		}
		if err := errors.Join(f.Truncate(4096), f.Truncate(10000)); err != nil {
			t.Fatal(err)
		}
		if got := read(t, f, 4094, 5); got != "he\x00\x00\x00" {
			t.Errorf("after truncating: %q", got)
		}
		if must[bool](t)(f.DataFrom(8192)) {
			t.Error("data where nothing was written")
		}
		if !must[bool](t)(f.DataFrom(4000)) {
			t.Error("no data where something was written")
		}
	})
}

func TestNames(t *testing.T) {
	each(t, func(t *testing.T, system FS, dir string) {
		if err := system.MkdirAll(filepath.Join(dir, "b", "c")); err != nil {
			t.Fatal(err)
		}
		must[File](t)(system.Create(filepath.Join(dir, "a"), 3)).Close()
		if _, err := system.Create(filepath.Join(dir, "a"), 3); !errors.Is(err, fs.ErrExist) {
			t.Errorf("created twice: %v", err)
		}
		entries := must[[]Entry](t)(system.List(dir))
		if len(entries) != 2 || entries[0] != (Entry{Name: "a"}) || entries[1] != (Entry{Name: "b", Dir: true}) {
			t.Errorf("entries %v", entries)
		}
		if info := must[Info](t)(system.Stat(filepath.Join(dir, "a"))); info.Size != 3 || info.Dir {
			t.Errorf("stat %+v", info)
		}
		if err := system.Remove(filepath.Join(dir, "b")); !errors.Is(err, syscall.ENOTEMPTY) {
			t.Errorf("removed a full folder: %v", err)
		}
		if err := errors.Join(system.Remove(filepath.Join(dir, "a")), system.SyncDir(dir), system.SyncAll(dir)); err != nil {
			t.Fatal(err)
		}
		for _, missing := range []string{"a", "nowhere"} {
			if _, err := system.Open(filepath.Join(dir, missing)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("open %s: %v", missing, err)
			}
		}
		if _, err := system.List(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("list: %v", err)
		}
	})
}

func TestAMappingAndTheFileAreOne(t *testing.T) {
	each(t, func(t *testing.T, system FS, dir string) {
		f := must[File](t)(system.Create(filepath.Join(dir, "f"), 12288))
		write(t, f, "file", 5000)
		m := must[Mapping](t)(f.Map(12288))
		copy(m.Bytes()[6000:], "mapped")
		if got := string(m.Bytes()[5000:5004]) + read(t, f, 6000, 6); got != "filemapped" {
			t.Errorf("read %q", got)
		}
		if err := errors.Join(m.Forget(0, 12288), m.Sync()); err != nil {
			t.Fatal(err)
		}
		if got := string(m.Bytes()[6000:6006]); got != "mapped" {
			t.Errorf("forgotten memory reads %q", got)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestASecondLockIsRefusedByName(t *testing.T) {
	each(t, func(t *testing.T, system FS, dir string) {
		path := filepath.Join(dir, "lock")
		lock := must[io.Closer](t)(system.Lock(path))
		_, err := system.Lock(path)
		if !errors.Is(err, ErrLocked) || !bytes.Contains([]byte(err.Error()), []byte(path)) {
			t.Errorf("second lock: %v", err)
		}
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
		must[io.Closer](t)(system.Lock(path)).Close()
	})
}

// TestAProcessWithAClassicLockIsRespected has a child take the lock with F_SETLK, the call behind Java's FileChannel.
func TestAProcessWithAClassicLockIsRespected(t *testing.T) {
	if path := os.Getenv("VFS_TEST_LOCK"); path != "" {
		holdClassicLock(path)
		return
	}
	path := filepath.Join(t.TempDir(), "lock")
	child := exec.Command(os.Args[0], "-test.run=^TestAProcessWithAClassicLockIsRespected$")
	child.Env = append(os.Environ(), "VFS_TEST_LOCK="+path)
	stdin := must[io.WriteCloser](t)(child.StdinPipe())
	stdout := must[io.ReadCloser](t)(child.StdoutPipe())
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stdout, make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	if _, err := (OS{}).Lock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("lock held by another process: %v", err)
	}
	stdin.Close()
	_, _ = io.Copy(io.Discard, stdout)
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	must[io.Closer](t)(OS{}.Lock(path)).Close()
}

func holdClassicLock(path string) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		panic(err)
	}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK, Len: 1}); err != nil {
		panic(err)
	}
	os.Stdout.WriteString("locked")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func TestAKillKeepsWhatWasWrittenAndAPowerLossWhatWasSynced(t *testing.T) {
	mem := NewMem()
	must[any](t)(nil, mem.MkdirAll("/d"))
	kept := must[File](t)(mem.Create("/d/kept", 8192))
	write(t, kept, "synced", 0)
	must[any](t)(nil, errors.Join(kept.Sync(), mem.SyncDir("/d")))
	write(t, kept, "unsync", 0)
	must[File](t)(mem.Create("/d/unnamed", 1))
	mem.Halt()
	if _, err := kept.WriteAt([]byte("late"), 0); !errors.Is(err, ErrHalted) {
		t.Errorf("write after the halt: %v", err)
	}
	killed := mem.AfterKill()
	if got := read(t, must[File](t)(killed.Open("/d/kept")), 0, 6); got != "unsync" {
		t.Errorf("after the kill: %q", got)
	}
	must[File](t)(killed.Open("/d/unnamed"))
	seen := map[string]bool{}
	for seed := range uint64(20) {
		lost := mem.AfterPowerLoss(rand.New(rand.NewPCG(seed, 0)))
		seen[read(t, must[File](t)(lost.Open("/d/kept")), 0, 6)] = true
		if _, err := lost.Open("/d/unnamed"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a name survived without sync: %v", err)
		}
	}
	if len(seen) != 2 || !seen["synced"] || !seen["unsync"] {
		t.Errorf("after power losses: %v", seen)
	}
}

func TestAHookFailsTheOperationItChooses(t *testing.T) {
	mem := NewMem()
	must[any](t)(nil, mem.MkdirAll("/d"))
	f := must[File](t)(mem.Create("/d/f", 100))
	mem.SetHook(func(op Op) error {
		if op.Kind == "write" && op.Offset == 10 {
			return &ShortWrite{Bytes: 3, Err: syscall.ENOSPC}
		}
		return nil
	})
	write(t, f, "fine", 0)
	if n, err := f.WriteAt([]byte("refused"), 10); n != 3 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write: %d, %v", n, err)
	}
	if got := read(t, f, 10, 4); got != "ref\x00" {
		t.Errorf("after the short write: %q", got)
	}
}

func TestDiskUsageCountsWhatIsFree(t *testing.T) {
	each(t, func(t *testing.T, system FS, dir string) {
		u := must[Usage](t)(system.DiskUsage(dir))
		if u.FreeBytes <= 0 || u.UsedBytes < 0 || u.Ratio() < 0 || u.Ratio() >= 1 {
			t.Errorf("usage %+v, ratio %v", u, u.Ratio())
		}
	})
	if r := (Usage{UsedBytes: 3, FreeBytes: 1}).Ratio(); r != 0.75 {
		t.Errorf("ratio %v", r)
	}
	mem := NewMem()
	mem.SetUsage(Usage{UsedBytes: 1})
	if u := must[Usage](t)(mem.DiskUsage("/")); u.FreeBytes != 0 || u.Ratio() != 1 {
		t.Errorf("usage %+v as set", u)
	}
}

func TestDroppingTheCacheChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, system FS, dir string) {
		f := must[File](t)(system.Create(filepath.Join(dir, "f"), 3*4096))
		write(t, f, "written, not synced", 5000)
		if err := f.DropCache(4096, 8192); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Sync(), f.DropCache(0, 3*4096)); err != nil {
			t.Fatal(err)
		}
		if got := read(t, f, 5000, 19); got != "written, not synced" {
			t.Errorf("read %q", got)
		}
	})
}
