package store

import (
	"errors"
	"sync/atomic"
	"time"

	"gantry/storenode/commitlog"
)

// expireBatch is how many files go in one round (MappedFileQueue.DELETE_FILES_BATCH_MAX 4.9.7).
const expireBatch = 10

// expiryLogInterval is the least time between two entries about a file that cannot go.
const expiryLogInterval = time.Minute

// expiry removes what RocketMQ's rules no longer keep: CleanCommitLogService and CleanConsumeQueueService 4.9.7. It
// begins with the log; the minimum offsets of queues and index follow the log's.
type expiry struct {
	store  *Store
	signal chan struct{} // holds one

	from      atomic.Int64 // where the log began when queues and index followed last
	retriedAt time.Time    // files that had readers
	loggedAt  time.Time
}

func (x *expiry) init(s *Store) {
	x.store, x.signal = s, make(chan struct{}, 1)
	x.from.Store(-1)
}

// followed says that the minimum of every queue is where the log begins.
func (x *expiry) followed() bool { return commitlog.Offset(x.from.Load()) == x.store.log.Min() }

// wakeUp asks for a round now: the disk fills.
func (x *expiry) wakeUp() {
	select {
	case x.signal <- struct{}{}:
	default:
	}
}

// run ends when the store stops.
func (x *expiry) run() {
	ticker := time.NewTicker(x.store.cfg.CleanResourceInterval)
	defer ticker.Stop()
	x.report(x.follow()) // until then nobody knows whether a unit that leads before the log has expired or is damaged
	for {
		select {
		case <-x.store.stop:
			return
		case <-x.signal:
		case <-ticker.C:
		}
		x.report(x.round())
	}
}

func (x *expiry) report(err error) {
	if err != nil && !errors.Is(err, commitlog.ErrClosed) && time.Since(x.loggedAt) >= expiryLogInterval {
		x.loggedAt = time.Now()
		x.store.logger.Error("expired files cannot be removed", "min_offset", int64(x.store.log.Min()), "error", err)
	}
}

func (x *expiry) round() error {
	x.store.disk.look()
	err := x.expireLog()
	return errors.Join(err, x.follow())
}

// expireLog drops expired files and removes those that nobody reads.
func (x *expiry) expireLog() error {
	var dropErr error
	dropped := 0
	for dropErr == nil && dropped < expireBatch {
		var more bool
		if more, dropErr = x.dropOldest(); !more {
			break
		}
		dropped++
		if !x.rest(x.store.cfg.DeleteCommitLogFilesInterval) {
			break
		}
	}
	if dropped == 0 && time.Since(x.retriedAt) < x.store.cfg.RedeleteHangedFileInterval {
		return dropErr
	}
	x.retriedAt = time.Now()
	_, err := x.store.log.RemoveDropped(x.store.cfg.DestroyMapedFileIntervalForcibly)
	return errors.Join(dropErr, err)
}

// dropOldest drops the oldest file if it is not to be kept; what must outlive it is asked for first.
func (x *expiry) dropOldest() (dropped bool, err error) {
	end, written, ok, err := x.store.log.Oldest()
	if err != nil || !ok || !x.expired(written) || x.store.dispatcher.position() < end {
		return false, err
	}
	if err := x.store.cfg.BeforeExpire(end); err != nil {
		return false, err
	}
	if err := x.store.log.DropOldest(end); err != nil {
		return false, err
	}
	x.store.logger.Info("commit log file has expired", "min_offset", int64(end), "last_write", written, "disk", diskStepNames[x.store.disk.current()])
	return true, nil
}

// expired says that a file last written then may go now.
func (x *expiry) expired(written time.Time) bool {
	return x.store.retention.Load().expired(written, time.Now(), x.store.disk.current())
}

// follow lets queues and index begin where the log does.
func (x *expiry) follow() error {
	begin := x.store.log.Min()
	if int64(begin) == x.from.Load() {
		return nil
	}
	var errs []error
	queues := x.store.queues.All()
	if begin == 0 {
		queues = nil // nothing has expired yet
	}
	for _, q := range queues {
		removed, err := q.Expire(begin)
		errs = append(errs, x.store.damaged(err))
		if removed > 0 && !x.rest(x.store.cfg.DeleteConsumeQueueFilesInterval) {
			break
		}
	}
	_, err := x.store.index.Expire(begin)
	if err = errors.Join(append(errs, err)...); err == nil {
		x.from.Store(int64(begin))
	}
	return err
}

// rest says whether the store still runs behind the pause.
func (x *expiry) rest(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-x.store.stop:
		return false
	case <-timer.C:
		return true
	}
}
