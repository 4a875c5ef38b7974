package proxy

import (
	"bytes"
	"net"
	"strconv"
	"time"

	"gantry/membership/nameserver"
	"gantry/proxy/route"
)

// The ports of shards: opened as slots become known, tried again where another
// process holds one, told to the other proxies.

// portPeriod lies between two attempts to open a port that is in use.
const portPeriod = time.Second

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

// leavePorts closes a copy's ports: its shard lost the slot to an earlier record.
// Clients that have come through them stay.
func (c *shardCopy) leavePorts() {
	for _, l := range c.listeners {
		l.Close()
	}
	c.listeners = nil
}

// retryPorts opens what could not be opened before.
func (s *shards) retryPorts() {
	tick := time.NewTicker(portPeriod)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if registered := s.troubled(); registered != nil {
				s.reconcile(registered)
			}
		case <-s.stop:
			return
		}
	}
}

// troubled is where to ask for registrations, nil where all that is registered
// is served.
func (s *shards) troubled() func() []nameserver.Shard {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.trouble) == 0 {
		return nil
	}
	return s.registered
}

// tellServed says which slots are served where that is news; mu is held.
func (s *shards) tellServed() {
	var now route.Slots
	for _, c := range s.copies {
		if len(c.listeners) > 0 || s.config.RouteMode == SharedRoutes { // there a shard needs no port of its own
			now = now.With(c.slot)
		}
	}
	if !bytes.Equal(now, s.served) {
		s.served = now
		s.onServed(now)
	}
}
