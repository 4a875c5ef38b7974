package upstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Node is a storage node as a proxy reaches it. It dials again for as long as it
// is open, and announces every session anew each time.
type Node struct {
	name   string // for logs: the shard's brokerName
	config Config

	mu           sync.RWMutex // guards all below; taken inside a session's lock, never around one
	addr         string
	current      *join // nil while the node cannot be used
	sessions     map[uint64]*Session
	lastSession  uint64
	waitingBytes int
	lastTrouble  error

	parked  chan struct{} // something began to wait
	cancel  context.CancelCauseFunc
	running sync.WaitGroup
}

// Open starts reaching the node at addr.
func Open(config Config, name, addr string) *Node {
	ctx, cancel := context.WithCancelCause(context.Background())
	n := &Node{name: name, addr: addr, config: config.withDefaults(), sessions: map[uint64]*Session{},
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
	moved := n.addr != addr
	n.addr = addr
	j := n.current
	n.mu.Unlock()
	if moved && j != nil {
		j.close(fmt.Errorf("the storage node is at %s now", addr))
	}
}

func (n *Node) address() string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.addr
}

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

func (n *Node) unsettled() bool {
	return slices.ContainsFunc(n.snapshot(), (*Session).unsettled)
}

// Close ends every session and connection, and returns when its goroutines have.
func (n *Node) Close() {
	n.cancel(ErrClosed)
	n.running.Wait()
}

// Session opens a virtual channel for a client.
func (n *Node) Session(client Client) *Session {
	n.mu.Lock()
	n.lastSession++
	s := &Session{id: n.lastSession, node: n, client: client, inFlight: map[uint64]*request{}}
	n.sessions[s.id] = s
	j := n.current
	n.mu.Unlock()
	if j != nil {
		s.announce(j.control())
	}
	return s
}

func (n *Node) keepJoined(ctx context.Context) {
	pause := firstPause
	for attempt := 1; ctx.Err() == nil; attempt++ {
		j, err := n.join(ctx, attempt)
		if err == nil {
			pause = firstPause
			err = n.hold(ctx, j)
		}
		n.setTrouble(err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			pause = min(2*pause, lastPause)
		}
	}
}

// join connects, announces every session and lets requests flow.
func (n *Node) join(ctx context.Context, attempt int) (*join, error) {
	bounded, cancel := context.WithTimeout(ctx, joinBound)
	defer cancel()
	j, err := n.dial(bounded, n.config.ProxyID+"/"+strconv.Itoa(attempt))
	if err != nil {
		return nil, err
	}
	announced, err := n.announceAll(bounded, j)
	if err != nil {
		j.close(err)
		return nil, err
	}
	n.enterAll(j, announced)
	return j, nil
}

func (n *Node) announceAll(ctx context.Context, j *join) (map[*Session]bool, error) {
	announced := map[*Session]bool{}
	for _, s := range n.snapshot() {
		s.announce(j.control())
		announced[s] = true
	}
	j.end()
	select {
	case <-j.known:
		return announced, nil
	case err := <-j.ended:
		return nil, err
	case <-ctx.Done():
		return nil, fmt.Errorf("announce %d sessions: %w", len(announced), context.Cause(ctx))
	}
}

// enterAll opens the flow; a session that came meanwhile is announced first.
func (n *Node) enterAll(j *join, announced map[*Session]bool) {
	n.mu.Lock()
	n.current = j
	n.mu.Unlock()
	n.config.Log.Info("storage node joined", "broker_name", n.name, "addr", n.address(), "sessions", len(announced))
	for _, s := range n.snapshot() {
		if announced[s] {
			s.enter(j)
		} else {
			s.announce(j.control())
		}
	}
}

// hold waits for the joining's end and settles what was under way.
func (n *Node) hold(ctx context.Context, j *join) error {
	var why error
	select {
	case why = <-j.ended:
		n.config.Log.Warn("storage node lost", "broker_name", n.name, "addr", n.address(), "reason", why)
	case <-ctx.Done():
		why = context.Cause(ctx)
	}
	n.mu.Lock()
	n.current = nil
	n.mu.Unlock()
	j.close(why)
	for _, s := range n.snapshot() {
		s.leave(j, why)
	}
	return why
}

func (n *Node) snapshot() []*Session {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return slices.SortedFunc(maps.Values(n.sessions), func(a, b *Session) int { return int(int64(a.id) - int64(b.id)) })
}

func (n *Node) session(id uint64) *Session {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.sessions[id]
}

func (n *Node) forget(s *Session) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.sessions, s.id)
}

// Joined reports whether requests reach the node.
func (n *Node) Joined() bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.current != nil
}

func (n *Node) setTrouble(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lastTrouble = err
}

func (n *Node) trouble() string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.lastTrouble.Error()
}
