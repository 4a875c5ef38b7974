package store

import (
	"errors"
	"io"
	"time"

	"gantry/storenode/commitlog"
)

const (
	sealInterval     = time.Second      // between two looks for files that were closed
	sealRetry        = 10 * time.Minute // after a file could not be sealed
	scrubDelay       = time.Minute      // from the start to the first round
	scrubPieceBytes  = 256 << 10        // that are read between two rests, or less than that in a second
	damageLogPerFile = 100              // entries about a file in one round
)

var errStopping = errors.New("the store stops")

// scrub is the one goroutine that reads the log for its own sake: it seals files that are closed, then goes through the
// log and compares everything with its checksums, at a bounded rate. On one copy it cannot mend what it finds; it says so
// while there may be a copy elsewhere, and hands on what is sound, to be compared with what was made from it.
type scrub struct {
	store     *Store
	opened    commitlog.Offset   // where the log ended when the store was opened
	failed    []commitlog.Offset // files that could not be sealed
	retryAt   time.Time          // when they are tried again
	restingTo time.Time          // no round begins before
	paced     time.Time          // when the last rest ended

	scanner  *commitlog.Scanner // nil between two rounds
	end      commitlog.Offset   // of the round
	dropped  commitlog.Offset   // what lies before it need not stay in memory
	buf      []byte
	findings findings
}

func (x *scrub) init(s *Store) { x.store, x.findings.store = s, s }

// run ends when the store stops.
func (x *scrub) run() {
	x.opened = x.store.log.End()
	x.restingTo = time.Now().Add(scrubDelay)
	for !x.stopping() {
		x.paced = time.Now()
		if !x.sealOne() && !x.step() {
			x.store.rest(time.Now().Add(sealInterval))
		}
	}
}

func (x *scrub) stopping() bool {
	select {
	case <-x.store.stop:
		return true
	default:
		return false
	}
}

// pace rests until the bytes just read have taken as long as they should.
func (x *scrub) pace(bytes int, rate int64) error {
	x.store.rest(x.paced.Add(time.Duration(float64(bytes) / float64(rate) * float64(time.Second))))
	if x.paced = time.Now(); x.stopping() {
		return errStopping
	}
	return nil
}

// step goes on with the round; false between two.
func (x *scrub) step() bool {
	rate := x.store.cfg.ScrubBytesPerSecond
	if rate <= 0 || x.scanner == nil && !x.begin() {
		return false
	}
	from := x.scanner.Offset()
	to := min(from+commitlog.Offset(min(scrubPieceBytes, rate)), x.end)
	var err error
	for err == nil && x.scanner.Offset() < to {
		err = x.next()
	}
	at := x.scanner.Offset()
	x.dropBehind(at)
	if err != nil {
		x.passOver(err)
	}
	if x.scanner.Offset() >= x.end {
		x.finish()
	}
	return x.pace(max(1, int(at-from)), rate) == nil
}

// begin begins a round: up to what is on the disk and in its queue.
func (x *scrub) begin() bool {
	if time.Now().Before(x.restingTo) {
		return false
	}
	flushed, _ := x.store.log.Flushed()
	x.end = min(flushed, x.store.dispatcher.position())
	x.startAt(x.store.log.Min())
	x.findings.begin()
	return true
}

func (x *scrub) startAt(offset commitlog.Offset) {
	x.scanner = x.store.log.Scan(offset)
	x.scanner.CheckBodies = true
	x.dropped = offset
}

func (x *scrub) finish() {
	x.store.endDerived()
	x.scanner, x.restingTo = nil, time.Now().Add(x.store.cfg.ScrubInterval)
	x.findings.end(x.store.log.Min(), x.end)
}

// next looks at one record, and at what lies in front of it that no record covers.
func (x *scrub) next() error {
	from := x.scanner.Offset()
	record, err := x.scanner.Next()
	var corrupt *commitlog.CorruptError
	if errors.As(err, &corrupt) {
		x.findings.add(corrupt)
		if err := x.scanner.Resync(); err != nil {
			return err
		}
		return x.between(from, x.scanner.Offset())
	}
	if err != nil {
		return err
	}
	if err := x.between(from, x.scanner.Offset()-commitlog.Offset(len(record))); err != nil {
		return err
	}
	x.store.checkDerived(record)
	return nil
}

// between compares the blocks of [from, to): the end of a file, or what was passed over.
func (x *scrub) between(from, to commitlog.Offset) error {
	if x.buf == nil {
		x.buf = make([]byte, scrubPieceBytes)
	}
	for from < to {
		n, bad, err := x.store.log.ReadChecked(x.buf[:min(len(x.buf), int(to-from))], from)
		if err != nil {
			return err
		}
		for _, block := range bad {
			x.findings.add(x.store.log.Corrupt(block, commitlog.ErrBlockSum))
		}
		if from += commitlog.Offset(n); from < to {
			if err := x.pace(n, x.store.cfg.ScrubBytesPerSecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// passOver goes on behind an error: in the next file where one cannot be read, where the log begins now where it has
// expired.
func (x *scrub) passOver(err error) {
	at, begin := x.scanner.Offset(), x.store.log.Min()
	switch {
	case errors.Is(err, errStopping):
	case errors.Is(err, io.EOF):
		x.end = at
	case errors.Is(err, commitlog.ErrOutOfRange):
		x.startAt(max(at, begin))
	default:
		x.findings.unread(at, err)
		size := commitlog.Offset(x.store.log.FileBytes())
		x.startAt(min(at+size-(at-begin)%size, x.end))
	}
}

// dropBehind has the system forget what was read up to at, unless it is near enough to the log's end to be wanted.
func (x *scrub) dropBehind(at commitlog.Offset) {
	size, begin := commitlog.Offset(x.store.log.FileBytes()), x.store.log.Min()
	for x.dropped = max(x.dropped, begin); x.dropped < at; {
		to := min(at, x.dropped+size-(x.dropped-begin)%size)
		x.drop(x.dropped, to)
		x.dropped = to
	}
}

// drop is for a range of one file.
func (x *scrub) drop(from, to commitlog.Offset) {
	if int64(x.store.log.End()-to) > x.store.memoryBytes {
		if err := x.store.log.DropCache(from, to); err != nil {
			x.store.logger.Debug("page cache is not told", "error", err)
		}
	}
}
