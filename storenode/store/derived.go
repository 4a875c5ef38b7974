package store

import (
	"errors"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
	"gantry/storenode/index"
)

// derived compares what is made from the log with the log: the unit and the keys of each record that the scrub has found
// sound. It belongs to the scrub's goroutine. What it finds damaged is made again.
type derived struct {
	store    *Store
	windows  map[*consumequeue.Queue]*unitWindow
	record   []byte // that another unit leads to
	verifier *index.Verifier
	pace     func(bytes int) bool // rests behind so many bytes read of the index; false when the store stops
}

func (d *derived) init(s *Store) {
	d.store, d.windows = s, map[*consumequeue.Queue]*unitWindow{}
	d.pace = func(bytes int) bool { return s.scrub.pace(bytes, s.cfg.ScrubBytesPerSecond) == nil }
}

func (d *derived) check(r message.Record) {
	if hasUnit(r) && commitlog.Offset(r.PhysicalOffset()) < d.store.dispatcher.position() {
		d.checkUnit(r)
	}
	if indexed(r) && d.store.inIndex(r) {
		d.checkKeys(r)
	}
}

// checkUnit compares the record's unit. A record whose queue has gone since, or begins behind it, has none.
func (d *derived) checkUnit(r message.Record) {
	q := d.store.queues.Lookup(r.Topic(), r.QueueID())
	if q == nil {
		return
	}
	at := consumequeue.Offset(r.QueueOffset())
	if u, ok := d.unit(q, at); ok && d.store.leadsTo(u, r) {
		return
	}
	low, high := q.Range()
	if at < low || at >= high {
		return
	}
	u, ok, err := q.Unit(at) // the window may be old
	if err != nil {
		d.report(d.store.damaged(err))
		return
	}
	if _, err := d.store.mender.usable(q, at, 1); !ok || err != nil || d.store.leadsTo(u, r) {
		return
	}
	// A unit that leads to another record of the same number is right: the topic was deleted between the two.
	if found, why := d.store.judge(q, at, u, &d.record); found != sound && d.belongs(q, at, r) {
		d.report(d.store.mendUnit(q, at, why))
	}
}

// report is for errors that nobody else hears of.
func (d *derived) report(err error) {
	if err != nil && !errors.Is(err, ErrMending) {
		d.store.logger.Error("what is made from the commit log cannot be compared with it", "error", err)
	}
}

// neighbourUnits is how far belongs looks.
const neighbourUnits = 4096

// belongs says that the record can be number at of the queue as it is now: it lies between the messages of the nearest
// sound units on both sides. One of a topic that was deleted since does not.
func (d *derived) belongs(q *consumequeue.Queue, at consumequeue.Offset, r message.Record) bool {
	low, high := q.Range()
	for before := at - 1; before >= max(low, at-neighbourUnits); before-- {
		if u, ok := d.soundUnit(q, before); ok {
			if commitlog.Offset(r.PhysicalOffset()) < u.Physical {
				return false
			}
			break
		}
	}
	for behind := at + 1; behind < min(high, at+neighbourUnits); behind++ {
		if u, ok := d.soundUnit(q, behind); ok {
			return commitlog.Offset(r.PhysicalOffset()) < u.Physical
		}
	}
	return true
}

func (d *derived) soundUnit(q *consumequeue.Queue, at consumequeue.Offset) (consumequeue.Unit, bool) {
	u, ok, err := q.Unit(at)
	if !ok || err != nil {
		return u, false
	}
	found, _ := d.store.judge(q, at, u, &d.record)
	return u, found == sound
}

// unitWindow is a piece of a queue, so that neighbours are read once.
type unitWindow struct {
	from  consumequeue.Offset
	count int
	units [64 * consumequeue.UnitBytes]byte
}

// maxWindows is how many queues have one.
const maxWindows = 256

func (d *derived) unit(q *consumequeue.Queue, at consumequeue.Offset) (u consumequeue.Unit, ok bool) {
	w := d.window(q)
	if at < w.from || at >= w.from+consumequeue.Offset(w.count) {
		n, err := q.Read(at, w.units[:])
		if w.from, w.count = at, n; n == 0 || err != nil {
			return u, false
		}
	}
	return consumequeue.DecodeUnit(w.units[(at-w.from)*consumequeue.UnitBytes:]), true
}

func (d *derived) window(q *consumequeue.Queue) *unitWindow {
	w := d.windows[q]
	if w != nil {
		return w
	}
	for old, taken := range d.windows {
		if len(d.windows) >= maxWindows {
			delete(d.windows, old)
			w = taken
		}
		break
	}
	if w == nil {
		w = &unitWindow{}
	}
	w.count = 0
	d.windows[q] = w
	return w
}

// inIndex says that the record's keys are in the index, if it has any.
func (s *Store) inIndex(r message.Record) bool {
	return s.cfg.MessageIndexEnable && commitlog.Offset(r.PhysicalOffset()) < s.indexer.position()
}

func (d *derived) checkKeys(r message.Record) {
	if d.verifier == nil {
		d.verifier = d.store.index.NewVerifier()
		d.verifier.Pace = d.pace
	}
	uniqKey, keys := keysOf(r)
	err := d.verifier.Check(r.Topic(), uniqKey, keys, commitlog.Offset(r.PhysicalOffset()), r.StoreTimestamp())
	if d.store.inIndex(r) { // else the indexer has gone back meanwhile
		d.repairIndex(err)
	}
}

func (d *derived) repairIndex(err error) {
	if err == nil {
		return
	}
	if found := (*index.DamageError)(nil); errors.As(err, &found) {
		d.store.indexer.repair(found)
	} else {
		d.report(err)
	}
}

// end is the end of a round.
func (d *derived) end() {
	clear(d.windows)
	if d.verifier != nil {
		d.repairIndex(d.verifier.End())
	}
}
