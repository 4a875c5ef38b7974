package gossip

import (
	"log/slog"
	"testing"
	"time"
)

func TestAMemberThatFlapsIsToldOnceAMinute(t *testing.T) {
	said := &logged{}
	c := chronicle{log: slog.New(slog.NewTextHandler(said, nil)), self: "1 self", known: map[string]Member{}, told: map[event]time.Time{}}
	self := Member{Statement: Statement{ID: "self"}, Run: "1 self", State: Alive}
	flaps := func(from, seconds int) {
		for n := range seconds {
			state := []State{Alive, Suspect}[n%2]
			c.tell([]Member{self, {Statement: Statement{ID: "a"}, Run: "1 a", State: state}}, second(from+n))
		}
	}
	flaps(0, 60)
	if alive, suspect := said.count("is alive", "id=a"), said.count("does not answer", "id=a"); alive != 1 || suspect != 1 || said.count("id=self") != 0 {
		t.Errorf("in a minute it said\n%s", said)
	}
	flaps(60, 2)
	if said.count("id=a") != 4 {
		t.Errorf("after a minute it said\n%s", said)
	}
	c.tell([]Member{self, {Statement: Statement{ID: "a"}, Run: "2 a", State: Alive}}, second(63))
	if said.count("is alive", "id=a") != 3 {
		t.Errorf("of a new run it said\n%s", said)
	}
	if len(c.told) != 1 {
		t.Errorf("%d events are remembered of one run", len(c.told))
	}
}
