package remoting_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"net"
	"sync"
	"testing"

	"gantry/remoting"
	"gantry/remoting/memnet"
)

// frameOf lays a header of any text and a body out as a frame.
func frameOf(kind remoting.HeaderKind, header, body string) []byte {
	frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(header)+len(body)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(kind)<<24|uint32(len(header)))
	return append(append(frame, header...), body...)
}

// pairs is a Header of keys and values in turn.
type pairs []string

func (p pairs) Encode(w *remoting.FieldWriter) {
	for i := 0; i < len(p); i += 2 {
		w.String(p[i], p[i+1])
	}
}

func decode(t testing.TB, frame []byte) *remoting.Command {
	t.Helper()
	var d remoting.Decoder
	c := new(remoting.Command)
	if err := d.Decode(frame, c); err != nil {
		t.Fatalf("decode: %v", err)
	}
	return c
}

// want fails unless the command has just these fields, keys and values in turn.
func wantFields(t testing.TB, c *remoting.Command, fields ...string) {
	t.Helper()
	var got []string
	for _, f := range c.Ext {
		got = append(got, string(f.Key), string(f.Value))
	}
	if len(got) != len(fields) {
		t.Fatalf("fields %q, want %q", got, fields)
	}
	for i := range got {
		if got[i] != fields[i] {
			t.Fatalf("fields %q, want %q", got, fields)
		}
	}
}

// logLines collects what a server logs.
type logLines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logLines) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.buf.Bytes(), []byte("\n"))
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// served is a server in memory whose connections speak for themselves.
type served struct {
	*remoting.Server
	network memnet.Network
	log     logLines
	open    sync.Map // *remoting.Channel of each open connection
}

// serve starts a server that is closed with the test.
func serve(t *testing.T, limits remoting.Limits, handle remoting.Handler) *served {
	t.Helper()
	s := &served{}
	s.Server = remoting.NewServer(slog.New(slog.NewTextHandler(&s.log, nil)), limits, 0)
	l, err := s.network.Listen("server")
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(l, func(c *remoting.Conn) remoting.FrameHandler {
		e := remoting.NewEndpoint(c, handle, func(ch *remoting.Channel) { s.open.Delete(ch) })
		s.open.Store(e.Channel(), true)
		return e
	})
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func (s *served) client(t *testing.T, handle remoting.Handler) *remoting.Client {
	t.Helper()
	c, err := remoting.Dial(context.Background(), s.network.Dial, "server", remoting.Limits{}, handle)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// raw is a connection that speaks bytes.
func (s *served) raw(t *testing.T) net.Conn {
	t.Helper()
	c, err := s.network.Dial(context.Background(), "server")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// echo answers each request with its own code and body.
func echo(c *remoting.Command, to remoting.Responder) {
	to.Reply(&remoting.Response{Remark: "echo", Body: c.Body})
}
