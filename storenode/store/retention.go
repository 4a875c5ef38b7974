package store

import (
	"slices"
	"time"

	"gantry/storenode/vfs"
)

// Retention decides when files of the commit log go, and when sends are refused
// because the disk is full. Fields mean what RocketMQ's keys of those names mean.
type Retention struct {
	DeleteWhen                  []int         // hours of the day (local time) at which expired files go
	FileReservedTime            time.Duration // since a commit log file was last written
	DiskMaxUsedSpaceRatio       int           // percent; above it expired files go at any hour
	DiskSpaceCleanForciblyRatio int           // percent; above it the oldest files go, if CleanFileForciblyEnable
	DiskSpaceWarningLevelRatio  int           // percent; above it sends are refused
	DiskFreeBytesMin            int64         // below it sends are refused, below twice it the oldest files go
	CleanFileForciblyEnable     bool
}

// SetRetention replaces what the configuration said; it counts from the next look
// at the disk and the next round on, within a second and CleanResourceInterval.
func (s *Store) SetRetention(r Retention) { s.retention.Store(&r) }

// expired says that a file last written then may go now, at a disk as full as that.
func (r *Retention) expired(written, now time.Time, step diskStep) bool {
	if step >= diskClean && r.CleanFileForciblyEnable {
		return true
	}
	due := step >= diskWarn || slices.Contains(r.DeleteWhen, now.Hour())
	return due && now.Sub(written) >= r.FileReservedTime
}

func (r *Retention) diskStep(u vfs.Usage) diskStep {
	percent := u.Ratio() * 100
	switch {
	case percent > float64(r.DiskSpaceWarningLevelRatio), u.FreeBytes < r.DiskFreeBytesMin:
		return diskRefuse
	case percent > float64(r.DiskSpaceCleanForciblyRatio), u.FreeBytes < 2*r.DiskFreeBytesMin:
		return diskClean
	case percent > float64(r.DiskMaxUsedSpaceRatio):
		return diskWarn
	}
	return diskOK
}
