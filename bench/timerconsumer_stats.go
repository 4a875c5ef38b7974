package bench

import (
	"sync/atomic"
	"time"
)

// latenessStats counts how late messages came, of which some may come early.
type latenessStats struct {
	count, micros atomic.Int64 // micros may be negative
	late, early   Histogram
}

type latenessSample struct {
	at            time.Time
	count, micros int64
}

// received counts a message and returns how many there are.
func (s *latenessStats) received(late time.Duration) int64 {
	if late < 0 {
		s.early.Record(-late)
	} else {
		s.late.Record(late)
	}
	s.micros.Add(late.Microseconds())
	return s.count.Add(1)
}

func (s *latenessStats) sample() latenessSample {
	return latenessSample{time.Now(), s.count.Load(), s.micros.Load()}
}

// since is the rate and the mean lateness in ms between two samples.
func (s latenessSample) since(first latenessSample) (tps int64, meanMillis float64) {
	n := s.count - first.count
	if elapsed := s.at.Sub(first.at).Seconds(); elapsed > 0 {
		tps = int64(float64(n) / elapsed)
	}
	if n > 0 {
		meanMillis = float64(s.micros-first.micros) / float64(n) / microsPerMilli
	}
	return tps, meanMillis
}

// quantile is how late part q of all messages were at most, in ms, negative where
// they came early.
func (s *latenessStats) quantile(q float64) int64 {
	early, late := float64(s.early.count.Load()), float64(s.late.count.Load())
	at := q * (early + late)
	if at < early || late == 0 && early > 0 {
		return -s.early.Quantile((early - at - 0.5) / early).Milliseconds() // the earliest is the largest there
	}
	if late > 0 {
		return s.late.Quantile((at - early) / late).Milliseconds()
	}
	return 0
}
