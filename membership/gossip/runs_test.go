package gossip

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// told is one thing that runs hear, at a second.
type told struct {
	at   int
	what string // "id.start alive|leaves@address", "id.start lost"
}

func TestWhoIsTheMemberOfSeveralRuns(t *testing.T) {
	for name, row := range map[string]struct {
		told []told
		at   int
		want string
	}{
		"one run":                          {[]told{{0, "a.1 alive@1"}}, 9, "a.1 alive@1"},
		"silent":                           {[]told{{0, "a.1 alive@1"}, {5, "a.1 lost"}}, 9, "a.1 suspect@1"},
		"silent and back":                  {[]told{{0, "a.1 alive@1"}, {5, "a.1 lost"}, {6, "a.1 alive@1"}}, 9, "a.1 alive@1"},
		"moved at once":                    {[]told{{0, "a.1 alive@1"}, {1, "a.2 alive@2"}}, 2, "a.2 alive@2"},
		"the former run's end":             {[]told{{0, "a.1 alive@1"}, {1, "a.2 alive@2"}, {2, "a.1 lost"}}, 2, "a.2 alive@2"},
		"the later run's end":              {[]told{{0, "a.1 alive@1"}, {1, "a.2 alive@2"}, {2, "a.2 lost"}}, 2, "a.1 alive@1"},
		"a clock set back, both live":      {[]told{{0, "a.5 alive@1"}, {1, "a.2 alive@2"}}, 2, "a.5 alive@1"},
		"a clock set back, the other dies": {[]told{{0, "a.5 alive@1"}, {1, "a.2 alive@2"}, {2, "a.5 lost"}}, 2, "a.2 alive@2"},
		"goodbye":                          {[]told{{0, "a.1 alive@1"}, {1, "a.1 leaves@1"}, {1, "a.1 lost"}}, 2, "a.1 left@1"},
		"goodbye is forgotten":             {[]told{{0, "a.1 leaves@1"}}, 11, ""},
		"silence is forgotten":             {[]told{{0, "a.1 alive@1"}, {5, "a.1 lost"}}, 606, ""},
		"and not sooner":                   {[]told{{0, "a.1 alive@1"}, {5, "a.1 lost"}}, 604, "a.1 suspect@1"},
		"somebody else at its address":     {[]told{{0, "a.1 alive@1"}, {5, "a.1 lost"}, {6, "b.2 alive@1"}}, 7, "b.2 alive@1"},
		"several":                          {[]told{{0, "b.1 alive@2"}, {0, "a.1 alive@1"}}, 7, "a.1 alive@1, b.1 alive@2"},
		"nobody hears of who is unknown":   {[]told{{0, "a.1 lost"}}, 1, ""},
	} {
		r := tell(t, row.told)
		r.forget(second(row.at))
		if got := r.String(); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestRivalsAreTwoThatLiveSideBySide(t *testing.T) {
	for name, row := range map[string]struct {
		told []told
		at   int
		want int
	}{
		"just restarted":  {[]told{{0, "a.1 alive@1"}, {10, "a.2 alive@2"}}, 14, 0},
		"side by side":    {[]told{{0, "a.1 alive@1"}, {10, "a.2 alive@2"}}, 15, 1},
		"one has died":    {[]told{{0, "a.1 alive@1"}, {10, "a.2 alive@2"}, {11, "a.1 lost"}}, 15, 0},
		"of two ids":      {[]told{{0, "a.1 alive@1"}, {10, "b.2 alive@2"}}, 15, 0},
		"three":           {[]told{{0, "a.1 alive@1"}, {0, "a.2 alive@2"}, {0, "a.3 alive@3"}}, 15, 2},
		"only just lives": {[]told{{0, "a.1 alive@1"}, {0, "a.2 alive@2"}, {1, "a.2 lost"}, {14, "a.2 alive@2"}}, 15, 0},
	} {
		r := tell(t, row.told)
		if got := len(r.rivals(second(row.at))); got != row.want {
			t.Errorf("%s: %d pairs, want %d", name, got, row.want)
		}
		if again := len(r.rivals(second(row.at + 100))); row.want > 0 && again != 0 {
			t.Errorf("%s: told again", name)
		}
	}
}

func TestWhoMayBecomeKnown(t *testing.T) {
	config := Config{MaxMembers: 1}.withDefaults()
	r := runs{config: &config, all: map[string]*run{}}
	good, _ := Statement{Role: Node}.encode(0)
	for name, stated := range map[string][]byte{
		"a": good, "1 ": good, " a": good, "zzzzzzzzzzzzzzz a": good, "1 " + strings.Repeat("a", 256): good, // names
		"1 a": nil, "2 a": {9, 0}, "3 a": good[:len(good)-3], // statements
	} {
		if err := r.admits(name, stated); err == nil {
			t.Errorf("%q stating %v is admitted", name, stated)
		}
	}
	for range 2 { // known already the second time
		if err := r.admits("1 a", good); err != nil {
			t.Error(err)
		}
		r.heard("1 a", good, netip.AddrPort{}, time.Now())
	}
	if err := r.admits("1 b", good); err == nil {
		t.Error("beyond the bound another is admitted")
	}
}

func tell(t *testing.T, all []told) *runs {
	t.Helper()
	config := Config{}.withDefaults()
	r := &runs{config: &config, all: map[string]*run{}}
	for _, w := range all {
		var id string
		var start int64
		var verb string
		var host int
		if _, err := fmt.Sscanf(strings.NewReplacer(".", " ", "@", " ").Replace(w.what)+" 0", "%s %d %s %d", &id, &start, &verb, &host); err != nil {
			t.Fatal(w.what, err)
		}
		name := runName(id, start)
		flags := map[string]byte{"alive": 0, "leaves": flagLeaving}
		if verb == "lost" {
			r.lost(name, second(w.at))
			continue
		}
		stated, err := Statement{Role: Node}.encode(flags[verb])
		if err != nil {
			t.Fatal(err)
		}
		r.heard(name, stated, at(host), second(w.at))
	}
	return r
}

func at(host int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(host)}), 7946)
}

func second(n int) time.Time { return time.Unix(1_000_000+int64(n), 0) }

func (r *runs) String() string {
	var all []string
	for _, m := range r.members() {
		_, start, _ := parseRunName(m.Run)
		all = append(all, fmt.Sprintf("%s.%d %s@%d", m.ID, start, m.State, m.Gossip.Addr().As4()[3]))
	}
	return strings.Join(all, ", ")
}
