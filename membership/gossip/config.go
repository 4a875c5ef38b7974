package gossip

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// DefaultPort is memberlist's.
const DefaultPort = 7946

// Config is what a Gossip is told. The zero value of a field means its default,
// where one is given.
type Config struct {
	Self Statement

	BindAddr      string // an IP address, default 0.0.0.0
	Port          int    // UDP and TCP; 0: any that is free
	AdvertiseAddr string // the IP address told to others, default BindAddr, needed where that is unspecified

	Seeds    []string // host or host:port; names are resolved anew at each attempt
	SeedPort int      // of seeds that name none, default DefaultPort
	// SeedsGuessed: nobody has named the seeds, so that not to reach them is no
	// warning.
	SeedsGuessed bool
	Key          string // a secret that all members share; "": nothing is encrypted

	// Resolve looks a seed's host name up, default the system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)

	// OnChange is told who is known, in turn, whenever that is not what it was.
	OnChange func([]Member)

	// LocalState is what this process shares and MergeState what it hears from
	// another that shares, whenever two exchange what they know; from several
	// goroutines at once. Both nil: it shares nothing.
	LocalState func() []byte
	MergeState func([]byte)

	Log *slog.Logger

	StateBytes int // bound of a shared state, default 8 MiB: more is neither sent nor merged
	MaxMembers int // default 4,096
	MaxSeeds   int // seeds, and addresses tried in one round, default 64

	ProbeMillis      int // each member probes one other so often, default 200
	SuspicionMillis  int // a member that does not answer has so long to contradict before it is Suspect, default 600
	ExchangeMillis   int // each member exchanges all it knows with one other so often, default 15,000
	TransferMillis   int // bound of one exchange, default 5,000
	DialMillis       int // bound of a connection attempt, default 1,000
	JoinMillis       int // longest pause between attempts to reach a seed, default 15,000
	FirstJoinMillis  int // and the first, default 500; it doubles
	ForgetMillis     int // a Suspect is forgotten after so long, default 600,000; until then it is looked for
	ForgetLeftMillis int // default 10,000
	RivalMillis      int // two runs of one id that live side by side for so long are named in the log, default 5,000
	LeaveMillis      int // what a goodbye may take, default 1,000
}

func (c Config) withDefaults() Config {
	if c.BindAddr == "" {
		c.BindAddr = "0.0.0.0"
	}
	if c.Resolve == nil {
		c.Resolve = resolve
	}
	if c.OnChange == nil {
		c.OnChange = func([]Member) {}
	}
	for _, f := range []struct {
		field    *int
		standard int
	}{{&c.SeedPort, DefaultPort}, {&c.StateBytes, 8 << 20}, {&c.MaxMembers, 4096}, {&c.MaxSeeds, 64},
		{&c.ProbeMillis, 200}, {&c.SuspicionMillis, 600}, {&c.ExchangeMillis, 15_000}, {&c.TransferMillis, 5_000}, {&c.DialMillis, 1_000},
		{&c.JoinMillis, 15_000}, {&c.FirstJoinMillis, 500}, {&c.ForgetMillis, 600_000}, {&c.ForgetLeftMillis, 10_000},
		{&c.RivalMillis, 5_000}, {&c.LeaveMillis, 1_000}} {
		if *f.field == 0 {
			*f.field = f.standard
		}
	}
	return c
}

func (c Config) validate() error {
	bind, err := netip.ParseAddr(c.BindAddr)
	if err != nil {
		return fmt.Errorf("gossip cannot listen at %s: not an IP address", c.BindAddr)
	}
	if _, err := netip.ParseAddr(c.AdvertiseAddr); err != nil && (bind.IsUnspecified() || c.AdvertiseAddr != "") {
		return fmt.Errorf("gossip cannot state the address %q: not an IP address", c.AdvertiseAddr)
	}
	if len(c.Seeds) > c.MaxSeeds {
		return fmt.Errorf("gossip has %d seeds, %d is the bound", len(c.Seeds), c.MaxSeeds)
	}
	if c.Self.ID == "" || len(c.Self.ID) > maxIDBytes {
		return fmt.Errorf("gossip id %q: 1 to %d bytes are needed", c.Self.ID, maxIDBytes)
	}
	return nil
}

func (c Config) shares() bool { return c.LocalState != nil && c.MergeState != nil }

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }
