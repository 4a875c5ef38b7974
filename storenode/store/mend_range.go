package store

import (
	"errors"
	"fmt"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// What a unit is worth, and from where to where units have to be made again.

// worth is what the log says of a unit.
type worth int

const (
	sound   worth = iota // it leads to its message
	expired              // its message is gone with its file
	unsure               // the log is damaged where it leads to: nothing better is to be had
	wrong                // it leads to something else, or stands for no message
)

var (
	errNoUnit      = errors.New("unit cannot be one of this queue")
	errBlankUnit   = errors.New("unit stands for a message that is gone")
	errOtherRecord = errors.New("unit leads to another message")
	errUnitDiffers = errors.New("unit differs from its message")
	errGap         = errors.New("units are missing before one that is there")
)

// judge says what unit number at is worth, and why it is not sound. buf is for the record and may grow.
func (s *Store) judge(q *consumequeue.Queue, at consumequeue.Offset, u consumequeue.Unit, buf *[]byte) (worth, error) {
	if u.Blank() {
		return wrong, errBlankUnit
	}
	if err := u.Check(consumequeue.Unit{}); err != nil {
		return wrong, err
	}
	if u.Physical+commitlog.Offset(u.Size) <= s.log.Min() {
		return expired, fmt.Errorf("%w: the commit log begins at %d", errNoUnit, s.log.Min())
	}
	record, err := s.log.Record(u.Physical, *buf)
	switch {
	case errors.Is(err, commitlog.ErrBlockSum):
		return unsure, err
	case err != nil:
		return wrong, fmt.Errorf("%w: %w", errNoUnit, err)
	}
	*buf = record
	if !s.ofQueue(record, q, at) {
		return wrong, fmt.Errorf("%w, number %d of topic %s, queue %d", errOtherRecord, record.QueueOffset(), record.Topic(), record.QueueID())
	}
	if !s.leadsTo(u, record) {
		return wrong, errUnitDiffers
	}
	return sound, nil
}

// ofQueue says that the record is message number at of the queue.
func (s *Store) ofQueue(r message.Record, q *consumequeue.Queue, at consumequeue.Offset) bool {
	return hasUnit(r) && string(r.Topic()) == q.Topic() && r.QueueID() == q.ID() && r.QueueOffset() == int64(at)
}

// leadsTo says that the unit is what the record calls for. A delayed message's time of delivery counts if its delay is one
// that messageDelayLevel can name, whole seconds: it was counted with the levels of its time.
func (s *Store) leadsTo(u consumequeue.Unit, r message.Record) bool {
	want := s.unitOf(r)
	if u == want {
		return true
	}
	delay := u.TagsCode - r.StoreTimestamp()
	u.TagsCode = want.TagsCode
	return u == want && string(r.Topic()) == ScheduleTopic && delay >= 0 && delay%1000 == 0
}

// prepare finds out what has to be made again: the range becomes wider by the damaged units beside it and by the files
// that are missing, or narrower, empty where nothing is wrong; and the part of the log is named that the messages lie in.
func (m *mender) prepare(j *mend) {
	q := j.queue
	j.generation = q.Generation()
	low, high := q.Range()
	from, to := max(j.from, low), min(j.to, high)
	if j.files, j.err = q.Broken(from, to); j.err != nil {
		return
	}
	if len(j.files) == 0 {
		from, to = m.narrow(q, from, to)
	}
	if from < to {
		from, to, j.err = m.wider(j, from, to, low, high)
	}
	if j.err != nil {
		return
	}
	m.setRange(j, from, max(from, to))
	for _, start := range j.files {
		if j.err = q.Remake(start); j.err != nil {
			return
		}
	}
	m.bracket(j, low, high)
	j.restart()
}

// narrow leaves out units at both ends that are sound, or cannot be made better.
func (m *mender) narrow(q *consumequeue.Queue, from, to consumequeue.Offset) (consumequeue.Offset, consumequeue.Offset) {
	good := func(at consumequeue.Offset) bool {
		w, _, _ := m.look(q, at)
		return w == sound || w == unsure
	}
	for from < to && good(from) {
		from++
	}
	for from < to && good(to-1) {
		to--
	}
	return from, to
}

// wider takes in damaged units on both sides, and whole files where one is missing or has not its length. The range stays
// in [low, high).
func (m *mender) wider(j *mend, from, to, low, high consumequeue.Offset) (_, _ consumequeue.Offset, err error) {
	q, perFile := j.queue, j.queue.UnitsPerFile()
	for {
		if j.files, err = q.Broken(from, to); err != nil {
			return 0, 0, err
		}
		first, end := from, to
		for _, start := range j.files {
			at := consumequeue.Offset(start / consumequeue.UnitBytes)
			first, end = max(low, min(first, at)), min(high, max(end, at+perFile))
		}
		for first > low && m.bad(q, first-1) {
			first--
		}
		for end < high && m.bad(q, end) {
			end++
		}
		if first == from && end == to {
			return from, to, nil
		}
		from, to = first, end
	}
}

func (m *mender) bad(q *consumequeue.Queue, at consumequeue.Offset) bool {
	w, _, _ := m.look(q, at)
	return w == wrong || w == unsure
}

// look judges a unit; one that cannot be read is wrong.
func (m *mender) look(q *consumequeue.Queue, at consumequeue.Offset) (worth, consumequeue.Unit, error) {
	u, ok, err := q.Unit(at)
	if err != nil || !ok {
		return wrong, u, err
	}
	w, why := m.store.judge(q, at, u, &m.record)
	return w, u, why
}

// bracket says between which places the messages of the range lie in the log: behind the message of the unit before it,
// before that of the unit behind it. The log's end is taken after the queue's: what lies behind is not of the range.
func (m *mender) bracket(j *mend, low, high consumequeue.Offset) {
	j.scanFrom, j.scanTo, j.closed = m.store.log.Min(), m.store.log.End(), false
	if j.from > low {
		if w, u, _ := m.look(j.queue, j.from-1); w == sound {
			j.scanFrom = u.Physical + commitlog.Offset(u.Size)
		}
	}
	if j.to < high {
		if w, u, _ := m.look(j.queue, j.to); w == sound || w == expired {
			j.scanTo, j.closed = u.Physical, true
		}
	}
}
