package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Recorder writes a run's history while it happens and checks it as it grows.
// Its methods may be called concurrently: the order of the calls is the order of
// the history, so that a send is Invoked before it begins.
type Recorder struct {
	mu      sync.Mutex // guards what follows
	out     *bufio.Writer
	line    []byte
	checker *Checker
	held    map[memberOf]map[Queue]bool // what each member holds
	err     error                       // the first
}

type memberOf struct{ group, member string }

// NewRecorder writes to out, which the caller closes after Close.
func NewRecorder(out io.Writer) *Recorder {
	return &Recorder{out: bufio.NewWriter(out), checker: NewChecker(), held: map[memberOf]map[Queue]bool{}}
}

// Subscribe says that a group is to get every acknowledged message of a topic.
func (r *Recorder) Subscribe(group, topic string) {
	r.record(Event{Kind: Subscribed, Group: group, Place: Place{Queue: Queue{Topic: topic}}})
}

// Declare says how many later messages of a queue of topic may come before an
// earlier one, since listeners run beside each other; 0: it is consumed in order.
func (r *Recorder) Declare(topic string, beside int) {
	r.record(Event{Kind: Declared, Bound: beside, Place: Place{Queue: Queue{Topic: topic}}})
}

// Invoke says that client begins its send number seq, which counts from 0.
func (r *Recorder) Invoke(client string, seq int64, topic, key string, crc uint32) {
	r.record(Event{Kind: Invoked, Client: client, Seq: seq, Key: key, CRC: crc, Place: Place{Queue: Queue{Topic: topic}}})
}

// Store says that a send was acknowledged as stored at a place.
func (r *Recorder) Store(client string, seq int64, at Place, msgID string) {
	r.record(Event{Kind: Stored, Client: client, Seq: seq, Place: at, MsgID: msgID})
}

// Refuse says that a send is known not to be stored.
func (r *Recorder) Refuse(client string, seq int64, why error) {
	r.record(Event{Kind: Refused, Client: client, Seq: seq, Text: why.Error()})
}

// Lose says that nobody knows whether a send is stored.
func (r *Recorder) Lose(client string, seq int64, why error) {
	r.record(Event{Kind: Unknown, Client: client, Seq: seq, Text: why.Error()})
}

// Deliver says what a member was given; the Kind is filled in.
func (r *Recorder) Deliver(e Event) {
	e.Kind = Delivered
	r.record(e)
}

// Hold says which queues, and no others, a member holds from now on.
func (r *Recorder) Hold(group, member string, queues []Queue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	who := memberOf{group, member}
	if r.held[who] == nil {
		r.held[who] = map[Queue]bool{}
	}
	for q := range r.held[who] {
		if !slices.Contains(queues, q) {
			delete(r.held[who], q)
			r.add(Event{Kind: Dropped, Group: group, Member: member, Place: Place{Queue: q}})
		}
	}
	for _, q := range queues {
		if !r.held[who][q] {
			r.held[who][q] = true
			r.add(Event{Kind: Held, Group: group, Member: member, Place: Place{Queue: q}})
		}
	}
}

// Disturb says that from now on members may exchange queues, and at most so many
// duplicates may come of what happens.
func (r *Recorder) Disturb(duplicates int, why string) {
	r.record(Event{Kind: Disturbed, Bound: duplicates, Text: why})
}

// Calm says that all is as it should be again.
func (r *Recorder) Calm(why string) { r.record(Event{Kind: Calm, Text: why}) }

func (r *Recorder) record(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(e)
}

// add stamps, writes and checks an event; mu is held.
func (r *Recorder) add(e Event) {
	if e.AtMillis == 0 {
		e.AtMillis = time.Now().UnixMilli()
	}
	r.line = e.Append(r.line[:0])
	_, writing := r.out.Write(r.line)
	if err := errors.Join(writing, r.checker.Add(e)); err != nil && r.err == nil {
		r.err = fmt.Errorf("record %s: %w", e.Kind, err)
	}
}

// Report is what the checker says so far.
func (r *Recorder) Report() Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checker.Report()
}

// Missing is how many deliveries of acknowledged messages are still to come, all
// groups together.
func (r *Recorder) Missing() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checker.Missing()
}

// Close writes out what is buffered; it returns the first thing that could not
// be recorded.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.err, r.out.Flush())
}
