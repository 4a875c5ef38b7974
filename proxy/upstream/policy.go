package upstream

import (
	"bytes"

	"gantry/remoting/envelope"
)

// Retry says when a request may be sent to a node a second time.
type Retry int

const (
	// WhenNotAppended: only while no attempt can have been carried out.
	WhenNotAppended Retry = iota
	// Keyed: the node finds what it has stored by the message's UNIQ_KEY; a frame
	// that holds none is not sent again.
	Keyed
	// Known: the node finds what it has stored, or refuses.
	Known
	// Safe: carrying it out twice is the same as once.
	Safe
)

// uniqKey is the property by which a node knows a message again. Where the text
// is something else in the frame, the node refuses.
var uniqKey = []byte("UNIQ_KEY")

// again reports whether a frame may be sent a second time, marked, after an
// attempt of unknown outcome.
func (r Retry) again(frame []byte) bool {
	return r >= Known || r == Keyed && bytes.Contains(frame, uniqKey)
}

// OnLoss says what a client is told of a request that can be sent no more.
type OnLoss int

const (
	// Refuse answers SYSTEM_ERROR with a remark: the client tries elsewhere or
	// again.
	Refuse OnLoss = iota
	// Silence answers nothing, where any answer would be taken for the truth:
	// clients before 5.x take every error of code 14 for "no offset" and skip
	// messages.
	Silence
)

// Policy is how the requests of one code travel.
type Policy struct {
	Class      envelope.Class
	Retry      Retry
	OnLoss     OnLoss
	HoldMillis int // how long it may wait for the node; 0 means Config.RetryMillis
}
