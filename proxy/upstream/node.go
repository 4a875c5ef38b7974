package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Node is a storage node as a proxy reaches it. It dials again for as long as it
// is open, and announces every session anew each time.
type Node struct {
	name   string // for logs: the shard's brokerName
	config Config
	tell   teller // keepJoined's

	mu           sync.RWMutex // guards all below; taken inside a session's lock, never around one
	addr         string
	interrupt    context.CancelCauseFunc // ends the attempt under way
	current      *join                   // nil while the node cannot be used
	sessions     map[uint64]*Session
	lastSession  uint64
	waitingBytes int
	lastTrouble  error

	draining atomic.Bool
	parked   chan struct{} // something began to wait
	cancel   context.CancelCauseFunc
	running  sync.WaitGroup
}

// Open starts reaching the node at addr.
func Open(config Config, name, addr string) *Node {
	ctx, cancel := context.WithCancelCause(context.Background())
	config = config.withDefaults()
	n := &Node{name: name, addr: addr, config: config, tell: newTeller(config.Log.With("broker_name", name)),
		sessions: map[uint64]*Session{}, interrupt: func(error) {},
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
		s.announce(j)
	}
	return s
}

func (n *Node) keepJoined(ctx context.Context) {
	pause := firstPause
	for attempt := 1; ctx.Err() == nil; attempt++ {
		if steady := n.attempt(ctx, attempt, pause); steady {
			pause = firstPause
		} else {
			pause = min(2*pause, lastPause)
		}
	}
}

// attempt joins the node where it is now, holds on to it, and pauses. It
// reports whether that went well for a while.
func (n *Node) attempt(ctx context.Context, number int, pause time.Duration) (steady bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	j, err := n.join(ctx, n.begin(cancel), number)
	if err == nil {
		err = n.hold(ctx, j)
		steady = j.steady()
	}
	n.setTrouble(err)
	select {
	case <-ctx.Done():
		return true // moved: the other address deserves a prompt first attempt
	case <-time.After(pause):
		return steady
	}
}

// begin notes how the attempt is ended, and returns the address it goes to.
func (n *Node) begin(interrupt context.CancelCauseFunc) (addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.interrupt = interrupt
	return n.addr
}

// join connects, announces every session and lets requests flow.
func (n *Node) join(ctx context.Context, addr string, attempt int) (*join, error) {
	bounded, cancel := context.WithTimeout(ctx, joinBound)
	defer cancel()
	j, err := n.dial(bounded, addr, n.config.ProxyID+"/"+strconv.Itoa(attempt))
	var announced []*Session
	if err == nil {
		announced, err = n.announceAll(bounded, j)
	}
	if err != nil {
		if ctx.Err() == nil {
			n.tell.trouble("storage node not reached", err, "addr", addr)
		}
		return nil, err
	}
	n.tell.joined(addr, len(announced))
	n.enterAll(j, announced)
	return j, nil
}

func (n *Node) announceAll(ctx context.Context, j *join) (announced []*Session, err error) {
	stop := context.AfterFunc(ctx, func() { j.close(context.Cause(ctx)) })
	defer stop()
	for _, s := range n.snapshot() {
		s.announce(j)
		announced = append(announced, s)
		if err := j.control().conn.Hold(); err != nil { // their heartbeats may be more than an outbox takes
			return nil, j.failed(err)
		}
	}
	j.end()
	select {
	case <-j.known:
		return announced, nil
	case err := <-j.ended:
		return nil, j.failed(err)
	}
}

// failed ends a joining before it was one.
func (j *join) failed(err error) error {
	j.close(err)
	return fmt.Errorf("announcing sessions: %w", err)
}

// enterAll opens the flow; a session that came meanwhile is announced first.
func (n *Node) enterAll(j *join, announced []*Session) {
	n.mu.Lock()
	n.current = j
	n.mu.Unlock()
	j.since = time.Now()
	for _, s := range announced {
		s.enter(j)
	}
	for _, s := range n.snapshot() {
		s.announce(j)
	}
}

// hold waits for the joining's end and settles what was under way.
func (n *Node) hold(ctx context.Context, j *join) error {
	why := j.last(ctx)
	if j.steady() {
		n.tell.forget()
	}
	if ctx.Err() == nil {
		n.tell.trouble("storage node lost", why)
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

// steady reports whether a joining lasted; its goroutine is keepJoined's.
func (j *join) steady() bool { return time.Since(j.since) >= steadyAfter }

// last waits for a joining's end.
func (j *join) last(ctx context.Context) error {
	beat := time.NewTicker(beatPeriod)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			j.beat()
		case why := <-j.ended:
			return why
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
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
	delete(n.sessions, s.id)
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
	return n.lastTrouble.Error()
}
