package bench

import (
	"context"
	"sync/atomic"
	"time"

	"gantry/remoting/protocol"
)

// batchStats counts what became of batches.
type batchStats struct {
	requests, messages     atomic.Int64 // stored as asked for
	failed, messagesFailed atomic.Int64
	micros                 atomic.Int64 // that answered sends took
	histogram              Histogram    // of answered sends
}

// batchSample is batchStats at one moment.
type batchSample struct {
	at                                                 time.Time
	requests, messages, failed, messagesFailed, micros int64
}

func (s *batchStats) sample() batchSample {
	return batchSample{time.Now(), s.requests.Load(), s.messages.Load(), s.failed.Load(), s.messagesFailed.Load(), s.micros.Load()}
}

// since is the rates of batches and messages, and the mean times in ms of each,
// between two samples.
func (s batchSample) since(first batchSample) (tps, mps int64, mean, perMessage float64) {
	requests, messages, micros := s.requests-first.requests, s.messages-first.messages, float64(s.micros-first.micros)
	if elapsed := s.at.Sub(first.at).Seconds(); elapsed > 0 {
		tps, mps = int64(float64(requests)/elapsed), int64(float64(messages)/elapsed)
	}
	if requests > 0 {
		mean, perMessage = micros/float64(requests)/microsPerMilli, micros/float64(messages)/microsPerMilli
	}
	return tps, mps, mean, perMessage
}

// ended counts a batch of n messages that was sent then. Any status but SUCCESS
// is a failure. What the run's own end cut off counts as nothing.
func (s *batchStats) ended(ctx context.Context, begin time.Time, n int64, status int32, err error) {
	if err != nil && ctx.Err() != nil {
		return
	}
	if err == nil {
		took := time.Since(begin)
		s.histogram.Record(took)
		s.micros.Add(took.Microseconds())
	}
	if err != nil || status != protocol.Success {
		s.failed.Add(1)
		s.messagesFailed.Add(n)
		return
	}
	s.requests.Add(1)
	s.messages.Add(n)
}
