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
	id    string
	peers *Peers

	mu       sync.Mutex                   // guards all below
	links    [len(envelope.Classes)]*link // by class
	sessions map[uint64]*session
	closed   bool
}

// link is one connection of a group.
type link struct {
	group *group
	class envelope.Class
	place int // of class in envelope.Classes
	conn  *remoting.Conn
}

func (p *Peers) join(conn *remoting.Conn, h envelope.Handshake) (*link, error) {
	place := slices.Index(envelope.Classes[:], h.Class)
	if place < 0 {
		return nil, fmt.Errorf("handshake of unknown class %q", h.Class)
	}
	p.groups.mu.Lock()
	defer p.groups.mu.Unlock()
	g := p.groups.all[h.LinkGroup]
	if g == nil {
		g = &group{id: h.LinkGroup, peers: p, sessions: map[uint64]*session{}}
		p.groups.all[h.LinkGroup] = g
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.links[place] != nil {
		return nil, fmt.Errorf("handshake repeats class %s of %s", h.Class, h.LinkGroup)
	}
	l := &link{group: g, class: h.Class, place: place, conn: conn}
	g.links[place] = l
	return l, nil
}

// leave closes the group of l: all its connections and sessions.
func (p *Peers) leave(l *link, why error) {
	g := l.group
	p.groups.mu.Lock()
	if p.groups.all[g.id] == g { // not the next one of that name
		delete(p.groups.all, g.id)
	}
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
		if other != nil {
			other.conn.Close(why)
		}
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
