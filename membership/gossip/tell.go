package gossip

import (
	"context"
	"log/slog"
	"time"
)

// tellPeriod is how often runs are looked at that only time changes.
const tellPeriod = time.Second

// tell says who is known: to OnChange, and in the log.
func (g *Gossip) tell() {
	look := time.NewTicker(tellPeriod)
	defer look.Stop()
	known := map[string]Member{}
	for {
		select {
		case <-g.changed:
			g.tellChange(known)
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

func (g *Gossip) tellChange(known map[string]Member) {
	now := g.Members()
	for _, m := range now {
		if m.Run != g.name {
			logMember(g.log, known[m.ID], m)
		}
	}
	clear(known)
	for _, m := range now {
		known[m.ID] = m
	}
	signal(g.found)
	g.config.OnChange(now)
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

func logMember(log *slog.Logger, before, now Member) {
	if before.State == now.State && before.Run == now.Run && before.Gossip == now.Gossip {
		return
	}
	n := news[now.State]
	log.Log(context.Background(), n.level, n.text, "id", now.ID, "role", now.Role, "addr", now.Addr, "gossip_addr", now.Gossip)
}
