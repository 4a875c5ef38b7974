package storenode

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

// hotPath is one client's connection to a node on real files, over a network in
// memory. The client copies bytes and looks at nothing but lengths, so that what is
// measured is the node.
type hotPath struct {
	tb   testing.TB
	conn net.Conn
	buf  []byte
}

// hotInFlight is how many requests are under way at once.
const hotInFlight = 128

// hotPulled is how many messages a pull brings.
const hotPulled = 32

func openHotPath(tb testing.TB) *hotPath {
	tb.Helper()
	var network memnet.Network
	l, err := network.Listen("node")
	if err != nil {
		tb.Fatal(err)
	}
	c := smallConfig()
	c.StorePathRootDir, c.CommitLogFileBytes, c.ConsumeQueueFileBytes, c.MaxHashSlotNum, c.MaxIndexNum = tb.TempDir(), 64<<20, 6_000_000, 100_000, 400_000
	c.Listener, c.Log = l, slog.New(slog.DiscardHandler)
	if c.HAListener, err = network.Listen("node:ha"); err != nil {
		tb.Fatal(err)
	}
	node, err := Open(c, vfs.OS{})
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := network.Dial(context.Background(), "node")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		conn.Close()
		if err := node.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return &hotPath{tb: tb, conn: conn, buf: make([]byte, 0, 4<<20)}
}

// repeat sends a frame n times, hotInFlight at once, and reads the answers.
func (h *hotPath) repeat(frame []byte, n int) {
	batch := bytes.Repeat(frame, min(n, hotInFlight))
	for left := n; left > 0; left -= hotInFlight {
		round := min(left, hotInFlight)
		if _, err := h.conn.Write(batch[:round*len(frame)]); err != nil {
			h.tb.Fatal(err)
		}
		h.answers(round)
	}
}

// answers reads n frames, all of which must be of SUCCESS.
func (h *hotPath) answers(n int) {
	const codeAt = 8 // behind two lengths, in a ROCKETMQ header
	for buf := h.buf[:0]; n > 0; {
		got, err := h.conn.Read(buf[len(buf):cap(buf)])
		if err != nil {
			h.tb.Fatal(err)
		}
		buf = buf[:len(buf)+got]
		at := 0
		for ; len(buf)-at >= 4 && len(buf)-at >= 4+int(binary.BigEndian.Uint32(buf[at:])); n-- {
			if code := int32(binary.BigEndian.Uint16(buf[at+codeAt:])); code != protocol.Success {
				h.tb.Fatalf("answered %d", code)
			}
			at += 4 + int(binary.BigEndian.Uint32(buf[at:]))
		}
		buf = append(buf[:0], buf[at:]...)
	}
}

// ask sends one request and returns its answer.
func (h *hotPath) ask(frame []byte) *remoting.Command {
	h.tb.Helper()
	if _, err := h.conn.Write(frame); err != nil {
		h.tb.Fatal(err)
	}
	answer := h.buf[:4]
	if _, err := io.ReadFull(h.conn, answer); err != nil {
		h.tb.Fatal(err)
	}
	answer = h.buf[:4+binary.BigEndian.Uint32(answer)]
	if _, err := io.ReadFull(h.conn, answer[4:]); err != nil {
		h.tb.Fatal(err)
	}
	var d remoting.Decoder
	var c remoting.Command
	if err := d.Decode(answer, &c); err != nil {
		h.tb.Fatal(err)
	}
	return c.Clone()
}

func hotSend() []byte {
	return remoting.AppendRequest(nil, 1, &remoting.Request{Code: protocol.SendMessageV2, Kind: remoting.ROCKETMQ, Body: make([]byte, 1024),
		Header: protocol.SendMessageRequest{ProducerGroup: []byte("g"), Topic: []byte("TopicTest"), DefaultTopic: []byte("TBW102"), DefaultTopicQueueNums: 4,
			BornTimestamp: 1_700_000_000_000, Properties: []byte("UNIQ_KEY\x01AC110002000118B4AAC2086C2E550000\x02WAIT\x01true\x02TAGS\x01TagA\x02")}})
}

func hotPull() []byte {
	return remoting.AppendRequest(nil, 1, &remoting.Request{Code: protocol.PullMessage, Kind: remoting.ROCKETMQ,
		Header: protocol.PullMessageRequest{ConsumerGroup: []byte("g"), Topic: []byte("TopicTest"), MaxMsgNums: hotPulled, SysFlag: protocol.PullSubscription,
			Subscription: []byte("*"), ExpressionType: []byte(protocol.ExpressionTag)}})
}

// ready has the topic made, the queue filled and the pull succeed.
func (h *hotPath) ready() *hotPath {
	h.tb.Helper()
	if a := h.ask(hotSend()); a.Code != protocol.Success {
		h.tb.Fatalf("send: %d %s", a.Code, a.Remark)
	}
	h.repeat(hotSend(), hotPulled)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if a := h.ask(hotPull()); len(a.Body) > hotPulled*1024 {
			return h
		} else if time.Now().After(deadline) {
			h.tb.Fatalf("pull: %d %s", a.Code, a.Remark)
		}
	}
}

// BenchmarkNodeSend is a send of 1 KiB, from its frame to its reply, and what follows
// it to queue and index.
func BenchmarkNodeSend(b *testing.B) { benchmarkHotPath(b, hotSend()) }

// BenchmarkNodePull is a pull of 32 messages of 1 KiB.
func BenchmarkNodePull(b *testing.B) { benchmarkHotPath(b, hotPull()) }

func benchmarkHotPath(b *testing.B, frame []byte) {
	h := openHotPath(b).ready()
	b.ReportAllocs()
	b.ResetTimer()
	h.repeat(frame, b.N)
}
