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
	want := Handshake{Cluster: "DefaultCluster", ProxyID: "p-1", LinkGroup: "p-1/7", Joining: 3, Class: Pulls, Nonce: "N", GatewayAddr: "mq.example:20911"}
	for _, kind := range []remoting.HeaderKind{remoting.JSON, remoting.ROCKETMQ} {
		var got Handshake
		if err := got.Decode(sent(t, kind, want)); err != nil || got != want {
			t.Errorf("kind %d: %+v, %v, want %+v", kind, got, err, want)
		}
		var challenge Challenge
		if err := challenge.Decode(sent(t, kind, Challenge{"C"})); err != nil || challenge.Nonce != "C" {
			t.Errorf("kind %d: %+v, %v", kind, challenge, err)
		}
		var proof Proof
		if err := proof.Decode(sent(t, kind, Proof{"ab"})); err != nil || proof.MAC != "ab" {
			t.Errorf("kind %d: %+v, %v", kind, proof, err)
		}
	}
	if err := new(Handshake).Decode(nil); err == nil {
		t.Error("a handshake without a proxy was taken")
	}
	if err := new(Proof).Decode(nil); err == nil {
		t.Error("a proof without a proof was taken")
	}
}

func TestOnlyWhoKnowsTheKeyProvesIt(t *testing.T) {
	challenge := Challenge{NewNonce()}
	h := Handshake{Cluster: "c", ProxyID: "p", LinkGroup: "g", Joining: 1, Class: Sends, Nonce: NewNonce()}
	proof := Proof{Prove("secret", challenge, h)}
	if !proof.Proves("secret", challenge, h) {
		t.Fatal("the right key was refused")
	}
	for what, refused := range map[string]bool{
		"another key":                  proof.Proves("other", challenge, h),
		"no key":                       proof.Proves("", challenge, h),
		"a proof of another challenge": proof.Proves("secret", Challenge{NewNonce()}, h),
		"an empty proof":               Proof{}.Proves("secret", challenge, h),
		"a proof that is no hex":       Proof{"x"}.Proves("secret", challenge, h),
		"half a proof":                 Proof{proof.MAC[:32]}.Proves("secret", challenge, h),
	} {
		if refused {
			t.Errorf("%s was taken", what)
		}
	}
	for what, change := range map[string]func(*Handshake){
		"cluster":    func(h *Handshake) { h.Cluster = "d" },
		"proxy":      func(h *Handshake) { h.ProxyID = "q" },
		"group":      func(h *Handshake) { h.LinkGroup = "h" },
		"joining":    func(h *Handshake) { h.Joining = 2 },
		"class":      func(h *Handshake) { h.Class = Pulls },
		"nonce":      func(h *Handshake) { h.Nonce = NewNonce() },
		"address":    func(h *Handshake) { h.GatewayAddr = "10.0.0.1:10911" },
		"its bounds": func(h *Handshake) { h.Cluster, h.ProxyID = "cp", "" },
	} {
		other := h
		if change(&other); proof.Proves("secret", challenge, other) {
			t.Errorf("a proof was taken for a handshake with another %s", what)
		}
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
