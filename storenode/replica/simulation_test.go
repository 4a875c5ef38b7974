package replica

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
	"gantry/storenode/vfs"
)

// The simulation: a master and one or two slaves on disks and a network in
// memory. One seed gives the sends, the crashes, power losses, cut and slow
// connections, slow and full disks, wiped slaves, stops and switches by hand.
// All of it must leave
//
//   - what was acknowledged under SYNC_MASTER in the log of a slave that has lost
//     nothing since, at its place,
//   - equal bytes at equal offsets, but for a slave that has stopped and says so,
//   - slaves stopped only whose log is no beginning of their master's,
//   - after a crash what docs/durability.md says,
//   - once all is well again, equal logs and equal queues.
//
// GANTRY_SIM_RUNS says how many seeds, GANTRY_SIM_SEED with which to begin; it
// ends early after three minutes.

const (
	fewRuns  = 100
	manyRuns = 3000 // in CI
	runsEnd  = 3 * time.Minute
)

func setting(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func TestReplicationUnderFaults(t *testing.T) {
	usual := fewRuns
	if os.Getenv("CI") != "" {
		usual = manyRuns
	}
	first, runs := setting(t, "GANTRY_SIM_SEED", 1), setting(t, "GANTRY_SIM_RUNS", usual)
	met, begun, done := map[string]int{}, time.Now(), 0
	for seed := first; done < runs && time.Since(begun) < runsEnd && !t.Failed(); seed++ {
		done++
		synctest.Test(t, func(t *testing.T) {
			s := newSimulation(t, uint64(seed))
			s.run()
			for what, times := range s.met {
				met[what] += times
			}
		})
	}
	t.Logf("%d runs from seed %d: %v", done, first, met)
	for _, what := range []string{"acknowledged by a slave", "kill of a master", "power loss of a slave", "switch", "slave stopped", "expired file"} {
		if done >= fewRuns && met[what] == 0 {
			t.Errorf("no run has met: %s", what)
		}
	}
}

type simulation struct {
	t      *testing.T
	seed   uint64
	random *rand.Rand
	net    *simNet
	nodes  []*simNode
	leader *simNode
	sync   bool
	keeps  time.Duration // fileReservedTime
	frames int           // haTransferBatchSize
	reads  int           // bytes of the log, or of the stream, at a time
	steps  []string
	met    map[string]int

	leaderLog  atomic.Pointer[commitlog.Log] // nil while the leader is down
	leaderName atomic.Value
	restarted  []func() // what to look at when nodes are up again

	mu   sync.Mutex // guards the rest
	sent int
	acks []ack
}

// ack is a message that was acknowledged.
type ack struct {
	body    string
	at, end commitlog.Offset
	outcome Outcome
	holders map[*simNode]int64 // slaves that had it then, and how often each had lost something
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	random := rand.New(rand.NewPCG(seed, 1))
	s := &simulation{t: t, seed: seed, random: random, met: map[string]int{}, net: newSimNet(rand.New(rand.NewPCG(seed, 2))), sync: random.IntN(3) > 0,
		keeps:  []time.Duration{time.Hour, 4 * time.Minute}[random.IntN(2)],
		frames: []int{100, 1000, 32 << 10}[random.IntN(3)], reads: []int{2000, 20_000, 1 << 20}[random.IntN(3)]}
	for i := range 2 + random.IntN(2) {
		n := &simNode{sim: s, name: fmt.Sprint("node", i), disk: vfs.NewMem(), random: rand.New(rand.NewPCG(seed, uint64(3+i)))}
		if random.IntN(3) == 0 {
			n.flush = commitlog.SyncFlush
		}
		s.nodes = append(s.nodes, n)
	}
	s.lead(s.nodes[0])
	t.Cleanup(func() {
		for _, n := range s.nodes {
			n.end()
		}
	})
	return s
}

func (s *simulation) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("GANTRY_SIM_SEED=%d: %s\nafter %s", s.seed, fmt.Sprintf(format, args...), strings.Join(s.steps, ", "))
}

func (s *simulation) address() Address { return Address{HA: s.leader.name, Master: s.leader.name} }

func (s *simulation) lead(n *simNode) {
	s.leader = n
	s.leaderName.Store(n.name)
}

// deed is something that may happen.
type deed struct {
	name  string
	often int
	do    func(*simulation)
}

