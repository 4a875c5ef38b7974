package bench

import (
	"context"
	"time"
)

// pace says when sends are due, so many a second whatever becomes of those before: an open loop. A send's latency counts from then,
// so that a server that stalls shows in all that were due meanwhile and not in the one that met it (coordinated omission).
type pace struct {
	perSecond int64               // messages
	batch     int64               // messages of one send
	count     int64               // messages after which it ends, 0: none
	length    time.Duration       // after which it ends, 0: never
	sleep     func(time.Duration) // nil: exactSleep's
	due       chan time.Time      // closed at the end
}

// paceNap is the longest sleep: the end of a run is noticed so soon.
const paceNap = 100 * time.Millisecond

// paceAhead is how many sends may be due before somebody takes them; then the pace waits, and what comes later is late by that.
const paceAhead = 1024

func (o ProducerOptions) newPace(seconds int, quantity int64) *pace {
	return &pace{perSecond: int64(o.Rate), batch: int64(max(o.BatchMessages, 1)), count: quantity, length: time.Duration(seconds) * time.Second,
		sleep: o.sleep, due: make(chan time.Time, paceAhead)}
}

// run gives out the times until ctx or the pace ends.
func (p *pace) run(ctx context.Context) {
	defer close(p.due)
	sleep := p.sleep
	if sleep == nil {
		var done func()
		sleep, done = exactSleep()
		defer done()
	}
	begin := time.Now()
	for n := int64(0); p.count == 0 || n < p.count; n += p.batch {
		after := time.Duration(n/p.perSecond)*time.Second + time.Duration(n%p.perSecond)*time.Second/time.Duration(p.perSecond)
		if p.length > 0 && after >= p.length {
			return
		}
		at := begin.Add(after)
		for wait := time.Until(at); wait > 0 && ctx.Err() == nil; wait = time.Until(at) {
			sleep(min(wait, paceNap))
		}
		select {
		case p.due <- at:
		case <-ctx.Done():
			return
		}
	}
}
