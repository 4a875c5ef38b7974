package remoting

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"
)

// Sender is where the frames to one peer go: its own connection, or a session
// on a connection that many share.
type Sender interface {
	// Begin locks and lends the unsent bytes to append one frame to; Commit must
	// follow at once. requestID is what the request that the frame answers came
	// with; 0 for a frame that answers none.
	Begin(requestID uint64) ([]byte, error)
	Commit([]byte)
}

// Channel is one peer as request handlers see it: somebody who can be answered
// and asked, wherever the frames run. Channels are compared by pointer.
type Channel struct {
	Remote netip.AddrPort // the peer's own address, behind a gateway too
	Local  netip.AddrPort // the address the peer connected to

	out      Sender
	calls    calls
	inFlight atomic.Int32
	bound    int32
}

// NewChannel makes the channel of a peer; inFlight bounds its requests under way.
func NewChannel(out Sender, remote, local netip.AddrPort, inFlight int) *Channel {
	ch := &Channel{Remote: remote, Local: local, out: out, bound: int32(inFlight)}
	// Several nodes may ask one client over one connection, which answers with
	// nothing but their opaques: they had better not all begin at 1.
	ch.calls.last = rand.Int32N(1 << 30)
	return ch
}

// Admit counts a request in. It reports false where the channel has its bound of
// requests under way; the responder then still answers, and nothing else may.
func (ch *Channel) Admit() bool { return ch.inFlight.Add(1) <= ch.bound }

// InFlight is how many requests of the peer are unanswered.
func (ch *Channel) InFlight() int { return int(ch.inFlight.Load()) }

// Fail ends every Invoke with err: the peer is gone.
func (ch *Channel) Fail(err error) { ch.calls.fail(err) }

// Gone reports whether the peer is, which Fail has said.
func (ch *Channel) Gone() bool { return ch.calls.ended() }

// Invoke asks the peer and waits for its answer until ctx ends.
func (ch *Channel) Invoke(ctx context.Context, r *Request) (*Command, error) {
	type result struct {
		answer *Command
		err    error
	}
	got := make(chan result, 1)
	opaque, err := ch.calls.open(0, func(answer *Command, err error) {
		if err != nil {
			got <- result{nil, err}
			return
		}
		got <- result{answer.Clone(), nil}
	})
	if err != nil {
		return nil, err
	}
	if err := ch.send(opaque, r); err != nil {
		ch.calls.take(opaque)
		return nil, err
	}
	select {
	case r := <-got:
		return r.answer, r.err
	case <-ctx.Done():
		ch.calls.take(opaque)
		return nil, noAnswer(opaque, context.Cause(ctx))
	}
}

// InvokeAsync asks the peer and tells done once what became of it: the answer,
// borrowed until done returns, or why there is none, after bound at the latest.
// done runs where answers are read: it must not block. After an error of
// InvokeAsync itself done is not called.
func (ch *Channel) InvokeAsync(r *Request, bound time.Duration, done func(answer *Command, err error)) error {
	opaque, err := ch.calls.open(bound, done)
	if err != nil {
		return err
	}
	if err := ch.send(opaque, r); err != nil && ch.calls.take(opaque) != nil {
		return err
	}
	return nil
}

// Oneway tells the peer something that it does not answer.
func (ch *Channel) Oneway(r *Request) error {
	oneway := *r // r may go to many peers at once
	oneway.Oneway = true
	return ch.send(ch.calls.nextOpaque(), &oneway)
}

func (ch *Channel) send(opaque int32, r *Request) error {
	dst, err := ch.out.Begin(0)
	if err != nil {
		return err
	}
	ch.out.Commit(AppendRequest(dst, opaque, r))
	return nil
}

// Responder answers one request, from any goroutine, at most once. Every
// admitted request ends in one Reply or one Drop.
type Responder struct {
	Channel   *Channel
	out       Sender
	requestID uint64
	opaque    int32
	kind      HeaderKind
	oneway    bool
}

// Responder returns what answers c, which came from the peer of ch with
// requestID: over out, which may be another connection than the one that the
// peer is asked over.
func (ch *Channel) Responder(out Sender, c *Command, requestID uint64) Responder {
	return Responder{ch, out, requestID, c.Opaque, c.Kind, c.IsOneway()}
}

// Reply sends the answer; a oneway request gets none. A peer that is gone is no
// error: its request was carried out all the same.
func (r Responder) Reply(resp *Response) {
	r.Channel.inFlight.Add(-1)
	if r.oneway {
		return
	}
	dst, err := r.out.Begin(r.requestID)
	if err != nil {
		return
	}
	r.out.Commit(AppendResponse(dst, r.kind, r.opaque, resp))
}

// Drop ends the request without an answer.
func (r Responder) Drop() { r.Channel.inFlight.Add(-1) }

// Oneway reports whether the sender wants no answer.
func (r Responder) Oneway() bool { return r.oneway }
