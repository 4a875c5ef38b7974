package session_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"gantry/proxy/session"
	"gantry/proxy/upstream"
	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/protocol"
	node "gantry/storenode/session"
)

// BenchmarkForward is whole round trips of one client's requests: 128 at a time
// through a proxy's session to a node that answers with the body, over a network
// in memory. The client itself copies bytes and parses nothing.
func BenchmarkForward(b *testing.B) {
	for name, row := range map[string]struct {
		code int32
		kind remoting.HeaderKind
		size int
	}{
		"send-128-json":     {protocol.SendMessage, remoting.JSON, 128},
		"send-128-rocketmq": {protocol.SendMessage, remoting.ROCKETMQ, 128},
		"send-1k-json":      {protocol.SendMessage, remoting.JSON, 1024},
		"pull-json":         {protocol.PullMessage, remoting.JSON, 0},
	} {
		b.Run(name, func(b *testing.B) { forward(b, row.code, row.kind, row.size) })
	}
}

// sendHeader has fields as long as those of a send have.
var sendHeader = pairs{"a", "PRODUCER_GROUP", "b", "TopicTest", "c", "TBW102", "d", "8", "e", "3", "f", "0",
	"g", "1700000000000", "h", "0", "i", "UNIQ_KEY\u0001AC110002000118B4AAC2086C2E550000\u0002WAIT\u0001true", "j", "0", "k", "false", "m", "false"}

const inFlight = 128

func forward(b *testing.B, code int32, kind remoting.HeaderKind, size int) {
	raw := benchWorld(b)
	frame := remoting.AppendRequest(nil, 1, &remoting.Request{Code: code, Kind: kind, Header: sendHeader, Body: make([]byte, size)})
	batch := bytes.Repeat(frame, inFlight)
	buf := make([]byte, 256<<10)
	round := func(n int) {
		if _, err := raw.Write(batch[:n*len(frame)]); err != nil {
			b.Fatal(err)
		}
		countAnswers(b, raw, buf, n)
	}
	round(inFlight)
	b.ReportAllocs()
	b.ResetTimer()
	for left := b.N; left > 0; left -= inFlight {
		round(min(left, inFlight))
	}
}

func benchWorld(b *testing.B) net.Conn {
	var network memnet.Network
	log := slog.New(slog.DiscardHandler)
	listen := func(name string, open func(*remoting.Conn) remoting.FrameHandler) *remoting.Server {
		l, err := network.Listen(name)
		if err != nil {
			b.Fatal(err)
		}
		s := remoting.NewServer(log, remoting.Limits{}, 0)
		s.Serve(l, open)
		b.Cleanup(func() { s.Close(context.Background()) })
		return s
	}
	listen("node", node.New(node.Config{Log: log, Handle: echo, Closed: func(*remoting.Channel) {}}).Open)
	up := upstream.Open(upstream.Config{ProxyID: "p", Dial: network.Dial, Log: log}, "broker-a", "node")
	listen("proxy", func(c *remoting.Conn) remoting.FrameHandler { return session.Open(c, up, policyOf) })
	b.Cleanup(up.Close)
	for end := time.Now().Add(time.Second); !up.Joined(); {
		if time.Now().After(end) {
			b.Fatal("not joined")
		}
	}
	raw, err := network.Dial(context.Background(), "proxy")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { raw.Close() })
	return raw
}

// countAnswers reads n frames by their lengths into buf.
func countAnswers(b *testing.B, from io.Reader, buf []byte, n int) {
	for buf = buf[:0]; n > 0; {
		got, err := from.Read(buf[len(buf):cap(buf)])
		if err != nil {
			b.Fatal(err)
		}
		buf = buf[:len(buf)+got]
		at := 0
		for ; len(buf)-at >= 4; n-- {
			size := 4 + int(binary.BigEndian.Uint32(buf[at:]))
			if len(buf)-at < size {
				break
			}
			at += size
		}
		buf = append(buf[:0], buf[at:]...)
	}
}
