package bench

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// echo is a null server that keeps what is sent and gives it to pulls echoDelay later.
type echo struct {
	*nullServer

	mu      sync.Mutex // guards what follows
	records [][]byte   // of the one queue, by offset
	held    []func()   // pulls that wait for more
}

const echoDelay = 7 * time.Millisecond

// startEcho serves an echo of one queue in memory until the test ends.
func startEcho(t *testing.T) *memnet.Network {
	t.Helper()
	var network memnet.Network
	l, err := network.Listen(nullAddr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNullServer(NullOptions{QueueNums: 1})
	if err != nil {
		t.Fatal(err)
	}
	e, s := &echo{nullServer: n}, remoting.NewServer(slog.New(slog.DiscardHandler), remoting.Limits{}, 0)
	s.Serve(l, func(c *remoting.Conn) remoting.FrameHandler { return &echoConn{nullConn{server: n, conn: c}, e} })
	t.Cleanup(func() {
		n.close()
		s.Close(context.Background())
	})
	return &network
}

type echoConn struct {
	nullConn
	echo *echo
}

func (c *echoConn) Frame(extra, frame []byte) error {
	s, err := remoting.Summarize(frame)
	if err != nil || s.Code != protocol.SendMessageV2 && s.Code != protocol.PullMessage {
		return c.nullConn.Frame(extra, frame)
	}
	if err := c.decoder.Decode(frame, &c.command); err != nil {
		return err
	}
	if s.Code == protocol.SendMessageV2 {
		body := slices.Clone(c.command.Body)
		time.AfterFunc(echoDelay, func() { c.echo.store(body) })
		return c.nullConn.Frame(extra, frame)
	}
	var h protocol.PullMessageRequest
	if err := h.Decode(c.command.Ext); err != nil {
		return err
	}
	if strings.HasPrefix(string(h.Topic), "%") {
		return c.pull(s)
	}
	c.echo.pull(c.conn, s, h.QueueOffset)
	return nil
}

func (e *echo) store(body []byte) {
	host := netip.MustParseAddrPort("127.0.0.1:10911")
	bytes, err := message.AppendRecord(nil, &message.Message{Topic: "T", Body: body, BornHost: host, StoreHost: host})
	if err != nil {
		panic(err)
	}
	e.mu.Lock()
	record := message.Record(bytes)
	record.SetQueueOffset(int64(len(e.records)))
	e.records = append(e.records, record)
	held := e.held
	e.held = nil
	e.mu.Unlock()
	for _, again := range held {
		again()
	}
}

func (e *echo) pull(conn *remoting.Conn, s remoting.Summary, from int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if from >= int64(len(e.records)) {
		e.held = append(e.held, func() { e.pull(conn, s, from) })
		return
	}
	conn.Reply(s.Kind, s.Opaque, &remoting.Response{Body: e.records[from],
		Header: &protocol.PullMessageResponse{NextBeginOffset: from + 1, MaxOffset: int64(len(e.records))}})
}
