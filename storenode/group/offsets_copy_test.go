package group

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/configfile/configtest"
)

// pair is a master and a slave, whose tables a test brings together.
type pair struct {
	t             *testing.T
	masterFiles   configtest.FS
	slaveFiles    configtest.FS
	master, slave *Offsets
	heard         int64 // of the master's changes
	first         bool
}

func withPair(t *testing.T, tell func(p *pair)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour) // so that ages lie behind 1970
		p := &pair{t: t}
		p.startMaster(time.Now())
		p.startSlave()
		tell(p)
		p.master.Close()
		p.slave.Close()
	})
}

func (p *pair) startMaster(asOf time.Time) {
	p.master = p.open(&p.masterFiles, OffsetsConfig{FlushInterval: 5 * time.Second, MaxPairs: 100, MaxQueues: 100, AsOf: asOf, Own: "own"})
	p.heard, p.first = Everything, true
}

func (p *pair) startSlave() {
	p.slave = p.open(&p.slaveFiles, OffsetsConfig{FlushInterval: 5 * time.Second, MaxPairs: 100, MaxQueues: 100, AsOf: time.Now(), Slave: true, Own: "own"})
	p.heard, p.first = Everything, true
}

func (p *pair) open(files *configtest.FS, c OffsetsConfig) *Offsets {
	o, err := OpenOffsets(files, path, c, quiet)
	if err != nil {
		p.t.Fatal(err)
	}
	return o
}

func (p *pair) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) commit(to *Offsets, queueID int32, offset int64) {
	p.t.Helper()
	p.must(to.Commit(topic, group, queueID, offset))
	time.Sleep(time.Second)
}

// exchange is what a slave asks its master once.
func (p *pair) exchange() {
	p.t.Helper()
	asked, own, place := time.Now(), p.slave.Own(math.MaxInt), p.slave.Place()
	p.must(p.master.TakeBack(own))
	changes, next, _ := p.master.Since(p.heard, math.MaxInt)
	p.must(p.slave.Hear(changes, asked, p.first))
	if p.first {
		p.must(p.slave.Unheard(place, p.master.SavedAge(), func(string) bool { return false }))
	}
	p.heard, p.first = next, false
}

// together lets the two agree, and checks that on both.
func (p *pair) together(queueID int32, want int64) {
	p.t.Helper()
	p.exchange()
	p.exchange()
	for name, o := range map[string]*Offsets{"master": p.master, "slave": p.slave} {
		if got, _ := o.Query(topic, group, queueID); got != want {
			p.t.Errorf("queue %d of the %s: %d, want %d", queueID, name, got, want)
		}
	}
	if own := p.slave.Own(math.MaxInt); len(own) > 0 {
		p.t.Errorf("still to hand back: %v", own)
	}
}

// killMaster ends it as kill -9 does: what it has not saved is gone.
func (p *pair) killMaster() {
	p.masterFiles.StopAfter(0)
	p.master.Close()
	p.masterFiles.StopAfter(-1)
}

func TestASlaveHasWhatWasCommittedToItsMaster(t *testing.T) {
	withPair(t, func(p *pair) {
		p.commit(p.master, 0, 7)
		p.together(0, 7)
		p.commit(p.master, 0, 12)
		p.together(0, 12)
	})
}

func TestAClientsRewindIsObeyed(t *testing.T) {
	withPair(t, func(p *pair) {
		p.commit(p.master, 0, 100)
		p.together(0, 100)
		p.commit(p.master, 0, 3)
		p.together(0, 3)
	})
}

func TestWhatIsCommittedToTheSlaveWhileTheMasterIsDeadIsHandedBack(t *testing.T) {
	for _, offset := range []int64{150, 20} { // progress, and a client that goes back
		withPair(t, func(p *pair) {
			p.commit(p.master, 0, 100)
			p.together(0, 100)
			p.must(p.master.Close())
			saved := time.Now()
			time.Sleep(time.Minute)
			p.commit(p.slave, 0, offset)
			time.Sleep(time.Minute)
			p.startMaster(saved)
			p.together(0, offset)
		})
	}
}

func TestWhatIsHandedBackSurvivesTheSlavesRestart(t *testing.T) {
	withPair(t, func(p *pair) {
		p.commit(p.master, 0, 100)
		p.together(0, 100)
		p.must(p.master.Close())
		saved := time.Now()
		time.Sleep(time.Minute)
		p.commit(p.slave, 0, 150)
		p.must(p.slave.Close())
		p.startSlave()
		p.startMaster(saved)
		p.together(0, 150)
	})
}

func TestACommitToTheReturnedMasterIsNotReplacedByAnOlderOne(t *testing.T) {
	withPair(t, func(p *pair) {
		p.commit(p.master, 0, 100)
		p.together(0, 100)
		p.must(p.master.Close())
		saved := time.Now()
		p.commit(p.slave, 0, 150)
		p.startMaster(saved)
		p.commit(p.master, 0, 120) // by who owns the queue now
		p.together(0, 120)
	})
}

