package session_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/proxy/session"
	"gantry/proxy/upstream"
	"gantry/remoting"
	"gantry/remoting/envelope"
	"gantry/remoting/memnet"
	"gantry/remoting/protocol"
	"gantry/remoting/remotingtest"
	node "gantry/storenode/session"
)

// policies is a table as a proxy has one, of a few codes.
var policies = map[int32]upstream.Policy{
	protocol.SendMessage:            {Class: envelope.Sends, Retry: upstream.Keyed},
	protocol.SendMessageV2:          {Class: envelope.Sends, Retry: upstream.Keyed},
	protocol.SendBatchMessage:       {Class: envelope.Sends, Retry: upstream.Keyed},
	protocol.ConsumerSendMsgBack:    {Class: envelope.Control, Retry: upstream.Known},
	protocol.EndTransaction:         {Class: envelope.Sends},
	protocol.PullMessage:            {Class: envelope.Pulls, Retry: upstream.Safe, HoldMillis: 15_000},
	protocol.HeartBeat:              {Class: envelope.Control, Retry: upstream.Safe},
	protocol.UnregisterClient:       {Class: envelope.Control, Retry: upstream.Safe},
	protocol.QueryConsumerOffset:    {Class: envelope.Control, Retry: upstream.Safe, OnLoss: upstream.Silence},
	protocol.GetConsumerListByGroup: {Class: envelope.Control, Retry: upstream.Safe, OnLoss: upstream.Silence},
	protocol.GetMinOffset:           {Class: envelope.Control, Retry: upstream.Safe},
}

func policyOf(code int32) upstream.Policy { return policies[code] }

// world is a proxy with clients on one side and storage nodes on the other, on a
// network in memory.
type world struct {
	t       *testing.T
	network memnet.Network
	faults  remotingtest.Faults // between the proxy and the nodes
	log     logLines
	up      *upstream.Node
	proxy   *remoting.Server
	clients int
}

// inWorld runs a story in a bubble that must end with every goroutine gone.
func inWorld(t *testing.T, tell func(t *testing.T, w *world)) {
	inWorldWith(t, upstream.Config{}, tell)
}

func inWorldWith(t *testing.T, config upstream.Config, tell func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t}
		log := slog.New(slog.NewTextHandler(&w.log, nil))
		w.faults.Below = w.network.Dial
		config.ProxyID, config.Dial, config.Log = "proxy-1", w.faults.Dial, log
		w.up = upstream.Open(config, "broker-a", "node")
		w.proxy = remoting.NewServer(log, remoting.Limits{}, 0)
		w.proxy.Serve(w.listen("proxy", true), func(c *remoting.Conn) remoting.FrameHandler { return session.Open(c, w.up, policyOf) })
		t.Cleanup(w.closeProxy)
		tell(t, w)
	})
}

// closeProxy ends it as proxy.Server does.
func (w *world) closeProxy() {
	w.up.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	w.proxy.Close(ctx)
}

func (w *world) listen(name string, addressed bool) net.Listener {
	w.t.Helper()
	l, err := w.network.Listen(name)
	if err != nil {
		w.t.Fatal(err)
	}
	if addressed {
		return &addresses{Listener: l}
	}
	w.t.Cleanup(func() { l.Close() })
	return l
}

// addresses gives every connection that it accepts the address 10.0.0.N:4711.
type addresses struct {
	net.Listener
	last byte
}

func (a *addresses) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	a.last++
	return addressedConn{c, net.IPv4(10, 0, 0, a.last)}, err
}

type addressedConn struct {
	net.Conn
	ip net.IP
}

func (c addressedConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: c.ip, Port: 4711} }
func (c addressedConn) LocalAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 168, 0, 1), Port: 10911}
}

// handled is a request as a node's handler saw it.
type handled struct {
	code   int32
	body   string
	from   *remoting.Channel
	oneway bool
	to     remoting.Responder
	again  bool // marked as sent again
}

// storage is a storage node: the real sessions, and handlers that note what came.
type storage struct {
	conns *remoting.Server
	wire  wire

	mu     sync.Mutex // guards all below
	came   []handled
	gone   []*remoting.Channel
	handle map[int32]remoting.Handler // other codes are answered with their body
}

// start runs a node under a name that does not answer some codes, and waits
// until the proxy has joined it.
func (w *world) start(name string, unanswered ...int32) *storage {
	s := w.startWith(name, node.Config{}, unanswered...)
	w.awaitJoined()
	return s
}

