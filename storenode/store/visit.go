package store

import (
	"errors"
	"io"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
)

// What the log's tail holds, for who must know whether a message is there already. Before Indexed it is found by key,
// behind it by reading.

// Indexed is the offset before which every record is in the index; 0 where none is kept.
func (s *Store) Indexed() commitlog.Offset {
	if !s.cfg.MessageIndexEnable {
		return 0
	}
	return s.indexer.position()
}

// PlacesByKey returns where records of the topic lie that have the key, or one with the same hash, newest first, at
// most limit. Those stored before begin (ms) may be left out. Error: the index's.
func (s *Store) PlacesByKey(topic, key string, limit int, begin int64) ([]commitlog.Offset, error) {
	found, err := s.index.Query(topic, key, limit, begin-1000, s.log.LastStoreTimestamp()+1000) // the index knows whole seconds
	return found.Offsets, err
}

// sinceBytes is how exactly Since knows: reading so much more is quicker than knowing better.
const sinceBytes = 1 << 20

// Since is a place in the log with no record before it that was stored at or after a time (ms), and few behind it that
// were stored before. It reads about one record for each halving of the log. Error: the log's.
func (s *Store) Since(storeTimestamp int64) (commitlog.Offset, error) {
	low, high := s.log.Min(), s.log.End()
	for high-low > sinceBytes {
		middle := low + (high-low)/2
		record, err := s.recordBehind(middle, high)
		switch {
		case errors.Is(err, commitlog.ErrOutOfRange) && low < s.log.Min():
			return s.log.Min(), nil // the oldest file went meanwhile
		case err != nil:
			return 0, err
		case record == nil || record.StoreTimestamp() >= storeTimestamp:
			high = middle
		default:
			low = commitlog.Offset(record.PhysicalOffset())
		}
	}
	return low, nil
}

// recordBehind is the first record that begins behind offset and before end, nil where there is none.
func (s *Store) recordBehind(offset, end commitlog.Offset) (message.Record, error) {
	scanner := s.log.Scan(offset)
	if err := scanner.Resync(); err != nil || scanner.Offset() >= end {
		return nil, err
	}
	return scanner.Next()
}

// Visit tells visit each record from one place to another, borrowed for the call, and passes over damage. Errors:
// visit's, the log's.
func (s *Store) Visit(from, to commitlog.Offset, visit func(message.Record) error) error {
	scanner := s.log.Scan(max(from, s.log.Min()))
	for scanner.Offset() < to {
		record, err := scanner.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			if err := s.skipDamage(scanner, err); err != nil {
				return err
			}
		default:
			if err := visit(record); err != nil {
				return err
			}
		}
	}
	return nil
}
