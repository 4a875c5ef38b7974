package nameserver

import (
	"slices"
	"time"

	"gantry/membership"
	"gantry/remoting"
)

// Register takes or renews a registration (registerBroker). An address that
// moves to another brokerId, as at a promotion, leaves the former one first; an
// outdated master that comes back under another address is not taken. Nor is what
// comes over a connection that the node has replaced by another: it was sent
// before.
// Topics count from the copy that is believed, all of them where its data version
// is not the one known, and else those that are missing: a broker may have told
// of one topic alone, as it does of a new one. They are added and changed, never
// removed: DeleteTopic does that.
func (t *Table) Register(r membership.Registration, owner *remoting.Channel, now time.Time) (Registered, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.late(r, owner) {
		return Registered{Slot: t.slots.advertised(r.BrokerName)}, nil
	}
	s, err := t.shardFor(r)
	if err != nil {
		return Registered{}, err
	}
	before, slotBefore := s.nodes[r.BrokerID], t.slots.advertised(r.BrokerName)
	done := Registered{First: before == nil || before.Addr != r.Addr}
	if done.First && before != nil && before.version.StateVersion > r.DataVersion.StateVersion {
		return Registered{Slot: membership.NoSlot, Outdated: true}, nil
	}
	n := newNode(r, owner, now)
	if !done.First {
		n.former = before.openOwners(owner)
	}
	t.put(s, n)
	if s.believes(r) {
		t.putTopics(s, r, done.First || before.version != r.DataVersion)
	}
	t.giveSlot(&done, r, now)
	done.ShardsChanged = before == nil || before.Node != s.nodes[r.BrokerID].Node || slotBefore != t.slots.advertised(r.BrokerName)
	if r.BrokerID == masterID {
		return done, nil
	}
	if master := s.nodes[masterID]; master != nil {
		done.MasterAddr, done.HAServerAddr = master.Addr, master.HAServerAddr
	} else if r.Gateway && done.SlotWait == 0 {
		done.SlotWait = masterWait
	}
	return done, nil
}

// masterWait is after how long a slave of ours asks again where its master is.
const masterWait = 3 * time.Second

func newNode(r membership.Registration, owner *remoting.Channel, now time.Time) *node {
	return &node{
		Node:    Node{r.BrokerID, r.Addr, r.HAServerAddr, r.Gateway},
		version: r.DataVersion,
		owner:   owner,
		renewed: now,
		lasts:   time.Duration(r.HeartbeatTimeoutMillis) * time.Millisecond,
	}
}

// late reports whether r has come over a connection that its node has replaced:
// after a broken network what was sent long ago arrives, and the end of its
// connection behind it.
func (t *Table) late(r membership.Registration, owner *remoting.Channel) bool {
	n := t.node(NodeID{r.BrokerName, r.BrokerID})
	return n != nil && n.Addr == r.Addr && slices.Contains(n.former, owner)
}

// openOwners are the connections that the node registered over, but next.
func (n *node) openOwners(next *remoting.Channel) []*remoting.Channel {
	if n.owner == nil || n.owner == next {
		return n.former
	}
	return append(n.former, n.owner)
}

func (t *Table) forgetFormer(closed *remoting.Channel) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.shards {
		for _, n := range s.nodes {
			n.former = slices.DeleteFunc(n.former, func(c *remoting.Channel) bool { return c == closed })
		}
	}
}

// believes reports whether topics of the copy that states r count: those of the
// master, and of brokers from 5.0 on those of the lowest brokerId where the
// master is away.
func (s *shard) believes(r membership.Registration) bool {
	if r.BrokerID == masterID || !r.StatesActingMaster {
		return r.BrokerID == masterID
	}
	return r.BrokerID == s.believed().BrokerID
}

// shardFor is where r's node goes, without what it leaves.
func (t *Table) shardFor(r membership.Registration) (*shard, error) {
	s := t.shards[r.BrokerName]
	if s != nil {
		t.leaveOtherIDs(s, r)
	}
	if t.nodes >= t.bounds.Nodes && (s == nil || s.nodes[r.BrokerID] == nil) {
		return nil, ErrTableFull
	}
	if s == nil {
		s = &shard{nodes: map[int64]*node{}}
		t.shards[r.BrokerName] = s
	}
	s.cluster, s.zone, s.acting = r.Cluster, r.ZoneName, r.EnableActingMaster
	return s, nil
}

func (t *Table) giveSlot(done *Registered, r membership.Registration, now time.Time) {
	done.Slot = membership.NoSlot
	if !r.Gateway || t.bounds.Slots == 0 {
		return
	}
	wait := t.bounds.ProposeFrom.Sub(now)
	said := statement{r.BrokerName, r.BrokerID, r.Slot, now}
	done.Slot, done.SlotWait, done.SlotRefused = t.slots.register(said, wait <= 0)
	if done.Slot == membership.NoSlot {
		done.SlotWait = max(wait, 0)
	}
}

func (t *Table) leaveOtherIDs(s *shard, r membership.Registration) {
	for id, n := range s.nodes {
		if id != r.BrokerID && n.Addr == r.Addr {
			t.drop(s, id)
		}
	}
}
