package nameserver

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"gantry/remoting"
)

// suspects are the nodes that are asked whether they live, a goroutine for each.
type suspects struct {
	mu      sync.Mutex // guards what follows
	watched map[NodeID]context.CancelFunc
	once    map[NodeID]context.CancelFunc // those whose registration has ended elsewhere
	closed  bool
}

func newSuspects() suspects {
	return suspects{watched: map[NodeID]context.CancelFunc{}, once: map[NodeID]context.CancelFunc{}}
}

// Suspect says which nodes gossip has lost sight of, all of them with each call.
// Each is asked, over the connection that it registered on and at its address,
// as long as it is among them; one that stays silent loses its registration.
func (s *Server) Suspect(nodes []NodeID) {
	s.suspects.mu.Lock()
	defer s.suspects.mu.Unlock()
	named := map[NodeID]bool{}
	for _, id := range nodes[:min(len(nodes), s.config.MaxNodes)] {
		named[id] = true
		if s.suspects.watched[id] == nil && !s.suspects.closed {
			s.suspects.watched[id] = s.ask(func(ctx context.Context) { s.watch(ctx, id) })
		}
	}
	maps.DeleteFunc(s.suspects.watched, func(id NodeID, cancel context.CancelFunc) bool {
		if !named[id] {
			cancel()
		}
		return !named[id]
	})
}

// doubt asks nodes once each whose registration has ended elsewhere.
func (s *Server) doubt(nodes []NodeAddr) {
	s.suspects.mu.Lock()
	defer s.suspects.mu.Unlock()
	for _, n := range nodes {
		if s.suspects.once[n.NodeID] == nil && !s.suspects.closed {
			s.suspects.once[n.NodeID] = s.ask(func(ctx context.Context) { s.settleOnce(ctx, n.NodeID) })
		}
	}
}

func (s *Server) settleOnce(ctx context.Context, id NodeID) {
	s.settle(ctx, id)
	s.suspects.mu.Lock()
	defer s.suspects.mu.Unlock()
	s.suspects.once[id]()
	delete(s.suspects.once, id)
}

// ask runs how in the background until it is cancelled.
func (s *Server) ask(how func(context.Context)) context.CancelFunc {
	ctx, cancel := context.WithCancel(context.Background())
	s.running.Go(func() { how(ctx) })
	return cancel
}

func (s *Server) closeSuspects() {
	s.suspects.mu.Lock()
	defer s.suspects.mu.Unlock()
	s.suspects.closed = true
	for _, asked := range []map[NodeID]context.CancelFunc{s.suspects.watched, s.suspects.once} {
		for _, cancel := range asked {
			cancel()
		}
	}
}

// watch settles one doubt after the other until ctx ends.
func (s *Server) watch(ctx context.Context, id NodeID) {
	for again := time.Duration(0); pause(ctx, again); {
		again = s.settle(ctx, id)
	}
}

// settle asks until it is known whether a node lives; it returns when to do so
// again.
func (s *Server) settle(ctx context.Context, id NodeID) time.Duration {
	var d doubt
	for {
		asked := time.Now()
		found := s.find(ctx, id)
		withdraw, again := d.weigh(found, asked, time.Now())
		switch {
		case ctx.Err() != nil:
			return 0
		case withdraw:
			s.withdraw(id, d.since)
			return again
		case d.since.IsZero():
			return again
		}
		if !pause(ctx, again) {
			return 0
		}
	}
}

func (s *Server) find(ctx context.Context, id NodeID) finding {
	addr, owner, ok := s.table.whereabouts(id)
	if !ok {
		return absent
	}
	ctx, cancel := context.WithTimeoutCause(ctx, pingFails, errSilent)
	defer cancel()
	if s.ping(ctx, addr, owner) {
		return answers
	}
	return silent
}

var errSilent = errors.New("gossip lost sight of the node, and it answers nothing")

// withdraw ends a registration that was not renewed after since, and its
// connection: a node that lives after all registers again at once.
func (s *Server) withdraw(id NodeID, since time.Time) {
	_, owner, ok := s.table.whereabouts(id)
	gone := s.table.Withdraw(id, since, time.Now())
	s.removed(gone, "broker withdrawn: gossip lost sight of it, and it answers nothing")
	if ok && owner != nil && len(gone) > 0 {
		owner.Close(errSilent)
	}
}

// codePing is a request that no broker knows: that it says so shows it alive.
const codePing = 19010

// ping asks over the registration's own connection, where there is one, and over
// a new one; the first answer counts, whatever it says.
func (s *Server) ping(ctx context.Context, addr string, owner *remoting.Channel) bool {
	ctx, cancel := context.WithCancel(ctx)
	answered := make(chan bool, 2)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	asking.Go(func() { answered <- owner != nil && invoke(ctx, owner) })
	asking.Go(func() { answered <- s.dialAndPing(ctx, addr) })
	return <-answered || <-answered
}

type invoker interface {
	Invoke(context.Context, *remoting.Request) (*remoting.Command, error)
}

func invoke(ctx context.Context, peer invoker) bool {
	_, err := peer.Invoke(ctx, &remoting.Request{Code: codePing})
	return err == nil
}

func (s *Server) dialAndPing(ctx context.Context, addr string) bool {
	c, err := remoting.Dial(ctx, s.config.Dial, addr, remoting.Limits{}, nil)
	if err != nil {
		return false
	}
	defer c.Close()
	return invoke(ctx, c)
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// whereabouts are a registration's address and the connection that it came on.
func (t *Table) whereabouts(id NodeID) (addr string, owner *remoting.Channel, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := t.node(id)
	if n == nil {
		return "", nil, false
	}
	return n.Addr, n.owner, true
}

// Withdraw ends a node's registration unless it was renewed after since.
func (t *Table) Withdraw(id NodeID, since, now time.Time) []NodeAddr {
	return t.remove(now, func(name string, n *node) bool {
		return name == id.BrokerName && n.BrokerID == id.BrokerID && !n.renewed.After(since)
	})
}
