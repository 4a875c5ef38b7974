package store

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/index"
)

// indexer follows the log on its own and puts keys into the index, so that an index that has to catch up, or that the
// disk has no room for, holds up nobody.
type indexer struct {
	store   *Store
	scanner *commitlog.Scanner
	signal  chan struct{} // holds one
	behind  atomic.Int64  // all records before it are in the index
	failing bool
	damaged atomic.Pointer[index.DamageError] // of the oldest file that is to be made again
}

func (x *indexer) init(s *Store) { x.store, x.signal = s, make(chan struct{}, 1) }

// wake is called from the appender.
func (x *indexer) wake() {
	select {
	case x.signal <- struct{}{}:
	default:
	}
}

func (x *indexer) startAt(offset commitlog.Offset) {
	x.scanner = x.store.log.Scan(offset)
	x.behind.Store(int64(offset))
}

func (x *indexer) position() commitlog.Offset { return commitlog.Offset(x.behind.Load()) }

// finishBytes is how much of the log an ending store still indexes: what a Java broker that opens it next would not
// index again. An index that is further behind was catching up, and a start of ours goes on from there.
const finishBytes = 256 << 20

// run ends when the store stops and the log's end is reached, or too far away.
func (x *indexer) run() {
	for {
		var retry <-chan time.Time
		signal, begun := x.signal, time.Now()
		if err := x.follow(x.store.stop); err != nil {
			if !x.failing {
				x.store.logger.Error("messages cannot be indexed, queries by key miss them for now", "offset", int64(x.position()), "error", err)
			}
			x.failing = true
			retry, signal = time.After(retryPause), nil
		}
		select {
		case <-x.store.stop:
			x.finish()
			return
		case <-signal:
		case <-retry:
		}
		x.store.rest(begun.Add(x.store.cfg.IndexRest))
	}
}

// rest waits until a moment, or until the store stops.
func (s *Store) rest(until time.Time) {
	left := time.Until(until)
	if left <= 0 {
		return
	}
	select {
	case <-s.stop:
	case <-time.After(left):
	}
}

// finish indexes what is left when the store stops.
func (x *indexer) finish() {
	if x.store.log.End()-x.position() > finishBytes {
		return
	}
	if err := x.follow(nil); err != nil {
		x.store.logger.Error("the last messages are not indexed, the next start does it", "offset", int64(x.position()), "error", err)
	}
}

// follow indexes up to the log's end, or until stop.
func (x *indexer) follow(stop <-chan struct{}) error {
	if x.failing {
		next, err := x.store.index.Rollback(x.position())
		if err != nil {
			return err
		}
		x.startAt(x.store.indexStart(next))
	}
	for {
		if err := x.takeBack(); err != nil {
			return err
		}
		record, err := x.scanner.Next()
		switch {
		case errors.Is(err, io.EOF):
			x.failing = false
			x.behind.Store(int64(x.scanner.Offset()))
			return nil
		case errors.Is(err, commitlog.ErrOutOfRange) && x.scanner.Offset() < x.store.log.Min():
			x.startAt(x.store.log.Min()) // what was not indexed in time has expired
			continue
		case err != nil:
			if err := x.store.skipDamage(x.scanner, err); err != nil {
				return err
			}
			continue
		}
		if err := x.store.indexRecord(record); err != nil {
			return err
		}
		x.behind.Store(int64(x.scanner.Offset()))
		select {
		case <-stop:
			return nil
		default:
		}
	}
}

// repair has the file made again that was found damaged, and all that came after it. Anybody may call it.
func (x *indexer) repair(found *index.DamageError) {
	if !x.damaged.CompareAndSwap(nil, found) {
		return
	}
	if x.wake(); !x.store.cfg.MessageIndexEnable {
		x.store.logger.Error("index file is damaged, and messages are not indexed", "file", found.File, "offset", found.Offset, "error", found.Err)
	}
}

// takeBack goes back to where the damaged file begins, if there is one. The position goes first: who compares index and
// log must not expect what is about to be taken out.
func (x *indexer) takeBack() error {
	found := x.damaged.Load()
	if found == nil {
		return nil
	}
	if end, ok := x.store.index.EndBefore(found); ok {
		x.store.logger.Error("index file is damaged and made again from the commit log", "file", found.File, "offset", found.Offset, "error", found.Err)
		x.behind.Store(int64(max(end, x.store.log.Min())))
		next, err := x.store.index.TakeBack(found)
		if err != nil {
			return err
		}
		x.startAt(x.store.indexStart(next))
	}
	x.damaged.Store(nil)
	return nil
}

// indexed says whether the record's keys are in the index: a rolled-back message is not worth finding.
func indexed(r message.Record) bool {
	return message.TransactionType(r.SysFlag()) != message.FlagTransactionRollback
}

func keysOf(r message.Record) (uniqKey, keys []byte) {
	properties := r.Properties()
	return properties.Get(message.PropertyUniqKey), properties.Get(message.PropertyKeys)
}

// indexRecord puts the record's keys into the index.
func (s *Store) indexRecord(r message.Record) error {
	if !indexed(r) {
		return nil
	}
	uniqKey, keys := keysOf(r)
	return s.index.Put(r.Topic(), uniqKey, keys, commitlog.Offset(r.PhysicalOffset()), r.StoreTimestamp())
}
