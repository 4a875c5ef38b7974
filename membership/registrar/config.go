package registrar

import (
	"strings"

	"gantry/membership"
	"gantry/remoting"
)

// Config is what a Registrar is told. The zero value of a field means its
// default, where one is given.
type Config struct {
	NameServers string                         // namesrvAddr: host:port, separated by ;
	Current     func() membership.Registration // asked before each registration; must not block

	// OnAnswer is told what a name server answered, from one goroutine per name
	// server; nil where nobody wants to know. It may call Notify, as it does
	// after it has recorded a new slot, and must not wait for Sync.
	OnAnswer func(Answer)

	Dial remoting.DialFunc // default remoting.DialTCP, which resolves a name at each dial

	PeriodMillis  int // registerNameServerPeriod, default 30,000, kept within 10,000 and 60,000
	TimeoutMillis int // registerBrokerTimeoutMills, default 6,000: per connection attempt and answer
	RetryMillis   int // between two attempts to reach a name server, default 500
	MaxDiscovered int // name servers beside NameServers, default 64
}

const (
	firstPeriodMillis = 10_000
	minPeriodMillis   = 10_000
	maxPeriodMillis   = 60_000
)

func (c Config) withDefaults() Config {
	if c.OnAnswer == nil {
		c.OnAnswer = func(Answer) {}
	}
	if c.Dial == nil {
		c.Dial = remoting.DialTCP
	}
	for _, f := range []struct {
		field    *int
		standard int
	}{{&c.PeriodMillis, 30_000}, {&c.TimeoutMillis, 6_000}, {&c.RetryMillis, 500}, {&c.MaxDiscovered, 64}} {
		if *f.field == 0 {
			*f.field = f.standard
		}
	}
	c.PeriodMillis = min(max(c.PeriodMillis, minPeriodMillis), maxPeriodMillis)
	return c
}

// Answer is what one name server said to a registration.
type Answer struct {
	NameServer   string // as it stands in Config.NameServers
	MasterAddr   string // told to a slave whose master is known, else empty
	HAServerAddr string
	OrderTopics  map[string]string // ORDER_TOPIC_CONFIG: topic → "broker:queues;…"; nil where there is none

	// Slot is the slot that the shard is to have; where it is not the one stated,
	// the node records it and calls Notify. NoSlot from a stock NameServer.
	Slot int
	// Stated is what the registration that is answered said of the slot. Where the
	// node has recorded another since, told by another name server, the answer is
	// to a question of yesterday.
	Stated membership.SlotClaim
}

// split cuts namesrvAddr into its addresses, each once.
func split(nameServers string) []string {
	var addrs []string
	seen := map[string]bool{}
	for _, a := range strings.Split(nameServers, ";") {
		if a = strings.TrimSpace(a); a != "" && !seen[a] {
			seen[a] = true
			addrs = append(addrs, a)
		}
	}
	return addrs
}
