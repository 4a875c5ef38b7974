package bench

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// race is the project's own comparison: a load for each of its bars.
type race struct {
	size     raceSize
	self     string // this program
	release  string
	real     string // runs the real servers, "": they are left out
	jvm      string // flags of the real servers
	official string // class path of the official benchmark, "": the loads are ours
}

// raceSize is how long it takes.
type raceSize struct {
	rounds  int
	warmup  bool          // a round that counts for nothing
	java    int           // seconds of a run of the official load, which reports each ten
	own     int           // seconds of a run of ours, behind its warm-up
	ownWarm int           // seconds
	backlog int           // messages
	budget  time.Duration // of all
}

func quickRace() raceSize {
	return raceSize{rounds: 2, java: 22, own: 3, ownWarm: 1, backlog: 4_000_000, budget: 20 * time.Minute}
}

func fullRace() raceSize {
	return raceSize{rounds: 5, warmup: true, java: 22, own: 8, ownWarm: 3, backlog: 9_000_000, budget: 120 * time.Minute}
}

// ofSeconds is a race with runs of that length, as far as the official load can be that short.
func (s raceSize) ofSeconds(seconds int) raceSize {
	const firstReport = 12 // s after the start of the official load
	s.backlog = max(1, s.backlog/max(s.own, 1)*seconds)
	s.own, s.ownWarm, s.java = seconds, min(s.ownWarm, seconds), max(seconds, firstReport)
	return s
}

// Names of loads that others or bars refer to.
const (
	loadProducer = "producer-64"
	loadSmall    = "producer-64-128"
	loadOne      = "one-thread"
	loadFull     = "full-rate-128"
	loadSync     = "sync-64"
	loadBacklog  = "backlog"
	loadTx       = "transactions"
	loadTimers   = "timers"
	loadOpen     = "open-direct"
	loadOpenGate = "open-gateway"
	loadLatency  = "end-to-end"
	loadStart    = "start"
)

var errNothingLeft = errors.New("nothing is left to run")

// fill puts the race's systems, loads and bars into o; names are the loads wanted, "" being all.
func (r race) fill(o *CompareOptions, names string) error {
	o.Rounds, o.Warmup, o.Budget = r.size.rounds, r.size.warmup, r.size.budget
	o.Systems, o.Bars = r.systems(), raceBars()
	if r.real == "" {
		o.Notes = append(o.Notes, "the real servers are left out: --real names no program that runs them")
	}
	if r.official == "" {
		o.Notes = append(o.Notes, "loads that bars want from the official Java classes are ours: --official names no class path")
	}
	var err error
	o.Loads, err = only(r.loads(), names)
	if err == nil && len(o.Loads) == 0 {
		err = errNothingLeft
	}
	return err
}

