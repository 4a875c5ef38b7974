package gossip

import (
	"context"
	"log/slog"
	"maps"
	"time"
)

// tellPeriod is how often runs are looked at that only time changes.
const tellPeriod = time.Second

// tell says who is known: to OnChange, and in the log.
func (g *Gossip) tell() {
	look := time.NewTicker(tellPeriod)
	defer look.Stop()
	c := chronicle{log: g.log, self: g.name, known: map[string]Member{}, told: map[event]time.Time{}}
	for {
		select {
		case <-g.changed:
			now := g.Members()
			c.tell(now, time.Now())
			signal(g.found)
			g.config.OnChange(now)
		case now := <-look.C:
			g.lookAround(now)
		case <-g.ctx.Done():
			return
		}
	}
}

func (g *Gossip) lookAround(now time.Time) {
	g.mu.Lock()
	forgotten, rivals := g.runs.forget(now), g.runs.rivals(now)
	g.mu.Unlock()
	if forgotten {
		signal(g.changed)
	}
	for _, pair := range rivals {
		g.log.Error("two processes claim one gossip id, the one started last counts", "id", pair[0].ID,
			"counts", pair[0].Gossip, "other", pair[1].Gossip)
	}
}

// chronicle is what the log was told of members.
type chronicle struct {
	log   *slog.Logger
	self  string // the run that is not told of
	known map[string]Member
	told  map[event]time.Time
}

// event is told once a minute: a member that answers only now and then, behind a
// firewall, would fill the log.
type event struct {
	run   string
	state State
}

func (c *chronicle) tell(all []Member, now time.Time) {
	runs := map[string]bool{}
	for _, m := range all {
		runs[m.Run] = true
		if m.Run != c.self && differs(c.known[m.ID], m) {
			c.tellOne(m, now)
		}
	}
	clear(c.known)
	for _, m := range all {
		c.known[m.ID] = m
	}
	maps.DeleteFunc(c.told, func(e event, _ time.Time) bool { return !runs[e.run] })
}

func differs(before, now Member) bool {
	return before.State != now.State || before.Run != now.Run || before.Gossip != now.Gossip
}

func (c *chronicle) tellOne(m Member, now time.Time) {
	n, e := news[m.State], event{m.Run, m.State}
	if now.Sub(c.told[e]) < tellAgain {
		n.level = slog.LevelDebug
	} else {
		c.told[e] = now
	}
	c.log.Log(context.Background(), n.level, n.text, "id", m.ID, "role", m.Role, "addr", m.Addr, "gossip_addr", m.Gossip)
}

// news is how a change of a member is told, by its State.
var news = map[State]struct {
	level slog.Level
	text  string
}{
	Alive:   {slog.LevelInfo, "gossip member is alive"},
	Suspect: {slog.LevelWarn, "gossip member does not answer"},
	Left:    {slog.LevelInfo, "gossip member left"},
}
