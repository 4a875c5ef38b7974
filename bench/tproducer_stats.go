package bench

import (
	"context"
	"sync/atomic"
	"time"
)

// transactionStats counts what became of transactions, and what brokers asked.
type transactionStats struct {
	sent, failed atomic.Int64
	micros       atomic.Int64 // that all took
	max          atomic.Int64 // µs, since the last report
	histogram    Histogram

	checks     atomic.Int64
	unexpected atomic.Int64 // about what was ended before
	duplicated atomic.Int64 // that had come before
}

// transactionSample is transactionStats at one moment.
type transactionSample struct {
	at                             time.Time
	sent, failed, micros           int64
	checks, unexpected, duplicated int64
}

func (s *transactionStats) sample() transactionSample {
	return transactionSample{time.Now(), s.sent.Load(), s.failed.Load(), s.micros.Load(),
		s.checks.Load(), s.unexpected.Load(), s.duplicated.Load()}
}

// since is the rate of transactions, failed ones too, and the time in ms that
// all took, divided by those that succeeded, between two samples.
func (s transactionSample) since(first transactionSample) (tps int64, meanMillis float64) {
	sent := s.sent - first.sent
	if elapsed := s.at.Sub(first.at).Seconds(); elapsed > 0 {
		tps = int64(float64(sent+s.failed-first.failed) / elapsed)
	}
	if sent > 0 {
		meanMillis = float64(s.micros-first.micros) / float64(sent) / microsPerMilli
	}
	return tps, meanMillis
}

// ended counts a transaction that began then. What the run's own end cut off
// counts as nothing.
func (s *transactionStats) ended(ctx context.Context, begin time.Time, stored bool) {
	if !stored && ctx.Err() != nil {
		return
	}
	took := time.Since(begin)
	s.micros.Add(took.Microseconds())
	raise(&s.max, took.Microseconds())
	if !stored {
		s.failed.Add(1)
		return
	}
	s.histogram.Record(took)
	s.sent.Add(1)
}
