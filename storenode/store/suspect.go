package store

import (
	"errors"

	"gantry/remoting/message"
	"gantry/storenode/consumequeue"
)

// suspectUnit is told of a unit of a queue where the log holds no record of that message. It says whether the message is
// to be waited for: the unit is being mended, or was meanwhile. Else it is passed over: it has expired.
func (s *Store) suspectUnit(topic string, queueID int32, ordinal int64) (wait bool) {
	q := s.queues.Find(topic, queueID)
	at := consumequeue.Offset(ordinal)
	if q == nil || at < q.Min() || at >= q.Max() {
		return false
	}
	u, ok, err := q.Unit(at)
	if ok && err == nil && !u.Blank() {
		var record []byte
		if found, why := s.judge(q, at, u, &record); found == expired && !s.expiry.followed() {
			return false
		} else if found == wrong || found == expired {
			err = s.mendUnit(q, at, why)
		}
	}
	if err = s.damaged(err); err != nil && !errors.Is(err, ErrMending) {
		s.logger.Error("consume queue points to no record", "topic", topic, "queue_id", queueID, "queue_offset", ordinal, "error", err)
	}
	return true
}

// checkDerived is told of each record that the scrub has found sound, to compare with it what is made from it. What it is
// given is borrowed for the call.
func (s *Store) checkDerived(r message.Record) { s.derived.check(r) }

// endDerived ends a round of checkDerived.
func (s *Store) endDerived() { s.derived.end() }