func (w *world) awaitJoined() {
	w.t.Helper()
	for end := time.Now().Add(time.Second); !w.up.Joined(); w.pass(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("not joined after a second:\n%s", &w.log)
		}
	}
	synctest.Wait()
}

func (w *world) startWith(name string, config node.Config, unanswered ...int32) *storage {
	s := &storage{handle: map[int32]remoting.Handler{}}
	for _, code := range unanswered {
		s.handle[code] = hold
	}
	config.Log, config.Handle, config.Closed = slog.New(slog.NewTextHandler(&w.log, nil)), s.take, s.closed
	s.conns = remoting.NewServer(config.Log, remoting.Limits{}, 0)
	peers := node.New(config)
	s.conns.Serve(&tapped{w.listen(name, false), &s.wire}, peers.Open)
	w.t.Cleanup(s.stop)
	return s
}

func (s *storage) take(c *remoting.Command, to remoting.Responder) {
	s.mu.Lock()
	s.came = append(s.came, handled{c.Code, string(c.Body), to.Channel, c.IsOneway(), to, c.Repeated})
	handle := s.handle[c.Code]
	s.mu.Unlock()
	if handle == nil {
		handle = echo
	}
	handle(c, to)
}

func echo(c *remoting.Command, to remoting.Responder) { to.Reply(&remoting.Response{Body: c.Body}) }

// hold is a handler that answers nothing.
func hold(*remoting.Command, remoting.Responder) {}

func (s *storage) on(code int32, handle remoting.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handle[code] = handle
}

func (s *storage) closed(ch *remoting.Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = append(s.gone, ch)
}

func (s *storage) requests() []handled {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.came)
}

// bodies are those of the requests of one code, in the order they came.
func (s *storage) bodies(code int32) string {
	var all []string
	for _, h := range s.requests() {
		if h.code == code {
			all = append(all, h.body)
		}
	}
	return strings.Join(all, " ")
}

func (s *storage) departed() []*remoting.Channel {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.gone)
}

// stop kills the node.
func (s *storage) stop() {
	done, cancel := context.WithCancel(context.Background())
	cancel() // what is unsent stays so
	s.conns.Close(done)
}

// client is a stock client's connection: it speaks whole frames.
type client struct {
	t      *testing.T
	raw    net.Conn
	mu     sync.Mutex // guards got and ended
	got    [][]byte
	ended  bool
	opaque int32
}

func (w *world) client() *client {
	w.t.Helper()
	raw, err := w.network.Dial(context.Background(), "proxy")
	if err != nil {
		w.t.Fatal(err)
	}
	c := &client{t: w.t, raw: raw}
	go c.read()
	w.t.Cleanup(func() { raw.Close() })
	synctest.Wait()
	return c
}

func (c *client) read() {
	r := remoting.NewFrameReader(c.raw, 16<<20)
	for {
		_, frame, err := r.Next()
		c.mu.Lock()
		if err != nil {
			c.ended = true
			c.mu.Unlock()
			return
		}
		c.got = append(c.got, bytes.Clone(frame))
		c.mu.Unlock()
	}
}

// send writes a request and returns its frame.
func (c *client) send(r *remoting.Request) []byte {
	c.opaque++
	frame := remoting.AppendRequest(nil, c.opaque, r)
	if _, err := c.raw.Write(frame); err != nil {
		c.t.Errorf("send: %v", err)
	}
	return frame
}

func (c *client) ask(code int32, body string) []byte {
	return c.send(&remoting.Request{Code: code, Body: []byte(body)})
}

// answers waits until nothing moves any more and takes what has come.
func (c *client) answers() []*remoting.Command {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*remoting.Command
	for _, frame := range c.got {
		all = append(all, decode(c.t, frame))
	}
	c.got = nil
	return all
}

// bodies are the answers' bodies, or where there is a remark "code: remark".
func (c *client) bodies() string {
	var all []string
	for _, a := range c.answers() {
		if a.Remark != "" {
			all = append(all, fmt.Sprintf("%d: %s", a.Code, a.Remark))
			continue
		}
		all = append(all, string(a.Body))
	}
	return strings.Join(all, " ")
}

func decode(t testing.TB, frame []byte) *remoting.Command {
	t.Helper()
	var d remoting.Decoder
	var c remoting.Command
	if err := d.Decode(frame, &c); err != nil {
		t.Fatal(err)
	}
	return c.Clone()
}

func (w *world) want(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Fatalf("%s: %q, want %q", what, got, want)
	}
}

// pass lets time go by and everything settle.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// logLines collects what is logged.
type logLines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logLines) count(word string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), word)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
