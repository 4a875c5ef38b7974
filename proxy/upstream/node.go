package upstream

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gantry/remoting/envelope"
)

// Node is a storage node as a proxy reaches it. It dials again for as long as it
// is open, and announces every session anew each time.
type Node struct {
	name   string // for logs: the shard's brokerName
	group  string // what the node knows its connections by, through all joinings
	config Config
	tell   teller // keepJoined's

	mu           sync.RWMutex // guards all below; taken inside a session's lock, never around one
	addr         string
	interrupt    context.CancelCauseFunc // ends the attempt under way
	current      *join                   // nil while the node cannot be used
	sessions     map[uint64]*Session
	lastSession  uint64
	waitingBytes int
	backlog      map[envelope.Class][]*Session // those that fell behind, in turn
	lastTrouble  error

	largeFrames sync.Pool // of *[]byte: copies for requests in flight

	draining atomic.Bool   // further requests are refused
	parked   chan struct{} // something began to wait
	cancel   context.CancelCauseFunc
	running  sync.WaitGroup
}

// Open starts reaching the node at addr.
func Open(config Config, name, addr string) *Node {
	ctx, cancel := context.WithCancelCause(context.Background())
	config = config.withDefaults()
	n := &Node{name: name, group: config.ProxyID + "/" + rand.Text(), addr: addr, config: config, tell: newTeller(config.Log.With("broker_name", name)),
		sessions: map[uint64]*Session{}, backlog: map[envelope.Class][]*Session{}, interrupt: func(error) {},
		parked: make(chan struct{}, 1), cancel: cancel, lastTrouble: errors.New("not connected yet")}
	n.running.Go(func() { n.keepJoined(ctx) })
	n.running.Go(func() { n.expireWaiting(ctx) })
	return n
}

// ErrClosed ends what a closed node had under way.
var ErrClosed = errors.New("the proxy lets go of this storage node")

// Move lets the next connections go to addr; present ones to elsewhere end.
func (n *Node) Move(addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.addr == addr {
		return
	}
	n.addr = addr
	n.interrupt(fmt.Errorf("the storage node is at %s now", addr))
}

// Drain refuses further requests: clients before 5.x give up at once on a
// request that is answered, and after 30 s on one that is not.
func (n *Node) Drain() { n.draining.Store(true) }

// Settled waits until the node has answered every request but pulls, or ctx
// ends.
func (n *Node) Settled(ctx context.Context) {
	look := time.NewTicker(settleStep)
	defer look.Stop()
	for n.unsettled() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// Finish returns when the node has taken all that was sent to it, oneway requests
// too, or ctx ends. Nothing may be sent any more.
func (n *Node) Finish(ctx context.Context) {
	n.mu.RLock()
	j := n.current
	n.mu.RUnlock()
	if j != nil {
		j.finish(ctx)
	}
}

func (n *Node) unsettled() bool {
	return slices.ContainsFunc(n.snapshot(), (*Session).unsettled)
}

// Close ends every connection and answers what still waits, held pulls too. It
// returns when its goroutines have.
func (n *Node) Close() {
	n.Drain()
	n.cancel(ErrClosed)
	n.running.Wait()
	for _, s := range n.snapshot() {
		s.refuseWaiting()
	}
}

// Session opens a virtual channel for a client; its error says which bound
// forbids that.
func (n *Node) Session(client Client, o Options) (*Session, error) {
	if busy := n.config.Budget.openSession(); busy != "" {
		return nil, errors.New(busy)
	}
	n.mu.Lock()
	n.lastSession++
	s := &Session{id: n.lastSession, node: n, client: client, share: client.Share(), hurried: o.Hurried,
		inFlight: map[uint64]*request{}}
	if o.Hurried {
		s.behind = map[envelope.Class]bool{}
	}
	if o.Registered != nil {
		s.registered = [][]byte{o.Registered}
	}
	n.sessions[s.id] = s
	j := n.current
	n.mu.Unlock()
	if j != nil {
		s.announce(j)
	}
	return s, nil
}

func (n *Node) snapshot() []*Session {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return slices.SortedFunc(maps.Values(n.sessions), func(a, b *Session) int { return cmp.Compare(a.id, b.id) })
}

func (n *Node) session(id uint64) *Session {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.sessions[id]
}

func (n *Node) forget(s *Session) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sessions[s.id] != nil {
		delete(n.sessions, s.id)
		n.config.Budget.sessions.give(1)
	}
}

// Budget is what the clients of the node share.
func (n *Node) Budget() *Budget { return n.config.Budget }

// patience is how long a client waits for a node that does not read.
func (n *Node) patience() time.Duration {
	return time.Duration(n.config.RetryMillis) * time.Millisecond
}

// Joined reports whether requests reach the node.
func (n *Node) Joined() bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.current != nil
}

func (n *Node) isCurrent(j *join) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.current == j
}

func (n *Node) setTrouble(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lastTrouble = err
}

func (n *Node) trouble() string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.current != nil {
		return "it is connected and does not answer"
	}
	return n.lastTrouble.Error()
}
