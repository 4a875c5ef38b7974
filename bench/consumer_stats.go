package bench

import (
	"fmt"
	"sync/atomic"
	"time"
)

// consumerStats counts what was consumed; times are in µs, of whole ms as
// records have them.
type consumerStats struct {
	count, failed            atomic.Int64
	bornMicros, storedMicros atomic.Int64
	bornMax, storedMax       atomic.Int64 // since the last report
	born, stored             Histogram
}

type consumerSample struct {
	at                                      time.Time
	count, failed, bornMicros, storedMicros int64
}

// received counts a message and returns how many there are.
func (s *consumerStats) received(sinceBorn, sinceStored time.Duration) int64 {
	s.born.Record(sinceBorn)
	s.stored.Record(sinceStored)
	s.bornMicros.Add(sinceBorn.Microseconds())
	s.storedMicros.Add(sinceStored.Microseconds())
	raise(&s.bornMax, sinceBorn.Microseconds())
	raise(&s.storedMax, sinceStored.Microseconds())
	return s.count.Add(1)
}

func (s *consumerStats) sample() consumerSample {
	return consumerSample{time.Now(), s.count.Load(), s.failed.Load(), s.bornMicros.Load(), s.storedMicros.Load()}
}

// since is the rate and the two mean times in ms between two samples.
func (s consumerSample) since(first consumerSample) (tps int64, born, stored float64) {
	elapsed, n := s.at.Sub(first.at).Seconds(), s.count-first.count
	if elapsed > 0 {
		tps = int64(float64(n) / elapsed)
	}
	if n > 0 {
		born = float64(s.bornMicros-first.bornMicros) / float64(n) / microsPerMilli
		stored = float64(s.storedMicros-first.storedMicros) / float64(n) / microsPerMilli
	}
	return tps, born, stored
}

// progress is a line for who watches.
func (s *consumerStats) progress() func() string {
	last := s.sample()
	return func() string {
		now := s.sample()
		tps, born, _ := now.since(last)
		last = now
		return fmt.Sprintf("%d consumed, %d/s, born %.3f ms before, P99 %.3f ms, %d failed", now.count, tps, born, inMillis(s.born.Quantile(0.99)), now.failed)
	}
}