func TestWhatAKilledMasterHadNotSavedComesBack(t *testing.T) {
	withPair(t, func(p *pair) {
		p.commit(p.master, 0, 80)
		time.Sleep(10 * time.Second)
		saved := time.Now()
		time.Sleep(10 * time.Second)
		p.together(0, 80)
		p.commit(p.master, 0, 100)
		p.commit(p.master, 1, 5)
		p.together(0, 100)
		p.killMaster()
		p.startMaster(saved)
		p.together(0, 100)
		p.together(1, 5)
	})
}

// A slave that was cut off has old offsets; that it has saved its table since
// makes them no younger.
func TestASlaveThatWasCutOffReplacesNothing(t *testing.T) {
	withPair(t, func(p *pair) {
		p.commit(p.master, 0, 100)
		p.commit(p.master, 1, 100)
		p.together(0, 100)
		for offset := int64(101); offset < 130; offset++ {
			p.commit(p.master, 0, offset)
			p.commit(p.slave, 1, offset)
		}
		p.must(p.master.Close())
		saved := time.Now()
		time.Sleep(time.Minute)
		p.commit(p.slave, 1, 140)
		p.must(p.slave.Close())
		p.startSlave()
		p.startMaster(saved)
		p.together(0, 129)
		p.together(1, 140)
	})
}

func TestAMasterThatWasASlaveHandsNothingBackLater(t *testing.T) {
	withPair(t, func(p *pair) {
		p.commit(p.slave, 0, 7)
		p.must(p.slave.Close())
		p.slave = p.open(&p.slaveFiles, OffsetsConfig{FlushInterval: time.Second, MaxPairs: 100, MaxQueues: 100, AsOf: time.Now(), Own: "own"})
		p.commit(p.slave, 0, 9)
		p.must(p.slave.Close())
		p.startSlave()
		if own := p.slave.Own(1); len(own) > 0 {
			t.Errorf("to hand back: %v", own)
		}
	})
}

func TestAnOffsetThatIsRepeatedIsNoNews(t *testing.T) {
	withPair(t, func(p *pair) {
		p.commit(p.master, 0, 7)
		p.together(0, 7)
		p.commit(p.master, 0, 7)
		if p.master.Changed(p.heard) {
			t.Error("it is told again")
		}
		p.commit(p.slave, 0, 7)
		if own := p.slave.Own(1); len(own) > 0 {
			t.Errorf("it is handed back: %v", own)
		}
	})
}

func TestChangesComeInPagesAndEachOnce(t *testing.T) {
	withPair(t, func(p *pair) {
		for id := range int32(10) {
			p.commit(p.master, id, int64(id))
		}
		var seen []string
		place, more := int64(Everything), true
		for more {
			var page []Change
			page, place, more = p.master.Since(place, 3)
			if len(page) > 3 {
				t.Errorf("a page of %d", len(page))
			}
			for _, c := range page {
				seen = append(seen, fmt.Sprint(c.QueueID))
			}
		}
		if got := fmt.Sprint(seen); got != "[0 1 2 3 4 5 6 7 8 9]" {
			t.Errorf("came %s", got)
		}
		if p.master.Changed(place) {
			t.Error("a change that nobody made")
		}
	})
}

// No change is left out, however many are made meanwhile and however small the pages.
func TestNoChangeIsPassedOver(t *testing.T) {
	o, err := OpenOffsets(&configtest.FS{}, path, OffsetsConfig{FlushInterval: time.Hour, MaxPairs: 100, MaxQueues: 100}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	const writers, queues, rounds = 4, 8, 300
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range rounds {
				for id := range int32(queues) {
					if err := o.Commit(fmt.Appendf(nil, "T%d", w), group, id, int64(i)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writing.Wait(); close(done) }()
	seen := map[string]int64{}
	for place, ended := int64(Everything), false; ; {
		var page []Change
		page, place, _ = o.Since(place, 5)
		for _, c := range page {
			seen[fmt.Sprint(c.Key, c.QueueID)] = c.Offset
		}
		if ended && !o.Changed(place) {
			break
		}
		select {
		case <-done:
			ended = true
		default:
		}
	}
	if len(seen) != writers*queues {
		t.Errorf("%d queues seen", len(seen))
	}
	for queue, offset := range seen {
		if offset != rounds-1 {
			t.Errorf("%s: %d seen last", queue, offset)
		}
	}
}

// A master looks through all pairs for each slave while commits come.
func BenchmarkSince(b *testing.B) {
	o, err := OpenOffsets(&configtest.FS{}, path, OffsetsConfig{FlushInterval: time.Hour, MaxPairs: 500_000, MaxQueues: 8}, quiet)
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100_000 {
		for id := range int32(4) {
			if err := o.Commit(fmt.Appendf(nil, "topic%d", i), group, id, 1); err != nil {
				b.Fatal(err)
			}
		}
	}
	place := o.Place()
	for b.Loop() {
		if err := o.Commit([]byte("topic7"), group, 0, o.Place()); err != nil {
			b.Fatal(err)
		}
		var changes []Change
		if changes, place, _ = o.Since(place, 1000); len(changes) != 1 {
			b.Fatal(changes)
		}
	}
}
