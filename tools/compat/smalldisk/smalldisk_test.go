package smalldisk

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const diskBytes = 32 << 20

func TestAFullDiskTakesNothingUntilItIsFreed(t *testing.T) {
	for kind, commands := range map[string][]string{"ext4": {"mkfs.ext4", "mount", "umount"}, "tmpfs": {"mount", "umount"}} {
		t.Run(kind, func(t *testing.T) {
			onlyHas(t, commands)
			d := makeDisk(t)
			if d.Kind != kind {
				t.Errorf("a file system %s was made, want %s", d.Kind, kind)
			}
			fill(t, d, 1<<20)
			if err := write(d, "small"); err != nil {
				t.Errorf("with 1 MiB free it took no file: %v", err)
			}
			fill(t, d, 0)
			if err := write(d, "refused"); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("full it took a file: %v", err)
			}
			if err := d.Free(); err != nil {
				t.Fatal(err)
			}
			if err := write(d, "taken"); err != nil {
				t.Errorf("freed it took no file: %v", err)
			}
		})
	}
}

func TestWhereNoDiskCanBeMadeTheErrorSaysWhatWasTried(t *testing.T) {
	onlyHas(t, nil)
	_, err := Make(filepath.Join(t.TempDir(), "disk"), diskBytes)
	if !errors.Is(err, ErrNotMade) || !strings.Contains(err.Error(), "mkfs.ext4 -q") || !strings.Contains(err.Error(), "mount -t tmpfs") {
		t.Errorf("got %v", err)
	}
}

// onlyHas leaves the test these commands.
func onlyHas(t *testing.T, commands []string) {
	t.Helper()
	folder := t.TempDir()
	for _, name := range commands {
		path, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(path, filepath.Join(folder, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder)
}

func makeDisk(t *testing.T) *Disk {
	t.Helper()
	d, err := Make(filepath.Join(t.TempDir(), "disk"), diskBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Unmount(); err != nil {
			t.Error(err)
		}
		mounts, err := os.ReadFile("/proc/self/mounts")
		if err != nil || strings.Contains(string(mounts), d.Dir) {
			t.Errorf("%s is still mounted, %v", d.Dir, err)
		}
	})
	return d
}

// fill says that no more than leave bytes, and hardly less, are free afterwards.
func fill(t *testing.T, d *Disk, leave int64) {
	t.Helper()
	if err := d.Fill(leave); err != nil {
		t.Fatal(err)
	}
	all, free, err := d.Size()
	if err != nil || free > leave || free < leave-64<<10 || all > diskBytes {
		t.Fatalf("%d of %d bytes are free, want %d; %v", free, all, leave, err)
	}
}

func write(d *Disk, name string) error {
	return os.WriteFile(filepath.Join(d.Dir, name), make([]byte, 64<<10), 0o666)
}
