package store

import (
	"errors"
	"fmt"
	"slices"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// read reads the records chosen, neighbours together, and leaves out what is no such record.
func (l *look) read() error {
	r := l.result
	r.buf = l.store.buffers.get(l.bytes)
	kept := r.buf.bytes[:0]
	for rest := l.units; len(rest) > 0; {
		n, size := neighbours(rest)
		piece := r.buf.bytes[len(kept) : len(kept)+size]
		if err := l.store.readFull(piece, rest[0].Physical); err != nil {
			if len(kept) > 0 { // the next look-up begins with what could not be read
				r.NextBeginOffset = l.ordinals[len(l.units)-len(rest)]
				break
			}
			return l.fail(err)
		}
		kept = l.keepWhole(kept, piece, rest[:n])
		rest = rest[n:]
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

// keepWhole appends those records of piece to kept, which lies in front of it, that are what their units say.
func (l *look) keepWhole(kept, piece []byte, units []consumequeue.Unit) []byte {
	for _, u := range units {
		b := piece[:u.Size]
		piece = piece[u.Size:]
		record, err := message.ParseRecord(b)
		if err != nil || len(record) != len(b) || record.PhysicalOffset() != int64(u.Physical) {
			l.store.logger.Error("consume queue points to no record", "topic", l.query.Topic, "queue_id", l.query.QueueID, "offset", int64(u.Physical))
			continue
		}
		kept = append(kept, b...)
		l.result.Count++
	}
	return kept
}

// readFull fills b from the log.
func (s *Store) readFull(b []byte, at commitlog.Offset) error {
	for len(b) > 0 {
		n, err := s.log.ReadAt(b, at)
		if err != nil {
			return err
		}
		b, at = b[n:], at+commitlog.Offset(n)
	}
	return nil
}

// ErrNotFound says that no message lies at the offset asked for.
var ErrNotFound = errors.New("no message there")

// RecordAt returns the record at a physical offset, in memory of its own. Error: ErrNotFound.
func (s *Store) RecordAt(offset commitlog.Offset) (message.Record, error) {
	r, err := s.log.Record(offset, nil)
	if err == nil {
		err = r.CheckBody()
	}
	if err != nil {
		return nil, fmt.Errorf("look up message at %d: %w: %w", offset, ErrNotFound, err)
	}
	return r, nil
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
		s.appendRecords(r, found.Offsets)
		oldest, ok := s.log.StoreTimestamp(found.Offsets[0])
		if r.Count > 0 || !ok || oldest < begin {
			break
		}
		end = oldest
	}
	return r, nil
}

func (s *Store) appendRecords(r *KeyResult, offsets []commitlog.Offset) {
	var buf []byte
	for _, offset := range offsets {
		record, err := s.log.Record(offset, buf)
		if err != nil {
			continue // gone, or an index that says more than the log has
		}
		buf = record
		r.Records = append(r.Records, record...)
		r.Count++
	}
}
