package longpoll

import "time"

// deadlines is a heap of the held pulls, the first to end on top.
type deadlines []*entry

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].Deadline.Before(d[j].Deadline) }

func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].deadlineAt, d[j].deadlineAt = i, j
}

func (d *deadlines) Push(x any) {
	e := x.(*entry)
	e.deadlineAt = len(*d)
	*d = append(*d, e)
}

func (d *deadlines) Pop() any {
	last := len(*d) - 1
	e := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return e
}

func (t *Table) wakeClock() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// run ends pulls at their deadlines, or with the round after, and re-checks all from time to time. While none is held it sleeps.
func (t *Table) run() {
	var recheck time.Time // zero while none is held
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-t.stop:
			return
		case <-t.wake:
		case <-timer.C:
		}
		now := time.Now()
		if !recheck.IsZero() && !now.Before(recheck) {
			t.recheck()
			recheck = time.Time{}
		}
		next, some := t.endDue(now)
		if !some {
			timer.Stop()
			recheck = time.Time{}
			continue
		}
		if recheck.IsZero() {
			recheck = now.Add(t.config.RecheckEvery)
		}
		if recheck.Before(next) {
			next = recheck
		}
		timer.Reset(max(next.Sub(now), t.config.RoundsEvery))
	}
}

// endDue resumes the pulls whose deadline has come and returns the next deadline, if there is some.
func (t *Table) endDue(now time.Time) (next time.Time, some bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.deadlines) > 0 {
		first := t.deadlines[0]
		if now.Before(first.Deadline) {
			return first.Deadline, true
		}
		t.resume(first, TimedOut)
	}
	return time.Time{}, false
}

// recheck resumes the pulls whose queue has gone past them, whatever their tags: it finds arrivals that nobody told
// of, and moves on those that wait behind many messages they do not want.
func (t *Table) recheck() {
	type place struct {
		topic   string
		queueID int32
	}
	var places []place
	t.mu.RLock()
	for topic, queues := range t.queues {
		for queueID := range queues {
			places = append(places, place{topic, queueID})
		}
	}
	t.mu.RUnlock()
	for _, p := range places {
		maxOffset := t.config.MaxOffset(p.topic, p.queueID)
		t.mu.Lock()
		t.resumeAll(t.queues[p.topic][p.queueID], func(e *entry) bool { return e.Offset < maxOffset })
		t.mu.Unlock()
	}
}
