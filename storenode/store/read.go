package store

import (
	"errors"
	"fmt"
	"slices"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// read reads the records chosen, neighbours together, and leaves out what the disk has changed.
func (l *look) read() error { return l.readAsking(l.store.suspectUnit) }

// suspicion is Store.suspectUnit.
type suspicion func(topic string, queueID int32, ordinal int64) (mending bool)

func (l *look) readAsking(suspect suspicion) error {
	r := l.result
	r.buf = l.store.buffers.get(l.plan())
	kept, first := r.buf.bytes[:0], 0
	for _, s := range l.spans {
		through, err := 0, error(nil)
		if kept, through, err = l.keepSpan(kept, s, first, suspect); err == nil {
			first += through
			continue
		}
		if first += through; l.query.now || l.ordinals[first] == l.query.Offset {
			return l.fail(err)
		}
		r.NextBeginOffset = l.ordinals[first] // the next look-up begins with what cannot be served now
		break
	}
	r.Bytes = kept
	if r.Count == 0 {
		r.Status = MessageWasRemoving
	}
	return nil
}

// fail turns a look-up whose records are gone meanwhile into its status.
func (l *look) fail(err error) error {
	l.result.Status = MessageWasRemoving
	if errors.Is(err, commitlog.ErrOutOfRange) {
		return nil
	}
	l.result.Release()
	return err
}

// keepSpan reads a span, whose first unit is number first, behind kept, and one record after the other where that fails: what
// cannot be read may lie between them. It returns what keep does.
func (l *look) keepSpan(kept []byte, s span, first int, suspect suspicion) ([]byte, int, error) {
	p, err := l.readSpan(s, kept)
	switch {
	case err == nil:
		return l.keep(kept, p, first, suspect)
	case l.query.now:
		return kept, 0, err
	}
	for i := range s.units {
		if p, err = l.readSpan(alone(l.units[first+i]), kept); err == nil {
			kept, _, err = l.keep(kept, p, first+i, suspect)
		}
		if err != nil {
			return kept, i, err
		}
	}
	return kept, s.units, nil
}

// keep appends those records of p to kept, which lies in front of it, that may be served; unit number first is the first
// of p's. It returns how many units it is through with; with an error, which is ErrMending where who asks may wait, the next one
// is to be waited for.
func (l *look) keep(kept []byte, p piece, first int, suspect suspicion) ([]byte, int, error) {
	for i, u := range l.units[first : first+p.units] {
		b, ordinal := p.record(u), l.ordinals[first+i]
		switch err := l.check(b, p.bad, u.Physical, ordinal); {
		case err == nil:
			kept = append(kept, b...)
			l.result.Count++
		case l.query.now:
			return kept, i, vfs.ErrWouldWait
		case IsDamage(err):
			l.store.noteDamage(err)
		case suspect(l.query.Topic, l.query.QueueID, ordinal):
			return kept, i, fmt.Errorf("look up message %d: %w", ordinal, ErrMending)
		}
	}
	return kept, p.units, nil
}

var errOther = errors.New("the record of another message, or none, lies where the consume queue says")

// check says whether b, which lies at that place, is the message asked for, as it was written: IsDamage where it is not any
// more, errOther where something else lies there, so that the unit may be wrong.
func (l *look) check(b []byte, bad []commitlog.Offset, at commitlog.Offset, ordinal int64) error {
	for _, block := range bad {
		if block < at+commitlog.Offset(len(b)) && at < block+commitlog.BlockBytes {
			return l.store.log.Corrupt(block, commitlog.ErrBlockSum)
		}
	}
	record, err := commitlog.ParseRecordAt(b, at)
	if err != nil || len(record) != len(b) || !l.asked(record, ordinal) {
		return errOther
	}
	return l.store.checkBody(record)
}

func (l *look) asked(r message.Record, ordinal int64) bool {
	return r.QueueOffset() == ordinal && r.QueueID() == l.query.QueueID && string(r.Topic()) == l.query.Topic
}

// checkBody compares a record's body with its checksum. Error: *commitlog.CorruptError.
func (s *Store) checkBody(r message.Record) error {
	if err := r.CheckBody(); err != nil {
		return s.log.Corrupt(commitlog.Offset(r.PhysicalOffset()), err)
	}
	return nil
}

// readFull fills b from the log and names the blocks of it that are damaged.
func (s *Store) readFull(b []byte, at commitlog.Offset) (bad []commitlog.Offset, err error) {
	for len(b) > 0 {
		n, more, err := s.log.ReadChecked(b, at)
		if err != nil {
			return nil, err
		}
		bad = append(bad, more...)
		b, at = b[n:], at+commitlog.Offset(n)
	}
	return bad, nil
}

// readNow fills b from the log. Error: vfs.ErrWouldWait.
func (s *Store) readNow(b []byte, at commitlog.Offset) error {
	for len(b) > 0 {
		n, err := s.log.ReadNow(b, at)
		if err != nil {
			return err
		}
		b, at = b[n:], at+commitlog.Offset(n)
	}
	return nil
}

// ErrNotFound says that no message lies at the offset asked for.
var ErrNotFound = errors.New("no message there")

// RecordAt returns the record at a physical offset, in memory of its own. Error: ErrNotFound, which IsDamage tells from
// where there never was one.
func (s *Store) RecordAt(offset commitlog.Offset) (message.Record, error) {
	r, err := s.soundRecord(offset, nil)
	if err != nil {
		return nil, fmt.Errorf("look up message at %d: %w: %w", offset, ErrNotFound, err)
	}
	return r, nil
}

// soundRecord reads the record at offset into buf, growing it, if it is as it was written; damage is noted.
func (s *Store) soundRecord(offset commitlog.Offset, buf []byte) (message.Record, error) {
	r, err := s.log.Record(offset, buf)
	if err == nil {
		err = s.checkBody(r)
	}
	s.noteDamage(err)
	return r, err
}

// KeyResult is what QueryByKey found.
type KeyResult struct {
	Records            []byte           // one behind the other, oldest first
	Count              int              // of them
	LastStoreTimestamp int64            // of the newest message indexed, ms
	LastOffset         commitlog.Offset // and its place
}

// keyPasses is how often a query goes further back while what it finds is gone.
const keyPasses = 3

// QueryByKey returns at most limit messages of the topic that have the key, or one with the same hash, stored from begin
// to end (ms): DefaultMessageStore.queryMessage 4.9.7. Error: the index's.
func (s *Store) QueryByKey(topic, key string, limit int, begin, end int64) (*KeyResult, error) {
	r := &KeyResult{}
	limit = min(limit, s.cfg.MaxMsgsNumBatch)
	for range keyPasses {
		found, err := s.index.Query(topic, key, limit, begin, end)
		if err != nil {
			return nil, err
		}
		if len(found.Offsets) == 0 {
			break
		}
		r.LastStoreTimestamp, r.LastOffset = found.LastUpdateTimestamp, found.LastUpdateOffset
		slices.Sort(found.Offsets)
		s.appendRecords(r, topic, found.Offsets)
		oldest, ok := s.log.StoreTimestamp(found.Offsets[0])
		if r.Count > 0 || !ok || oldest < begin {
			break
		}
		end = oldest
	}
	return r, nil
}

// appendRecords appends the topic's records that lie at the offsets; some may be gone, or the index say more than the log.
func (s *Store) appendRecords(r *KeyResult, topic string, offsets []commitlog.Offset) {
	var buf []byte
	for _, offset := range offsets {
		record, err := s.soundRecord(offset, buf)
		if err != nil {
			continue
		}
		if buf = record; string(record.Topic()) == topic {
			r.Records = append(r.Records, record...)
			r.Count++
		}
	}
}
