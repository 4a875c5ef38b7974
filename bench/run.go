package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"gantry/remoting/protocol"
)

// forSeconds bounds a run, 0: not at all.
func forSeconds(ctx context.Context, seconds int) (context.Context, context.CancelFunc) {
	if seconds <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
}

// during samples and reports while work runs, and returns when both have ended.
func (w *window[S]) during(ctx context.Context, intervalMillis int, sample func() S, report func(first, last S), work func()) {
	reporting, stop := context.WithCancel(ctx)
	var reports sync.WaitGroup
	reports.Go(func() { w.run(reporting, intervalMillis, sample, report) })
	work()
	stop()
	reports.Wait()
}

// inParallel runs n of work, each with random numbers of its own.
func inParallel(n int, work func(random *rand.Rand)) {
	var workers sync.WaitGroup
	for i := range n {
		workers.Go(func() { work(newRandom(i)) })
	}
	workers.Wait()
}

// pauseAfter waits as the official benchmark does after a send that failed.
func pauseAfter(ctx context.Context, err error) {
	wait := noAnswerPause
	var refused *protocol.Error
	if errors.As(err, &refused) {
		wait = refusalPause
	}
	pause(ctx, wait)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
