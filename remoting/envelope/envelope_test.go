package envelope

import (
	"bytes"
	"net/netip"
	"testing"

	"gantry/remoting"
)

func TestAnEnvelopeIs24BytesAndComesBackEqual(t *testing.T) {
	e := Envelope{Session: 1<<63 + 5, RequestID: 77, Kind: Reply, Flags: Retry | Replay}
	b := e.Append([]byte("before"))
	if string(b[:6]) != "before" || len(b)-6 != Size {
		t.Fatalf("%d bytes appended, want %d", len(b)-6, Size)
	}
	if got, err := Decode(b[6:]); err != nil || got != e {
		t.Errorf("decoded %+v, %v, want %+v", got, err, e)
	}
}

func TestWhatIsNoEnvelopeIsRefused(t *testing.T) {
	whole := Envelope{Kind: Open}.Append(nil)
	for name, b := range map[string][]byte{
		"nothing":      nil,
		"torn":         whole[:Size-1],
		"too long":     append(bytes.Clone(whole), 0),
		"kind 0":       Envelope{}.Append(nil),
		"unknown kind": Envelope{Kind: Beat + 1}.Append(nil),
	} {
		if _, err := Decode(b); err == nil {
			t.Errorf("%s was taken for an envelope", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Envelope{Session: 1, RequestID: 2, Kind: Ask, Flags: 3}.Append(nil))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err == nil && !bytes.Equal(e.Append(nil), b) {
			t.Errorf("%+v encodes to other bytes than it came from", e)
		}
	})
}

// sent carries a header over the wire and back.
func sent(t *testing.T, kind remoting.HeaderKind, h remoting.Header) remoting.Fields {
	t.Helper()
	frame := remoting.AppendRequest(nil, 1, &remoting.Request{Code: CodeHandshake, Header: h, Kind: kind})
	var d remoting.Decoder
	var c remoting.Command
	if err := d.Decode(frame, &c); err != nil {
		t.Fatal(err)
	}
	return c.Ext
}

func TestTheHandshakeCrossesTheWire(t *testing.T) {
	want := Handshake{Cluster: "DefaultCluster", ProxyID: "p-1", LinkGroup: "p-1/7", Class: Pulls, Proof: "ab"}
	for _, kind := range []remoting.HeaderKind{remoting.JSON, remoting.ROCKETMQ} {
		var got Handshake
		if err := got.Decode(sent(t, kind, want)); err != nil || got != want {
			t.Errorf("kind %d: %+v, %v, want %+v", kind, got, err, want)
		}
	}
	if err := new(Handshake).Decode(nil); err == nil {
		t.Error("a handshake without a proxy was taken")
	}
}

func TestOnlyWhoKnowsTheKeyProvesIt(t *testing.T) {
	h := Handshake{Cluster: "c", ProxyID: "p", LinkGroup: "g", Class: Sends}
	h.Proof = Prove("secret", h)
	if !Proves("secret", h) {
		t.Error("the right key was refused")
	}
	if Proves("other", h) {
		t.Error("another key was taken")
	}
	moved := h
	moved.LinkGroup = "elsewhere"
	if Proves("secret", moved) {
		t.Error("a proof was taken for another joining")
	}
	if !Proves("", Handshake{}) || Prove("", h) != "" {
		t.Error("a node without a key asks for a proof")
	}
}

func TestASessionStatesItsAddresses(t *testing.T) {
	want := OpenSession{Remote: netip.MustParseAddrPort("10.0.0.5:4711"), Local: netip.MustParseAddrPort("10.0.0.1:10911")}
	var got OpenSession
	if err := got.Decode(sent(t, remoting.ROCKETMQ, want)); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	bad := remoting.Fields{{Key: []byte("remoteAddr"), Value: []byte("nowhere")}}
	if err := got.Decode(bad); err == nil {
		t.Error("an address that is none was taken")
	}
}
