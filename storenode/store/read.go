package store

import (
	"errors"
	"fmt"
	"slices"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// read reads the records chosen, neighbours together, and leaves out what the disk has changed.
func (l *look) read() error { return l.readAsking(l.store.suspectUnit) }

// suspicion is Store.suspectUnit.
type suspicion func(topic string, queueID int32, ordinal int64) (mending bool)

func (l *look) readAsking(suspect suspicion) error {
	r := l.result
	r.buf = l.store.buffers.get(l.bytes)
	kept := r.buf.bytes[:0]
	for first := 0; first < len(l.units); {
		n, size := neighbours(l.units[first:])
		piece := r.buf.bytes[len(kept) : len(kept)+size]
		bad, err := l.store.readFull(piece, l.units[first].Physical)
		through := 0
		if err == nil {
			kept, through, err = l.keep(kept, piece, bad, l.units[first:first+n], l.ordinals[first:], suspect)
		}
		if first += through; err == nil {
			continue
		}
		if l.ordinals[first] == l.query.Offset {
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

// neighbours counts the units at the front whose records follow one another, and their bytes.
func neighbours(units []consumequeue.Unit) (n, bytes int) {
	for n < len(units) && units[n].Physical == units[0].Physical+commitlog.Offset(bytes) {
		bytes += int(units[n].Size)
		n++
	}
	return n, bytes
}

// keep appends those records of piece to kept, which lies in front of it, that may be served: piece holds the records of
// the units, bad are its damaged blocks. It returns how many units it is through with; with an error, which is ErrMending,
// the next one is to be waited for.
func (l *look) keep(kept, piece []byte, bad []commitlog.Offset, units []consumequeue.Unit, ordinals []int64, suspect suspicion) ([]byte, int, error) {
	for i, u := range units {
		b := piece[:u.Size]
		piece = piece[u.Size:]
		switch err := l.check(b, bad, u.Physical, ordinals[i]); {
		case err == nil:
			kept = append(kept, b...)
			l.result.Count++
		case IsDamage(err):
			l.store.noteDamage(err)
		case suspect(l.query.Topic, l.query.QueueID, ordinals[i]):
			return kept, i, fmt.Errorf("look up message %d: %w", ordinals[i], ErrMending)
		}
	}
	return kept, len(units), nil
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
