package bench

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func raceUnder(size raceSize) race {
	return race{size: size, self: "/bin/gantry", release: "1", real: "/bin/realbroker", jvm: raceJVM, official: "/a.jar:/b.jar"}
}

func TestEveryBarHasALoadWithItsSystems(t *testing.T) {
	r := raceUnder(quickRace())
	for _, b := range raceBars() {
		i := slices.IndexFunc(r.loads(), func(l Load) bool { return l.Name == b.load })
		if i < 0 {
			t.Errorf("bar %q is on %s, which is no load", b.what, b.load)
			continue
		}
		for _, s := range []string{b.system, b.against} {
			if s != "" && !slices.Contains(r.loads()[i].Systems, s) {
				t.Errorf("bar %q: %s does not take part in %s", b.what, s, b.load)
			}
		}
		if _, ok := figureOf(b.figure); !ok || (b.atLeast == 0) == (b.atMost == 0) {
			t.Errorf("bar %q is on %q, at least %v, at most %v", b.what, b.figure, b.atLeast, b.atMost)
		}
	}
}

func TestALoadNamesSystemsThatAreThereAndRatesThatAreKnown(t *testing.T) {
	var o CompareOptions
	if err := raceUnder(fullRace()).fill(&o, ""); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range o.Systems {
		known[s.Name] = true
	}
	before := map[string][]string{}
	for _, l := range o.Loads {
		for _, s := range l.Systems {
			if !known[s] {
				t.Errorf("%s: there is no system %s", l.Name, s)
			}
		}
		if l.Rate.load != "" && !slices.Contains(before[l.Rate.load], l.Rate.system) {
			t.Errorf("%s: its rate is of %s under %s, which is not known by then", l.Name, l.Rate.system, l.Rate.load)
		}
		before[l.Name] = l.Systems
	}
}

func TestBothSizesFitIntoTheirTime(t *testing.T) {
	for name, size := range map[string]raceSize{"quick": quickRace(), "full": fullRace()} {
		o := CompareOptions{}
		if err := raceUnder(size).fill(&o, ""); err != nil {
			t.Fatal(err)
		}
		c := &comparison{options: o, report: &Report{Begun: time.Now()}}
		var all time.Duration
		for _, l := range o.Loads {
			all += c.lasts(l, o.Rounds)
		}
		if all > size.budget || all < size.budget/4 {
			t.Errorf("%s takes about %v, want less than %v", name, all, size.budget)
		}
		if size.rounds < barRuns && name == "full" {
			t.Errorf("%d rounds of a full race prove no bar", size.rounds)
		}
	}
}

func TestWithoutRealServersAndOfficialClassesTheRaceIsOurs(t *testing.T) {
	var o CompareOptions
	r := race{size: quickRace().ofSeconds(1), self: "/bin/gantry"}
	if err := r.fill(&o, ""); err != nil {
		t.Fatal(err)
	}
	for _, s := range o.Systems {
		if strings.HasPrefix(s.Name, "real") {
			t.Errorf("%s takes part", s.Name)
		}
	}
	for _, l := range o.Loads {
		if len(l.Argv) > 0 && l.Argv[0] != "/bin/gantry" {
			t.Errorf("%s is %q", l.Name, l.Argv)
		}
		if strings.HasPrefix(l.Rate.system, "real") {
			t.Errorf("%s has a rate of %s", l.Name, l.Rate.system)
		}
	}
	if len(o.Notes) != 2 {
		t.Errorf("notes %q", o.Notes)
	}
}

func TestOnlySomeLoadsWithThoseThatTheyNeed(t *testing.T) {
	var o CompareOptions
	if err := raceUnder(quickRace()).fill(&o, loadOpen+","+loadStart); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range o.Loads {
		names = append(names, l.Name)
	}
	if want := []string{loadFull, loadOpen, loadStart}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}
