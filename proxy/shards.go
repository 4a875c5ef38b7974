package proxy

import (
	"context"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"gantry/membership"
	"gantry/membership/nameserver"
	"gantry/proxy/route"
	"gantry/proxy/session"
	"gantry/proxy/upstream"
	"gantry/remoting"
)

// shards are the copies of shards that this proxy serves, each on its own ports.
// A port opens when its shard's slot is first known and stays: slots never
// change meaning, and while a node is away its clients' requests wait.
type shards struct {
	config   Config
	conns    *remoting.Server
	budget   *upstream.Budget
	cluster  *session.Cluster  // who comes to the one address of all, with routeMode=shared
	onServed func(route.Slots) // told which slots are served where that is news; must not block

	mu         sync.Mutex                // guards what follows; held while ports open, so that two registrations open none twice
	registered func() []nameserver.Shard // asks for the registrations
	copies     map[copyID]*shardCopy
	trouble    map[copyID]error // why a copy is not served
	served     route.Slots      // as told
	closed     bool

	stop    chan struct{}
	running sync.WaitGroup
}

type copyID struct {
	brokerName string
	brokerID   int64
}

// shardCopy is one copy of a shard behind one port and its VIP port.
type shardCopy struct {
	slot      int
	port      int
	listeners []net.Listener
	node      *upstream.Node
}

func newShards(config Config, conns *remoting.Server, onServed func(route.Slots)) *shards {
	s := &shards{config: config, conns: conns, onServed: onServed, budget: upstream.NewBudget(config.Log, config.Bounds),
		copies: map[copyID]*shardCopy{}, trouble: map[copyID]error{}, stop: make(chan struct{})}
	s.cluster = session.NewCluster(config.Log, s.budget, ruleOf)
	s.running.Go(s.retryPorts)
	return s
}

// port is where a copy is served now.
func (s *shards) port(brokerName string, brokerID int64) (port int, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.copies[copyID{brokerName, brokerID}]
	if c == nil || len(c.listeners) == 0 {
		return 0, false
	}
	return c.port, true
}

// reconcile opens what the registrations ask for; registered is asked for them
// once no other call is under way, so that the latest answer counts. Ports that
// are left close before others open: two shards may exchange theirs.
func (s *shards) reconcile(registered func() []nameserver.Shard) {
	if s.config.RouteMode == DirectRoutes {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.registered = registered
	wanted := s.wanted(registered())
	for _, w := range wanted {
		if c := s.copies[w.id]; c != nil && c.port != w.port {
			c.leavePorts()
		}
	}
	before := s.trouble
	s.trouble = map[copyID]error{}
	for _, w := range wanted {
		if err := s.serve(w); err != nil {
			s.note(w.id, err, before[w.id])
		}
	}
	s.share()
	s.tellServed()
}

// wanted is a copy that is to be served: where, and where its node is.
type wanted struct {
	id      copyID
	cluster string
	slot    int
	port    int
	err     error // why there is no port for it
	addr    string
}

func (s *shards) wanted(all []nameserver.Shard) (list []wanted) {
	for _, shard := range all {
		for _, n := range shard.Nodes {
			if !n.Gateway || shard.Slot == membership.NoSlot {
				continue
			}
			port, err := route.Port(s.config.GatewayBasePort, shard.Slot, n.BrokerID)
			list = append(list, wanted{copyID{shard.BrokerName, n.BrokerID}, shard.Cluster, shard.Slot, port, err, n.Addr})
		}
	}
	return list
}

// note keeps why a copy is not served and logs it where it is news.
func (s *shards) note(id copyID, err, before error) {
	s.trouble[id] = err
	if before == nil || before.Error() != err.Error() {
		s.config.Log.Error("shard not served, trying again every second", "broker_name", id.brokerName, "broker_id", id.brokerID, "err", err)
	}
}

func (s *shards) serve(w wanted) error {
	if w.err != nil {
		return w.err
	}
	c := s.copies[w.id]
	if c == nil {
		c = &shardCopy{node: s.open(w)}
		s.copies[w.id] = c
	}
	c.slot, c.port = w.slot, w.port
	c.node.Move(w.addr)
	if len(c.listeners) > 0 {
		return nil
	}
	listeners, err := s.listen(w.port)
	if err != nil {
		return err
	}
	c.listeners = listeners
	for _, l := range listeners {
		s.conns.Serve(l, func(conn *remoting.Conn) remoting.FrameHandler { return session.Open(conn, c.node, policyOf) })
	}
	s.config.Log.Info("shard served", "broker_name", w.id.brokerName, "broker_id", w.id.brokerID, "port", w.port)
	return nil
}

func (s *shards) open(w wanted) *upstream.Node {
	return upstream.Open(upstream.Config{ProxyID: s.config.ProxyID, Cluster: w.cluster, ClusterKey: s.config.ClusterKey,
		GatewayAddr: func() string { return s.gatewayAddr(w.id) },
		Dial:        s.config.Dial, Log: s.config.Log, RetryMillis: s.config.RetryMillis, Budget: s.budget}, w.id.brokerName, w.addr)
}

// gatewayAddr is what a copy is told of itself: where the cluster's clients reach
// it, be it through another proxy; "" where nobody set that.
func (s *shards) gatewayAddr(id copyID) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.copies[id]
	if s.config.AdvertiseAddr == "" || c == nil {
		return ""
	}
	return net.JoinHostPort(s.config.AdvertiseAddr, strconv.Itoa(c.port))
}

// awaitStep is how finely the readiness of a shard is looked for.
const awaitStep = 2 * time.Millisecond

// await returns when a copy is served and its node joined; what keeps it from
// that is the error once ctx ends.
func (s *shards) await(ctx context.Context, id copyID) error {
	look := time.NewTicker(awaitStep)
	defer look.Stop()
	for {
		c, trouble := s.look(id)
		if trouble != nil {
			return trouble
		}
		if c != nil && c.node.Joined() {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// look returns a copy whose ports are open, or why there is none.
func (s *shards) look(id copyID) (*shardCopy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.copies[id]
	if c == nil || len(c.listeners) == 0 {
		return nil, s.trouble[id]
	}
	return c, nil
}

// settle refuses further requests and waits until no client waits for an answer
// that is no pull's, and the nodes have taken all that was sent.
func (s *shards) settle(ctx context.Context) {
	all := s.all()
	for _, c := range all {
		c.node.Drain()
	}
	for _, c := range all {
		c.node.Settled(ctx)
	}
	for _, c := range all {
		c.node.Finish(ctx)
	}
}

func (s *shards) all() []*shardCopy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.copies))
}

// close lets go of every node; none is reached again.
func (s *shards) close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.stop)
	}
	s.mu.Unlock()
	s.running.Wait()
	for _, c := range s.all() {
		c.node.Close()
	}
}
