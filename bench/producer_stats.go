package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"gantry/remoting/protocol"
)

// producerStats counts what became of sends.
type producerStats struct {
	sent      atomic.Int64 // messages stored
	failed    atomic.Int64 // messages nobody answered
	refused   atomic.Int64 // messages a broker refused
	micros    atomic.Int64 // that the sends of stored messages took, each message's counted
	histogram Histogram    // of sends
}

// producerSample is producerStats at one moment.
type producerSample struct {
	at                            time.Time
	sent, failed, refused, micros int64
}

func (s *producerStats) sample() producerSample {
	return producerSample{time.Now(), s.sent.Load(), s.failed.Load(), s.refused.Load(), s.micros.Load()}
}

// since is the rate, and the mean time of a send in ms, between two samples.
func (s producerSample) since(first producerSample) (tps int64, meanMillis float64) {
	elapsed, sent := s.at.Sub(first.at).Seconds(), s.sent-first.sent
	if elapsed > 0 {
		tps = int64(float64(sent) / elapsed)
	}
	if sent > 0 {
		meanMillis = float64(s.micros-first.micros) / float64(sent) / microsPerMilli
	}
	return tps, meanMillis
}

// ended counts a send of n messages that began then. What the run's own end cut
// off counts as nothing.
func (s *producerStats) ended(ctx context.Context, begin time.Time, n int64, err error) {
	var refused *protocol.Error
	switch {
	case err == nil:
		s.took(time.Since(begin), n)
	case ctx.Err() != nil:
	case errors.As(err, &refused):
		s.refused.Add(n)
	default:
		s.failed.Add(n)
	}
}

// took counts a send of n stored messages.
func (s *producerStats) took(d time.Duration, n int64) {
	s.histogram.Record(d)
	s.micros.Add(n * d.Microseconds())
	s.sent.Add(n)
}

// progress is a line for who watches.
func (s *producerStats) progress() func() string {
	last := s.sample()
	return func() string {
		now := s.sample()
		tps, mean := now.since(last)
		last = now
		return fmt.Sprintf("%d sent, %d/s, mean %.3f ms, P99 %.3f ms, %d failed", now.sent, tps, mean, inMillis(s.histogram.Quantile(0.99)), now.failed+now.refused)
	}
}
