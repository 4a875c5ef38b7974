package proxy

import (
	"context"
	"time"

	"gantry/proxy/route"
)

// How a proxy leaves while others live: routes name it no more, at once, and it
// goes on accepting and serving until its clients have found the others.

// drainStep is how finely the end of a drain is looked for.
const drainStep = 100 * time.Millisecond

// Drain withdraws the proxy from routes and returns when nobody comes any more:
// when nothing has come or gone for DrainQuietMillis, which counts, while clients
// are connected, from when each has asked for its routes anew; after DrainMillis
// at the latest; or when ctx ends. Where no other proxy lives it returns at once.
// Close must follow.
func (s *Server) Drain(ctx context.Context) {
	if !s.peers.othersLive() {
		return
	}
	began := time.Now()
	s.peers.change(func(self *route.Peer) { self.Draining = true })
	s.config.Log.Info("draining: routes name the other proxies", "drain_millis", s.config.DrainMillis)
	bounded, cancel := context.WithTimeout(ctx, millis(s.config.DrainMillis))
	defer cancel()
	look := time.NewTicker(drainStep)
	defer look.Stop()
	for !s.deserted(time.Since(began)) {
		select {
		case <-look.C:
		case <-bounded.Done():
			_, connections := s.clients.Quiet()
			s.config.Log.Warn("drain ended before all clients had left", "connections", connections,
				"after_millis", time.Since(began).Milliseconds(), "broken_off", ctx.Err() != nil)
			return
		}
	}
	s.config.Log.Info("drained", "after_millis", time.Since(began).Milliseconds())
}

// deserted reports whether clients have left for other proxies, so long after
// routes named this one for the last time. One that sends seldom is known to have
// left only when it has asked for its routes again.
func (s *Server) deserted(since time.Duration) bool {
	quiet, connections := s.clients.Quiet()
	if connections > 0 {
		since -= millis(s.config.RoutePollMillis)
	}
	return min(quiet, since) >= millis(s.config.DrainQuietMillis)
}

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }
