package history

import "fmt"

// sender is a client that sends, one message after the other.
type sender struct {
	name  string
	sends []send // by number
}

// send is one message on its way.
type send struct {
	topic, key string
	crc        uint32
	outcome    Kind // Invoked until it has ended
	msgID      string
	queue      *queue // where it was first seen to lie, nil while nobody knows
	offset     int64
	began      int64 // Unix milliseconds
	ended      int64
}

// sendID names a send.
type sendID struct {
	by  *sender
	seq int64
}

func (id sendID) send() *send { return &id.by.sends[id.seq] }

// String names the message and all that is known of it.
func (id sendID) String() string {
	s := id.send()
	text := fmt.Sprintf("%s/%d (topic %s, key %s, %s", id.by.name, id.seq, s.topic, s.key, s.outcome)
	if s.queue != nil {
		text += fmt.Sprintf(" at %s, id %s", Place{s.queue.Queue, s.offset}, s.msgID)
	}
	return text + ")"
}

// String is broker/queue@offset.
func (p Place) String() string { return fmt.Sprintf("%s@%d", p.Queue, p.Offset) }

// String is broker/queue, the topic left out, which stands beside it.
func (q Queue) String() string { return fmt.Sprintf("%s/%d", q.Broker, q.ID) }

func (c *Checker) invoke(e *Event) error {
	by := c.senders[e.Client]
	if by == nil {
		by = &sender{name: e.Client}
		c.senders[e.Client] = by
	}
	if e.Seq != int64(len(by.sends)) {
		return fmt.Errorf("%w: send %d of %s after %d sends", ErrMalformed, e.Seq, e.Client, len(by.sends))
	}
	by.sends = append(by.sends, send{topic: e.Topic, key: e.Key, crc: e.CRC, outcome: Invoked, began: e.AtMillis})
	return nil
}

// sent finds a send that was invoked.
func (c *Checker) sent(client string, seq int64) (sendID, bool) {
	by := c.senders[client]
	if by == nil || seq < 0 || seq >= int64(len(by.sends)) {
		return sendID{}, false
	}
	return sendID{by, seq}, true
}

func (c *Checker) end(e *Event) error {
	id, known := c.sent(e.Client, e.Seq)
	if !known || id.send().outcome != Invoked {
		return fmt.Errorf("%w: send %d of %s is not under way", ErrMalformed, e.Seq, e.Client)
	}
	s := id.send()
	s.outcome, s.ended = e.Kind, e.AtMillis
	if e.Kind == Stored {
		c.claim(id, e)
	}
	return nil
}

// queue is what lies in a queue, by offset.
type queue struct {
	Queue
	at map[int64]sendID
}

// storedCopy is a further place of a message that lies at one already.
type storedCopy struct {
	id    sendID
	place Place
}

func (c *Checker) queue(q Queue) *queue {
	found := c.queues[q]
	if found == nil {
		found = &queue{Queue: q, at: map[int64]sendID{}}
		c.queues[q] = found
	}
	return found
}

// claim notes that a message lies at a place, as its sender or a group was told
// (I4: nobody is ever told of another one there).
func (c *Checker) claim(id sendID, e *Event) {
	q, s := c.queue(e.Queue), id.send()
	if before, taken := q.at[e.Offset]; taken && before != id {
		c.found.add(PlaceStable, "%s of topic %s held %s, later %s with the id %s", e.Place, e.Topic, before, id, e.MsgID)
		return
	} else if !taken {
		q.at[e.Offset] = id
		if s.queue != nil {
			c.copies = append(c.copies, storedCopy{id, e.Place})
		}
	}
	if s.msgID == "" {
		s.msgID = string([]byte(e.MsgID))
	} else if s.msgID != e.MsgID {
		c.found.add(PlaceStable, "%s of topic %s holds %s, later with the id %s", e.Place, e.Topic, id, e.MsgID)
	}
	if s.queue == nil {
		s.queue, s.offset = q, e.Offset
	}
}
