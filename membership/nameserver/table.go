package nameserver

import (
	"cmp"
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
	topics map[string]map[string]queues // topic → brokerName → queues
	perms  map[string]permChange        // by brokerName, while it holds
	slots  *slotTable
	ended  map[NodeAddr]time.Time // when a registration did: what others tell of it from before is no news
}

type shard struct {
	cluster string
	zone    string
	acting  bool // a slave acts for a lost master
	nodes   map[int64]*node
}

type node struct {
	Node
	version protocol.DataVersion
	owner   *remoting.Channel
	renewed time.Time
	lasts   time.Duration // without renewal; 0 for what the name server holds usual

	secondHand bool // told by another name server; it has no owner
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
		topics: map[string]map[string]queues{},
		perms:  map[string]permChange{},
		slots:  newSlotTable(bounds.Slots, bounds.Contest),
		ended:  map[NodeAddr]time.Time{},
	}
}

// Register takes or renews a registration (registerBroker). An address that
// moves to another brokerId, as at a promotion, leaves the former one first; an
// outdated master that comes back under another address is not taken.
// Topics count from the copy that is believed, all of them where its data version
// is not the one known, and else those that are missing: a broker may have told
// of one topic alone, as it does of a new one. They are added and changed, never
// removed: DeleteTopic does that.
func (t *Table) Register(r membership.Registration, owner *remoting.Channel, now time.Time) (Registered, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, err := t.shardFor(r)
	if err != nil {
		return Registered{}, err
	}
	before, slotBefore := s.nodes[r.BrokerID], t.slots.advertised(r.BrokerName)
	done := Registered{First: before == nil || before.Addr != r.Addr}
	if done.First && before != nil && before.version.StateVersion > r.DataVersion.StateVersion {
		return Registered{Slot: membership.NoSlot, Outdated: true}, nil
	}
	t.put(s, newNode(r, owner, now))
	if s.believes(r) {
		t.putTopics(s, r, done.First || before.version != r.DataVersion)
	}
	t.giveSlot(&done, r, now)
	done.ShardsChanged = before == nil || before.Node != s.nodes[r.BrokerID].Node || slotBefore != t.slots.advertised(r.BrokerName)
	if master := s.nodes[masterID]; master != nil && r.BrokerID != masterID {
		done.MasterAddr, done.HAServerAddr = master.Addr, master.HAServerAddr
	}
	return done, nil
}

func newNode(r membership.Registration, owner *remoting.Channel, now time.Time) *node {
	return &node{
		Node:    Node{r.BrokerID, r.Addr, r.HAServerAddr, r.Gateway},
		version: r.DataVersion,
		owner:   owner,
		renewed: now,
		lasts:   time.Duration(r.HeartbeatTimeoutMillis) * time.Millisecond,
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

// Unregister ends a node's registration, whatever its brokerId is now
// (unregisterBroker). Java 4.9 takes the brokerId away whoever has it; here
// another address that has taken it over meanwhile keeps it.
func (t *Table) Unregister(brokerName, addr string, now time.Time) bool {
	removed := t.remove(now, func(name string, n *node) bool { return name == brokerName && n.Addr == addr })
	return len(removed) > 0
}

// Closed ends every registration that came on owner and was not renewed on
// another connection since (onChannelDestroy).
func (t *Table) Closed(owner *remoting.Channel, now time.Time) []NodeAddr {
	return t.remove(now, func(_ string, n *node) bool { return n.owner == owner && !n.secondHand })
}

// Expire ends registrations that were not renewed for as long as their node has
// stated, or for usual where it has stated nothing (scanNotActiveBroker).
func (t *Table) Expire(now time.Time, usual time.Duration) []NodeAddr {
	defer t.forgetEnded(now, usual)
	return t.remove(now, func(_ string, n *node) bool { return now.Sub(n.renewed) > cmp.Or(n.lasts, usual) })
}

// Renew renews a registration and returns the data version known of it; false
// where there is none of its own (updateBrokerInfoUpdateTimestamp,
// queryBrokerTopicConfig).
func (t *Table) Renew(brokerName, addr string, now time.Time) (known protocol.DataVersion, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.shards[brokerName]
	if s == nil {
		return known, false
	}
	for _, n := range s.nodes {
		if n.Addr == addr {
			n.renewed = now
			return n.version, !n.secondHand
		}
	}
	return known, false
}

// Shard returns one shard; false where it has no node.
func (t *Table) Shard(brokerName string) (Shard, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	s := t.shards[brokerName]
	if s == nil {
		return Shard{}, false
	}
	return t.snapshot(brokerName, s), true
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
	out := Shard{Cluster: s.cluster, BrokerName: name, ZoneName: s.zone, ActingMaster: s.acting,
		Slot: t.slots.advertised(name), Nodes: make([]Node, 0, len(s.nodes))}
	for _, n := range s.nodes {
		out.Nodes = append(out.Nodes, n.Node)
	}
	slices.SortFunc(out.Nodes, func(a, b Node) int { return int(min(1, max(-1, a.BrokerID-b.BrokerID))) })
	return out
}

// remove drops the nodes that end picks, and shards and topics without any.
func (t *Table) remove(now time.Time, end func(brokerName string, n *node) bool) []NodeAddr {
	t.mu.Lock()
	defer t.mu.Unlock()
	var removed []NodeAddr
	for name, s := range t.shards {
		before := len(s.nodes)
		for id, n := range s.nodes {
			if end(name, n) {
				gone := NodeAddr{NodeID{name, id}, n.Addr}
				removed = append(removed, gone)
				t.drop(s, id)
				t.noteEnd(gone, now)
			}
		}
		if len(s.nodes) < before {
			t.reduced(name, s)
		}
	}
	return removed
}

// reduced draws the consequences of a node's end.
func (t *Table) reduced(name string, s *shard) {
	if len(s.nodes) == 0 {
		delete(t.shards, name)
		t.dropTopics(name)
		return
	}
	t.wipeWithoutMaster(name, s)
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
