package commitlog

import (
	"encoding/binary"
	"fmt"
	"sync"

	"gantry/remoting/message"
)

// Request is one or more records for one queue, to be appended together: consecutive in the log, in one file, with
// consecutive queue offsets. A Request may be used again after Done.
type Request struct {
	Topic   string // may be borrowed until Done
	QueueID int32
	Records []byte // encoded; the log's until Done, offsets and storeTimestamp are written into them
	Wait    bool   // with SyncFlush: answer only when the disk has the records

	// Then is appended right behind, and where the log cannot be written neither is; a crash in between may leave the first
	// alone. nil for nothing. Its own Then is not looked at.
	Then *Request

	// Written is called before Done, from the appender, where the records are written and Done waits for the disk; the
	// fields below are set. It must not block. May be nil.
	Written func(*Request)
	// Done is called once, from the appender or the syncer, with the fields below set. It must not block.
	Done func(*Request)

	Err            error // nil, or why the records are not in the log; of a failed sync, why they may not outlive a power loss
	Offset         Offset
	QueueOffset    int64
	StoreTimestamp int64 // ms since 1970
	Count          int   // records

	pair        [2]*Request
	copied      bool   // the records have their offsets: AppendCopy
	copiedUntil Offset // of copied ones, where the log ends behind them
	lastRecord  Offset // where the last of them begins
	zeros       int    // at the end of them, behind a blank
}

// blankBytes is the least that must stay free at the end of a file: the head of the blank.
const blankBytes = 8

// prepare checks the records, so that the appender can trust their lengths.
func (r *Request) prepare(fileBytes int64) error {
	if r.Then != nil {
		if err := r.Then.prepareOne(fileBytes); err != nil {
			return err
		}
	}
	return r.prepareOne(fileBytes)
}

func (r *Request) prepareOne(fileBytes int64) error {
	r.Err, r.Count, r.copied = nil, 0, false
	if int64(len(r.Records))+blankBytes > fileBytes {
		return fmt.Errorf("%w: %d bytes, a file has %d", ErrTooLarge, len(r.Records), fileBytes)
	}
	for rest := r.Records; len(rest) > 0; r.Count++ {
		record, err := message.ParseRecord(rest)
		if err != nil {
			return fmt.Errorf("%w: record %d: %w", ErrMalformed, r.Count, err)
		}
		rest = rest[len(record):]
	}
	if r.Count == 0 {
		return fmt.Errorf("%w: it is empty", ErrMalformed)
	}
	return nil
}

// withThen is the request, and the one that goes with it. It does not allocate.
func (r *Request) withThen() []*Request {
	r.pair = [2]*Request{r, r.Then}
	if r.Then == nil {
		return r.pair[:1]
	}
	return r.pair[:]
}

// assign writes what only the appender knows into the records.
func (r *Request) assign(at Offset, queueOffset, storeTimestamp int64) {
	r.Offset, r.QueueOffset, r.StoreTimestamp = at, queueOffset, storeTimestamp
	for rest := r.Records; len(rest) > 0; {
		record := message.Record(rest[:binary.BigEndian.Uint32(rest)])
		record.SetPhysicalOffset(int64(at))
		record.SetStoreTimestamp(storeTimestamp)
		if queued(record.SysFlag()) {
			record.SetQueueOffset(queueOffset)
			queueOffset++
		} else {
			record.SetQueueOffset(0)
		}
		at += Offset(len(record))
		rest = rest[len(record):]
	}
}

// queuedCount is how many of the records take a place in their queue.
func (r *Request) queuedCount() int {
	count := 0
	for rest := r.Records; len(rest) > 0; {
		record := message.Record(rest[:binary.BigEndian.Uint32(rest)])
		if queued(record.SysFlag()) {
			count++
		}
		rest = rest[len(record):]
	}
	return count
}

// queued says whether a record with this sysFlag has a queue offset; prepared and rolled-back ones have none.
func queued(sysFlag int32) bool {
	kind := message.TransactionType(sysFlag)
	return kind == 0 || kind == message.FlagTransactionCommit
}

// PhysicalOffsets appends the place of each record of an answered request to dst.
func (r *Request) PhysicalOffsets(dst []Offset) []Offset {
	at := r.Offset
	for rest := r.Records; len(rest) > 0; {
		size := binary.BigEndian.Uint32(rest)
		dst = append(dst, at)
		at += Offset(size)
		rest = rest[size:]
	}
	return dst
}

// requestQueue gathers requests for the appender. mu guards all fields and is held for a few instructions only.
type requestQueue struct {
	mu                  sync.Mutex
	filled              sync.Cond
	waiting             []*Request
	controls            []func()
	bytes               int
	inWork, inWorkBytes int // taken, not answered yet
	inSync, inSyncBytes int // written, waiting for the disk
	maxCount, maxBytes  int
	closed              bool
}

func (q *requestQueue) init(maxCount, maxBytes int) {
	q.filled.L = &q.mu
	q.maxCount, q.maxBytes = maxCount, maxBytes
}

func (q *requestQueue) put(r *Request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	added := r.withThen()
	count, bytes := len(q.waiting)+q.inWork+q.inSync, q.bytes+q.inWorkBytes+q.inSyncBytes
	switch {
	case q.closed:
		return ErrClosed
	case count >= q.maxCount:
		return &BusyError{What: "requests", Queued: count, Limit: q.maxCount}
	case count > 0 && bytes+recordBytes(added) > q.maxBytes:
		return &BusyError{What: "bytes", Queued: bytes, Limit: q.maxBytes}
	}
	if len(q.waiting) == 0 {
		q.filled.Signal()
	}
	q.waiting = append(q.waiting, added...)
	q.bytes += recordBytes(added)
	return nil
}

// control queues f to run on the appender behind the requests that wait now.
func (q *requestQueue) control(f func()) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.controls = append(q.controls, f)
	q.filled.Signal()
	return nil
}

// take waits for requests and returns all of them, and what to run behind them; ok is false once the queue is closed
// and empty. spent is the slice returned before, to be filled again.
func (q *requestQueue) take(spent []*Request) (taken []*Request, controls []func(), ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inWork, q.inWorkBytes = 0, 0
	for len(q.waiting) == 0 && len(q.controls) == 0 {
		if q.closed {
			return nil, nil, false
		}
		q.filled.Wait()
	}
	clear(spent)
	taken, q.waiting = q.waiting, spent[:0]
	controls, q.controls = q.controls, nil
	q.inWork, q.inWorkBytes = len(taken), q.bytes
	q.bytes = 0
	return taken, controls, true
}

// syncing says that requests are written and wait for the disk. Copied ones were never in the queue.
func (q *requestQueue) syncing(requests []*Request) {
	count, bytes := len(requests), recordBytes(requests)
	q.mu.Lock()
	defer q.mu.Unlock()
	if !requests[0].copied {
		q.inWork, q.inWorkBytes = q.inWork-count, q.inWorkBytes-bytes
	}
	q.inSync, q.inSyncBytes = q.inSync+count, q.inSyncBytes+bytes
}

// synced says that they are about to be answered.
func (q *requestQueue) synced(requests []*Request) {
	count, bytes := len(requests), recordBytes(requests)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inSync, q.inSyncBytes = q.inSync-count, q.inSyncBytes-bytes
}

func recordBytes(requests []*Request) (bytes int) {
	for _, r := range requests {
		bytes += len(r.Records)
	}
	return bytes
}

func (q *requestQueue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

func (q *requestQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.filled.Signal()
}