func deeds() []deed {
	return []deed{
		{"sends", 30, (*simulation).sends},
		{"time", 10, func(s *simulation) { s.rest(3 * time.Second) }},
		{"much time", 2, func(s *simulation) { s.rest(2 * time.Minute) }},
		{"kill of a master", 3, func(s *simulation) { s.crashOf(s.leader, false) }},
		{"power loss of a master", 3, func(s *simulation) { s.crashOf(s.leader, true) }},
		{"kill of a slave", 4, func(s *simulation) { s.crashOf(s.someSlave(), false) }},
		{"power loss of a slave", 4, func(s *simulation) { s.crashOf(s.someSlave(), true) }},
		{"stop of a master", 2, func(s *simulation) { s.stopOf(s.leader) }},
		{"stop of a slave", 2, func(s *simulation) { s.stopOf(s.someSlave()) }},
		{"wiped slave", 1, (*simulation).wipe},
		{"switch", 2, (*simulation).switchOver},
		{"parted network", 3, func(s *simulation) { s.net.part(); s.rest(10 * time.Second); s.net.heal() }},
		{"stalled network", 3, func(s *simulation) {
			s.net.set(func() { s.net.stall = time.Now().Add(time.Duration(s.random.Int64N(int64(10 * time.Second)))) })
		}},
		{"slow network", 2, func(s *simulation) { s.net.set(func() { s.net.latency = 500 * time.Millisecond }) }},
		{"cut connection", 5, func(s *simulation) { s.net.set(func() { s.net.cutIn = 1 + s.random.IntN(30_000) }) }},
		{"slow disk", 3, func(s *simulation) {
			s.someNode().slow.Store(s.random.Int64N(int64(4 * time.Second)))
		}},
		{"full disk of a slave", 2, func(s *simulation) { s.hurt().full.Store(true) }},
		{"failing disk of a slave", 2, func(s *simulation) { s.hurt().bad.Store(true) }},
		{"well", 8, (*simulation).well},
	}
}

func (s *simulation) run() {
	s.startAll()
	all, weight := deeds(), 0
	for _, d := range all {
		weight += d.often
	}
	for range 20 + s.random.IntN(40) {
		pick := s.random.IntN(weight)
		i := slices.IndexFunc(all, func(d deed) bool { pick -= d.often; return pick < 0 })
		s.steps = append(s.steps, all[i].name)
		s.meet(all[i].name)
		all[i].do(s)
		s.compare()
	}
	s.steps = append(s.steps, "end")
	s.settle()
	for _, n := range s.nodes {
		n.stop()
	}
}

func (s *simulation) rest(most time.Duration) {
	time.Sleep(time.Duration(s.random.Int64N(int64(most))))
}

func (s *simulation) someNode() *simNode { return s.nodes[s.random.IntN(len(s.nodes))] }

func (s *simulation) someSlave() *simNode {
	for {
		if n := s.someNode(); n != s.leader {
			return n
		}
	}
}

func (s *simulation) hurt() *simNode {
	n := s.someSlave()
	n.hurt = true
	return n
}

// startAll starts what is down, the master first or last.
func (s *simulation) startAll() {
	for _, i := range s.random.Perm(len(s.nodes)) {
		n := s.nodes[i]
		if n.up() {
			continue
		}
		n.start()
		if n == s.leader {
			s.leaderLog.Store(n.store.Log())
		}
	}
	for _, look := range s.restarted {
		look()
	}
	s.restarted = nil
	if len(s.steps) > 0 {
		s.forget()
	}
}

func (s *simulation) crashOf(n *simNode, power bool) {
	if !n.up() {
		return
	}
	if n == s.leader {
		s.leaderLog.Store(nil)
	}
	n.crash(power)
	s.rest(5 * time.Second)
	s.startAll()
}

func (s *simulation) stopOf(n *simNode) {
	if !n.up() {
		return
	}
	if n == s.leader {
		s.leaderLog.Store(nil)
	}
	n.stop()
	s.rest(5 * time.Second)
	s.startAll()
}

// wipe is what an operator does with a slave that has stopped, or with any.
func (s *simulation) wipe() { s.wipeOf(s.someSlave()) }

func (s *simulation) wipeOf(n *simNode) {
	if n.up() {
		n.stop()
	}
	n.disk = vfs.NewMem()
	n.full.Store(false)
	n.lost.Add(1)
	n.start()
}

// well ends what slows copies down.
func (s *simulation) well() {
	s.net.heal()
	for _, n := range s.nodes {
		n.slow.Store(0)
		n.full.Store(false)
		n.bad.Store(false)
	}
	s.rest(3 * time.Second)
}

