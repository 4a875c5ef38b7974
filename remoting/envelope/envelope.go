// Package envelope is what stands before each frame between a proxy and a
// storage node: 24 bytes that say whose the frame is, so that many clients'
// frames share one connection byte for byte (design, Sessions).
//
// It knows neither proxies nor nodes, only the bytes and the handshake that
// turns them on. Without that handshake an envelope is a bad frame.
package envelope

import (
	"encoding/binary"
	"fmt"
)

// Size is the length of an envelope in bytes.
const Size = 24

// Kind says what the frame behind an envelope is.
type Kind uint32

const (
	// Open announces a session; the frame is an OpenSession request. It is
	// answered by Opened with the same request id.
	Open Kind = 1 + iota
	// Opened acknowledges a session; only now may others of its frames follow on
	// other connections.
	Opened
	// Close ends a session: its client is gone. Its frame is empty of meaning.
	Close
	// Request is a client's request; its answer comes as Reply with the same
	// request id.
	Request
	// Reply answers a client's request.
	Reply
	// Ask is a node's own request to a client; its request id is 0.
	Ask
	// Answer is a client's response to an Ask.
	Answer
	// End says that every session of the proxy has been announced; the node
	// answers it in turn.
	End
	// Beat says nothing but that its end is alive, so that a quiet connection is
	// not taken for a dead one.
	Beat
)

var kindNames = [...]string{"", "open", "opened", "close", "request", "reply", "ask", "answer", "end", "beat"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint32(k))
}

// Flags of an envelope.
const (
	// Retry marks a request that the proxy sends again after an attempt of
	// unknown outcome.
	Retry uint32 = 1 << 0
	// Replay marks what the proxy repeats of a client's registration for a session
	// it announces again; nobody waits for its answer.
	Replay uint32 = 1 << 1
)

// Envelope is one envelope, decoded.
type Envelope struct {
	Session   uint64 // given by the proxy, unique while it lives
	RequestID uint64 // given by the proxy, unique in its session
	Kind      Kind
	Flags     uint32
}

// Append appends e to dst.
func (e Envelope) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, e.Session)
	dst = binary.BigEndian.AppendUint64(dst, e.RequestID)
	dst = binary.BigEndian.AppendUint32(dst, uint32(e.Kind))
	return binary.BigEndian.AppendUint32(dst, e.Flags)
}

// Decode reads an envelope from exactly Size bytes.
func Decode(b []byte) (Envelope, error) {
	if len(b) != Size {
		return Envelope{}, fmt.Errorf("envelope of %d bytes, want %d", len(b), Size)
	}
	e := Envelope{
		Session:   binary.BigEndian.Uint64(b),
		RequestID: binary.BigEndian.Uint64(b[8:]),
		Kind:      Kind(binary.BigEndian.Uint32(b[16:])),
		Flags:     binary.BigEndian.Uint32(b[20:]),
	}
	if e.Kind < Open || e.Kind > Beat {
		return e, fmt.Errorf("envelope of unknown kind %d", uint32(e.Kind))
	}
	return e, nil
}
