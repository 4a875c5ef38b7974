package store

import (
	"errors"
	"fmt"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// KeepTail copies the end of a closed store's log into the folder aside: see commitlog.KeepTail. Further error:
// vfs.ErrLocked.
func KeepTail(cfg Config, files vfs.FS, t commitlog.Tail, aside string) error {
	return whileLocked(cfg, files, func() error { return commitlog.KeepTail(files, cfg.commitLogDir(), t, aside) })
}

// Cut removes the end of a closed store's log. The next Open, which takes the store for one that was killed, cuts queues and
// index back to it. A crash in between is one too: Cut may be called again. Errors: vfs.ErrLocked, the file system's.
func Cut(cfg Config, files vfs.FS, t commitlog.Tail) error {
	return whileLocked(cfg, files, func() error {
		s := &Store{cfg: cfg, fs: files}
		// The table of queues knows more than what is left.
		if err := errors.Join(s.marks.setAbort(s), removeIfThere(files, cfg.path("gantry", "queues")), files.SyncDir(cfg.path("gantry"))); err != nil {
			return err
		}
		return commitlog.Cut(files, cfg.commitLogDir(), cfg.path("gantry", "sums"), t)
	})
}

func whileLocked(cfg Config, files vfs.FS, do func() error) error {
	lock, err := files.Lock(cfg.path("lock"))
	if err != nil {
		return fmt.Errorf("store %s: %w", cfg.StorePathRootDir, err)
	}
	if err := errors.Join(do(), lock.Close()); err != nil {
		return fmt.Errorf("store %s: %w", cfg.StorePathRootDir, err)
	}
	return nil
}
