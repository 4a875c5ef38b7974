package store

import (
	"fmt"
	"sync/atomic"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
	"gantry/storenode/vfs"
)

// Status says what Get found; its String is the remark of the Java broker (GetMessageStatus).
type Status int

const (
	Found Status = iota
	NoMatchedMessage
	MessageWasRemoving
	OffsetFoundNull
	OffsetOverflowBadly
	OffsetOverflowOne
	OffsetTooSmall
	NoMessageInQueue // also where there is no such queue: the Java broker's look-up makes one
)

var statusNames = [...]string{
	"FOUND", "NO_MATCHED_MESSAGE", "MESSAGE_WAS_REMOVING", "OFFSET_FOUND_NULL", "OFFSET_OVERFLOW_BADLY",
	"OFFSET_OVERFLOW_ONE", "OFFSET_TOO_SMALL", "NO_MESSAGE_IN_QUEUE",
}

func (s Status) String() string { return statusNames[s] }

// Query says which messages are wanted.
type Query struct {
	Topic   string
	QueueID int32
	Offset  int64 // the first one
	MaxNum  int

	Match           func(tagsCode int64) bool           // nil: all
	MatchProperties func(message.Properties) (yes bool) // asked after Match; nil: all. What it is given is borrowed

	now bool // nothing may wait for a disk
}

// Result is what Get found. Bytes holds the records as they lie in the log, one behind the other.
type Result struct {
	Status               Status
	NextBeginOffset      int64
	MinOffset, MaxOffset int64 // of the queue
	Bytes                []byte
	Count                int  // records in Bytes
	SuggestSlave         bool // the reader is so far behind that its messages are not in memory

	store    *Store
	buf      *buffer
	released atomic.Bool
}

// Release gives Bytes back. Call it exactly once, when Bytes is not used any more.
func (r *Result) Release() {
	if r.released.Swap(true) {
		panic(fmt.Sprintf("BUG: result with status %v released twice", r.Status))
	}
	if r.buf != nil {
		r.store.buffers.put(r.buf)
		r.buf, r.Bytes = nil, nil
	}
}

// Get looks messages up (DefaultMessageStore.getMessage 4.9.7): at most MaxNum that match, of at most 800 or MaxNum
// looked at, and no more bytes than the limits of the Config, though always one. Nothing is passed over that cannot be
// read or is damaged. Errors: ErrMending, the log's and the queue's when they cannot be read.
func (s *Store) Get(q Query) (*Result, error) {
	r, err := s.get(q)
	if err == nil {
		s.counts.looked(r)
	}
	return r, err
}

// GetNow is Get of what is in memory and is as it should be; ok is false where anything else is to be said, which Get says.
func (s *Store) GetNow(q Query) (r *Result, ok bool) {
	q.now = true
	r, err := s.Get(q)
	return r, err == nil
}

func (s *Store) get(q Query) (*Result, error) {
	r := &Result{Status: NoMessageInQueue, store: s}
	queue := s.queues.Find(q.Topic, q.QueueID)
	if queue == nil {
		return r, nil
	}
	low, high := queue.Range()
	r.MinOffset, r.MaxOffset = int64(low), int64(high)
	switch {
	case high == 0:
	case q.Offset < r.MinOffset:
		r.Status, r.NextBeginOffset = OffsetTooSmall, r.MinOffset
	case q.Offset == r.MaxOffset:
		r.Status, r.NextBeginOffset = OffsetOverflowOne, q.Offset
	case q.Offset > r.MaxOffset:
		r.Status, r.NextBeginOffset = OffsetOverflowBadly, r.MaxOffset
	case q.now && q.MatchProperties != nil:
		return nil, vfs.ErrWouldWait // it reads records one by one
	default:
		return r, s.find(queue, &q, r)
	}
	return r, nil
}

func (s *Store) find(queue *consumequeue.Queue, q *Query, r *Result) error {
	l, _ := s.looks.Get().(*look)
	if l == nil {
		l = &look{}
	}
	*l = look{store: s, query: q, result: r, end: s.log.End(), units: l.units[:0], ordinals: l.ordinals[:0], spans: l.spans[:0], window: l.window}
	defer func() {
		*l = look{units: l.units, ordinals: l.ordinals, spans: l.spans, window: l.window}
		s.looks.Put(l)
	}()
	if err := l.scan(queue); err != nil || len(l.units) == 0 {
		return err
	}
	return l.read()
}

// look is the state of one Get: first the units that are wanted are chosen, then their records read.
type look struct {
	store  *Store
	query  *Query
	result *Result
	end    commitlog.Offset

	units    []consumequeue.Unit
	ordinals []int64 // of each of units
	spans    []span
	window   []byte
	bytes    int
	skip     commitlog.Offset // records before it are gone with their file
	last     commitlog.Offset // of the units looked at
	scratch  []byte
}

// windowUnits is how many units are looked at whatever MaxNum is; readUnits how many are read at a time.
const (
	windowUnits = 800
	readUnits   = 64
)

