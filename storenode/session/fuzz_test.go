package session

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"gantry/remoting"
	"gantry/remoting/envelope"
	"gantry/remoting/memnet"
)

// FuzzFramesBehindAHandshake lets a peer that has shaken hands say anything: the
// node may close its connection, and nothing else.
func FuzzFramesBehindAHandshake(f *testing.F) {
	open := remoting.AppendRequest(envelope.Envelope{Session: 1, Kind: envelope.Open}.Append(nil), 0,
		&remoting.Request{Code: envelope.CodeOpenSession, Oneway: true, Kind: remoting.ROCKETMQ})
	f.Add(open)
	for kind := envelope.Open; kind <= envelope.Beat+1; kind++ {
		e := envelope.Envelope{Session: 1, RequestID: 9, Kind: kind, Flags: envelope.Replay}
		f.Add(remoting.AppendRequest(e.Append(open[:len(open):len(open)]), 3, &remoting.Request{Code: 34, Body: []byte("x")}))
		f.Add(remoting.AppendResponse(e.Append(open[:len(open):len(open)]), remoting.JSON, 3, &remoting.Response{Remark: "x"}))
	}
	f.Add([]byte("GET / HTTP/1.1\r\nHost: somewhere\r\n\r\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		opened, closed := map[*remoting.Channel]bool{}, 0
		p := New(Config{Log: slog.New(slog.DiscardHandler),
			Handle: func(c *remoting.Command, to remoting.Responder) {
				opened[to.Channel] = true
				to.Reply(&remoting.Response{Body: c.Body})
			},
			Closed: func(*remoting.Channel) { closed++ }})
		sends := say(p, envelope.Sends, nil)
		say(p, envelope.Pulls, nil)
		say(p, envelope.Control, said)
		sends.Closed() // whose end is that of all three
		if closed < len(opened) {
			t.Errorf("%d of %d channels were closed", closed, len(opened))
		}
		if len(p.groups.all) != 0 {
			t.Errorf("%d groups left behind", len(p.groups.all))
		}
	})
}

// FuzzFramesBeforeAHandshake lets a peer say anything that does not know the
// clusterKey: it never becomes a proxy.
func FuzzFramesBeforeAHandshake(f *testing.F) {
	proof := remoting.AppendRequest(nil, 2, &remoting.Request{Code: envelope.CodeProof, Header: envelope.Proof{MAC: "00"}})
	for _, class := range envelope.Classes {
		f.Add(append(handshake("g", class), proof...))
	}
	f.Add(proof)
	f.Add(remoting.AppendRequest(envelope.Envelope{Session: 1, Kind: envelope.Request}.Append(nil), 7, &remoting.Request{Code: 10}))
	f.Fuzz(func(t *testing.T, said []byte) {
		p := New(Config{ClusterKey: "secret", Log: slog.New(slog.DiscardHandler),
			Handle: func(_ *remoting.Command, to remoting.Responder) { to.Drop() }, Closed: func(*remoting.Channel) {}})
		near, far := memnet.Pipe(memnet.Addr("a"), memnet.Addr("b"))
		defer near.Close()
		conn := remoting.NewConn(far, remoting.Limits{})
		h := p.Open(conn)
		source := remoting.NewFrameReader(&once{said}, 1<<20)
		for {
			_, frame, err := source.Next()
			if err != nil || h.Frame(nil, frame) != nil {
				break
			}
		}
		if len(p.groups.all) != 0 {
			t.Error("it was taken for a proxy")
		}
		conn.Close(context.Canceled)
		h.Closed()
	})
}

// say gives one connection's bytes to p as its server would.
func say(p *Peers, class envelope.Class, said []byte) remoting.FrameHandler {
	near, far := memnet.Pipe(memnet.Addr("a"), memnet.Addr("b"))
	defer near.Close()
	conn := remoting.NewConn(far, remoting.Limits{})
	h := p.Open(conn)
	h.Frame(nil, handshake("g", class))
	source := remoting.NewFrameReader(&once{said}, 1<<20)
	source.SetPrefix(envelope.Size)
	for {
		prefix, frame, err := source.Next()
		if err != nil || h.Frame(prefix, frame) != nil {
			break
		}
	}
	conn.Close(context.Canceled)
	return h
}

// once reads some bytes and no more.
type once struct{ left []byte }

func (o *once) Read(p []byte) (int, error) {
	if len(o.left) == 0 {
		return 0, net.ErrClosed
	}
	n := copy(p, o.left)
	o.left = o.left[n:]
	return n, nil
}
