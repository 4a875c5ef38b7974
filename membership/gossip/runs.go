package gossip

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// State is what is known of a member's life.
type State string

const (
	Alive   State = "alive"
	Suspect State = "suspect" // does not answer: stopped, cut off or dead
	Left    State = "left"    // said goodbye
)

// Member is one process as gossip knows it.
type Member struct {
	Statement
	Gossip netip.AddrPort // where its gossip is reached
	State  State
	Since  time.Time // when State was noticed here
	Run    string    // tells one start of the process from another
}

// runs are the starts of processes, by memberlist's name for them: which of
// those that state the same id is the member is decided here. It has no clock
// and no lock.
type runs struct {
	config *Config
	all    map[string]*run
}

type run struct {
	Member
	started int64 // Unix time in ns, of its own clock
	shares  bool  // it has a state to exchange
	rival   bool  // it was told that it claims another's id
}

// runName is memberlist's name of a run.
func runName(id string, started int64) string {
	return strconv.FormatInt(started, 36) + " " + id
}

func parseRunName(name string) (id string, started int64, err error) {
	text, id, _ := strings.Cut(name, " ")
	started, err = strconv.ParseInt(text, 36, 64)
	if err != nil || id == "" || len(id) > maxIDBytes {
		return "", 0, fmt.Errorf("%q is not the name of a run", name)
	}
	return id, started, nil
}

// admits says whether a run may become known: its statement can be read, and
// there is room.
func (r *runs) admits(name string, stated []byte) error {
	if r.all[name] == nil && len(r.all) >= r.config.MaxMembers {
		return fmt.Errorf("%d members are known, the bound", len(r.all))
	}
	_, err := decodeRun(name, stated)
	return err
}

func decodeRun(name string, stated []byte) (*run, error) {
	id, started, err := parseRunName(name)
	if err != nil {
		return nil, err
	}
	n := &run{Member: Member{Statement: Statement{ID: id}, State: Alive, Run: name}, started: started}
	flags, err := n.decode(stated)
	if flags&flagLeaving != 0 {
		n.State = Left
	}
	n.shares = flags&flagShares != 0
	return n, err
}

// heard takes what a run states; gossip reaches it at addr.
func (r *runs) heard(name string, stated []byte, addr netip.AddrPort, now time.Time) {
	n, err := decodeRun(name, stated)
	if err != nil {
		return // admits has refused it
	}
	n.Gossip, n.Since = addr, now
	if host, port, err := net.SplitHostPort(n.Addr); err == nil && host == "" {
		n.Addr = net.JoinHostPort(addr.Addr().String(), port)
	}
	if before := r.all[name]; before != nil {
		n.rival = before.rival
		if before.State == n.State {
			n.Since = before.Since
		}
	}
	r.all[name] = n
}

// lost notes that a run answers nobody any more.
func (r *runs) lost(name string, now time.Time) {
	if n := r.all[name]; n != nil && n.State == Alive {
		n.State, n.Since = Suspect, now
	}
}

// members are the current run of each id, by id.
func (r *runs) members() []Member {
	var all []Member
	for _, n := range r.current() {
		all = append(all, n.Member)
	}
	slices.SortFunc(all, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func (r *runs) current() map[string]*run {
	byID := map[string]*run{}
	for _, n := range r.all {
		if other := byID[n.ID]; other == nil || other.yieldsTo(n) {
			byID[n.ID] = n
		}
	}
	return byID
}

// yieldsTo: who lives counts before who does not, then the later start.
func (n *run) yieldsTo(other *run) bool {
	if (n.State == Alive) != (other.State == Alive) {
		return other.State == Alive
	}
	return cmp.Or(cmp.Compare(n.started, other.started), strings.Compare(n.Run, other.Run)) < 0
}

// forget drops runs that are over: another of the same id or at the same address
// lives, or they have been silent or gone for long enough. It reports whether
// there were any.
func (r *runs) forget(now time.Time) bool {
	before, current := len(r.all), r.current()
	alive := map[netip.AddrPort]bool{}
	for _, n := range r.all {
		alive[n.Gossip] = alive[n.Gossip] || n.State == Alive
	}
	maps.DeleteFunc(r.all, func(_ string, n *run) bool {
		silent := now.Sub(n.Since)
		return n.State != Alive && (current[n.ID] != n || alive[n.Gossip]) ||
			n.State == Suspect && silent >= millis(r.config.ForgetMillis) ||
			n.State == Left && silent >= millis(r.config.ForgetLeftMillis)
	})
	return len(r.all) < before
}

// rivals are pairs of processes that both live under one id, each pair told once.
func (r *runs) rivals(now time.Time) (pairs [][2]Member) {
	current := r.current()
	for _, n := range r.all {
		first := current[n.ID]
		both := n != first && n.State == Alive && now.Sub(n.Since) >= millis(r.config.RivalMillis) && now.Sub(first.Since) >= millis(r.config.RivalMillis)
		if both && !n.rival {
			n.rival = true
			pairs = append(pairs, [2]Member{first.Member, n.Member})
		}
	}
	return pairs
}
