// Package record stands between stock clients and the real server and keeps the frames that pass, both ways, so that the
// server's decoders are tested with what clients really send. It forwards every byte as it came, but for the broker's port
// in route replies, which it replaces by its own so that clients come back to it; what it keeps is the original. It
// understands headers only as far as to know which code a frame belongs to.
package record

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"sync"

	"gantry/tools/compat/wire"
)

// Kept is one frame that passed. A reply carries the code of its request and, beside it, its own.
type Kept struct {
	Label      string // the client's, as the recorder was told
	Code       int    // of the request, for a reply as well
	Version    int    // of the request, for a reply as well
	Reply      bool
	FromServer bool // a request of the server, or a reply to the client
	Result     int  // a reply's code
	Frame      *wire.Frame
}

// Recorder is one listening address in front of one server.
type Recorder struct {
	label    string
	upstream string
	listener net.Listener
	replace  func([]byte) []byte
	keep     func(Kept)
	loops    sync.WaitGroup

	mu    sync.Mutex // guards conns
	conns []net.Conn // closed by Close
}

// Listen starts a recorder at a loopback port of the kernel's choice. Replies of the server pass through replace, which must
// keep their length, before they are forwarded; keep gets every frame and must not block.
func Listen(label, upstream string, replace func([]byte) []byte, keep func(Kept)) (*Recorder, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", label, err)
	}
	r := &Recorder{label: label, upstream: upstream, listener: listener, replace: replace, keep: keep}
	r.loops.Go(r.accept)
	return r, nil
}

// Address is where clients reach the recorder.
func (r *Recorder) Address() string { return r.listener.Addr().String() }

// Close ends every connection and waits for the last frame to be kept.
func (r *Recorder) Close() error {
	err := r.listener.Close()
	r.mu.Lock()
	for _, c := range r.conns {
		c.Close()
	}
	r.mu.Unlock()
	r.loops.Wait()
	return err
}

func (r *Recorder) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", r.upstream)
		if err != nil {
			client.Close()
			continue
		}
		r.mu.Lock()
		r.conns = append(r.conns, client, server)
		r.mu.Unlock()
		link := &link{recorder: r, open: map[exchange]asked{}}
		r.loops.Go(func() { link.forward(client, server, false) })
		r.loops.Go(func() { link.forward(server, client, true) })
	}
}

// exchange names an open request on a connection: either side numbers its own.
type exchange struct {
	byServer bool
	opaque   int32
}

// asked is what a reply does not say about its request.
type asked struct{ code, version int }

// link is one client's connection with its open requests.
type link struct {
	recorder *Recorder
	mu       sync.Mutex // guards open
	open     map[exchange]asked
}

// forward passes frames one way until either side ends.
func (l *link) forward(from, to net.Conn, fromServer bool) {
	defer from.Close()
	defer to.Close()
	for {
		frame, err := wire.Read(from)
		if err != nil {
			return
		}
		l.recorder.keep(l.describe(frame, fromServer))
		out := frame.Raw
		if fromServer {
			out = l.recorder.replace(bytes.Clone(out))
		}
		if _, err := to.Write(out); err != nil {
			return
		}
	}
}

func (l *link) describe(frame *wire.Frame, fromServer bool) Kept {
	kept := Kept{
		Label: l.recorder.label, Code: frame.Code, Version: frame.Version,
		Reply: frame.IsResponse(), FromServer: fromServer, Frame: frame,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !kept.Reply {
		l.open[exchange{byServer: fromServer, opaque: frame.Opaque}] = asked{code: frame.Code, version: frame.Version}
		return kept
	}
	id := exchange{byServer: !fromServer, opaque: frame.Opaque}
	request := l.open[id]
	delete(l.open, id)
	kept.Result, kept.Code, kept.Version = frame.Code, request.code, request.version
	return kept
}

// ErrLength says that a port cannot be replaced without changing a frame's length.
var ErrLength = errors.New("ports of different length")

// ReplaceAddress makes a replace function that writes one address in place of another of the same length.
func ReplaceAddress(old, by string) (func([]byte) []byte, error) {
	if len(old) != len(by) {
		return nil, fmt.Errorf("%s by %s: %w", old, by, ErrLength)
	}
	return func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte(old), []byte(by)) }, nil
}
