package storenode

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

// scene is one node on a file system and a network in memory, where no time
// passes but what a test waits for.
type scene struct {
	t       *testing.T
	fs      *vfs.Mem
	network *memnet.Network
	config  Config
	log     *logLines
	node    *Node
	listen  string // its name on the network, "node" where empty

	joinings   int64  // of the proxy
	advertised string // where it says that clients reach the node
}

// withNode tells a test about a node; change may be nil.
func withNode(t *testing.T, change func(*Config), tell func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{t: t, fs: vfs.NewMem(), network: &memnet.Network{}, log: &logLines{}, config: smallConfig()}
		if change != nil {
			change(&s.config)
		}
		t.Cleanup(s.close)
		s.open()
		tell(s)
	})
}

func smallConfig() Config {
	c := DefaultConfig()
	c.BrokerName, c.BrokerIP1, c.StorePathRootDir = "shard", "10.1.1.1", "/store"
	c.MaxMessageBytes, c.CommitLogFileBytes, c.ConsumeQueueFileBytes = 64<<10, 1<<20, 6000
	c.MaxHashSlotNum, c.MaxIndexNum = 100, 1000
	return c
}

// tryOpen starts the node on what the file system holds.
func (s *scene) tryOpen() (err error) {
	if s.config.Listener, err = s.network.Listen(s.name()); err != nil {
		s.t.Fatal(err)
	}
	if s.config.Role() != Slave {
		if s.config.HAListener, err = s.network.Listen(s.name() + ":ha"); err != nil {
			s.t.Fatal(err)
		}
	}
	s.config.Log = slog.New(slog.NewTextHandler(s.log, nil))
	s.config.NamesrvDial = s.network.Dial
	s.config.PeerDial = func(ctx context.Context, addr string) (net.Conn, error) {
		name := map[string]string{"10.1.1.1:10911": "node", "10.1.1.2:10911": "slave", "10.1.1.1:10912": "node:ha", "10.1.1.2:10912": "slave:ha"}[addr]
		return s.network.Dial(ctx, name)
	}
	if s.node, err = Open(s.config, s.fs); err != nil {
		s.config.Listener.Close()
		if s.config.HAListener != nil {
			s.config.HAListener.Close()
		}
	}
	return err
}

func (s *scene) name() string { return cmp.Or(s.listen, "node") }

func (s *scene) open() {
	s.t.Helper()
	if err := s.tryOpen(); err != nil {
		s.t.Fatal(err)
	}
}

// allKnown lets the time after the start go by in which lists are kept back.
func (s *scene) allKnown() {
	time.Sleep(startHoldBound)
	synctest.Wait()
}

// close stops the node, where it runs.
func (s *scene) close() {
	s.t.Helper()
	if s.node == nil {
		return
	}
	if err := s.node.Close(context.Background()); err != nil {
		s.t.Errorf("close: %v", err)
	}
	s.node = nil
}

func (s *scene) restart() {
	s.t.Helper()
	s.close()
	s.open()
}

// kill ends the node as kill -9 does: what it had written is left.
func (s *scene) kill() {
	s.t.Helper()
	s.fs.Halt()
	s.node.Close(context.Background()) // only so that its goroutines end; it cannot write any more
	s.node = nil
	s.fs = s.fs.AfterKill()
	s.log.take()
}

// logLines is what the node logged.
type logLines struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// take returns what was logged since the last call.
func (l *logLines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.text.String()
	l.text.Reset()
	return text
}

