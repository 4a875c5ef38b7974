package session

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"gantry/remoting"
	"gantry/remoting/envelope"
)

// groups are the sets of connections on which sessions live.
type groups struct {
	mu  sync.Mutex // guards all; taken before a group's own
	all map[string]*group
}

// group is one set of connections, one of each class. Its sessions die with the
// first of them.
type group struct {
	id      string
	joining int64
	proxyID string
	peers   *Peers
	ended   chan struct{} // closed when nothing of the group is carried out any more

	mu       sync.Mutex                   // guards all below
	links    [len(envelope.Classes)]*link // by class
	sessions map[uint64]*session
	closed   bool
	handling int       // frames under way
	quiet    sync.Cond // handling is 0
}

// link is one connection of a group.
type link struct {
	group *group
	class envelope.Class
	place int // of class in envelope.Classes
	conn  *remoting.Conn
}

// join takes a connection into its group. A later joining ends what is left of
// an earlier one first: when join returns no frame of the earlier one is being
// handled, and none will be. So what the proxy sends again over the new
// connections comes behind all that it sent over the old ones.
func (p *Peers) join(conn *remoting.Conn, h envelope.Handshake) (*link, error) {
	place := slices.Index(envelope.Classes[:], h.Class)
	if place < 0 {
		return nil, fmt.Errorf("handshake of unknown class %q", h.Class)
	}
	for {
		l, before, err := p.tryJoin(conn, h, place)
		if before == nil {
			return l, err
		}
		before.end("it joined again")
	}
}

// tryJoin returns the group that has to end first, where there is one.
func (p *Peers) tryJoin(conn *remoting.Conn, h envelope.Handshake, place int) (l *link, before *group, err error) {
	p.groups.mu.Lock()
	defer p.groups.mu.Unlock()
	g := p.groups.all[h.LinkGroup]
	if g == nil {
		g = newGroup(p, h)
		p.groups.all[h.LinkGroup] = g
	}
	if h.Joining < g.joining {
		return nil, nil, fmt.Errorf("handshake of joining %d, %s is at %d", h.Joining, h.LinkGroup, g.joining)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || h.Joining > g.joining {
		return nil, g, nil
	}
	if g.links[place] != nil {
		return nil, nil, fmt.Errorf("handshake repeats class %s of %s", h.Class, h.LinkGroup)
	}
	l = &link{group: g, class: h.Class, place: place, conn: conn}
	g.links[place] = l
	return l, nil, nil
}

func newGroup(p *Peers, h envelope.Handshake) *group {
	g := &group{id: h.LinkGroup, joining: h.Joining, proxyID: h.ProxyID, peers: p, ended: make(chan struct{}), sessions: map[uint64]*session{}}
	g.quiet.L = &g.mu
	return g
}

// begin counts a frame in; false where the group has ended. done must follow.
func (g *group) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.handling++
	return true
}

func (g *group) done() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.handling--; g.handling == 0 {
		g.quiet.Broadcast()
	}
}

// end closes all connections and sessions, and returns when that is done and no
// frame is under way.
func (g *group) end(why string) {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		<-g.ended
		return
	}
	g.closed = true
	for _, l := range g.links {
		if l != nil {
			l.conn.Close(fmt.Errorf("%w: %s", remoting.ErrClosed, why))
		}
	}
	for g.handling > 0 {
		g.quiet.Wait()
	}
	sessions := g.sessions
	g.sessions = nil
	g.mu.Unlock()
	for _, s := range sessions {
		s.end()
	}
	g.peers.groups.forget(g)
	close(g.ended)
}

func (all *groups) forget(g *group) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.all, g.id)
}

// session finds one, nil where it is closed or was never announced.
func (g *group) session(id uint64) *session {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sessions[id]
}

// open takes note of a session; announcing one twice changes nothing.
func (g *group) open(id uint64, h envelope.OpenSession) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.sessions[id] != nil {
		return nil
	}
	if slices.Contains(g.links[:], nil) {
		return errors.New("session announced before every connection was there")
	}
	if len(g.sessions) >= g.peers.config.Sessions {
		return fmt.Errorf("session announced beside %d others, which is the bound", len(g.sessions))
	}
	g.sessions[id] = newSession(g, id, h)
	return nil
}

// closeOn notes that the session's client sends no more on one connection; the
// last note forgets the session, so that requests sent before are carried out
// still. The one on the control connection ends it for everybody else: a
// heartbeat that the client sent last has come by then, and makes no ghost.
func (g *group) closeOn(id uint64, on *link) {
	g.mu.Lock()
	s := g.sessions[id]
	if s == nil {
		g.mu.Unlock()
		return
	}
	s.closed[on.place] = true
	if !slices.Contains(s.closed[:], false) {
		delete(g.sessions, id)
	}
	g.mu.Unlock()
	if on.class == envelope.Control {
		s.end()
	}
}
