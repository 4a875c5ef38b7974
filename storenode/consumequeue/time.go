package consumequeue

import (
	"gantry/storenode/commitlog"
)

// StoreTime reads the storeTimestamp (ms) of the record that unit number at leads to; ok is false where it is gone.
type StoreTime func(at Offset, u Unit) (millis int64, ok bool, err error)

// OffsetByTime finds the message stored nearest to timestamp (ms): one stored in that very millisecond, else the nearer
// of its two neighbours, the earlier one in a tie; behind the last message that is the last, before the first the first.
// An empty queue gives 0. Records before minPhysical are gone. The search is the Java broker 4.9's
// (ConsumeQueue.getOffsetInQueueByTime), which looks into one file only, so that equal times give the same answer.
// Errors: storeTime's, Read's.
func (q *Queue) OffsetByTime(timestamp int64, minPhysical commitlog.Offset, storeTime StoreTime) (Offset, error) {
	first, end := q.Range()
	if first >= end {
		return 0, nil
	}
	from, to, err := q.fileByTime(first, end, timestamp, minPhysical, storeTime)
	if err != nil {
		return 0, err
	}
	s := timeSearch{low: from, high: to - 1, left: -1, right: -1}
	for s.low <= s.high {
		at := (s.low + s.high) / 2
		u, ok, err := q.Unit(at)
		if err != nil || !ok {
			return 0, err
		}
		if u.Blank() || u.Physical < minPhysical {
			s.skip()
			continue
		}
		stored, ok, err := storeTime(at, u)
		if err != nil || !ok {
			return 0, err
		}
		if s.step(stored, timestamp) {
			return s.found, nil
		}
	}
	return s.nearest(from, timestamp), nil
}

// fileByTime returns the ordinals of the first file whose last message is not older than timestamp, else of the last.
func (q *Queue) fileByTime(first, end Offset, timestamp int64, minPhysical commitlog.Offset, storeTime StoreTime) (from, to Offset, err error) {
	perFile := q.UnitsPerFile()
	for from = first; ; from = to {
		if to = min((from/perFile+1)*perFile, end); to == end {
			return from, to, nil
		}
		u, ok, err := q.Unit(to - 1)
		if err != nil || !ok {
			return from, to, err
		}
		if u.Blank() || u.Physical < minPhysical {
			continue
		}
		if stored, ok, err := storeTime(to-1, u); err != nil || ok && stored >= timestamp {
			return from, to, err
		}
	}
}

// timeSearch is the state of the halving: the neighbours seen so far, -1 for none.
type timeSearch struct {
	low, high           Offset
	left, right, found  Offset
	leftTime, rightTime int64
	hasLeftTime         bool
}

// skip goes past a message that is gone: a neighbour without a time.
func (s *timeSearch) skip() {
	middle := (s.low + s.high) / 2
	s.low, s.left = middle+1, middle
}

// step halves; true when the message's time is the one looked for.
func (s *timeSearch) step(stored, timestamp int64) bool {
	middle := (s.low + s.high) / 2
	switch {
	case stored == timestamp:
		s.found = middle
		return true
	case stored > timestamp:
		s.high, s.right, s.rightTime = middle-1, middle, stored
	default:
		s.low, s.left, s.leftTime, s.hasLeftTime = middle+1, middle, stored, true
	}
	return false
}

func (s *timeSearch) nearest(from Offset, timestamp int64) Offset {
	switch {
	case !s.hasLeftTime && s.right < 0:
		return from
	case !s.hasLeftTime:
		return s.right
	case s.right < 0:
		return s.left
	case timestamp-s.leftTime > s.rightTime-timestamp:
		return s.right
	}
	return s.left
}
