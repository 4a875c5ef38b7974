package bench

import (
	"context"
	"sync"
	"time"
)

// window is the last ten samples of something that only grows, taken ten times
// a report interval, as the official benchmark takes them.
type window[S any] struct {
	mu      sync.Mutex // guards samples
	samples []S
}

const windowSamples = 10

func (w *window[S]) add(s S) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.samples = append(w.samples, s); len(w.samples) > windowSamples {
		w.samples = w.samples[1:]
	}
}

// ends are the oldest and the newest sample; n is how many there are.
func (w *window[S]) ends() (first, last S, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n = len(w.samples); n > 0 {
		first, last = w.samples[0], w.samples[n-1]
	}
	return first, last, n
}

// run samples and reports until ctx ends.
func (w *window[S]) run(ctx context.Context, intervalMillis int, sample func() S, report func(first, last S)) {
	ticker := time.NewTicker(time.Duration(intervalMillis) * time.Millisecond / windowSamples)
	defer ticker.Stop()
	for taken := 1; ; taken++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		w.add(sample())
		if first, last, n := w.ends(); taken%windowSamples == 0 && n == windowSamples {
			report(first, last)
		}
	}
}
