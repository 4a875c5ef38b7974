package nameserver

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"gantry/membership"
	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/protocol"
)

// world is a name server and the network it listens on, for a synctest bubble.
type world struct {
	t       *testing.T
	network memnet.Network
	ns      *Server
}

// newWorld starts a name server that listens as "ns".
func newWorld(t *testing.T, config Config) *world {
	w := &world{t: t}
	w.start(config)
	return w
}

func (w *world) start(config Config) {
	w.ns = New(discard(), config)
	l, err := w.network.Listen("ns")
	if err != nil {
		w.t.Fatal(err)
	}
	server := remoting.NewServer(discard(), remoting.Limits{IdleMillis: -1}, 0)
	server.Serve(l, w.ns.Open)
	w.t.Cleanup(func() {
		server.Close(context.Background())
		w.ns.Close()
	})
}

// peer is one connection to the name server, of the given MQVersion.
type peer struct {
	t       *testing.T
	raw     net.Conn
	version int32
	reader  *remoting.FrameReader
	opaque  int32
}

const clientVersion = 409 // V4_9_8

func (w *world) connect() *peer {
	raw, err := w.network.Dial(context.Background(), "ns")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { raw.Close() })
	return &peer{t: w.t, raw: raw, version: clientVersion, reader: remoting.NewFrameReader(raw, 16<<20)}
}

// ask sends one request and returns its answer.
func (p *peer) ask(code int32, header remoting.Header, body []byte) *remoting.Command {
	p.t.Helper()
	p.opaque++
	frame := remoting.AppendRequest(nil, p.opaque, &remoting.Request{Code: code, Header: header, Body: body, Kind: remoting.ROCKETMQ})
	frame[11], frame[12] = byte(p.version>>8), byte(p.version) // behind frame head, code and language
	if _, err := p.raw.Write(frame); err != nil {
		p.t.Fatal(err)
	}
	_, answered, err := p.reader.Next()
	if err != nil {
		p.t.Fatal(err)
	}
	var d remoting.Decoder
	var c remoting.Command
	if err := d.Decode(answered, &c); err != nil {
		p.t.Fatal(err)
	}
	if c.Opaque != p.opaque || !c.IsResponse() {
		p.t.Fatalf("opaque %d, flag %d answer request %d", c.Opaque, c.Flag, p.opaque)
	}
	return c.Clone()
}

// must asks what has to succeed.
func (p *peer) must(code int32, header remoting.Header, body []byte) *remoting.Command {
	p.t.Helper()
	c := p.ask(code, header, body)
	if c.Code != protocol.Success || c.Remark != "" {
		p.t.Fatalf("code %d is answered %d %q", code, c.Code, c.Remark)
	}
	return c
}

// wantBody asks and compares the answer's body byte for byte.
func (p *peer) wantBody(want string, code int32, header remoting.Header, body []byte) {
	p.t.Helper()
	if got := string(p.must(code, header, body).Body); got != want {
		p.t.Errorf("code %d answers\n%s\nwant\n%s", code, got, want)
	}
}

// wantError asks and compares response code and remark.
func (p *peer) wantError(wantCode int32, wantRemark string, code int32, header remoting.Header, body []byte) {
	p.t.Helper()
	if c := p.ask(code, header, body); c.Code != wantCode || c.Remark != wantRemark {
		p.t.Errorf("code %d is answered %d %q, want %d %q", code, c.Code, c.Remark, wantCode, wantRemark)
	}
}

// register registers r over p and returns the answer's header.
func (p *peer) register(r membership.Registration) membership.RegisterResponse {
	p.t.Helper()
	h, body := registerParts(r)
	var answer membership.RegisterResponse
	if err := answer.Decode(p.must(protocol.RegisterBroker, h, body).Ext); err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// registerParts is r as a broker sends it.
func registerParts(r membership.Registration) (membership.RegisterRequest, []byte) {
	body := registerBody(r).Encode()
	return membership.RegisterRequest{
		RegisterBrokerRequest: protocol.RegisterBrokerRequest{
			BrokerName: r.BrokerName, BrokerAddr: r.Addr, ClusterName: r.Cluster,
			HAServerAddr: r.HAServerAddr, BrokerID: r.BrokerID, BodyCRC32: bodyCRC32(body),
			HeartbeatTimeoutMillis: r.HeartbeatTimeoutMillis, StatesActingMaster: r.StatesActingMaster, EnableActingMaster: r.EnableActingMaster,
		},
		Gateway: r.Gateway, Slot: r.Slot,
	}, body
}

func registerBody(r membership.Registration) protocol.RegisterBrokerBody {
	return protocol.RegisterBrokerBody{TopicConfig: protocol.TopicConfigSerializeWrapper{
		DataVersion: r.DataVersion, TopicConfigTable: r.Topics,
	}}
}

func routeOf(topic string) remoting.Header {
	return protocol.GetRouteInfoByTopicRequest{Topic: topic}
}

const noRoute = "No topic route info in name server for the topic: T\nSee http://rocketmq.apache.org/docs/faq/ for further details."

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
