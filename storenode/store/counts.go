package store

import (
	"sync"
	"sync/atomic"
	"time"

	"gantry/storenode/commitlog"
)

// Counts are what the store has done since it was opened (StoreStatsService 4.9.7).
type Counts struct {
	Put      int64 // messages that can be read
	PutBytes int64 // of their records
	Found    int64 // looks that found messages
	Missed   int64 // looks that did not
	Got      int64 // messages found
}

// Minus is what has been done since an earlier moment.
func (c Counts) Minus(before Counts) Counts {
	return Counts{c.Put - before.Put, c.PutBytes - before.PutBytes, c.Found - before.Found, c.Missed - before.Missed, c.Got - before.Got}
}

// Past is what the store had done some time before.
type Past struct {
	At     time.Time
	Counts Counts
}

// countsKept is how many past seconds are known.
const countsKept = 601

// counts counts, and remembers a while.
type counts struct {
	put, putBytes, found, missed, got atomic.Int64

	mu        sync.Mutex // guards the rest
	opened    time.Time
	past      []Past // a second apart, the oldest first
	morning   Counts // when the day began, as far as the store was open
	yesterday Counts // and the day before
}

func (c *counts) placed(bytes int) {
	c.put.Add(1)
	c.putBytes.Add(int64(bytes))
}

func (c *counts) looked(r *Result) {
	if r.Status != Found {
		c.missed.Add(1)
		return
	}
	c.found.Add(1)
	c.got.Add(int64(r.Count))
}

func (c *counts) now() Counts {
	return Counts{c.put.Load(), c.putBytes.Load(), c.found.Load(), c.missed.Load(), c.got.Load()}
}

// run takes note each second until stop is closed.
func (c *counts) run(stop <-chan struct{}) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		c.note(time.Now())
		select {
		case <-ticker.C:
		case <-stop:
			return
		}
	}
}

func (c *counts) note(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if len(c.past) == 0 {
		c.opened = at
	} else if last := c.past[len(c.past)-1].At; last.YearDay() != at.YearDay() || last.Year() != at.Year() {
		c.yesterday, c.morning = c.morning, now
	}
	if len(c.past) == countsKept {
		copy(c.past, c.past[1:])
		c.past = c.past[:countsKept-1]
	}
	c.past = append(c.past, Past{at, now})
}

// Throughput is what the store has done, and had done.
type Throughput struct {
	Now                Past
	Opened             time.Time
	Morning, Yesterday Counts // when this day and the one before began; zero where the store was not open then
	past               []Past
}

// Throughput says what the store does.
func (s *Store) Throughput() Throughput {
	c := &s.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	return Throughput{Now: Past{time.Now(), c.now()}, Opened: c.opened, Morning: c.morning, Yesterday: c.yesterday, past: append([]Past(nil), c.past...)}
}

// Over is what was done in d, at most ten minutes, before the last full second, and how long that really is.
func (t Throughput) Over(d time.Duration) (Counts, time.Duration) {
	if len(t.past) == 0 {
		return Counts{}, 0
	}
	last := t.past[len(t.past)-1]
	before := last
	for i := len(t.past) - 1; i >= 0 && last.At.Sub(before.At) < d; i-- {
		before = t.past[i]
	}
	return last.Counts.Minus(before.Counts), last.At.Sub(before.At)
}

// Dispatched is how far the log is in the queues.
func (s *Store) Dispatched() commitlog.Offset { return s.dispatcher.position() }
