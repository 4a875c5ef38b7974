// Package resync is what an operator and a slave say to each other when the
// slave's log has gone another way than its master's and is to be its copy again
// (`gantry admin resyncSlave`). It is words and figures on their way: the slave
// finds the place and cuts its log, storenode/replica and storenode/store.
//
// RocketMQ has nothing of the kind: its slaves are emptied by hand.
package resync

import (
	"encoding/json"
	"fmt"
	"time"
)

// Code carries it. There is no header; body and the answer's body are a Question
// and an Answer.
const Code = 19013

// Word is what is asked for.
type Word string

// The words.
const (
	Find Word = "find" // begin to compare with the master; takes a while
	Tell Word = "tell" // how that stands
	Cut  Word = "cut"  // what was found to be the slave's alone, and start again as the master's copy
)

// Question is what an operator asks a slave.
type Question struct {
	Do      Word
	Confirm string `json:",omitempty"` // with Cut: Answer.Confirm, as typed
	Discard bool   `json:",omitempty"` // with Cut: what is cut off is not kept
}

// State is how far it has come.
type State string

// The states.
const (
	Idle      State = "nothing asked"
	Comparing State = "comparing"
	Found     State = "found"
	Failed    State = "failed"
	Ordered   State = "ordered" // the slave starts again, and cuts its log then
)

// Answer is how it stands.
type Answer struct {
	BrokerName string
	BrokerID   int64
	State      State
	Error      string `json:",omitempty"` // of Failed

	Begin, At, End         int64 // of the slave's log; what lies from At to End is not its master's
	MasterBegin, MasterEnd int64
	Messages               int64     // that lie there
	First, Last            time.Time // when the first and the last of them were stored
	Confirm                string    `json:",omitempty"` // what must be typed to have them cut off
	KeptIn                 string    `json:",omitempty"` // of Ordered: the folder, on the slave's machine; "" where they are not kept
}

// Encode writes a question's body.
func (q Question) Encode() []byte { return encode(q) }

// Decode reads a question's body.
func (q *Question) Decode(body []byte) error { *q = Question{}; return decode("question", body, q) }

// Encode writes an answer's body.
func (a Answer) Encode() []byte { return encode(a) }

// Decode reads an answer's body.
func (a *Answer) Decode(body []byte) error { *a = Answer{}; return decode("answer", body, a) }

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: cannot be written as JSON: " + err.Error())
	}
	return text
}

func decode(what string, body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%s about a resync, of %d bytes: %w", what, len(body), err)
	}
	return nil
}
