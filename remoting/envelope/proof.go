package envelope

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"gantry/remoting"
)

// A node with a clusterKey answers a handshake with a Challenge and takes the
// connection for a proxy's only after the Proof that knows the key. Both sides
// put in a nonce of this connection, so that a proof overheard is worth nothing
// on another.

// NewNonce is one side's part of a proof: 128 random bits.
func NewNonce() string { return rand.Text() }

// Challenge is the header of the answer to a Handshake that must be proven.
type Challenge struct {
	Nonce string // the node's; "" where nothing is to be proven
}

func (h *Challenge) Decode(f remoting.Fields) error {
	r := f.Reader()
	h.Nonce = r.OptString("nonce")
	return r.Err()
}

func (h Challenge) Encode(w *remoting.FieldWriter) { w.OptString("nonce", h.Nonce) }

// Proof is the header of the request that answers a Challenge.
type Proof struct {
	MAC string // Prove
}

func (h *Proof) Decode(f remoting.Fields) error {
	r := f.Reader()
	h.MAC = r.String("proof")
	return r.Err()
}

func (h Proof) Encode(w *remoting.FieldWriter) { w.String("proof", h.MAC) }

// Prove is what shows knowledge of the cluster key on the connection of h:
// HMAC-SHA256 over both nonces and everything that h claims, as hex.
func Prove(clusterKey string, c Challenge, h Handshake) string {
	return hex.EncodeToString(prove(clusterKey, c, h))
}

func prove(clusterKey string, c Challenge, h Handshake) []byte {
	mac := hmac.New(sha256.New, []byte(clusterKey))
	var text []byte
	for _, part := range []string{"gantry proxy", c.Nonce, h.Nonce, h.Cluster, h.ProxyID, h.LinkGroup, string(h.Class), h.GatewayAddr} {
		text = append(binary.BigEndian.AppendUint32(text[:0], uint32(len(part))), part...)
		mac.Write(text)
	}
	mac.Write(binary.BigEndian.AppendUint64(text[:0], uint64(h.Joining)))
	return mac.Sum(nil)
}

// Proves reports whether p answers the node's challenge to h. It takes the same
// time whatever p holds.
func (p Proof) Proves(clusterKey string, c Challenge, h Handshake) bool {
	given, err := hex.DecodeString(p.MAC)
	return err == nil && hmac.Equal(given, prove(clusterKey, c, h))
}
