package envelope

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"

	"gantry/remoting"
)

// Request codes of Gantry's own, between proxy and node. RocketMQ uses none of
// them.
const (
	CodeHandshake   = 19001
	CodeOpenSession = 19002
	CodeSignal      = 19003 // the frame behind Opened, Close, End and Beat
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

// Handshake is the header of the request that turns envelopes on.
type Handshake struct {
	Cluster   string // brokerClusterName that the proxy believes the node to be of, "" if it does not know
	ProxyID   string // one running proxy; another start is another id
	LinkGroup string // the connections of one joining: sessions live and die with all of them
	Class     Class
	Proof     string // Prove of the cluster key, "" without one
}

func (h *Handshake) Decode(f remoting.Fields) error {
	r := f.Reader()
	h.Cluster = r.OptString("clusterName")
	h.ProxyID = r.String("proxyId")
	h.LinkGroup = r.String("linkGroup")
	h.Class = Class(r.String("class"))
	h.Proof = r.OptString("proof")
	return r.Err()
}

func (h Handshake) Encode(w *remoting.FieldWriter) {
	w.OptString("clusterName", h.Cluster)
	w.String("proxyId", h.ProxyID)
	w.String("linkGroup", h.LinkGroup)
	w.String("class", string(h.Class))
	w.OptString("proof", h.Proof)
}

// Prove is what shows knowledge of the cluster key for one connection.
func Prove(clusterKey string, h Handshake) string {
	if clusterKey == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(clusterKey))
	for _, part := range []string{h.Cluster, h.ProxyID, h.LinkGroup, string(h.Class)} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// Proves reports whether h shows knowledge of the node's cluster key; a node
// without a key asks for none.
func Proves(clusterKey string, h Handshake) bool {
	return clusterKey == "" || hmac.Equal([]byte(Prove(clusterKey, h)), []byte(h.Proof))
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
