// Package smalldisk makes a file system of a few hundred MiB that is really filled, and freed, under a server's store. It is ext4
// on a loop device where that can be had, else memory (tmpfs); making either takes root. It knows no server.
package smalldisk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// ErrNotMade says that neither kind of file system could be made; it carries what was tried.
var ErrNotMade = errors.New("no small file system could be made here, which takes root")

// Disk is a mounted file system. Its methods must not be called concurrently.
type Disk struct {
	Dir    string // where it is mounted
	Kind   string // "ext4" or "tmpfs"
	filler string
}

// Make mounts a new file system of about so many bytes at dir, which it makes. An image lies beside dir. The caller unmounts.
func Make(dir string, bytes int64) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the place of a file system: %w", err)
	}
	d := &Disk{Dir: dir, Kind: "ext4", filler: filepath.Join(dir, "filler")}
	onLoop := loopExt4(dir, bytes)
	if onLoop == nil {
		return d, nil
	}
	d.Kind = "tmpfs"
	if inMemory := run("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d", bytes), "none", dir); inMemory != nil {
		return nil, errors.Join(ErrNotMade, onLoop, inMemory)
	}
	return d, nil
}

// loopExt4 mounts ext4 without blocks that only root may take: what is free is free for the server.
func loopExt4(dir string, bytes int64) error {
	image := dir + ".image"
	file, err := os.Create(image)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Truncate(bytes), file.Close()); err != nil {
		return fmt.Errorf("make the image of a file system: %w", err)
	}
	if err := run("mkfs.ext4", "-q", "-F", "-m", "0", image); err != nil {
		return err
	}
	return run("mount", "-o", "loop", image, dir)
}

func run(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", cmd, err, out)
	}
	return nil
}

// Unmount ends the file system; no file of it may be open.
func (d *Disk) Unmount() error { return run("umount", d.Dir) }

// Size is how many bytes there are in all, and how many are free.
func (d *Disk) Size() (all, free int64, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(d.Dir, &fs); err != nil {
		return 0, 0, fmt.Errorf("size of %s: %w", d.Dir, err)
	}
	return int64(fs.Blocks) * int64(fs.Bsize), int64(fs.Bavail) * int64(fs.Bsize), nil
}
