package store

import (
	"errors"
	"fmt"
	"math"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// recover finds the log's end and brings the queues up to it.
func (s *Store) recover() error {
	begin := time.Now()
	unclean, err := s.unclean()
	if err != nil {
		return err
	}
	// From here on another crash must not pass for a clean stop.
	if err := errors.Join(s.marks.load(s), s.marks.setAbort(s)); err != nil {
		return err
	}
	var indexed commitlog.Offset
	tabled, lost, err := s.restoreQueues(unclean)
	switch {
	case err != nil:
	case s.log.Empty():
		err = s.recoverEmpty()
	case tabled != nil:
		indexed, err = s.recoverTabled(*tabled, unclean)
	case unclean:
		indexed, err = s.recoverUnclean(lost)
	default:
		indexed, err = s.recoverClean(lost)
	}
	if err != nil {
		return err
	}
	if err := s.startIndexer(indexed); err != nil {
		return err
	}
	s.fromTable, s.endLost = tabled != nil, tabled == nil && unclean
	if s.marks.missing {
		if err := s.marks.reset(s); err != nil {
			return err
		}
	}
	s.marks.at = s.log.End()
	s.logger.Info("store recovered", "path", s.cfg.StorePathRootDir, "clean", !unclean, "begin", int64(s.log.Min()), "end", int64(s.log.End()),
		"queues", len(s.queues.All()), "from_table", tabled != nil, "duration", time.Since(begin).Round(time.Millisecond))
	return nil
}

// EndLost says that what was stored last before the start may be gone: the power was, or nobody knows what was.
func (s *Store) EndLost() bool { return s.endLost }

// restoreQueues takes the queues from their table, if it can be trusted; else it returns nil, and the table goes. lost
// says that files which the table knows are gone: the queues on disk are not all there were.
func (s *Store) restoreQueues(unclean bool) (from *tableHead, lost bool, err error) {
	if s.marks.missing || s.log.Empty() {
		return nil, false, s.marks.table.drop()
	}
	head, queues, ok, err := s.marks.table.read(unclean, s.marks.lockTime)
	if err != nil || !ok {
		return nil, false, errors.Join(err, s.marks.table.drop())
	}
	if err := s.restoreFrom(queues, head.logMin); err != nil {
		s.logger.Warn("consume queues are not what their table says and will be made again from the commit log", "error", err)
		s.queues.Forget()
		return nil, true, s.marks.table.drop()
	}
	return &head, false, nil
}

func (s *Store) restoreFrom(queues []byte, logMin commitlog.Offset) error {
	if err := s.queues.Restore(queues); err != nil || logMin == s.log.Min() {
		return err
	}
	return s.followLog()
}

// recoverTabled reads the log from the last record that the table of queues covers. Of the queues' files
// nothing is read; verifyQueues looks at them later.
func (s *Store) recoverTabled(head tableHead, unclean bool) (indexed commitlog.Offset, err error) {
	trust := commitlog.Trust{CheckBodies: s.cfg.CheckCRCOnRecover, Unclean: unclean, SafeTime: math.MaxInt64}
	if err := s.log.Recover(head.at, trust, s.redispatch); err != nil {
		return 0, err
	}
	for _, q := range s.queues.All() {
		if err := q.Truncate(s.log.End()); err != nil {
			return 0, err
		}
	}
	s.dispatcher.startAt(s.log.End())
	if head.indexed == 0 || s.index.EndOffset() < head.indexEnd {
		return s.index.EndOffset(), nil // there was none, or some of it is gone
	}
	return head.indexed, nil
}

// recoverEmpty removes the queues of a log that is gone, as the Java broker does.
func (s *Store) recoverEmpty() error {
	if _, err := s.queues.Load(consumequeue.Bounds{Limit: math.MaxInt64}); err != nil {
		return err
	}
	if queues := s.queues.All(); len(queues) > 0 {
		s.logger.Warn("commit log is empty, its queues are removed", "queues", len(queues))
	}
	if err := s.queues.DeleteAll(); err != nil {
		return err
	}
	s.dispatcher.startAt(0)
	return nil
}

// recoverClean begins with the record that the queues know last: the log is read from there, only to its end.
func (s *Store) recoverClean(lost bool) (indexed commitlog.Offset, err error) {
	damaged, err := s.loadQueues(consumequeue.Bounds{Min: s.log.Min(), Limit: math.MaxInt64})
	if err != nil {
		return 0, err
	}
	trust := commitlog.Trust{CheckBodies: s.cfg.CheckCRCOnRecover, SafeTime: math.MaxInt64}
	err = s.log.Recover(s.cleanStart(), trust, func(r message.Record) error {
		s.dispatcher.noteProgress(r)
		return nil
	})
	if err != nil {
		return 0, err
	}
	from := s.log.Min()
	for _, q := range s.queues.All() {
		if err := q.Truncate(s.log.End()); err != nil {
			return 0, err
		}
		from = max(from, q.MaxPhysical())
	}
	if damaged > 0 || lost {
		return s.index.EndOffset(), s.rebuild()
	}
	return s.index.EndOffset(), s.catchUp(from)
}

// rebuild makes all queues from the log; units that are there are kept. Until the next checkpoint no start trusts the
// queues, should this one be interrupted.
func (s *Store) rebuild() error {
	if err := s.marks.reset(s); err != nil {
		return err
	}
	return s.catchUp(s.log.Min())
}

// cleanStart is the place of the last record in any queue, if one really lies there; else the third file from the end,
// as in the Java broker.
func (s *Store) cleanStart() commitlog.Offset {
	var last *consumequeue.Queue
	for _, q := range s.queues.All() {
		if last == nil || q.MaxPhysical() > last.MaxPhysical() {
			last = q
		}
	}
	if last != nil {
		unit, ok, err := last.Unit(last.Max() - 1)
		if ok && err == nil && s.recordAt(unit.Physical) {
			return unit.Physical
		}
	}
	starts := s.log.Starts()
	return starts[max(0, len(starts)-3)]
}

// recordAt says that a whole record lies at offset.
func (s *Store) recordAt(offset commitlog.Offset) bool {
	r, err := s.log.Record(offset, nil)
	return err == nil && r.CheckBody() == nil
}

// recoverUnclean trusts log and queues up to the last checkpoint and makes the rest of the queues from the log.
func (s *Store) recoverUnclean(lost bool) (indexed commitlog.Offset, err error) {
	from := s.uncleanStart()
	damaged, err := s.loadQueues(consumequeue.Bounds{Min: s.log.Min(), Limit: from, Distrust: true})
	if err != nil {
		return 0, err
	}
	all := damaged > 0 || lost || len(s.queues.All()) == 0 && from > s.log.Min()
	trust := commitlog.Trust{CheckBodies: s.cfg.CheckCRCOnRecover, Unclean: true, SafeTime: s.marks.last.safe()}
	err = s.log.Recover(from, trust, func(r message.Record) error {
		if all {
			return nil
		}
		return s.redispatch(r)
	})
	if err != nil {
		return 0, err
	}
	if all {
		return min(s.index.EndOffset(), from), s.rebuild()
	}
	s.dispatcher.startAt(s.log.End())
	return min(s.index.EndOffset(), from), nil
}

// uncleanStart is a record before which log and queues surely are complete on the disk.
func (s *Store) uncleanStart() commitlog.Offset {
	start, nearest := s.javaStart(), s.marks.nearest
	if nearest > start && nearest >= s.log.Min() && s.recordAt(nearest) {
		start = nearest
	}
	return start
}

// javaStart is the newest file whose first record is not younger than the checkpoint, as in the Java broker.
func (s *Store) javaStart() commitlog.Offset {
	starts, safe := s.log.Starts(), s.marks.last.safe()
	for i := len(starts) - 1; i > 0; i-- {
		stored, ok := s.log.StoreTimestamp(starts[i])
		if ok && stored > 0 && stored <= safe {
			return starts[i]
		}
	}
	return starts[0]
}

// recoveryOverdraft is how many times the bound of units in memory recovery may use where the disk has no room: a store
// on a full disk still starts and can be read.
const recoveryOverdraft = 8

// redispatch puts a recovered record into its queue.
func (s *Store) redispatch(r message.Record) error {
	if buffered := s.queues.BufferedBytes(); buffered >= s.dispatcher.writeAt {
		s.dispatcher.writeAt = s.cfg.MaxBufferedUnitBytes
		if err := s.queues.Write(0); err != nil {
			s.dispatcher.writeAt += buffered
			if buffered >= recoveryOverdraft*s.cfg.MaxBufferedUnitBytes {
				return err
			}
		}
	}
	s.dispatcher.noteProgress(r)
	return s.dispatch(r, false)
}

// catchUp puts the records from from on into their queues; those that are in are skipped.
func (s *Store) catchUp(from commitlog.Offset) error {
	s.dispatcher.startAt(from)
	scanner := s.log.Scan(from)
	for scanner.Offset() < s.log.End() {
		r, err := scanner.Next()
		if err != nil {
			if err = s.skipDamage(scanner, err); err != nil {
				break
			}
			continue
		}
		if err := s.redispatch(r); err != nil {
			return fmt.Errorf("build queues: %w", err)
		}
	}
	s.dispatcher.startAt(s.log.End())
	return nil
}

// startIndexer takes back what the index may not have whole, all from indexed on, and has it go on from there.
func (s *Store) startIndexer(indexed commitlog.Offset) error {
	next, err := s.index.Rollback(min(indexed, s.log.End()))
	if err != nil {
		return fmt.Errorf("roll index back: %w", err)
	}
	s.indexer.startAt(s.indexStart(next))
	return nil
}

// indexStart is a record at or before limit: limit itself, else the beginning of its file.
func (s *Store) indexStart(limit commitlog.Offset) commitlog.Offset {
	if limit == s.log.End() || s.recordAt(limit) {
		return limit
	}
	start := s.log.Min()
	for _, file := range s.log.Starts() {
		if file <= limit {
			start = max(start, file)
		}
	}
	return start
}
