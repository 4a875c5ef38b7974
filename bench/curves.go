package bench

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// curves show what a send costs Gantry as one thing grows while all else stays: each point is a system of its own.
type curves struct {
	race
	rests int // seconds that a system with idle consumers is watched before each run
	upTo  int // points above are left out; 0: none
}

// curve is one of them. The words of its commands in braces are those of its points.
type curve struct {
	name    string // of the load and, with a number behind it, of its systems
	title   string
	unit    string
	points  []int
	mode    string // standalone or gateway
	prepare string // subcommands of ours; "": the usual
	beside  string // "": nothing
	load    string
	words   func(n int) map[string]string
	more    func(s *System, n int) // what else a point's system has; nil: nothing
}

// curvesSize is how long all of them take: about a quarter of an hour.
func curvesSize() raceSize {
	return raceSize{rounds: 3, own: 6, ownWarm: 2, budget: 20 * time.Minute}
}

// A topic of the many-queues curve has at most so many queues; each gets about so many messages before the first run.
const (
	curveTopicQueues = 100
	curveQueueFill   = 8
	curveFillSecond  = 40_000 // messages of that in a second, about
)

func (c curves) all() []curve {
	return []curve{
		{name: "queues", title: "64 senders of 1 KiB to more and more queues, standalone", unit: "queues", points: []int{8, 80, 800, 8000, 50_000}, mode: "standalone",
			prepare: "producer -t Q --topics {topics} --queues {each} -w 64 -s 1024 -q {fill}", load: "producer -t Q --topics {topics} -w 64 -s 1024",
			words: func(n int) map[string]string {
				each := min(n, curveTopicQueues)
				return counts("topics", n/each, "each", each, "fill", n*curveQueueFill)
			},
			more: func(s *System, n int) { s.Starts += time.Duration(n) * curveQueueFill * time.Second / curveFillSecond }},
		{name: "consumers", title: "64 senders of 1 KiB beside push consumers that wait, proxy and node", unit: "consumers", points: []int{1, 10, 100, 1000, 10_000}, mode: "gateway",
			beside: "idle -t BenchmarkIdle --groups {groups} --members {members}", load: "producer -w 64 -s 1024",
			words: func(n int) map[string]string {
				members := min(n, 10)
				return counts("groups", n/members, "members", members, "all", n)
			},
			more: func(s *System, n int) { s.Starts += time.Duration(n) * time.Second / joinsPerSecond }},
		{name: "body", title: "64 senders of larger and larger messages, 8 clients' connections, standalone", unit: "bytes", points: []int{100, 1 << 10, 10 << 10, 100 << 10, 1 << 20}, mode: "standalone",
			load: "producer -w 64 --clients 8 -s {bytes}", words: func(n int) map[string]string { return counts("bytes", n) }},
		{name: "proxies", title: "60 senders of 1 KiB, 12 clients' connections, through more and more proxies to one node", unit: "proxies", points: []int{1, 2, 3, 4}, mode: "gateway",
			load: "producer -w 60 --clients 12 -s 1024", more: func(s *System, n int) { s.Addr, s.Start = toldAddr, append(s.Start, strconv.Itoa(n)) }},
		{name: "shards", title: "60 senders of 1 KiB, 12 clients' connections, through one proxy to more and more nodes of a shard each", unit: "shards", points: []int{1, 2, 3, 4}, mode: "gateway",
			prepare: "producer -t Q --topics 1 --queues 8 -q 640", load: "producer -t Q --topics 1 -w 60 --clients 12 -s 1024",
			more: func(s *System, n int) { s.Shards, s.Start = n, append(s.Start, "1", strconv.Itoa(n)) }},
	}
}

// counts are words, each a name and its number.
func counts(pairs ...any) map[string]string {
	words := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		words[pairs[i].(string)] = fmt.Sprint(pairs[i+1])
	}
	return words
}

// fill puts the curves' systems and loads into o; names are the curves wanted, "" being all.
func (c curves) fill(o *CompareOptions, names string) error {
	o.Rounds, o.Warmup, o.Budget = c.size.rounds, c.size.warmup, c.size.budget
	var loads []Load
	for _, curve := range c.all() {
		points := slices.DeleteFunc(slices.Clone(curve.points), func(n int) bool { return c.upTo > 0 && n > c.upTo })
		if len(points) == 0 {
			continue
		}
		l := c.load(curve)
		for _, n := range points {
			s := c.system(curve, n)
			o.Systems, l.Systems = append(o.Systems, s), append(l.Systems, s.Name)
		}
		loads = append(loads, l)
	}
	var err error
	o.Loads, err = only(c.timed(loads), names)
	if err == nil && len(o.Loads) == 0 {
		err = errNothingLeft
	}
	return err
}

func (c curves) load(of curve) Load {
	l := Load{Name: of.name, Title: of.title, Unit: of.unit, Argv: c.measured(of.load)}
	if of.prepare != "" {
		l.Prepare = c.ours(of.prepare)
	}
	if of.beside != "" { // a system for each run: what waits at one would disturb the others
		l.Beside, l.Says, l.Rests, l.Fresh = c.ours(of.beside), "Idle members: {all} of {all}", c.rests, true
	}
	return l
}

func (c curves) system(of curve, n int) System {
	s := c.roles(of.mode, fmt.Sprintf("%d %s", n, of.unit), async)
	s.Name, s.Point = fmt.Sprintf("%s-%d", of.name, n), float64(n)
	if of.words != nil {
		s.Words = of.words(n)
	}
	if of.more != nil {
		of.more(&s, n)
	}
	return s
}
