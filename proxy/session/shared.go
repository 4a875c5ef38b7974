package session

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"gantry/proxy/upstream"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Shared is one connection of a client to the one address of all shards
// (routeMode=shared). It has a session with every shard that it talks to, and,
// from its first heartbeat on, with all of them. It is the connection's
// FrameHandler.
type Shared struct {
	conn    *remoting.Conn
	cluster *Cluster
	share   *upstream.Share
	beats   beats

	mu       sync.Mutex // guards all below
	sessions map[*upstream.Node]*upstream.Session
	beat     []byte          // the last heartbeat's frame
	asked    map[int32]*side // whose questions, by opaque, the client has not answered
	closed   bool
}

// askedBound is how many questions of nodes may be unanswered; the answers to
// more find nobody who waits.
const askedBound = 1024

// OpenShared makes conn a client of all shards.
func OpenShared(conn *remoting.Conn, cluster *Cluster) *Shared {
	c := &Shared{conn: conn, cluster: cluster, share: cluster.budget.Share(),
		sessions: map[*upstream.Node]*upstream.Session{}, asked: map[int32]*side{}}
	cluster.join(c)
	return c
}

// question is a client's request on its way to a place.
type question struct {
	sum   remoting.Summary
	rule  Rule
	frame []byte // borrowed
}

// placing says per Place where a request goes.
var placing = map[Place]func(*Shared, question){
	ByName:      (*Shared).byName,
	ByShortName: (*Shared).byShortName,
	ByBody:      (*Shared).byBody,
	Everywhere:  (*Shared).everywhere,
	Anywhere:    (*Shared).anywhere,
	Merged:      (*Shared).merged,
}

// Frame implements remoting.FrameHandler.
func (c *Shared) Frame(_, frame []byte) error {
	sum, err := remoting.Summarize(frame)
	if err != nil {
		return err
	}
	if sum.IsResponse() {
		c.answer(sum, frame)
		return nil
	}
	q := question{sum, c.cluster.ruleOf(sum.Code), frame}
	placing[q.rule.Place](c, q)
	return nil
}

func (c *Shared) byName(q question) {
	if !c.toNamed(q, "bname") {
		c.refuse(q, nameless)
	}
}

func (c *Shared) byShortName(q question) {
	if !c.toNamed(q, "n") {
		c.byName(q)
	}
}

// nameless is the remark to a request that states no broker.
const nameless = "with routeMode=shared the proxy finds a request's shard by the broker name in it, and this one has none: " +
	"use a Java client of 4.9.5 or later, the shard's own port, or proxies with routeMode=gateway"

// toNamed sends a request to the broker that a field of its header names; it is
// false where there is no such field.
func (c *Shared) toNamed(q question, field string) bool {
	name, stated := remoting.Lookup(q.frame, field)
	if stated {
		c.toShard(q, string(name))
	}
	return stated
}

func (c *Shared) toShard(q question, brokerName string) {
	if n := c.cluster.node(brokerName); n != nil {
		c.to(n, q, nil)
		return
	}
	c.refuse(q, fmt.Sprintf("no storage node of %s is known to the proxy", brokerName))
}

// to sends a request to a node; done, where it is not nil, is given the answer.
func (c *Shared) to(n *upstream.Node, q question, done upstream.Done) {
	s, err := c.session(n)
	switch {
	case err == nil:
		s.RequestFor(q.sum, q.rule.Policy, q.frame, done)
	case done != nil && !q.sum.IsOneway():
		done(refusal(q, protocol.SystemBusy, err.Error()))
	default:
		c.answerWith(q, protocol.SystemBusy, err.Error())
	}
}

func (c *Shared) byBody(q question) {
	if c.toNamed(q, "bname") {
		return
	}
	var body protocol.LockBatchRequestBody
	if err := body.Decode(remoting.BodyOf(q.frame)); err != nil {
		c.refuse(q, err.Error())
		return
	}
	names := map[string]bool{}
	for _, mq := range body.MQSet {
		names[mq.BrokerName] = true
	}
	if len(names) > 1 {
		c.refuse(q, fmt.Sprintf("the queues are of several brokers, %q: ask for those of each apart", slices.Sorted(maps.Keys(names))))
		return
	}
	for name := range names {
		c.toShard(q, name)
		return
	}
	c.anywhere(q) // nothing asked for is the same of everyone
}

func (c *Shared) anywhere(q question) {
	if all := reachable(c.cluster.nodes()); len(all) > 0 {
		c.to(all[0], q, nil)
		return
	}
	c.refuse(q, noShards)
}

// noShards is the remark of a proxy with which no node has registered.
const noShards = "no storage node is known to the proxy"

// refuse answers a request that cannot be placed, where a client may be answered,
// and logs it.
func (c *Shared) refuse(q question, remark string) {
	c.cluster.tell(q.sum, c.conn, remark)
	c.answerWith(q, protocol.SystemError, remark)
}

func (c *Shared) answerWith(q question, code int32, remark string) {
	if !q.sum.IsOneway() && q.rule.OnLoss != upstream.Silence {
		c.conn.Send(refusal(q, code, remark))
	}
}

func refusal(q question, code int32, remark string) []byte {
	return remoting.AppendResponse(nil, q.sum.Kind, q.sum.Opaque, &remoting.Response{Code: code, Remark: remark})
}

// session is the client's with a node; its error says why there is none.
func (c *Shared) session(n *upstream.Node) (*upstream.Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open(n)
}

// open is session; mu is held.
func (c *Shared) open(n *upstream.Node) (*upstream.Session, error) {
	if s := c.sessions[n]; s != nil {
		return s, nil
	}
	if c.closed {
		return nil, remoting.ErrClosed
	}
	at := &side{client: c}
	s, err := n.Session(at, upstream.Options{Registered: c.beat, Hurried: true})
	if err != nil {
		return nil, err
	}
	at.session.Store(s)
	c.sessions[n] = s
	return s, nil
}

// introduce lets a node know of a client that has sent a heartbeat.
func (c *Shared) introduce(n *upstream.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.beat != nil && !c.closed {
		c.open(n)
	}
}

// answer forwards the client's answer to the node that asked.
func (c *Shared) answer(sum remoting.Summary, frame []byte) {
	c.mu.Lock()
	at := c.asked[sum.Opaque]
	delete(c.asked, sum.Opaque)
	c.mu.Unlock()
	if at == nil {
		return
	}
	if s := at.session.Load(); s != nil {
		s.Answer(frame)
	}
}

// Closed implements remoting.FrameHandler.
func (c *Shared) Closed() {
	c.cluster.leave(c)
	c.mu.Lock()
	c.closed = true
	all := c.sessions
	c.sessions = map[*upstream.Node]*upstream.Session{}
	c.mu.Unlock()
	for _, s := range all {
		s.Close()
	}
}

// remember keeps a heartbeat for nodes that come to know the client later.
func (c *Shared) remember(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.beat = bytes.Clone(frame)
}

// addresses are the client's own and the one it connected to.
func (c *Shared) addresses() (remote, local netip.AddrPort) {
	return c.conn.RemoteAddr(), c.conn.LocalAddr()
}
