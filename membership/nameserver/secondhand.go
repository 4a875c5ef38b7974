package nameserver

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"gantry/membership"
	"gantry/remoting/protocol"
)

// Name servers tell each other what they know, so that one that has just started
// gives complete routes before any node has found it. What was heard so is
// second-hand: it serves routes, yields to the node's own registration, and ends
// when the node has renewed with nobody for as long as registrations last. Ages
// travel, not times: clocks need not agree.

// account is one name server's knowledge as another may take it over.
type account struct {
	Shards []accountShard
	Ended  []accountEnd
	KV     []kvItem
}

type accountShard struct {
	BrokerName, Cluster, ZoneName string
	ActingMaster                  bool

	Slot   membership.SlotClaim // recorded by the node SlotBy; NoSlot where none is
	SlotBy int64

	Nodes  []accountNode
	Topics []accountTopic
	Perm   permChange
}

type accountNode struct {
	Node
	Version     protocol.DataVersion
	AgeMillis   int64 // since it was renewed
	LastsMillis int64 // without renewal; 0: usual
}

type accountTopic struct {
	Name                    string
	ReadQueues, WriteQueues int32
	Perm, SysFlag           int32
	Static                  []byte // of a static topic of 5.x
}

// accountEnd is a registration that ended there: who knows of it only
// second-hand has reason to ask the node.
type accountEnd struct {
	Registered NodeAddr
	AgeMillis  int64
}

// account is everything known now.
func (t *Table) account(now time.Time) account {
	t.mu.RLock()
	defer t.mu.RUnlock()
	byName := map[string]*accountShard{}
	for name, s := range t.shards {
		byName[name] = t.accountShard(name, s, now)
	}
	for topic, byShard := range t.topics {
		for name, q := range byShard {
			of := byName[name]
			of.Topics = append(of.Topics, accountTopic{topic, q.ReadQueueNums, q.WriteQueueNums, q.Perm, q.TopicSysFlag, q.static})
		}
	}
	var a account
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		a.Shards = append(a.Shards, *byName[name])
	}
	for end, at := range t.ended {
		a.Ended = append(a.Ended, accountEnd{end, now.Sub(at).Milliseconds()})
	}
	return a
}

func (t *Table) accountShard(name string, s *shard, now time.Time) *accountShard {
	a := &accountShard{BrokerName: name, Cluster: s.cluster, ZoneName: s.zone, ActingMaster: s.acting, Perm: t.perms[name]}
	a.Slot, a.SlotBy = t.slots.recorded(name)
	for _, n := range s.nodes {
		a.Nodes = append(a.Nodes, accountNode{n.Node, n.version, now.Sub(n.renewed).Milliseconds(), n.lasts.Milliseconds()})
	}
	return a
}

// Merged is what the table made of another's account.
type Merged struct {
	Taken         []NodeAddr // registrations that were unknown
	Doubtful      []NodeAddr // second-hand here, ended there
	ShardsChanged bool       // an address or a slot is not what it was
}

// merge takes over what the table does not know better; registrations last for
// usual where their node has stated nothing.
func (t *Table) merge(a account, usual time.Duration, now time.Time) (m Merged) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, shard := range a.Shards {
		t.mergeShard(&m, shard, usual, now)
	}
	for _, end := range a.Ended {
		at := now.Add(-time.Duration(end.AgeMillis) * time.Millisecond)
		if n := t.node(end.Registered.NodeID); n != nil && n.secondHand && n.Addr == end.Registered.Addr && n.renewed.Before(at) {
			m.Doubtful = append(m.Doubtful, end.Registered)
		}
	}
	return m
}

