package gossip

import (
	"crypto/hkdf"
	"crypto/sha256"
	"net/netip"
	"time"

	"github.com/hashicorp/memberlist"
)

// label keeps other users of memberlist out, who like the same port.
const label = "gantry"

// settings tune memberlist: a dead host is noticed after the wait for somebody's
// probe, the probe itself (ProbeMillis each) and SuspicionMillis in which the
// suspected may contradict: about a second. A timer that fires late because this
// process itself was stopped ends nobody: a suspicion begins with a probe of its
// own.
func (g *Gossip) settings(t *transport) *memberlist.Config {
	c := memberlist.DefaultLANConfig()
	c.Name, c.Label, c.Transport = g.name, label, t
	c.AdvertiseAddr, c.AdvertisePort = t.advertise.Addr().String(), int(t.advertise.Port())
	c.BindPort = int(t.advertise.Port())
	c.ProbeInterval = millis(g.config.ProbeMillis)
	c.ProbeTimeout = c.ProbeInterval / 2
	c.SuspicionMult = max(1, g.config.SuspicionMillis/g.config.ProbeMillis)
	c.SuspicionMaxTimeoutMult = 1
	c.AwarenessMaxMultiplier = 4
	c.GossipInterval = c.ProbeInterval / 2
	c.GossipToTheDeadTime = time.Minute
	c.PushPullInterval = millis(g.config.ExchangeMillis)
	c.TCPTimeout = millis(g.config.TransferMillis)
	c.DelegateProtocolMin, c.DelegateProtocolMax, c.DelegateProtocolVersion = 1, 1, 1
	if g.config.Key != "" {
		c.SecretKey = encryptionKey(g.config.Key)
	}
	c.Delegate, c.Events, c.Alive = delegate{g}, delegate{g}, delegate{g}
	return c
}

// encryptionKey is an AES-256 key. A secret that can be guessed stays one.
func encryptionKey(secret string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "gantry gossip", 32)
	if err != nil {
		panic("BUG: no key of 32 bytes can be derived: " + err.Error())
	}
	return key
}

// delegate is Gossip as memberlist calls it, under memberlist's own locks: it
// takes note and calls nobody.
type delegate struct{ g *Gossip }

// NotifyAlive implements memberlist.AliveDelegate.
func (d delegate) NotifyAlive(n *memberlist.Node) error {
	d.g.mu.Lock()
	defer d.g.mu.Unlock()
	return d.g.runs.admits(n.Name, n.Meta)
}

// NotifyJoin implements memberlist.EventDelegate.
func (d delegate) NotifyJoin(n *memberlist.Node) { d.heard(n) }

// NotifyUpdate implements memberlist.EventDelegate.
func (d delegate) NotifyUpdate(n *memberlist.Node) { d.heard(n) }

func (d delegate) heard(n *memberlist.Node) {
	d.g.mu.Lock()
	defer d.g.mu.Unlock()
	d.g.runs.heard(n.Name, n.Meta, addrOf(n), time.Now())
	signal(d.g.changed)
}

// NotifyLeave implements memberlist.EventDelegate: n died, or it left, which it
// stated before.
func (d delegate) NotifyLeave(n *memberlist.Node) {
	d.g.mu.Lock()
	defer d.g.mu.Unlock()
	d.g.runs.lost(n.Name, time.Now())
	signal(d.g.changed)
	signal(d.g.lost)
}

// NodeMeta implements memberlist.Delegate.
func (d delegate) NodeMeta(int) []byte {
	d.g.mu.Lock()
	defer d.g.mu.Unlock()
	var flags byte
	if d.g.leaving {
		flags |= flagLeaving
	}
	if d.g.config.shares() {
		flags |= flagShares
	}
	stated, err := d.g.self.encode(flags)
	if err != nil {
		panic("BUG: a statement was taken that has no room: " + err.Error())
	}
	return stated
}

// NotifyMsg implements memberlist.Delegate: nobody sends any.
func (d delegate) NotifyMsg([]byte) {}

// GetBroadcasts implements memberlist.Delegate.
func (d delegate) GetBroadcasts(int, int) [][]byte { return nil }

// LocalState implements memberlist.Delegate.
func (d delegate) LocalState(bool) (state []byte) {
	d.g.exchange(func(c *Config) {
		state = c.LocalState()
		if len(state) > c.StateBytes {
			d.g.log.Error("gossip does not share this state, it is too large", "bytes", len(state), "bound", c.StateBytes)
			state = nil
		}
	})
	return state
}

// MergeRemoteState implements memberlist.Delegate.
func (d delegate) MergeRemoteState(state []byte, _ bool) {
	d.g.exchange(func(c *Config) {
		if len(state) <= c.StateBytes {
			c.MergeState(state)
			return
		}
		d.g.log.Error("gossip does not take another's state, it is too large", "bytes", len(state), "bound", c.StateBytes)
	})
}

// exchange runs do where states are shared and not after Close.
func (g *Gossip) exchange(do func(*Config)) {
	g.merging.RLock()
	defer g.merging.RUnlock()
	if g.config.shares() && !g.closed {
		do(&g.config)
	}
}

func addrOf(n *memberlist.Node) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(n.Addr)
	return netip.AddrPortFrom(ip.Unmap(), n.Port)
}
