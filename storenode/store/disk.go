package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// diskStep is how far the store has gone because of a disk that fills.
type diskStep int

const (
	diskOK     diskStep = iota
	diskWarn            // above DiskMaxUsedSpaceRatio: what is older than FileReservedTime goes at any hour
	diskClean           // above DiskSpaceCleanForciblyRatio: the oldest goes whatever its age
	diskRefuse          // above DiskSpaceWarningLevelRatio or below DiskFreeBytesMin: sends are refused
)

var diskStepNames = [...]string{"ok", "warn", "clean", "refuse"}

// DiskFullError says that sends are refused until the file system of Dir has room.
type DiskFullError struct {
	Dir       string
	FreeBytes int64
	Err       error // of the write that failed, nil where none was tried
}

func (e *DiskFullError) Error() string {
	text := fmt.Sprintf("disk is full: %s has %d bytes free", e.Dir, e.FreeBytes)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *DiskFullError) Unwrap() error { return e.Err }

const (
	diskLookInterval = time.Second // so that sends are taken again within two seconds of space returning
	diskLogInterval  = time.Minute // between two entries about the same step
)

// disk watches the file systems of the store's folders. Its steps are DefaultMessageStore.isSpaceToDelete's (4.9.7).
type disk struct {
	store *Store
	step  atomic.Int32
	full  atomic.Pointer[DiskFullError] // nil while sends are taken

	mu     sync.Mutex // guards the rest
	noted  diskStep   // in the log
	logged [len(diskStepNames) + 1]time.Time
}

// watch looks each second until the store stops.
func (d *disk) watch() {
	ticker := time.NewTicker(diskLookInterval)
	defer ticker.Stop()
	for {
		select {
		case <-d.store.stop:
			return
		case <-ticker.C:
			d.look()
			if d.current() >= diskClean {
				d.store.expiry.wakeUp()
			}
		}
	}
}

func (d *disk) current() diskStep { return diskStep(d.step.Load()) }

// look measures both folders; the worse one counts.
func (d *disk) look() {
	worst, worstDir, usage := diskOK, "", vfs.Usage{}
	for _, dir := range []string{d.store.cfg.commitLogDir(), d.store.cfg.StorePathRootDir} {
		u, err := d.store.fs.DiskUsage(dir)
		if err != nil {
			d.note(d.current(), dir, u, err)
			return
		}
		if step := d.store.retention.Load().diskStep(u); worstDir == "" || step > worst {
			worst, worstDir, usage = step, dir, u
		}
	}
	d.step.Store(int32(worst))
	if worst == diskRefuse {
		d.full.Store(&DiskFullError{Dir: worstDir, FreeBytes: usage.FreeBytes})
	} else {
		d.full.Store(nil)
	}
	d.note(worst, worstDir, usage, nil)
}

// note logs a step when it is reached and each minute while it lasts, and no step more than once a minute, so that the
// log does not help to fill the disk.
func (d *disk) note(step diskStep, dir string, u vfs.Usage, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	slot := int(step)
	if err != nil {
		slot = len(diskStepNames)
	}
	if slot == int(diskOK) && d.noted == diskOK || time.Since(d.logged[slot]) < diskLogInterval {
		return
	}
	d.noted, d.logged[slot] = step, time.Now()
	fields := []any{"path", dir, "free_bytes", u.FreeBytes, "used_percent", int(u.Ratio() * 100), "step", diskStepNames[step]}
	switch {
	case err != nil:
		d.store.logger.Error("disk usage cannot be read", "path", dir, "error", err)
	case step == diskRefuse:
		d.store.logger.Error("disk is full, sends are refused", fields...)
	case step == diskOK:
		d.store.logger.Info("disk has room again", fields...)
	default:
		d.store.logger.Warn("disk fills", fields...)
	}
}

// refusal is why sends are not taken, nil when they are.
func (d *disk) refusal() error {
	if full := d.full.Load(); full != nil {
		return full
	}
	return nil
}

// Explain adds folder and free bytes, a *DiskFullError, to an append's error where the disk had no room for it.
func (s *Store) Explain(err error) error {
	var write *commitlog.WriteError
	if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &write) {
		return err
	}
	usage, unknown := s.fs.DiskUsage(s.cfg.commitLogDir())
	if unknown != nil {
		return err
	}
	return &DiskFullError{Dir: s.cfg.commitLogDir(), FreeBytes: usage.FreeBytes, Err: err}
}
