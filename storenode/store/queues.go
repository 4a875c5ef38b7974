package store

import (
	"encoding/binary"
	"errors"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// QueueInfo describes a queue.
type QueueInfo struct {
	Topic                string
	QueueID              int32
	MinOffset, MaxOffset int64
}

// Queues lists the queues there are, in no order.
func (s *Store) Queues() []QueueInfo {
	queues := s.queues.All()
	infos := make([]QueueInfo, len(queues))
	for i, q := range queues {
		low, high := q.Range()
		infos[i] = QueueInfo{Topic: q.Topic(), QueueID: q.ID(), MinOffset: int64(low), MaxOffset: int64(high)}
	}
	return infos
}

// MinOffset is the queue offset of the queue's first message, 0 where there is no such queue.
func (s *Store) MinOffset(topic string, queueID int32) int64 {
	low, _ := s.Bounds(topic, queueID)
	return low
}

// MaxOffset is the queue offset behind the queue's last message, 0 where there is no such queue.
func (s *Store) MaxOffset(topic string, queueID int32) int64 {
	_, high := s.Bounds(topic, queueID)
	return high
}

// Bounds is MinOffset and MaxOffset of one moment.
func (s *Store) Bounds(topic string, queueID int32) (low, high int64) {
	q := s.queues.Find(topic, queueID)
	if q == nil {
		return 0, 0
	}
	first, end := q.Range()
	return int64(first), int64(end)
}

// OffsetByTime is the queue offset of the message stored nearest to timestamp (ms); see
// consumequeue.Queue.OffsetByTime. 0 where there is no such queue. Errors of this and of what follows: ErrMending, the
// file system's.
func (s *Store) OffsetByTime(topic string, queueID int32, timestamp int64) (int64, error) {
	q := s.queues.Find(topic, queueID)
	if q == nil {
		return 0, nil
	}
	offset, err := q.OffsetByTime(timestamp, s.log.Min(), func(at consumequeue.Offset, u consumequeue.Unit) (int64, bool, error) {
		return s.storeTime(q, at, u)
	})
	return int64(offset), s.damaged(err)
}

// OffsetByBoundary is OffsetByTime as 5.x asks it; see consumequeue.Queue.OffsetByBoundary.
func (s *Store) OffsetByBoundary(topic string, queueID int32, timestamp int64, b consumequeue.Boundary) (int64, error) {
	q := s.queues.Find(topic, queueID)
	if q == nil {
		return 0, nil
	}
	offset, err := q.OffsetByBoundary(timestamp, b, s.log.Min(), func(at consumequeue.Offset, u consumequeue.Unit) (int64, bool, error) {
		return s.storeTime(q, at, u)
	})
	return int64(offset), s.damaged(err)
}

// EarliestStoreTime is the storeTimestamp (ms) of the queue's first message, -1 where there is none.
func (s *Store) EarliestStoreTime(topic string, queueID int32) (int64, error) {
	return s.StoreTimeAt(topic, queueID, s.MinOffset(topic, queueID))
}

// StoreTimeAt is the storeTimestamp (ms) of the message at a queue offset, -1 where there is none.
func (s *Store) StoreTimeAt(topic string, queueID int32, offset int64) (int64, error) {
	_, stored, ok, err := s.unit(topic, queueID, offset)
	if err != nil || !ok {
		return -1, err
	}
	return stored, nil
}

// unit is the unit of a message that is there, with its storeTimestamp (ms).
func (s *Store) unit(topic string, queueID int32, offset int64) (u consumequeue.Unit, stored int64, ok bool, err error) {
	q := s.queues.Find(topic, queueID)
	if q == nil {
		return u, 0, false, nil
	}
	at := consumequeue.Offset(offset)
	if u, ok, err = q.Unit(at); err != nil || !ok || u.Blank() {
		return u, 0, false, s.damaged(err)
	}
	stored, ok, err = s.storeTime(q, at, u)
	return u, stored, ok, err
}

// storeTime is the storeTimestamp (ms) of the record that unit number at leads to; ok is false where it is gone. Errors:
// ErrMending where the unit leads to something else, the log's.
func (s *Store) storeTime(q *consumequeue.Queue, at consumequeue.Offset, u consumequeue.Unit) (millis int64, ok bool, err error) {
	if _, err := s.mender.usable(q, at, 1); err != nil {
		return 0, false, err
	}
	if u.Physical < s.log.Min() && !s.expiry.followed() {
		return 0, false, nil
	}
	var head [headBytes]byte
	n, bad, err := s.log.ReadChecked(head[:], u.Physical)
	switch r := message.Record(head[:]); {
	case err != nil && !errors.Is(err, commitlog.ErrOutOfRange):
		return 0, false, err
	case len(bad) > 0:
		return 0, false, nil
	case err == nil && n == headBytes && leads(u, r, q.ID(), at):
		return r.StoreTimestamp(), true, nil
	}
	return 0, false, s.mendUnit(q, at, errNoUnit)
}

// headBytes covers everything in front of a record's body but for hosts of IPv6, which the storeTimestamp is in front of.
const headBytes = 84

// leads says that the head of the record that u leads to is that of message number at of a queue with this id.
func leads(u consumequeue.Unit, head message.Record, queueID int32, at consumequeue.Offset) bool {
	be := binary.BigEndian
	return be.Uint32(head[4:]) == message.MagicRecord && int32(be.Uint32(head)) == u.Size && head.QueueID() == queueID &&
		head.QueueOffset() == int64(at) && head.PhysicalOffset() == int64(u.Physical)
}

// Units fills dst with the units of a queue from offset on and returns their number; fewer than there is room for at
// the end of a file, and where the next one must not be used now. Error: ErrMending where that is the first.
func (s *Store) Units(topic string, queueID int32, offset int64, dst []consumequeue.Unit) (int, error) {
	q := s.queues.Find(topic, queueID)
	if q == nil {
		return 0, nil
	}
	b := s.buffers.get(max(1, len(dst)) * consumequeue.UnitBytes)
	defer s.buffers.put(b)
	first := consumequeue.Offset(offset)
	n, err := q.Read(first, b.bytes[:len(dst)*consumequeue.UnitBytes])
	if err == nil {
		n, err = s.mender.usable(q, first, n)
	}
	if err != nil {
		return 0, s.damaged(err)
	}
	var record []byte
	for i := range n {
		dst[i] = consumequeue.DecodeUnit(b.bytes[i*consumequeue.UnitBytes:])
		if err := s.mendIfWrong(q, first+consumequeue.Offset(i), dst[i], &record); err != nil {
			if i > 0 {
				err = nil
			}
			return i, err
		}
	}
	return n, nil
}

// InDisk says that the message at a queue offset lies so far behind the log's end that it counts as not in memory;
// false where there is none.
func (s *Store) InDisk(topic string, queueID int32, offset int64) bool {
	u, _, ok, err := s.unit(topic, queueID, offset)
	return ok && err == nil && int64(s.log.End()-u.Physical) > s.memoryBytes
}

// Min is the offset of the first byte of the commit log.
func (s *Store) Min() commitlog.Offset { return s.log.Min() }

// End is the offset behind the last record of the commit log.
func (s *Store) End() commitlog.Offset { return s.log.End() }
