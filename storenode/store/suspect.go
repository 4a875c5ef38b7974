package store

import "gantry/remoting/message"

// suspectUnit is told of a unit of a queue where the log holds no record of that message. It says whether the queue is
// being mended, so that the message is to be waited for; else it is passed over.
func (s *Store) suspectUnit(topic string, queueID int32, ordinal int64) (mending bool) {
	s.logger.Error("consume queue points to no record", "topic", topic, "queue_id", queueID, "queue_offset", ordinal)
	return false
}

// checkDerived is told of each record that the scrub has found sound, to compare with it what is made from it. What it is
// given is borrowed for the call.
func (s *Store) checkDerived(message.Record) {}