// scan looks at units up to the end of their file, as the Java broker does, and no further than to the first that cannot
// be used. Error: why it cannot, where that is the first of all.
func (l *look) scan(queue *consumequeue.Queue) error {
	if l.window == nil {
		l.window = make([]byte, readUnits*consumequeue.UnitBytes)
	}
	perFile := int64(queue.UnitsPerFile())
	window := min(max(windowUnits, int64(l.query.MaxNum)), perFile-l.query.Offset%perFile)
	seen := int64(0)
	for full := false; seen < window && !full; {
		want := min(window-seen, readUnits)
		from := consumequeue.Offset(l.query.Offset + seen)
		n, err := l.readUnits(queue, from, l.window[:want*consumequeue.UnitBytes])
		if err == nil {
			n, err = l.store.mender.usable(queue, from, n)
		}
		if n == 0 && err == nil {
			break
		}
		var took int64
		if err == nil {
			l.end = l.store.log.End() // behind every record that the units just read belong to
			took, full, err = l.choose(queue, from, l.window[:n*consumequeue.UnitBytes])
		}
		if seen += took; err != nil {
			if l.query.now {
				return err
			}
			if err = l.store.damaged(err); seen == 0 {
				return err
			}
			break
		}
	}
	r := l.result
	if seen == 0 && len(l.units) == 0 {
		r.Status, r.NextBeginOffset = OffsetFoundNull, l.query.Offset+perFile-l.query.Offset%perFile
		return nil
	}
	r.NextBeginOffset = l.query.Offset + seen
	r.SuggestSlave = int64(l.end-l.last) > l.store.memoryBytes
	return nil
}

func (l *look) readUnits(queue *consumequeue.Queue, from consumequeue.Offset, dst []byte) (int, error) {
	if l.query.now {
		return queue.ReadNow(from, dst)
	}
	return queue.Read(from, dst)
}

// choose goes through units, of which the first is number from, and says how many it looked at, and whether there is no
// room for more. Error: *consumequeue.DamageError for the unit behind those.
func (l *look) choose(queue *consumequeue.Queue, from consumequeue.Offset, b []byte) (seen int64, full bool, err error) {
	for ; len(b) > 0; b = b[consumequeue.UnitBytes:] {
		u := consumequeue.DecodeUnit(b)
		at := from + consumequeue.Offset(seen)
		if !u.Blank() {
			if l.impossible(queue, u) && at >= queue.Min() {
				return seen, false, queue.Damaged(at, errNoUnit)
			}
			l.last = u.Physical
			if u.Physical >= l.skip {
				if l.full(u) {
					return seen, true, nil
				}
				if before := len(l.units); before < l.take(u) {
					l.ordinals = append(l.ordinals, int64(at))
				}
			}
		} else if len(l.units) == 0 {
			l.result.Status = MessageWasRemoving
		}
		seen++
	}
	return seen, false, nil
}

// impossible says that the unit leads to where no message of the queue can be: behind the log's end, or before its
// beginning although the queue's first message is not gone.
func (l *look) impossible(queue *consumequeue.Queue, u consumequeue.Unit) bool {
	begin := l.store.log.Min()
	switch {
	case u.Check(consumequeue.Unit{}) != nil || u.Physical > l.end-commitlog.Offset(u.Size):
		return true
	case l.query.now && u.Physical < begin:
		return true // may be, at least
	case u.Physical >= begin:
		return false
	}
	first, ok, err := queue.Unit(queue.Min())
	return l.store.expiry.followed() || err == nil && ok && first.Physical >= begin
}

// take keeps the unit if it matches and its record is there; it returns how many
// are kept.
func (l *look) take(u consumequeue.Unit) int {
	status := Found
	switch {
	case l.query.Match != nil && !l.query.Match(u.TagsCode):
		status = NoMatchedMessage
	case u.Physical < l.store.log.Min():
		status = MessageWasRemoving
		size := commitlog.Offset(l.store.log.FileBytes())
		l.skip = u.Physical + size - u.Physical%size
	case !l.matchesProperties(u):
		status = NoMatchedMessage
	}
	if status == Found {
		l.units = append(l.units, u)
		l.bytes += int(u.Size)
		l.skip = 0
	}
	if status == Found || len(l.units) == 0 {
		l.result.Status = status
	}
	return len(l.units)
}

func (l *look) matchesProperties(u consumequeue.Unit) bool {
	if l.query.MatchProperties == nil {
		return true
	}
	record, err := l.store.log.Record(u.Physical, l.scratch)
	if err != nil {
		return true // read says what is wrong with it
	}
	l.scratch = record
	return l.query.MatchProperties(record.Properties())
}

// full says that the unit does not fit any more. The first one always does.
func (l *look) full(u consumequeue.Unit) bool {
	cfg := &l.store.cfg
	maxBytes, maxCount := cfg.MaxTransferBytesOnMessageInMemory, cfg.MaxTransferCountOnMessageInMemory
	if int64(l.end-u.Physical) > l.store.memoryBytes {
		maxBytes, maxCount = cfg.MaxTransferBytesOnMessageInDisk, cfg.MaxTransferCountOnMessageInDisk
	}
	count := len(l.units)
	return count > 0 && (count >= l.query.MaxNum || count >= maxCount || l.bytes+int(u.Size) > maxBytes)
}
