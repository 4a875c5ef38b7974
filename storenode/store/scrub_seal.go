package store

import (
	"errors"
	"slices"
	"time"

	"gantry/storenode/commitlog"
)

// sealOne seals the youngest file that can be; false where there is none. Where the disk has no room it waits.
func (x *scrub) sealOne() bool {
	start, found := x.unsealed()
	rate := x.sealRate(start)
	if !found || rate <= 0 || x.store.disk.refusal() != nil {
		return false
	}
	at := start
	err := x.store.log.Seal(start, func(bytes int) error {
		x.drop(at, at+commitlog.Offset(bytes))
		at += commitlog.Offset(bytes)
		return x.pace(bytes, rate)
	}, x.findings.add)
	if err != nil && !errors.Is(err, errStopping) && !errors.Is(err, commitlog.ErrOutOfRange) {
		x.store.logger.Error("a commit log file gets no block sums for now", "error", err)
		x.failed, x.retryAt = append(x.failed, start), time.Now().Add(sealRetry)
	}
	return err == nil
}

// unsealed is the youngest file to be sealed that has not failed a moment ago.
func (x *scrub) unsealed() (start commitlog.Offset, found bool) {
	if time.Now().After(x.retryAt) {
		x.failed = nil
	}
	for _, start := range slices.Backward(x.store.log.Unsealed()) {
		if !slices.Contains(x.failed, start) {
			return start, true
		}
	}
	return 0, false
}

// sealRate tells a file that was written since the store was opened, which is in memory mostly, from one that was there.
func (x *scrub) sealRate(start commitlog.Offset) int64 {
	if int64(start)+x.store.log.FileBytes() > int64(x.opened) {
		return x.store.cfg.SealBytesPerSecond
	}
	return x.store.cfg.ScrubBytesPerSecond
}
