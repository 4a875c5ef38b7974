package bench

import (
	"context"
	"errors"
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
		took := time.Since(begin)
		s.histogram.Record(took)
		s.micros.Add(n * took.Microseconds())
		s.sent.Add(n)
	case ctx.Err() != nil:
	case errors.As(err, &refused):
		s.refused.Add(n)
	default:
		s.failed.Add(n)
	}
}