// sends appends a few messages, and waits for their acknowledgements or not.
func (s *simulation) sends() {
	for range 1 + s.random.IntN(12) {
		s.sendOne()
		if s.random.IntN(3) == 0 {
			s.rest(50 * time.Millisecond)
		}
	}
	s.rest(time.Second)
}

// sendOne sends a message of one of two lengths, so that the records of two
// histories often begin at the same places.
func (s *simulation) sendOne() {
	s.sent++
	s.send(fmt.Sprintf("%06d%s", s.sent, strings.Repeat("x", []int{10, 1500}[s.random.IntN(2)])))
}

func (s *simulation) send(body string) {
	raw := encode(s.t, body)
	leader, master := s.leader, s.leader.master
	r := &commitlog.Request{Topic: "A", Records: raw, Wait: true}
	r.Done = func(r *commitlog.Request) {
		end := r.Offset + commitlog.Offset(len(raw))
		switch {
		case r.Err != nil:
		case s.sync:
			master.Wait(&Wait{End: end, Due: time.Now().Add(2400 * time.Millisecond), Done: func(o Outcome) { s.acked(leader, body, r.Offset, end, o) }})
		default:
			s.acked(leader, body, r.Offset, end, NoSlave)
		}
	}
	if err := s.leader.store.Append(r); err != nil && !s.leader.full.Load() {
		s.fail("a send is refused: %v", err)
	}
}

