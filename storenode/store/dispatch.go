package store

import (
	"errors"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// retryPause is how long a follower of the log waits after an error.
const retryPause = time.Second

// dispatcher follows the log and puts a unit for each record into its queue. It reads the log itself and waits for
// nothing but the log's next record, so that a message can be consumed as soon as it is appended.
type dispatcher struct {
	store   *Store
	scanner *commitlog.Scanner
	signal  chan struct{} // holds one
	behind  atomic.Int64  // all records before it are in their queues
	failed  atomic.Pointer[error]
	writeAt int64 // bytes of units in memory at which recovery writes them

	mu        sync.Mutex // guards the rest
	lastAt    commitlog.Offset
	lastTime  int64 // ms
	deletions []deletion
}

// deletion is a topic whose queues go when the dispatcher has come to at.
type deletion struct {
	at    commitlog.Offset
	topic string
	done  chan error
}

func (d *dispatcher) init(s *Store) {
	d.store, d.signal, d.writeAt = s, make(chan struct{}, 1), s.cfg.MaxBufferedUnitBytes
}

// wake is called from the appender.
func (d *dispatcher) wake() {
	select {
	case d.signal <- struct{}{}:
	default:
	}
}

// startAt is where run begins: behind what recovery has put into the queues.
func (d *dispatcher) startAt(offset commitlog.Offset) {
	d.scanner = d.store.log.Scan(offset)
	d.behind.Store(int64(offset))
}

func (d *dispatcher) position() commitlog.Offset { return commitlog.Offset(d.behind.Load()) }

// progress is the place and storeTimestamp of the last record that is in its queue.
func (d *dispatcher) progress() (commitlog.Offset, int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lastAt, d.lastTime
}

func (d *dispatcher) noteProgress(r message.Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lastAt, d.lastTime = commitlog.Offset(r.PhysicalOffset()), r.StoreTimestamp()
}

// failure is why queues cannot be written, nil when they can.
func (d *dispatcher) failure() error {
	if err := d.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// run ends when the store stops and the log's end is reached or cannot be.
func (d *dispatcher) run() {
	for {
		err := d.follow()
		if err != nil {
			d.fail(err)
		}
		select {
		case <-d.store.stop:
			if d.follow() == nil {
				d.deletePending(d.position())
			}
			return
		default:
		}
		d.pause(err)
	}
}

// pause waits for the next record, or after an error for some time.
func (d *dispatcher) pause(err error) {
	var retry <-chan time.Time
	signal := d.signal
	if err != nil {
		retry, signal = time.After(retryPause), nil
	}
	select {
	case <-d.store.stop:
	case <-signal:
	case <-retry:
	}
}

func (d *dispatcher) fail(err error) {
	if d.failure() == nil {
		d.store.logger.Error("queues cannot be built", "offset", int64(d.position()), "error", err)
	}
	d.failed.Store(&err)
}

// follow dispatches up to the log's end.
func (d *dispatcher) follow() error {
	for {
		if err := d.makeRoom(); err != nil {
			return err
		}
		if err := d.deletePending(d.scanner.Offset()); err != nil {
			return err
		}
		record, err := d.scanner.Next()
		if errors.Is(err, io.EOF) {
			d.behind.Store(int64(d.store.log.End()))
			d.failed.Store(nil)
			return d.deletePending(d.scanner.Offset())
		}
		if errors.Is(err, commitlog.ErrOutOfRange) && d.scanner.Offset() < d.store.log.Min() {
			d.startAt(d.store.log.Min()) // an empty slave that begins where its master does
			continue
		}
		if err != nil {
			if err = d.store.skipDamage(d.scanner, err); err != nil {
				return err
			}
			continue
		}
		if err := d.store.dispatch(record, true); err != nil {
			return err
		}
		d.noteProgress(record)
		d.behind.Store(int64(d.scanner.Offset()))
	}
}

// makeRoom writes units out when those in memory have reached their bound.
func (d *dispatcher) makeRoom() error {
	if !d.store.queues.Full() {
		return nil
	}
	return d.store.queues.Write(0)
}

// skipDamage goes on behind something that is no record: what it holds is lost, what follows is not.
func (s *Store) skipDamage(scanner *commitlog.Scanner, err error) error {
	var corrupt *commitlog.CorruptError
	if !errors.As(err, &corrupt) {
		return err
	}
	from := scanner.Offset()
	if err := scanner.Resync(); err != nil {
		return err
	}
	s.logger.Error("commit log is damaged, its messages are skipped",
		"file", corrupt.File, "from", int64(from), "to", int64(scanner.Offset()), "error", corrupt.Err)
	return nil
}

// hasUnit says whether the record is in its queue: of those that are part of a transaction only committed ones are.
func hasUnit(r message.Record) bool {
	kind := message.TransactionType(r.SysFlag())
	return kind == 0 || kind == message.FlagTransactionCommit
}

// unitOf is what the record's queue keeps of it.
func (s *Store) unitOf(r message.Record) consumequeue.Unit {
	return consumequeue.Unit{
		Physical: commitlog.Offset(r.PhysicalOffset()), Size: int32(len(r)), TagsCode: s.tagsCode(r, r.Topic(), r.Properties()),
	}
}

// dispatch puts the record's unit into its queue, if it has one. live records are announced to who waits.
func (s *Store) dispatch(r message.Record, live bool) error {
	if !hasUnit(r) {
		return nil
	}
	topic, unit := r.Topic(), s.unitOf(r)
	queue := s.queues.FindOrAdd(topic, r.QueueID())
	ordinal := consumequeue.Offset(r.QueueOffset())
	placed, err := queue.Put(ordinal, unit)
	if placed == consumequeue.Gap && err == nil {
		from := queue.Max()
		s.logger.Error("messages of a queue are missing", "topic", string(topic), "queue_id", r.QueueID(),
			"from", int64(from), "to", int64(ordinal), "offset", int64(unit.Physical))
		queue.FillGap(ordinal)
		s.mender.add(queue, from, ordinal, errGap) // the log may have them
		placed, err = queue.Put(ordinal, unit)
	}
	if live && placed == consumequeue.Appended && err == nil {
		s.counts.placed(len(r))
		s.cfg.OnArrival(Arrival{
			Topic: topic, QueueID: r.QueueID(), MaxOffset: int64(ordinal) + 1,
			TagsCode: unit.TagsCode, StoreTimestamp: r.StoreTimestamp(), Properties: r.Properties(),
		})
	}
	return err
}

// tagsCode is the hash of the message's tag; of a delayed message the time it is due.
func (s *Store) tagsCode(r message.Record, topic []byte, properties message.Properties) int64 {
	if string(topic) == ScheduleTopic {
		level, err := strconv.Atoi(string(properties.Get(message.PropertyDelay)))
		if err == nil && level > 0 {
			return s.cfg.DeliverTime(level, r.StoreTimestamp())
		}
	}
	return message.TagsCode(properties.Get(message.PropertyTags))
}

// deleteAt is called from the appender.
func (d *dispatcher) deleteAt(topic deletion) {
	d.mu.Lock()
	d.deletions = append(d.deletions, topic)
	d.mu.Unlock()
	d.wake()
}

// deletePending removes the queues of topics whose last record before the deletion is behind.
func (d *dispatcher) deletePending(reached commitlog.Offset) error {
	for {
		d.mu.Lock()
		if len(d.deletions) == 0 || d.deletions[0].at > reached {
			d.mu.Unlock()
			return nil
		}
		next := d.deletions[0]
		d.deletions = d.deletions[1:]
		d.mu.Unlock()
		err := d.store.queues.Delete(next.topic)
		d.store.offsets.forgotten(next.topic)
		next.done <- err
	}
}
