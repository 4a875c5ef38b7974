package store

import (
	"errors"
	"strings"
	"sync"

	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// queueOffsets gives appended records their place in their queues. A queue it has not met begins at the queue's
// maximum, which is right as long as all records of the log are in their queues then: at start, and for queues that
// never had any.
type queueOffsets struct {
	queues *consumequeue.Queues

	mu   sync.Mutex                           // guards the rest; the appender's, but for deletions
	next map[string]*consumequeue.ByID[int64] // by topic: the ordinal behind the last one given, plus 1
	// fresh topics were deleted and not yet by the dispatcher: their queues begin at 0, whatever is still to be seen.
	fresh map[string]int
}

func (o *queueOffsets) init(queues *consumequeue.Queues) {
	o.queues, o.next, o.fresh = queues, map[string]*consumequeue.ByID[int64]{}, map[string]int{}
}

// reserve returns the ordinal of the first of count records.
func (o *queueOffsets) reserve(topic string, queueID int32, count int) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	ofTopic := o.next[topic]
	next := ofTopic.Get(queueID)
	if next == 0 {
		ofTopic, next = o.topicLocked(topic), o.firstLocked(topic, queueID)+1
	}
	ofTopic.Set(queueID, next+int64(count))
	return next - 1
}

func (o *queueOffsets) topicLocked(topic string) *consumequeue.ByID[int64] {
	if o.next[topic] == nil {
		o.next[strings.Clone(topic)] = &consumequeue.ByID[int64]{}
	}
	return o.next[topic]
}

// firstLocked is where a queue begins that was not met yet.
func (o *queueOffsets) firstLocked(topic string, queueID int32) int64 {
	if q := o.queues.Find(topic, queueID); q != nil && o.fresh[topic] == 0 {
		return int64(q.Max())
	}
	return 0
}

// release takes the last reservation back.
func (o *queueOffsets) release(topic string, queueID int32, first int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next[topic].Set(queueID, first+1)
}

// forget has the topic's queues begin at 0 again.
func (o *queueOffsets) forget(topic string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fresh[topic]++
	delete(o.next, topic)
}

// forgotten says that the topic's queues are gone from disk, too.
func (o *queueOffsets) forgotten(topic string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fresh[topic]--; o.fresh[topic] == 0 {
		delete(o.fresh, topic)
	}
}

// DeleteTopic removes the topic's queues; its records stay in the log until they expire. Messages sent afterwards begin
// at queue offset 0, as in the Java broker. It returns when the queues are gone. Errors: commitlog.ErrClosed, the file
// system's.
func (s *Store) DeleteTopic(topic string) error {
	done := make(chan error, 1)
	err := s.log.Control(func() {
		s.offsets.forget(topic)
		s.dispatcher.deleteAt(deletion{at: s.log.End(), topic: topic, done: done})
	})
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		return errors.Join(err, s.marks.note(s)) // a start after a kill must not read its messages again
	case <-s.stop:
		return commitlog.ErrClosed
	}
}
