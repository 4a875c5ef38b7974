package session

import (
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
	id    string
	peers *Peers

	mu       sync.Mutex // guards all below
	links    map[envelope.Class]*link
	sessions map[uint64]*session
	closed   bool
}

// link is one connection of a group.
type link struct {
	group *group
	class envelope.Class
	conn  *remoting.Conn
}

func (p *Peers) join(conn *remoting.Conn, h envelope.Handshake) (*link, error) {
	if !slices.Contains(envelope.Classes[:], h.Class) {
		return nil, fmt.Errorf("handshake of unknown class %q", h.Class)
	}
	p.groups.mu.Lock()
	defer p.groups.mu.Unlock()
	g := p.groups.all[h.LinkGroup]
	if g == nil {
		g = &group{id: h.LinkGroup, peers: p, links: map[envelope.Class]*link{}, sessions: map[uint64]*session{}}
		p.groups.all[h.LinkGroup] = g
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.links[h.Class] != nil {
		return nil, fmt.Errorf("handshake repeats class %s of %s", h.Class, h.LinkGroup)
	}
	l := &link{group: g, class: h.Class, conn: conn}
	g.links[h.Class] = l
	return l, nil
}

// leave closes the group of l: all its connections and sessions.
func (p *Peers) leave(l *link, why error) {
	g := l.group
	p.groups.mu.Lock()
	delete(p.groups.all, g.id)
	p.groups.mu.Unlock()
	g.mu.Lock()
	first := !g.closed
	g.closed = true
	links, sessions := g.links, g.sessions
	g.sessions = map[uint64]*session{}
	g.mu.Unlock()
	if !first {
		return
	}
	for _, other := range links {
		other.conn.Close(why)
	}
	for _, s := range sessions {
		s.end()
	}
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
	if len(g.links) != len(envelope.Classes) {
		return fmt.Errorf("session announced on %d of %d connections", len(g.links), len(envelope.Classes))
	}
	g.sessions[id] = newSession(g, id, h)
	return nil
}

// closeOn notes that the session's client sends no more on one class of
// connection; the first note ends the session for everybody else, the last
// forgets it, so that requests sent before are carried out still.
func (g *group) closeOn(id uint64) {
	g.mu.Lock()
	s := g.sessions[id]
	if s == nil {
		g.mu.Unlock()
		return
	}
	s.closes++
	if s.closes == len(envelope.Classes) {
		delete(g.sessions, id)
	}
	g.mu.Unlock()
	s.end()
}
