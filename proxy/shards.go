package proxy

import (
	"fmt"
	"net"
	"strconv"
	"sync"

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
	config Config
	conns  *remoting.Server

	mu     sync.Mutex // guards copies; held while ports open, so that two registrations open none twice
	copies map[copyID]*shardCopy
}

type copyID struct {
	brokerName string
	brokerID   int64
}

// shardCopy is one copy of a shard behind one port.
type shardCopy struct {
	port int
	node *upstream.Node
}

func newShards(config Config, conns *remoting.Server) *shards {
	return &shards{config: config, conns: conns, copies: map[copyID]*shardCopy{}}
}

func (s *shards) serving(brokerName string, brokerID int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.copies[copyID{brokerName, brokerID}] != nil
}

// reconcile opens what the registrations ask for.
func (s *shards) reconcile(all []nameserver.Shard) {
	if s.config.RouteMode != GatewayRoutes {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, shard := range all {
		for _, n := range shard.Nodes {
			if !n.Gateway || shard.Slot == membership.NoSlot {
				continue
			}
			if err := s.serve(shard, n); err != nil {
				s.config.Log.Error("shard not served", "broker_name", shard.BrokerName, "broker_id", n.BrokerID, "err", err)
			}
		}
	}
}

func (s *shards) serve(shard nameserver.Shard, n nameserver.Node) error {
	id := copyID{shard.BrokerName, n.BrokerID}
	port, err := route.Port(s.config.GatewayBasePort, shard.Slot, n.BrokerID)
	if err != nil {
		return err
	}
	if known := s.copies[id]; known != nil {
		if known.port != port {
			return fmt.Errorf("it moved from port %d to %d while the proxy runs: restart the proxy", known.port, port)
		}
		known.node.Move(n.Addr)
		return nil
	}
	listeners, err := s.listen(port)
	if err != nil {
		return err
	}
	c := &shardCopy{port: port, node: s.open(shard.BrokerName, n.Addr)}
	for _, l := range listeners {
		s.conns.Serve(l, func(conn *remoting.Conn) remoting.FrameHandler {
			return session.Open(conn, c.node, policyOf)
		})
	}
	s.copies[id] = c
	s.config.Log.Info("shard served", "broker_name", shard.BrokerName, "broker_id", n.BrokerID, "port", port, "addr", n.Addr)
	return nil
}

// listen opens a copy's port and its VIP port.
func (s *shards) listen(port int) ([]net.Listener, error) {
	var open []net.Listener
	for _, p := range []int{port, route.VIP(port)} {
		l, err := net.Listen("tcp", net.JoinHostPort(s.config.BindAddress, strconv.Itoa(p)))
		if err != nil {
			for _, l := range open {
				l.Close()
			}
			return nil, err
		}
		open = append(open, l)
	}
	return open, nil
}

func (s *shards) open(brokerName, addr string) *upstream.Node {
	return upstream.Open(upstream.Config{ProxyID: s.config.ProxyID, ClusterKey: s.config.ClusterKey,
		Dial: s.config.Dial, Log: s.config.Log, RetryMillis: s.config.RetryMillis}, brokerName, addr)
}

func (s *shards) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.copies {
		c.node.Close()
	}
}