// complaints are the lines of take above INFO.
func (l *logLines) complaints() string {
	var found []string
	for line := range strings.Lines(l.take()) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

// peer is a client of the node; it notes what the node asks of it.
type peer struct {
	s      *scene
	client *remoting.Client
	java   bool

	mu    sync.Mutex // guards asked
	asked []string
}

func (s *scene) dial() *peer { return s.dialAs(false) }

// dialJava is a client whose frames say that it speaks Java.
func (s *scene) dialJava() *peer { return s.dialAs(true) }

func (s *scene) dialAs(java bool) *peer {
	s.t.Helper()
	p := &peer{s: s, java: java}
	dial := func(ctx context.Context, name string) (net.Conn, error) {
		raw, err := s.network.Dial(ctx, name)
		if java && err == nil {
			raw = javaConn{raw}
		}
		return raw, err
	}
	var err error
	if p.client, err = remoting.Dial(context.Background(), dial, s.name(), remoting.Limits{}, p.heard); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(p.client.Close)
	return p
}

func (p *peer) heard(c *remoting.Command, to remoting.Responder) {
	var h protocol.NotifyConsumerIDsChangedRequest
	h.Decode(c.Ext)
	p.mu.Lock()
	p.asked = append(p.asked, fmt.Sprint(c.Code, " ", h.ConsumerGroup))
	p.mu.Unlock()
	to.Drop()
}

// noticed takes what the node has asked, once all is quiet.
func (p *peer) noticed() string {
	time.Sleep(time.Second)
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := strings.Join(p.asked, ", ")
	p.asked = nil
	return asked
}

// javaConn makes the binary headers written through it those of a Java client.
type javaConn struct{ net.Conn }

func (c javaConn) Write(b []byte) (int, error) {
	frames := bytes.Clone(b)
	for rest := frames; len(rest) > 0; {
		size := 4 + int(rest[2])<<8 + int(rest[3])
		if remoting.HeaderKind(rest[4]) == remoting.ROCKETMQ {
			rest[8+2] = byte(remoting.JAVA)
		}
		rest = rest[size:]
	}
	return c.Conn.Write(frames)
}

// askWithin returns the answer, nil where none comes in time.
func (p *peer) askWithin(bound time.Duration, code int32, h remoting.Header, body []byte) *remoting.Command {
	p.s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	r := &remoting.Request{Code: code, Header: h, Body: body}
	if p.java {
		r.Kind = remoting.ROCKETMQ
	}
	answer, err := p.client.Invoke(ctx, r)
	if err != nil {
		return nil
	}
	return answer
}

// ask returns the answer; that none comes for 60 s fails the test.
func (p *peer) ask(code int32, h remoting.Header, body []byte) *remoting.Command {
	p.s.t.Helper()
	answer := p.askWithin(time.Minute, code, h, body)
	if answer == nil {
		p.s.t.Fatalf("no answer to %s", protocol.RequestName(code))
	}
	return answer
}

// want asks and checks the answer's code and that its remark holds a text.
func (p *peer) want(code int32, h remoting.Header, body []byte, answerCode int32, remark string) *remoting.Command {
	p.s.t.Helper()
	answer := p.ask(code, h, body)
	if answer.Code != answerCode || !strings.Contains(answer.Remark, remark) {
		p.s.t.Errorf("%s was answered %d %q, want %d %q", protocol.RequestName(code), answer.Code, answer.Remark, answerCode, remark)
	}
	return answer
}

// to is the header of a send as stock producers fill it.
func to(topic string) protocol.SendMessageRequest {
	return protocol.SendMessageRequest{ProducerGroup: []byte("producers"), Topic: []byte(topic), DefaultTopic: []byte("TBW102"),
		DefaultTopicQueueNums: 4, BornTimestamp: 1234}
}

func props(pairs ...string) []byte {
	var p message.Properties
	for i := 0; i < len(pairs); i += 2 {
		p = p.Set(pairs[i], pairs[i+1])
	}
	return p
}

// send sends, expects success and waits until the message can be read.
func (p *peer) send(h protocol.SendMessageRequest, body string) protocol.SendMessageResponse {
	p.s.t.Helper()
	answer := p.want(protocol.SendMessageV2, h, []byte(body), protocol.Success, "")
	var sent protocol.SendMessageResponse
	if err := sent.Decode(answer.Ext); err != nil {
		p.s.t.Error(err)
	}
	settle()
	return sent
}

// from is the header of a pull that states its subscription and waits for nothing.
func from(topic string, queueID int32, offset int64) protocol.PullMessageRequest {
	return protocol.PullMessageRequest{ConsumerGroup: []byte("group"), Topic: []byte(topic), QueueID: queueID, QueueOffset: offset,
		MaxMsgNums: 32, SysFlag: protocol.PullSubscription, Subscription: []byte("*"), SuspendTimeoutMillis: 15_000}
}

// messages are those of a body of records.
func messages(t *testing.T, body []byte) []message.Message {
	t.Helper()
	var all []message.Message
	for len(body) > 0 {
		m, n, err := message.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
		body = body[n:]
	}
	return all
}

// stored are the messages that a queue holds.
func (p *peer) stored(topic string, queueID int32) []message.Message {
	p.s.t.Helper()
	settle()
	h := from(topic, queueID, 0)
	h.ConsumerGroup = []byte("TOOLS_CONSUMER") // which is there where groups are not made by use
	return messages(p.s.t, p.ask(protocol.PullMessage, h, nil).Body)
}

// one is the only message of a queue.
func (p *peer) one(topic string, queueID int32) message.Message {
	p.s.t.Helper()
	all := p.stored(topic, queueID)
	if len(all) != 1 {
		p.s.t.Fatalf("queue %d of %s holds %d messages, want one", queueID, topic, len(all))
	}
	return all[0]
}

// settle waits until what was stored can be read.
func settle() {
	time.Sleep(10 * time.Millisecond)
	synctest.Wait()
}

// about compares times but for what settling takes.
func about(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if (got - want).Abs() > 200*time.Millisecond {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func equal[V comparable](t *testing.T, what string, got, want V) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
