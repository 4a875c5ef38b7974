package envelope

import (
	"net/netip"

	"gantry/remoting"
)

// Request codes of Gantry's own, between proxy and node. RocketMQ uses none of
// them.
const (
	CodeHandshake   = 19001
	CodeOpenSession = 19002
	CodeSignal      = 19003 // the frame behind Opened, Close, End and Beat
	CodeProof       = 19004 // the answer to a Challenge
)

// Class is which of a proxy's connections to a node one is, so that none of its
// requests waits behind those of another class.
type Class string

const (
	Sends   Class = "sends"
	Pulls   Class = "pulls"
	Control Class = "control"
)

// Classes are all connections that a proxy opens to a node.
var Classes = [...]Class{Control, Sends, Pulls}

// Handshake is the header of the request that turns envelopes on, at once or,
// where the node answers it with a Challenge, after a Proof.
type Handshake struct {
	Cluster     string // brokerClusterName that the proxy believes the node to be of, "" if it does not know
	ProxyID     string // one running proxy; another start is another id
	LinkGroup   string // the proxy's way to this node: sessions live and die with all of its connections
	Joining     int64  // counts the group's attempts: a later one replaces what an earlier one left
	Class       Class
	Nonce       string // fresh for each connection: part of what a Proof proves
	GatewayAddr string // host:port under which the cluster's clients reach the node through proxies, "" where nobody set it
}

func (h *Handshake) Decode(f remoting.Fields) error {
	r := f.Reader()
	h.Cluster = r.OptString("clusterName")
	h.ProxyID = r.String("proxyId")
	h.LinkGroup = r.String("linkGroup")
	h.Joining = r.OptInt64("joining", 0)
	h.Class = Class(r.String("class"))
	h.Nonce = r.OptString("nonce")
	h.GatewayAddr = r.OptString("gatewayAddr")
	return r.Err()
}

func (h Handshake) Encode(w *remoting.FieldWriter) {
	w.OptString("clusterName", h.Cluster)
	w.String("proxyId", h.ProxyID)
	w.String("linkGroup", h.LinkGroup)
	w.Int("joining", h.Joining)
	w.String("class", string(h.Class))
	w.OptString("nonce", h.Nonce)
	w.OptString("gatewayAddr", h.GatewayAddr)
}

// OpenSession is the header of the frame behind an Open envelope.
type OpenSession struct {
	Remote netip.AddrPort // the client's address, as its proxy sees it; the zero one where it has none
	Local  netip.AddrPort // the address of the proxy that the client connected to
}

func (h *OpenSession) Decode(f remoting.Fields) (err error) {
	if h.Remote, err = addrPort(f, "remoteAddr"); err != nil {
		return err
	}
	h.Local, err = addrPort(f, "localAddr")
	return err
}

func (h OpenSession) Encode(w *remoting.FieldWriter) {
	if h.Remote.IsValid() {
		w.String("remoteAddr", h.Remote.String())
	}
	if h.Local.IsValid() {
		w.String("localAddr", h.Local.String())
	}
}

func addrPort(f remoting.Fields, key string) (netip.AddrPort, error) {
	text, ok := f.Get(key)
	if !ok {
		return netip.AddrPort{}, nil
	}
	addr, err := netip.ParseAddrPort(string(text))
	if err != nil {
		return addr, &remoting.FieldError{Key: key, Value: string(text), Reason: "not an address"}
	}
	return addr, nil
}