func (t *Table) mergeShard(m *Merged, a accountShard, usual time.Duration, now time.Time) {
	slices.SortFunc(a.Nodes, func(x, y accountNode) int { return cmp.Compare(x.BrokerID, y.BrokerID) })
	slotBefore := t.slots.advertised(a.BrokerName)
	for i, n := range a.Nodes {
		heard := n.node(now)
		if !t.wants(a.BrokerName, heard, usual, now) {
			continue
		}
		r := a.registration(n, i == 0)
		s, err := t.shardFor(r)
		if err != nil {
			return
		}
		before := s.nodes[n.BrokerID]
		t.put(s, heard)
		if s.believed().BrokerID == n.BrokerID {
			t.putTopics(s, r, before == nil || before.version != heard.version)
		}
		if before == nil {
			m.Taken = append(m.Taken, NodeAddr{NodeID{a.BrokerName, n.BrokerID}, n.Addr})
		}
		m.ShardsChanged = m.ShardsChanged || before == nil || before.Node != heard.Node
		if n.Gateway && a.Slot.Slot != membership.NoSlot && t.bounds.Slots > 0 {
			t.slots.register(statement{a.BrokerName, a.SlotBy, a.Slot, now}, false) // a refusal is told to the node itself
		}
	}
	t.mergePerm(a.BrokerName, a.Perm)
	m.ShardsChanged = m.ShardsChanged || slotBefore != t.slots.advertised(a.BrokerName)
}

// freshening is by how much a second-hand registration must have been renewed
// later to be taken again: what it takes to arrive makes nothing younger, however
// often it goes round.
const freshening = time.Second

// wants says whether a node that was heard of is news.
func (t *Table) wants(brokerName string, heard *node, usual time.Duration, now time.Time) bool {
	if now.Sub(heard.renewed) > cmp.Or(heard.lasts, usual) {
		return false
	}
	id := NodeAddr{NodeID{brokerName, heard.BrokerID}, heard.Addr}
	if at, ended := t.ended[id]; ended && !heard.renewed.After(at) {
		return false
	}
	s := t.shards[brokerName]
	if s == nil {
		return true
	}
	for _, n := range s.nodes {
		if !n.secondHand && (n.BrokerID == heard.BrokerID || n.Addr == heard.Addr) {
			return false
		}
	}
	known := s.nodes[heard.BrokerID]
	return known == nil || heard.renewed.Sub(known.renewed) > freshening && heard.version.StateVersion >= known.version.StateVersion
}

func (a accountNode) node(now time.Time) *node {
	return &node{Node: a.Node, version: a.Version, secondHand: true,
		renewed: now.Add(-time.Duration(max(a.AgeMillis, 0)) * time.Millisecond),
		lasts:   time.Duration(a.LastsMillis) * time.Millisecond}
}

// registration is what n has stated; the topics are those of the first copy,
// whose word counts.
func (a *accountShard) registration(n accountNode, first bool) membership.Registration {
	r := membership.Registration{Cluster: a.Cluster, BrokerName: a.BrokerName, BrokerID: n.BrokerID, Addr: n.Addr,
		EnableActingMaster: a.ActingMaster, ZoneName: a.ZoneName}
	if !first {
		return r
	}
	r.Topics, r.StaticTopics = map[string]protocol.TopicConfig{}, map[string]json.RawMessage{}
	for _, c := range a.Topics {
		r.Topics[c.Name] = protocol.TopicConfig{TopicName: c.Name, ReadQueueNums: c.ReadQueues, WriteQueueNums: c.WriteQueues,
			Perm: c.Perm, TopicSysFlag: c.SysFlag}
		if c.Static != nil {
			r.StaticTopics[c.Name] = c.Static
		}
	}
	return r
}

func (t *Table) node(id NodeID) *node {
	if s := t.shards[id.BrokerName]; s != nil {
		return s.nodes[id.BrokerID]
	}
	return nil
}

// noteEnd keeps a registration's end in mind, for as long as others may still
// tell of the time before; Bounds.Nodes bounds them too.
func (t *Table) noteEnd(n NodeAddr, now time.Time) {
	if len(t.ended) < t.bounds.Nodes {
		t.ended[n] = now
	}
}

func (t *Table) forgetEnded(now time.Time, usual time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.ended, func(_ NodeAddr, at time.Time) bool { return now.Sub(at) > usual })
}