// loads are a load for each bar, in an order in which rates are known when they are wanted.
func (r race) loads() []Load {
	own := r.measured
	loads := []Load{
		r.either(Load{Name: loadProducer, Title: "64 synchronous senders of 1 KiB, closed loop",
			Systems: []string{"null", "standalone", "gateway", "direct", "real-4.9.7", "real-5.3.3", "real-5.3.3-proxy"}},
			"Producer -t BenchmarkTest -w 64 -s 1024", own("producer -w 64 -s 1024")),
		{Name: loadSmall, Title: "64 synchronous senders of 128 B, closed loop", Argv: own("producer -w 64 -s 128"),
			Systems: []string{"null", "gateway", "direct", "real-4.9.7", "real-5.3.3-proxy"}},
		{Name: loadOne, Title: "one synchronous sender of 1 KiB, closed loop", Argv: own("producer -w 1 -s 1024"),
			Systems: []string{"real-4.9.7", "direct", "gateway", "real-5.3.3-proxy", "null"}},
		{Name: loadFull, Title: "our generator at full rate: 256 senders of 128 B over 8 clients' connections, closed loop", Argv: own("producer -w 256 --clients 8 -s 128"),
			Systems: []string{"real-4.9.7", "direct", "standalone", "gateway", "real-5.3.3-proxy", "null"}},
		{Name: loadSync, Title: "SYNC_FLUSH: 64 senders of 1 KiB, a connection each", Argv: own("producer -w 64 --clients 64 -s 1024"),
			Systems: []string{"real-4.9.7-sync", "direct-sync", "null-sync"}},
		{Name: loadOpen, Title: "open loop of 128 B at half of the real broker's highest rate, direct", Argv: own("producer -w 64 -s 128 --rate {rate}"),
			Systems: []string{"real-4.9.7", "direct"}, Rate: r.half("real-4.9.7", "direct")},
		{Name: loadOpenGate, Title: "open loop of 128 B at half of the real proxy's highest rate, through a proxy", Argv: own("producer -w 64 -s 128 --rate {rate}"),
			Systems: []string{"real-5.3.3-proxy", "gateway"}, Rate: r.half("real-5.3.3-proxy", "gateway")},
		{Name: loadLatency, Title: "end to end: 1,000 messages of 128 B a second to a long-polling consumer", Argv: own("latency -t BenchmarkTest --rate 1000 -s 128"), // which all have: the proxy 5.3.3 makes no topics
			Systems: []string{"real-4.9.7", "direct", "gateway", "real-5.3.3-proxy"}},
		r.either(Load{Name: loadBacklog, Title: "consuming a backlog of 128 B messages",
			Prepare:  r.ours("producer -t Backlog -w 16 -s 128 --batch 64 -q " + strconv.Itoa(r.size.backlog)),
			Prepares: time.Duration(r.size.backlog) * time.Second / backlogPerSecond, Peak: true, Systems: []string{"real-4.9.7", "direct"}},
			"Consumer -t Backlog -p false -g backlog_{run}", r.plain("consumer -t Backlog -g backlog_{run} --from-first", r.size.own+r.size.ownWarm)),
		r.either(Load{Name: loadTx, Title: "transactions of 2 KiB, 32 threads", Systems: []string{"null", "standalone", "real-4.9.7"}},
			"TransactionProducer -t BenchmarkTest -w 32 -s 2048", r.plain("tproducer -t BenchmarkTest -w 32 -s 2048", r.size.own+r.size.ownWarm)),
		{Name: loadTimers, Title: "messages with a time of their own, 1 KiB, 16 senders, closed loop", Systems: []string{"null", "standalone", "real-5.3.3"},
			Argv: r.plain("timerproducer -t BenchmarkTest "+timerSlots, r.size.own+r.size.ownWarm)},
		{Name: loadStart, Title: "from start to ready, empty store", Fresh: true,
			Systems: []string{"real-4.9.7", "standalone", "gateway", "real-5.3.3-proxy"}},
	}
	return r.timed(loads)
}

// timed are loads with what all have: sends before them, and an end.
func (r race) timed(loads []Load) []Load {
	for i := range loads {
		l := &loads[i]
		if len(l.Argv) > 0 && l.Prepare == nil {
			l.Prepare = r.firstSends()
		}
		if len(l.Argv) > 0 && l.Seconds == 0 {
			l.Seconds = r.size.own + r.size.ownWarm + ownSlack
			l.Lasts = time.Duration(r.size.own+r.size.ownWarm+1) * time.Second
		}
	}
	return loads
}

// measured is a load of ours with its warm-up and its histogram.
func (r race) measured(words string) []string {
	return r.plain(words+" --histogram {histogram} --warmup "+strconv.Itoa(r.size.ownWarm), r.size.own)
}

// plain is a subcommand of ours for so many seconds.
func (r race) plain(words string, seconds int) []string {
	return r.ours(words + " -ri 500 --seconds " + strconv.Itoa(seconds))
}

// ours is a subcommand of this program on a system.
func (r race) ours(words string) []string {
	return append([]string{r.self, "bench"}, strings.Fields(words+" -n {addr}")...)
}

// timerSlots are an hour apart, so that nearly nothing is due while others are sent; together they are more than a run sends.
const timerSlots = "-st 70 -sd 3600000 -mt 2000"

// firstSends have a server make the topic before the first run, with no other's sends under way.
func (r race) firstSends() []string {
	return r.ours("producer -t BenchmarkTest -w 4 -q 64")
}

// backlogPerSecond is how fast a backlog is made, about.
const backlogPerSecond = 300_000

// ownSlack is how much longer than it should a load of ours may run, in seconds.
const ownSlack = 30

// either is a load of the official classes where they are here, else of ours.
func (r race) either(l Load, official string, own []string) Load {
	if r.official == "" {
		l.Argv, l.Title = own, l.Title+", our load"
		return l
	}
	words := strings.Fields(official)
	l.Argv = append([]string{"java", "--add-opens", "java.base/java.nio=ALL-UNNAMED", "-Xmx1g", "-Duser.home={scratch}", "-cp", r.official,
		"org.apache.rocketmq.example.benchmark." + words[0], "-n", "{addr}"}, words[1:]...)
	l.Title, l.Seconds = l.Title+", official Java classes", r.size.java
	l.Lasts = time.Duration(r.size.java+2) * time.Second
	return l
}

// half is half of the highest rate of the first, or where the real servers are left out the second.
func (r race) half(real, ours string) rateOf {
	if r.real == "" {
		real = ours
	}
	return rateOf{load: loadFull, system: real, part: 0.5}
}
