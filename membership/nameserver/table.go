package nameserver

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

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
	former  []*remoting.Channel // owners before it whose connections are open still
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
	defer t.forgetFormer(owner)
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
