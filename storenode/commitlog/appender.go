package commitlog

import (
	"encoding/binary"
	"errors"
	"time"

	"gantry/remoting/message"
)

// keptGroupBytes is the buffer the appender keeps between groups.
const keptGroupBytes = 1 << 20

// appender is the state of who writes: one goroutine, and on a slave who copies, each in its turn. Two things hold at every
// moment: what lies before the log's end is written and never changes, and no request is answered without error before the
// end has passed it (and, where it waits for the disk, flushed has: the syncer answers it).
//
// BenchmarkAppend watches this file: no allocation per request, no timer, one copy.
type appender struct {
	log   *Log
	turn  chan struct{} // full while one writes
	spent []*Request    // the queue's former slice

	buf    []byte     // what is not written yet of the current group
	bufAt  Offset     // where it goes
	placed []*Request // of the current group, in order
	copied [1]*Request
	toSync []*Request // of the current group, those that wait for the disk
	broken bool       // a write failed: repair before the next one
}

func (a *appender) run() {
	for {
		requests, controls, ok := a.log.queue.take(a.spent)
		if !ok {
			return
		}
		a.turn <- struct{}{}
		for rest := requests; len(rest) > 0; {
			n := a.groupLen(rest)
			a.commit(rest[:n])
			rest = rest[n:]
		}
		for _, control := range controls {
			control()
		}
		a.spent = requests
		<-a.turn
	}
}

// copy appends what a master's log has, at once.
func (a *appender) copy(r *Request) error {
	a.turn <- struct{}{}
	defer func() { <-a.turn }()
	if a.log.queue.isClosed() {
		return ErrClosed
	}
	a.copied[0] = r
	a.commit(a.copied[:])
	return nil
}

// end waits for a copy under way; there is none behind it, since the queue is closed.
func (a *appender) end() {
	a.turn <- struct{}{}
	<-a.turn
}

// groupLen is how many of the requests go into the next group: at least one, and with each what is to be appended with it.
func (a *appender) groupLen(requests []*Request) int {
	bytes := 0
	for i, r := range requests {
		if bytes += len(r.Records); i > 0 && bytes > a.log.cfg.MaxGroupBytes && requests[i-1].Then != r {
			return i
		}
	}
	return len(requests)
}

// commit appends the group, all of it or nothing, and answers its requests.
func (a *appender) commit(group []*Request) {
	err := a.write(group)
	switch {
	case errors.Is(err, ErrNotAtEnd):
	case err != nil:
		a.undo(err)
	default:
		a.well()
		a.log.groups.Add(1)
		if a.log.cfg.OnAppend != nil {
			a.log.cfg.OnAppend(a.log.End())
		}
	}
	a.answer(group, err)
}

// answer answers the group's requests, but for those that wait for the disk: they go to the syncer.
func (a *appender) answer(group []*Request, err error) {
	waiting := err == nil && a.log.cfg.FlushDiskType == SyncFlush
	a.toSync = a.toSync[:0]
	for _, r := range group {
		r.Err = err
		if !waiting || !r.Wait {
			r.Done(r)
			continue
		}
		if r.Written != nil {
			r.Written(r)
		}
		a.toSync = append(a.toSync, r)
	}
	if len(a.toSync) > 0 {
		a.log.queue.syncing(a.toSync)
		a.log.syncer.put(a.toSync)
	}
}

func (a *appender) write(group []*Request) error {
	if a.broken || a.log.syncFailed.Load() {
		if err := a.repair(); err != nil {
			return err
		}
	}
	a.placed, a.buf = a.placed[:0], a.keptBuffer()
	if group[0].copied {
		return a.writeCopy(group[0])
	}
	a.bufAt = a.log.End()
	now := max(time.Now().UnixMilli(), a.log.lastStoreTime.Load())
	for _, r := range group {
		if err := a.place(r, now, len(group) == 1); err != nil {
			return err
		}
	}
	if err := a.flushBuf(); err != nil {
		return err
	}
	a.publish(group[len(group)-1].Offset, now)
	return nil
}

func (a *appender) keptBuffer() []byte {
	if cap(a.buf) > keptGroupBytes {
		return nil
	}
	return a.buf[:0]
}

// place gives the request its offsets and puts its records behind what is there, in the next file where they do not fit
// into this one.
func (a *appender) place(r *Request, now int64, alone bool) error {
	at := a.bufAt + Offset(len(a.buf))
	s, err := a.log.extend(at - (at-a.log.Min())%Offset(a.log.FileBytes()))
	if err != nil {
		return err
	}
	if room := int64(s.start) + a.log.FileBytes() - int64(at); int64(len(r.Records))+blankBytes > room {
		if at, err = a.roll(room); err != nil {
			return err
		}
	}
	queueOffset := int64(0)
	if count := r.queuedCount(); count > 0 {
		queueOffset = a.log.cfg.Reserve(r.Topic, r.QueueID, count)
		a.placed = append(a.placed, r)
	}
	r.assign(at, queueOffset, now)
	if alone {
		if err := a.flushBuf(); err != nil {
			return err
		}
		return a.writeAt(r.Records, at)
	}
	a.buf = append(a.buf, r.Records...)
	return nil
}

// roll ends the current file with the blank and makes the next one.
func (a *appender) roll(room int64) (next Offset, err error) {
	a.buf = binary.BigEndian.AppendUint32(a.buf, uint32(room))
	a.buf = binary.BigEndian.AppendUint32(a.buf, message.MagicBlank)
	next = a.bufAt + Offset(len(a.buf)) + Offset(room) - blankBytes
	if err := a.flushBuf(); err != nil {
		return 0, err
	}
	a.bufAt = next
	_, err = a.log.extend(next)
	return next, err
}

func (a *appender) flushBuf() error {
	if len(a.buf) == 0 {
		return nil
	}
	err := a.writeAt(a.buf, a.bufAt)
	a.buf = a.buf[:0]
	return err
}

// writeAt is the log's only write; at is where the buffered bytes would have gone.
func (a *appender) writeAt(b []byte, at Offset) error {
	s := a.log.files.Load().at(at)
	a.bufAt = at + Offset(len(b))
	a.log.writes.Add(1)
	if _, err := s.file.WriteAt(b, int64(at-s.start)); err != nil {
		return &WriteError{File: s.path, Op: "write", Err: err}
	}
	return nil
}

// publish lets readers see the group.
func (a *appender) publish(last Offset, now int64) {
	a.log.lastStoreTime.Store(now)
	a.log.lastRecord.Store(int64(last))
	a.log.end.Store(int64(a.bufAt))
}

// undo takes the group's queue offsets back and has appends refused until a retry succeeds.
func (a *appender) undo(err error) {
	for i := len(a.placed) - 1; i >= 0; i-- {
		r := a.placed[i]
		a.log.cfg.Release(r.Topic, r.QueueID, r.QueueOffset)
	}
	a.placed = a.placed[:0]
	a.broken = true
	a.log.fail(err)
}

// Control runs f on the appender behind the requests that wait now, between two groups. f must not block.
func (l *Log) Control(f func()) error { return l.queue.control(f) }

func (l *Log) fail(err error) {
	var write *WriteError
	if !errors.As(err, &write) {
		write = &WriteError{File: l.cfg.Dir, Op: "write", Err: err}
	}
	if l.failure.Load() == nil {
		l.cfg.Logger.Error("commit log cannot be written, sends are refused", "file", write.File, "op", write.Op, "error", write.Err)
	}
	l.failure.Store(&failure{err: write, retryAt: time.Now().Add(l.cfg.RetryAfterFailure)})
}
