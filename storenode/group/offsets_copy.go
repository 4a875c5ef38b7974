package group

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// How the offsets of a master and of its slaves come together. The master states every change, in their order, and a
// slave takes it. While the master is away, clients commit to the slave; it hands that back when the master has
// returned, and what it had heard and the master had not saved before it died. Of two values the later one holds,
// whichever is higher: a client may have gone back. Ages travel, not times: clocks need not agree.

// Change is an offset on its way to another copy.
type Change struct {
	Key       string `json:"k"` // topic@group
	QueueID   int32  `json:"q"`
	Offset    int64  `json:"o"`
	AgeMillis int64  `json:"a"` // since it was committed
	seq       int64
}

// Everything is the place before the first change.
const Everything = -1

// Changed says whether there are changes behind a place that Since has returned.
func (o *Offsets) Changed(since int64) bool { return o.seq.Load() > since }

// Since returns at most `most` changes behind a place, each queue's last one, in their order; next is the place behind
// them, and more says whether others follow.
func (o *Offsets) Since(since int64, most int) (changes []Change, next int64, more bool) {
	next = o.seq.Load() // each sees what has a lower one; a higher one may come to a pair that it has left
	now := time.Now().UnixMilli()
	o.each(since, func(key string, id int32, e end) {
		if e.seq > since {
			changes = append(changes, Change{key, id, e.offset, now - e.atMillis, e.seq})
		}
	})
	if len(changes) <= most {
		return changes, next, false
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.seq, b.seq) })
	return changes[:most], min(next, changes[most-1].seq), true
}

// each calls f with the end of every queue of pairs that have changes behind a place, under the pair's lock.
func (o *Offsets) each(since int64, f func(key string, queueID int32, e end)) {
	o.mu.RLock()
	all := o.all
	o.mu.RUnlock()
	for _, ends := range all {
		if ends.last.Load() <= since {
			continue
		}
		ends.mu.Lock()
		for id, e := range ends.ends {
			f(ends.key, id, e)
		}
		ends.mu.Unlock()
	}
}

// Hear has a slave take what its master states. asked is when it asked for it. first says that this master process is
// heard for the first time, so that what it states may be older than what the slave has.
func (o *Offsets) Hear(changes []Change, asked time.Time, first bool) error {
	err := o.merge(changes, func(now end, known bool, c Change, at int64) (end, bool) {
		stated := end{offset: c.Offset, atMillis: at}
		switch {
		case !known || now.offset == c.Offset:
			return stated, true
		case !now.own && !first:
			return stated, true
		case now.atMillis > at:
			now.own = true
			return now, true
		}
		return stated, true
	})
	o.heard.Store(asked.UnixMilli())
	return err
}

// Unheard has a slave hand back what its master has not stated although it stated everything since a place in the slave's
// own changes, if that is younger than what the master had saved before it died; but nothing of the keys that are its master's alone.
func (o *Offsets) Unheard(since int64, savedAge time.Duration, mastersAlone func(key string) bool) error {
	saved := time.Now().Add(-savedAge).UnixMilli()
	var lost []Change
	o.each(Everything, func(key string, id int32, e end) {
		if e.seq <= since && e.atMillis > saved && !mastersAlone(key) {
			lost = append(lost, Change{Key: key, QueueID: id, seq: e.seq})
		}
	})
	return o.merge(lost, func(now end, known bool, c Change, _ int64) (end, bool) {
		now.own = now.own || now.seq == c.seq
		return now, known
	})
}

// Place is where the table's changes have got to.
func (o *Offsets) Place() int64 { return o.seq.Load() }

// SavedAge is how old what the table began with is.
func (o *Offsets) SavedAge() time.Duration { return time.Since(o.config.AsOf) }

// Lower brings offsets that lie behind the end of their queue back to it, and says how many: a copy that takes over may
// lack messages that its master's consumers had. What is stored there next would be passed over.
func (o *Offsets) Lower(endOf func(topic string, queueID int32) int64) (lowered int, err error) {
	var high []Change
	o.each(Everything, func(key string, id int32, e end) {
		topic, _, _ := strings.Cut(key, "@")
		if last := endOf(topic, id); e.offset > last {
			high = append(high, Change{Key: key, QueueID: id, Offset: last})
		}
	})
	return len(high), o.merge(high, func(_ end, _ bool, c Change, at int64) (end, bool) {
		return end{offset: c.Offset, atMillis: at}, true
	})
}

// AsOf is when what the table began with was true.
func (o *Offsets) AsOf() time.Time { return o.config.AsOf }

// Pairs is of how many topics and groups there are offsets.
func (o *Offsets) Pairs() int {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return len(o.pairs)
}

// Own returns at most `most` changes that the master does not have, the first ones first. The master states each, or a
// newer one, in answer to it: then the slave has nothing more to hand back.
func (o *Offsets) Own(most int) (changes []Change) {
	if !o.someOwn.Swap(false) {
		return nil
	}
	now := time.Now().UnixMilli()
	o.each(Everything, func(key string, id int32, e end) {
		if e.own {
			changes = append(changes, Change{key, id, e.offset, now - e.atMillis, e.seq})
		}
	})
	if len(changes) > 0 {
		o.someOwn.Store(true)
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.seq, b.seq) })
	return changes[:min(most, len(changes))]
}

// TakeBack has a master take what a slave hands back. What it has a later word of it states again.
func (o *Offsets) TakeBack(changes []Change) error {
	return o.merge(changes, func(now end, known bool, c Change, at int64) (end, bool) {
		if known && now.atMillis >= at {
			return now, true
		}
		return end{offset: c.Offset, atMillis: at}, true
	})
}

// merge sets what decide makes of each change; at is when it was committed, by this clock. Error: ErrOffsetsFull, and a key
// that is none.
func (o *Offsets) merge(changes []Change, decide func(now end, known bool, c Change, at int64) (next end, set bool)) error {
	clock := time.Now().UnixMilli()
	for _, c := range changes {
		if !strings.Contains(c.Key, "@") {
			return fmt.Errorf("offset of %q, which is no topic@group", c.Key)
		}
		ends, err := o.addKey(c.Key)
		if err != nil {
			return err
		}
		ends.mu.Lock()
		now, known := ends.ends[c.QueueID]
		if next, set := decide(now, known, c, clock-max(c.AgeMillis, 0)); set && (known || len(ends.ends) < o.config.MaxQueues) {
			o.set(ends, c.QueueID, next)
		}
		ends.mu.Unlock()
	}
	if len(changes) > 0 {
		o.saver.Changed()
		if o.own != nil {
			o.own.Changed()
		}
	}
	return nil
}
