package remoting

// Handler is what an Endpoint's requests go to. The command is borrowed until it
// returns; the answer may come later.
type Handler func(c *Command, to Responder)

// Endpoint is the FrameHandler of a connection whose peer speaks for itself:
// frames become commands, answers find their Invoke, requests go to the handler.
type Endpoint struct {
	channel *Channel
	decoder Decoder
	command Command // of the frame under way
	handle  Handler
	closed  func(*Channel)
}

// NewEndpoint makes the handler of conn; closed, which may be nil, is told when
// the connection has ended.
func NewEndpoint(conn *Conn, handle Handler, closed func(*Channel)) *Endpoint {
	ch := NewChannel(Plain(conn), conn.RemoteAddr(), conn.LocalAddr(), conn.limits.InFlight)
	return &Endpoint{channel: ch, handle: handle, closed: closed}
}

// Channel is the peer.
func (e *Endpoint) Channel() *Channel { return e.channel }

// Frame implements FrameHandler.
func (e *Endpoint) Frame(_, frame []byte) error {
	if err := e.decoder.Decode(frame, &e.command); err != nil {
		return err
	}
	e.Take(&e.command)
	return nil
}

// Take hands on a command of the peer that was decoded elsewhere.
func (e *Endpoint) Take(c *Command) { e.channel.Deliver(e.channel.out, c, 0, e.handle) }

// Closed implements FrameHandler.
func (e *Endpoint) Closed() {
	e.channel.Fail(ErrClosed)
	if e.closed != nil {
		e.closed(e.channel)
	}
}

// systemBusy is ResponseCode.SYSTEM_BUSY; remoting/protocol has the table.
const systemBusy = 2

var tooManyInFlight = Response{Code: systemBusy, Remark: "[OVERLOAD]system busy, too many requests under way on this connection"}

// Deliver takes the peer's answer to its Invoke and its request, which out
// answers, to handle; one above the channel's bound is answered SYSTEM_BUSY.
func (ch *Channel) Deliver(out Sender, c *Command, requestID uint64, handle Handler) {
	if c.IsResponse() {
		ch.calls.resolve(c)
		return
	}
	to := ch.Responder(out, c, requestID)
	if !ch.Admit() {
		to.Reply(&tooManyInFlight)
		return
	}
	handle(c, to)
}

// Plain is the Sender of a peer with a connection of its own.
func Plain(conn *Conn) Sender { return plain{conn} }

type plain struct{ conn *Conn }

func (p plain) Begin(uint64) ([]byte, error) { return p.conn.Begin() }
func (p plain) Commit(dst []byte)            { p.conn.Commit(dst) }

// Close ends the connection of a peer that has one of its own; a session's is
// others' too and stays.
func (ch *Channel) Close(reason error) {
	if own, ok := ch.out.(plain); ok {
		own.conn.Close(reason)
	}
}
