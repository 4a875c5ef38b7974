package nameserver

import (
	"slices"
	"strings"
	"sync"
	"time"

	"gantry/membership"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Table is the soft state of a name server (Java's RouteInfoManager). It has no
// clock and no goroutine: callers say what time it is.
type Table struct {
	bounds Bounds

	mu     sync.RWMutex // guards all below; never held across I/O
	nodes  int
	shards map[string]*shard
	topics map[string]map[string]protocol.QueueData // topic → brokerName → queues
	slots  *slotTable
}

type shard struct {
	cluster string
	nodes   map[int64]*node
}

type node struct {
	Node
	version protocol.DataVersion
	owner   *remoting.Channel
	renewed time.Time
}

// Bounds are what a Table keeps to.
type Bounds struct {
	Nodes int
	Slots int // 0: none is assigned, nor any claim heard
	// ProposeFrom is when shards without a slot are proposed one. A name server
	// that has just started waits until those that have a record can have stated
	// it, lest it propose their slots.
	ProposeFrom time.Time
	// Contest is how long a young record must stand before it may be advertised.
	Contest time.Duration
}

// NewTable makes an empty table.
func NewTable(bounds Bounds) *Table {
	return &Table{
		bounds: bounds,
		shards: map[string]*shard{},
		topics: map[string]map[string]protocol.QueueData{},
		slots:  newSlotTable(bounds.Slots, bounds.Contest),
	}
}

// Register takes or renews a registration (registerBroker). An address that
// moves to another brokerId, as at a promotion, leaves the former one first.
// Topics count only from the master, and only where its data version is not the
// one known; they are added and changed, never removed: DeleteTopic does that.
func (t *Table) Register(r membership.Registration, owner *remoting.Channel, now time.Time) (Registered, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, err := t.shardFor(r)
	if err != nil {
		return Registered{}, err
	}
	before, slotBefore := s.nodes[r.BrokerID], t.slots.advertised(r.BrokerName)
	done := Registered{First: before == nil || before.Addr != r.Addr}
	if r.BrokerID == masterID && (done.First || before.version != r.DataVersion) {
		t.putTopics(r.BrokerName, r.Topics)
	}
	after := &node{Node: Node{r.BrokerID, r.Addr, r.HAServerAddr, r.Gateway}, version: r.DataVersion, owner: owner, renewed: now}
	t.put(s, after)
	t.giveSlot(&done, r, now)
	done.ShardsChanged = before == nil || before.Node != after.Node || slotBefore != t.slots.advertised(r.BrokerName)
	if master := s.nodes[masterID]; master != nil && r.BrokerID != masterID {
		done.MasterAddr, done.HAServerAddr = master.Addr, master.HAServerAddr
	}
	return done, nil
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
	s.cluster = r.Cluster
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

// Unregister ends a node's registration (unregisterBroker). Java takes the
// brokerId away whoever has it; here another address that has taken over the
// brokerId meanwhile keeps it.
func (t *Table) Unregister(brokerName string, brokerID int64, addr string) bool {
	removed := t.remove(func(name string, n *node) bool {
		return name == brokerName && n.BrokerID == brokerID && n.Addr == addr
	})
	return len(removed) > 0
}

// Closed ends every registration that came on owner and was not renewed on
// another connection since (onChannelDestroy).
func (t *Table) Closed(owner *remoting.Channel) []Removed {
	return t.remove(func(_ string, n *node) bool { return n.owner == owner })
}

// Expire ends registrations that were last renewed before cutoff
// (scanNotActiveBroker).
func (t *Table) Expire(cutoff time.Time) []Removed {
	return t.remove(func(_ string, n *node) bool { return n.renewed.Before(cutoff) })
}

// Renew is QUERY_DATA_VERSION: it returns the data version known for a node, and
// renews the registration where it is the one stated.
func (t *Table) Renew(brokerName, addr string, stated protocol.DataVersion, now time.Time) (known protocol.DataVersion, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.shards[brokerName]
	if s == nil {
		return known, false
	}
	for _, n := range s.nodes {
		if n.Addr != addr {
			continue
		}
		if n.version == stated {
			n.renewed = now
		}
		return n.version, true
	}
	return known, false
}

// Shards returns every shard that has a node, by brokerName.
func (t *Table) Shards() []Shard {
	t.mu.RLock()
	defer t.mu.RUnlock()
	all := make([]Shard, 0, len(t.shards))
	for name, s := range t.shards {
		all = append(all, t.snapshot(name, s))
	}
	slices.SortFunc(all, byBrokerName)
	return all
}

func byBrokerName(a, b Shard) int { return strings.Compare(a.BrokerName, b.BrokerName) }

func (t *Table) snapshot(name string, s *shard) Shard {
	out := Shard{Cluster: s.cluster, BrokerName: name, Slot: t.slots.advertised(name), Nodes: make([]Node, 0, len(s.nodes))}
	for _, n := range s.nodes {
		out.Nodes = append(out.Nodes, n.Node)
	}
	slices.SortFunc(out.Nodes, func(a, b Node) int { return int(min(1, max(-1, a.BrokerID-b.BrokerID))) })
	return out
}

// remove drops the nodes that end picks, and shards and topics without any.
func (t *Table) remove(end func(brokerName string, n *node) bool) []Removed {
	t.mu.Lock()
	defer t.mu.Unlock()
	var removed []Removed
	for name, s := range t.shards {
		for id, n := range s.nodes {
			if end(name, n) {
				removed = append(removed, Removed{name, id, n.Addr})
				t.drop(s, id)
			}
		}
		if len(s.nodes) == 0 {
			delete(t.shards, name)
			t.dropTopics(name)
		}
	}
	return removed
}

func (t *Table) put(s *shard, n *node) {
	if s.nodes[n.BrokerID] == nil {
		t.nodes++
	}
	s.nodes[n.BrokerID] = n
}

func (t *Table) drop(s *shard, id int64) {
	delete(s.nodes, id)
	t.nodes--
}
