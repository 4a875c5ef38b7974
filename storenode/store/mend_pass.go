package store

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// mendPass is a part of the log that is read for all mends whose messages lie in it.
type mendPass struct {
	from, to commitlog.Offset
	mends    []*mend
}

// passes puts mends together whose parts of the log overlap, so that none of it is read twice.
func passes(mends []*mend) []*mendPass {
	var all []*mendPass
	mends = slices.DeleteFunc(slices.Clone(mends), func(j *mend) bool { return j.err != nil })
	slices.SortFunc(mends, func(a, b *mend) int { return cmp.Compare(a.scanFrom, b.scanFrom) })
	for _, j := range mends {
		if last := len(all) - 1; last >= 0 && j.scanFrom <= all[last].to {
			all[last].to = max(all[last].to, j.scanTo)
			all[last].mends = append(all[last].mends, j)
			continue
		}
		all = append(all, &mendPass{j.scanFrom, j.scanTo, []*mend{j}})
	}
	return all
}

// run reads the log and rewrites the units. Errors of one mend are kept in it; commitlog.ErrClosed when the store stops,
// the log's.
func (p *mendPass) run(m *mender) error {
	wanted := p.byQueue()
	scanner := m.store.log.Scan(p.from)
	for scanner.Offset() < p.to {
		if !m.store.running() {
			return commitlog.ErrClosed
		}
		record, err := scanner.Next()
		switch {
		case errors.Is(err, io.EOF):
			return p.finish(m)
		case errors.Is(err, commitlog.ErrOutOfRange) && scanner.Offset() < m.store.log.Min():
			scanner = m.store.log.Scan(m.store.log.Min()) // the oldest file has gone meanwhile
		case err != nil:
			if err := m.store.skipDamage(scanner, err); err != nil {
				return err
			}
		case hasUnit(record):
			for _, j := range wanted[string(record.Topic())][record.QueueID()] {
				j.take(m, record)
			}
			p.bound(m)
		}
	}
	return p.finish(m)
}

func (p *mendPass) byQueue() map[string]map[int32][]*mend {
	wanted := map[string]map[int32][]*mend{}
	for _, j := range p.mends {
		topic, id := j.queue.Topic(), j.queue.ID()
		if wanted[topic] == nil {
			wanted[topic] = map[int32][]*mend{}
		}
		wanted[topic][id] = append(wanted[topic][id], j)
	}
	return wanted
}

// bound writes the units out when there are too many of them in memory.
func (p *mendPass) bound(m *mender) {
	if m.buffered < m.store.cfg.MaxBufferedUnitBytes {
		return
	}
	for _, j := range p.mends {
		j.write(m)
	}
}

func (p *mendPass) finish(m *mender) error {
	for _, j := range p.mends {
		if j.closed && j.passed {
			j.restart() // what was found is of a topic that was deleted since
		}
		j.blanks(m, j.to)
		j.write(m)
	}
	return nil
}

// restart forgets what was found: the queue begins anew.
func (j *mend) restart() {
	j.next, j.units, j.found, j.passed = j.from, j.units[:0], 0, false
}

// take puts the record's unit in its place, if it is one that is looked for. The rules are Put's: of two records with one
// number the first counts, and number 0 begins the queue anew; so does any number behind one that is too high for the
// range.
func (j *mend) take(m *mender, r message.Record) {
	at, ordinal := commitlog.Offset(r.PhysicalOffset()), consumequeue.Offset(r.QueueOffset())
	if j.err != nil || at < j.scanFrom || at >= j.scanTo || ordinal < j.from {
		return
	}
	if ordinal >= j.to {
		j.passed = true
		return
	}
	if j.passed || ordinal == 0 {
		m.buffered -= int64(len(j.units))
		j.restart()
	}
	if ordinal < j.next {
		return
	}
	j.blanks(m, ordinal)
	j.append(m, j.unitFor(r, ordinal))
	j.found++
}

// unitFor is what the record calls for; of a delayed message what stands there, if that may be.
func (j *mend) unitFor(r message.Record, ordinal consumequeue.Offset) consumequeue.Unit {
	if j.queue.Topic() == ScheduleTopic {
		if old, ok, err := j.queue.Unit(ordinal); ok && err == nil && j.store.leadsTo(old, r) {
			return old
		}
	}
	return j.store.unitOf(r)
}

// mendPieceBytes is how many bytes of blanks gather before they are written.
const mendPieceBytes = 64 << 10

// blanks stands in for messages up to number to that are not in the log. A unit that leads to where the log is damaged
// stays.
func (j *mend) blanks(m *mender, to consumequeue.Offset) {
	for j.next < to && j.err == nil {
		u := consumequeue.Blank()
		if w, old, _ := m.look(j.queue, j.next); w == unsure {
			u = old
		}
		j.append(m, u)
		if len(j.units) >= mendPieceBytes {
			j.write(m)
		}
	}
}

func (j *mend) append(m *mender, u consumequeue.Unit) {
	j.units = consumequeue.AppendUnit(j.units, u)
	j.next++
	m.buffered += consumequeue.UnitBytes
}

// write rewrites the units that have gathered.
func (j *mend) write(m *mender) {
	if len(j.units) == 0 || j.err != nil {
		return
	}
	j.err = j.queue.Rewrite(j.generation, j.next-consumequeue.Offset(len(j.units)/consumequeue.UnitBytes), j.units)
	m.buffered -= int64(len(j.units))
	j.units = j.units[:0]
}