func (s *simulation) acked(leader *simNode, body string, at, end commitlog.Offset, o Outcome) {
	a := ack{body: body, at: at, end: end, outcome: o, holders: map[*simNode]int64{}}
	for _, n := range s.nodes {
		log := n.log.Load()
		if n != leader && log != nil && max(log.Safe(), commitlog.Offset(n.had.Load())) >= end {
			a.holders[n] = n.lost.Load()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acks = append(s.acks, a)
	if o == Copied {
		s.met["acknowledged by a slave"]++
		if len(a.holders) == 0 {
			s.t.Errorf("GANTRY_SIM_SEED=%d: [%d, %d) is acknowledged, and no slave has it", s.seed, at, end)
		}
	}
}

// forget drops acknowledged messages that the master need not have: it has lost
// power, or another leads, that did not get them.
func (s *simulation) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	log, buf := s.leader.log.Load(), []byte(nil)
	s.acks = slices.DeleteFunc(s.acks, func(a ack) bool {
		if a.at < log.Min() {
			return true // it has expired
		}
		record, err := log.Record(a.at, buf)
		if err == nil && string(record.Body()) == a.body {
			return false
		}
		if lost, held := a.holders[s.leader]; held && a.outcome == Copied && lost == s.leader.lost.Load() {
			s.fail("%s leads, has acknowledged [%d, %d), lost nothing, and has not got it: %v", s.leader.name, a.at, a.end, err)
		}
		if s.leader.lost.Load() == 0 && !s.switchedLocked() {
			s.fail("%s has lost [%d, %d) without a power loss: %v", s.leader.name, a.at, a.end, err)
		}
		return true
	})
}

// switchedLocked needs mu.
func (s *simulation) switchedLocked() bool { return s.met["switched"] > 0 }

func (s *simulation) meet(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met[what]++
}

// switchOver is switching by hand: the master is stopped, or dead, and the slave
// that has most leads from then on.
func (s *simulation) switchOver() {
	s.well()
	old := s.leader
	s.leaderLog.Store(nil)
	if orderly := s.random.IntN(2) == 0; orderly {
		old.stop()
	} else {
		old.crash(s.random.IntN(2) == 0)
	}
	var best *simNode
	for _, n := range s.nodes {
		if n != old && n.slave.Status().State != SlaveStopped && (best == nil || n.log.Load().End() > best.log.Load().End()) {
			best = n
		}
	}
	if best == nil {
		s.startAll()
		return
	}
	s.meet("switched")
	best.stop()
	s.lead(best)
	for _, n := range s.nodes {
		if n.up() {
			n.slave.Follow(s.address())
		}
	}
	s.startAll()
}

// compare looks at slaves: what they copy to is the master's, and who has stopped
// is no beginning of it. A slave may not have noticed yet that its master is
// another by now.
func (s *simulation) compare() {
	for _, n := range s.nodes {
		if n == s.leader || !n.up() || !s.leader.up() {
			continue
		}
		if synctest.Wait(); s.contradiction(n) == "" {
			continue
		}
		time.Sleep(toNotice)
		if found := s.contradiction(n); found != "" {
			s.fail("%s is [%d, %d), its master [%d, %d): %s", n.name, n.store.Min(), n.store.End(), s.leader.store.Min(), s.leader.store.End(), found)
		}
	}
}

// toNotice is how long a slave may take: housekeeping, and a look at the master
// again.
const toNotice = time.Minute

func (s *simulation) contradiction(n *simNode) string {
	err := differ(s.leader.store.Log(), n.store.Log())
	beginning := err == nil && n.store.End() <= s.leader.store.End()
	switch status := n.slave.Status(); {
	case status.State == SlaveStopped && beginning && n.store.End() >= s.leader.store.Min():
		return "it has stopped, and is a beginning of its master: " + status.LastError
	case status.State == SlaveCopying && !beginning:
		return fmt.Sprintf("it copies, and is no beginning of its master: %v", err)
	}
	return ""
}

// settle makes all well and expects equal copies.
func (s *simulation) settle() {
	s.well()
	s.outgrow()
	for range 2 {
		time.Sleep(toNotice)
		s.compare()
		for _, n := range s.nodes {
			if n != s.leader && n.slave.Status().State == SlaveStopped {
				s.meet("slave stopped")
				s.wipeOf(n)
			}
		}
	}
	if s.leader.store.Min() > 0 {
		s.meet("expired file")
	}
	s.send("the last one")
	time.Sleep(10 * time.Second)
	s.forget()
	want := s.queue(s.leader)
	for _, n := range s.nodes {
		if n == s.leader {
			continue
		}
		err := differ(s.leader.store.Log(), n.store.Log())
		if err != nil || n.store.End() != s.leader.store.End() {
			s.fail("%s has [%d, %d) in the end, its master [%d, %d): %v, %+v", n.name, n.store.Min(), n.store.End(), s.leader.store.Min(), s.leader.store.End(), err, n.slave.Status())
		}
		got := s.queue(n)
		both := min(len(got), len(want)) // either may have more that has expired at the other
		if !slices.Equal(got[len(got)-both:], want[len(want)-both:]) {
			s.fail("the queue of %s has %d messages, its master's %d, and they differ", n.name, len(got), len(want))
		}
	}
}

// outgrow has the master's log become longer than any slave's: one that is ahead
// of it is so no more, and must not pass for a beginning of it.
func (s *simulation) outgrow() {
	for _, n := range s.nodes {
		for n.store.End() >= s.leader.store.End() && n != s.leader && n.store.End() > 0 {
			s.sendOne()
			time.Sleep(10 * time.Millisecond)
			if s.leader.store.End() > n.store.End() || n.slave.Status().State == SlaveCopying {
				break
			}
		}
	}
}

// queue is the bodies of the queue in order, which are those of the log.
func (s *simulation) queue(n *simNode) []string {
	var inLog, inQueue []string
	first := int64(-1)
	for scanner := n.store.Log().Scan(n.store.Min()); ; {
		record, err := scanner.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.fail("%s: %v", n.name, err)
		}
		if first < 0 {
			first = record.QueueOffset()
		}
		if record.QueueOffset() != first+int64(len(inLog)) {
			s.fail("%s: number %d of the queue is the log's number %d", n.name, record.QueueOffset(), first+int64(len(inLog)))
		}
		inLog = append(inLog, string(record.Body()))
	}
	low, high := n.store.Bounds("A", 0)
	inLog = inLog[max(0, low-first):] // after a crash, a file that has expired may go a second time
	for at := max(first, low); at < high; at++ {
		var unit [1]consumequeue.Unit
		if found, err := n.store.Units("A", 0, at, unit[:]); err != nil || found != 1 {
			s.fail("%s: %d of the queue's units at %d, %v; the queue is [%d, %d), the log [%d, %d) begins with number %d", n.name, found, at, err, low, high, n.store.Min(), n.store.End(), first)
		}
		record, err := n.store.RecordAt(unit[0].Physical)
		if err != nil {
			s.fail("%s: %v", n.name, err)
		}
		inQueue = append(inQueue, string(record.Body()))
	}
	if !slices.Equal(inLog, inQueue) {
		s.fail("%s has %d messages in its log and %d in its queue", n.name, len(inLog), len(inQueue))
	}
	return inQueue
}
