package tables

import (
	"errors"
	"time"

	"gantry/storenode/group"
)

// waiting is what a master has stated that stands on its log: the slave keeps it
// once its own log has come as far, else it would hold done what it has never
// had. Of two or more that wait the first is kept as it is, so that a slave which
// is always a little behind comes to it, and the others are one.
type waiting[T any] struct{ first, last *standing[T] }

type standing[T any] struct {
	what   T
	logEnd int64 // of the master, when it was true
}

// add takes what came next; joined makes one of two.
func (w *waiting[T]) add(what T, logEnd int64, joined func(older, newer T) T) {
	next := &standing[T]{what, logEnd}
	switch {
	case w.first == nil:
		w.first = next
	case w.last == nil:
		w.last = next
	default:
		w.last = &standing[T]{joined(w.last.what, what), logEnd}
	}
}

// keep gives what a log up to logEnd is enough for to keep.
func (w *waiting[T]) keep(logEnd int64, keep func(T) error) error {
	for w.first != nil && w.first.logEnd <= logEnd {
		what := w.first.what
		w.first, w.last = w.last, nil
		if err := keep(what); err != nil {
			return err
		}
	}
	return nil
}

func newest(_, newer []byte) []byte { return newer }

// settled are offsets whose group's progress stands on the log (Tables.LogFirst).
type settled struct {
	changes []group.Change
	asked   time.Time // their ages are of then
}

// newestOfEach is both, of each queue the newer one.
func newestOfEach(older, newer settled) settled {
	type queue struct {
		key string
		id  int32
	}
	again := map[queue]bool{}
	for _, c := range newer.changes {
		again[queue{c.Key, c.QueueID}] = true
	}
	both := settled{newer.changes, newer.asked}
	for _, c := range older.changes {
		if !again[queue{c.Key, c.QueueID}] {
			c.AgeMillis += newer.asked.Sub(older.asked).Milliseconds()
			both.changes = append(both.changes, c)
		}
	}
	return both
}

// keepWaiting keeps what the log is there for by now.
func (f *Follower) keepWaiting() error {
	t, end := &f.config.Tables, f.config.Tables.LogEnd()
	return errors.Join(f.delays.keep(end, t.KeepDelays), f.timers.keep(end, t.KeepTimers), f.settled.keep(end, f.keepSettled))
}

func (f *Follower) keepSettled(s settled) error {
	for i := range s.changes {
		s.changes[i].AgeMillis += time.Since(s.asked).Milliseconds()
	}
	return f.config.Tables.Offsets.Hear(s.changes, f.answered, false)
}

// part takes the changes out that have to wait for the log.
func (f *Follower) part(changes []group.Change, asked time.Time) (now []group.Change, later settled) {
	later.asked = asked
	for _, c := range changes {
		if f.logFirst(c.Key) {
			later.changes = append(later.changes, c)
		} else {
			now = append(now, c)
		}
	}
	return now, later
}

func (f *Follower) logFirst(key string) bool {
	first := f.config.Tables.LogFirst
	return first != nil && first(key)
}

// wait has offsets wait for the log.
func (f *Follower) wait(later settled, logEnd int64) {
	if len(later.changes) > 0 {
		f.settled.add(later, logEnd, newestOfEach)
	}
}
