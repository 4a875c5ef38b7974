package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sort"
	"time"

	"gantry/storenode/commitlog"
)

// Fork is how far a slave's log is its master's.
type Fork struct {
	At        commitlog.Offset // what lies before is the same at both; where the slave's log begins if nothing is
	End       commitlog.Offset // of the slave's log
	Master    Bounds
	Addresses Address
}

// FindFork compares the slave's log with its master's, which is asked for it as
// for any slave: the files by their first records, and what follows the last one
// that is equal byte by byte. It changes nothing. The slave must have been found
// to differ, and must not append meanwhile. Errors: ErrNotStopped, the network's,
// the log's.
func (s *Slave) FindFork(ctx context.Context) (Fork, error) {
	status := s.Status()
	if status.State != SlaveStopped {
		return Fork{}, fmt.Errorf("%w, it is %s", ErrNotStopped, status.State)
	}
	c := &forkSearch{s: s, ctx: ctx, log: s.cfg.Store.Log(), master: status.Master}
	f := Fork{At: c.log.Min(), End: c.log.End(), Addresses: status.Master}
	asking, cancel := context.WithTimeout(ctx, s.cfg.AskTimeout)
	defer cancel()
	var err error
	if f.Master, err = s.cfg.Bounds(asking, status.Master.Master); err != nil {
		return f, err
	}
	if f.At, err = c.search(max(f.At, f.Master.Min), min(f.End, f.Master.Max)); err != nil {
		return f, fmt.Errorf("compare with the master's log: %w", err)
	}
	return f, nil
}

// ErrNotStopped says that the slave's log has not been found to differ from its
// master's.
var ErrNotStopped = errors.New("the slave's log has not been found to differ from its master's")

type forkSearch struct {
	s      *Slave
	ctx    context.Context
	log    *commitlog.Log
	master Address
}

// search returns where the logs part, within what both have.
func (c *forkSearch) search(low, end commitlog.Offset) (commitlog.Offset, error) {
	var starts []commitlog.Offset
	for _, start := range c.log.Starts() {
		if start >= low && start < end {
			starts = append(starts, start)
		}
	}
	var failed error
	other := sort.Search(len(starts), func(i int) bool {
		same, err := c.sameBeginning(starts[i], end)
		failed = errors.Join(failed, err)
		return !same
	})
	if failed != nil || other == 0 {
		return c.log.Min(), failed
	}
	start := starts[other-1]
	equal, err := c.equalUntil(start, end)
	if err != nil {
		return 0, err
	}
	return c.lastRecordBefore(start, equal)
}

// sameBeginning compares a file's first record.
func (c *forkSearch) sameBeginning(start, end commitlog.Offset) (bool, error) {
	record, err := c.log.Scan(start).Next()
	if err != nil {
		return false, err
	}
	until := start + commitlog.Offset(len(record))
	if until > end {
		return false, nil
	}
	equal, err := c.equalUntil(start, until)
	return equal == until, err
}

// lastRecordBefore is where the last record ends that ends no later than limit.
func (c *forkSearch) lastRecordBefore(start, limit commitlog.Offset) (commitlog.Offset, error) {
	at := start
	for scanner := c.log.Scan(start); at < limit; {
		record, err := scanner.Next()
		if err != nil {
			return at, ignoreEnd(err, scanner.Offset(), c.log.End())
		}
		next := commitlog.Offset(record.PhysicalOffset()) + commitlog.Offset(len(record))
		if next > limit {
			return at, nil
		}
		at = next
	}
	return at, nil
}

// ignoreEnd passes over the log's end.
func ignoreEnd(err error, at, end commitlog.Offset) error {
	if at >= end {
		return nil
	}
	return err
}

// equalUntil is where the first byte from at on differs, end if none does. A
// master cannot be asked for byte 0, see planFor.
func (c *forkSearch) equalUntil(at, end commitlog.Offset) (commitlog.Offset, error) {
	dialing, cancel := context.WithTimeout(c.ctx, c.s.cfg.AskTimeout)
	defer cancel()
	conn, err := c.s.cfg.Dial(dialing, c.master.HA)
	if err != nil {
		return at, fmt.Errorf("connect to the master's %s: %w", c.master.HA, err)
	}
	defer conn.Close()
	defer context.AfterFunc(c.ctx, func() { _ = conn.Close() })()
	from := max(at, 1)
	r := &comparing{conn: conn, log: c.log, asked: from, at: from, end: end, every: c.s.cfg.HASendHeartbeatInterval}
	in := c.s.stream(conn, from, func(commitlog.Offset, bool) {})
	return r.run(&in)
}

// comparing compares what comes with the slave's own log.
type comparing struct {
	conn     net.Conn
	log      *commitlog.Log
	asked    commitlog.Offset
	at, end  commitlog.Offset
	every    time.Duration // between two reports, which keep the connection
	reported time.Time
	over     bool // at is the answer
	err      error
	own      []byte
}

func (r *comparing) report() error {
	r.reported = time.Now()
	if _, err := r.conn.Write(appendReport(nil, r.asked)); err != nil {
		return fmt.Errorf("report to the master: %w", err)
	}
	return nil
}

// run returns where the first byte differs, end if none does.
func (r *comparing) run(in *stream) (commitlog.Offset, error) {
	for err := r.report(); !r.over; {
		if err == nil {
			_, err = in.read(r.reported.Add(r.every), r.take)
		}
		if err == nil && time.Since(r.reported) >= r.every {
			err = r.report()
		}
		if err = errors.Join(r.err, err); err != nil && !r.over {
			return r.at, err
		}
	}
	return r.at, nil
}

// take compares, as long as nothing differs.
func (r *comparing) take(b []byte) {
	b = b[:min(len(b), int(r.end-r.at))]
	for len(b) > 0 && !r.over && r.err == nil {
		r.own = append(r.own[:0], b...)
		n, err := r.log.ReadAt(r.own, r.at)
		if err != nil {
			r.err = err
			return
		}
		same := samePrefix(r.own[:n], b)
		r.at += commitlog.Offset(same)
		r.over = same < n
		b = b[n:]
	}
	r.over = r.over || r.at >= r.end
}

func samePrefix(one, other []byte) int {
	if n := len(one); bytes.Equal(one, other[:n]) {
		return n
	}
	for i, b := range one {
		if other[i] != b {
			return i
		}
	}
	return len(one)
}
