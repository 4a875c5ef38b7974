package doctor

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"time"
)

// clock looks whether the time is right, and whether it has gone back since the
// store was written: delayed messages, expiry and look-ups by time go by it.
func clock(subjects []*Subject, now time.Time) (f Findings) {
	synchronised, known := clockSynchronised()
	switch {
	case known && !synchronised:
		f.add(Warning, "clock", "start chrony, ntpd or systemd-timesyncd", "the kernel says that nobody synchronises it: %s", now.Format(time.RFC3339))
	default:
		f.fine("clock", "%s", now.Format(time.RFC3339))
	}
	for _, s := range subjects {
		last := lastStored(s.root())
		if behind := last.Sub(now); behind > time.Second {
			f.add(Error, "clock", "set the clock before the broker starts", "%s has messages of %s: the clock is %s behind them", s.root(), last.Format(time.RFC3339), behind.Round(time.Second))
		}
	}
	return f
}

// lastStored is the time up to which a store's checkpoint says the log is on the
// disk; the zero one where there is none.
func lastStored(root string) time.Time {
	text, err := os.ReadFile(filepath.Join(root, "checkpoint"))
	if err != nil || len(text) < 8 {
		return time.Time{}
	}
	millis := int64(binary.BigEndian.Uint64(text))
	if millis <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis)
}
