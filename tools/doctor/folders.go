package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// folders looks at where a broker keeps its messages.
func folders(s *Subject) (f Findings) {
	for _, dir := range distinct(s.root(), s.commitLog()) {
		f = append(f, folder(s, dir)...)
	}
	switch pid, held := lockHolder(s.root()); {
	case held && pid > 0:
		f.fine("folders", "%s is in use by process %d", s.root(), pid)
	case held:
		f.fine("folders", "%s is in use by a running broker", s.root())
	case exists(filepath.Join(s.root(), "abort")):
		f.add(Note, "folders", "", "%s was not closed in order: the next start recovers its end", s.root())
	}
	return f
}

func distinct(root, log string) []string {
	if filepath.Dir(log) == root {
		return []string{root}
	}
	return []string{root, log}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func folder(s *Subject, dir string) (f Findings) {
	at, err := nearest(dir)
	switch {
	case err != nil:
		f.add(Error, "folders", "name another storePathRootDir, or make it", "%s: %v", dir, err)
		return f
	case syscall.Access(at, writable) != nil:
		f.add(Error, "folders", "let the broker's user own it: chown -R USER "+at, "%s: this user may not write to %s", dir, at)
		return f
	}
	return append(f, disk(s, dir, at)...)
}

const writable = 2 | 1 // W_OK, X_OK

// nearest is dir, or the folder that it would be made in.
func nearest(dir string) (string, error) {
	for {
		info, err := os.Stat(dir)
		switch {
		case err == nil && !info.IsDir():
			return "", &os.PathError{Op: "open", Path: dir, Err: syscall.ENOTDIR}
		case err == nil || !errors.Is(err, fs.ErrNotExist):
			return dir, err
		}
		dir = filepath.Dir(dir)
	}
}

// disk compares what is free with the limits of the configuration.
func disk(s *Subject, dir, at string) (f Findings) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(at, &fs); err != nil {
		f.add(Error, "folders", "", "%s: %v", at, err)
		return f
	}
	block := int64(fs.Bsize)
	free, used := int64(fs.Bavail)*block, int64(fs.Blocks-fs.Bfree)*block
	percent := 100 * used / max(1, used+free)
	c := s.Config
	switch {
	case percent > int64(c.DiskSpaceWarningPercent) || free < c.DiskFreeBytesMin:
		f.add(Error, "folders", "make room, or give it a larger disk", "%s: the disk is full (%d %% used, %d MiB free), sends would be refused", dir, percent, free>>20)
	case percent > int64(c.DiskMaxUsedSpacePercent):
		f.add(Warning, "folders", "make room, or lower fileReservedTime", "%s: %d %% of the disk are used, files older than %d h go at any hour (diskMaxUsedSpaceRatio=%d)", dir, percent, c.FileReservedHours, c.DiskMaxUsedSpacePercent)
	case free < 2*c.CommitLogFileBytes:
		f.add(Warning, "folders", "make room", "%s: %d MiB are free, less than two files of the commit log", dir, free>>20)
	default:
		f.fine("folders", "%s: %d %% of the disk used, %d MiB free", dir, percent, free>>20)
	}
	if kind, odd := oddFileSystems()[int64(fs.Type)]; odd {
		f.add(Warning, "folders", "put the store on a local disk", "%s lies on %s", dir, kind)
	}
	return f
}

// oddFileSystems are those that do not keep what they confirm, by statfs's magic.
func oddFileSystems() map[int64]string {
	return map[int64]string{
		0x01021994: "tmpfs: it is gone after a restart of the machine",
		0x6969:     "NFS: locks and syncs are the server's",
		0x794c7630: "overlayfs, a container's own layer: it is gone with the container",
	}
}

// lockHolder is the process that holds a store's lock; 0 where the kernel does not
// tell: ours lock the open file, and not as a process.
func lockHolder(root string) (pid int, held bool) {
	file, err := os.Open(filepath.Join(root, "lock"))
	if err != nil {
		return 0, false
	}
	defer file.Close()
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Len: 1}
	if err := syscall.FcntlFlock(file.Fd(), syscall.F_GETLK, &lock); err != nil || lock.Type == syscall.F_UNLCK {
		return 0, false
	}
	return max(0, int(lock.Pid)), true
}
