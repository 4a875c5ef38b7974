package replica

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"time"

	"gantry/storenode/commitlog"
)

// session is one connection to the master (HAClient 4.9.7). One goroutine reads,
// appends and reports: what comes while it appends waits in the kernel, and is
// appended as one.
type session struct {
	s    *Slave
	ctx  context.Context
	conn net.Conn
	log  *commitlog.Log

	stream stream
	in     inflow

	asked     commitlog.Offset
	comparing bool // what comes is in the slave's log already
	reported  commitlog.Offset
	beat      time.Time // when it reports, if there was no report before
	request   commitlog.Request
	done      chan struct{} // holds one: the log has decided about request
}

// follow copies from a master until that fails.
func (s *Slave) follow(ctx context.Context, master Address) error {
	asking, cancel := context.WithTimeout(ctx, s.cfg.AskTimeout)
	defer cancel()
	bounds, err := s.cfg.Bounds(asking, master.Master)
	if err != nil {
		return orCanceled(ctx, err)
	}
	s.heard(bounds.Max, true)
	plan, err := s.planFor(bounds)
	if err != nil {
		return orCanceled(ctx, err)
	}
	dialing, cancelDial := context.WithTimeout(ctx, s.cfg.AskTimeout)
	defer cancelDial()
	conn, err := s.cfg.Dial(dialing, master.HA)
	if err != nil {
		return orCanceled(ctx, fmt.Errorf("connect to the master's %s: %w", master.HA, err))
	}
	return orCanceled(ctx, s.serve(ctx, conn, plan))
}

// orCanceled is the error, unless it is the consequence of an end that was asked
// for.
func orCanceled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (s *Slave) serve(ctx context.Context, conn net.Conn, p plan) error {
	ended := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		if ended() {
			_ = conn.Close()
		}
	}()
	n := &session{s: s, ctx: ctx, conn: conn, log: s.cfg.Store.Log(), asked: p.ask, comparing: p.compare,
		done:   make(chan struct{}, 1),
		stream: s.stream(conn, p.ask, s.heard),
		in:     inflow{at: p.ask - commitlog.Offset(p.supply), bytes: make([]byte, p.supply)}}
	n.request.Wait, n.request.Done = true, func(*commitlog.Request) { n.done <- struct{}{} }
	return n.run()
}

func (s *Slave) stream(conn net.Conn, next commitlog.Offset, heard func(commitlog.Offset, bool)) stream {
	return stream{conn: conn, quiet: s.cfg.HAHousekeepingInterval, came: time.Now(), buf: make([]byte, s.cfg.ReadBytes), next: next, heard: heard}
}

// run appends and reports until the connection ends.
func (n *session) run() error {
	if err := n.report(n.asked); err != nil {
		return err
	}
	n.s.enter(SlaveComparing)
	if !n.comparing {
		n.s.enter(SlaveCopying)
	}
	for {
		if err := n.read(); err != nil {
			return err
		}
		for more := true; more; {
			var err error
			if more, err = n.step(); err != nil {
				return err
			}
		}
	}
}

// read waits until something comes, and reports meanwhile when it is time.
func (n *session) read() error {
	for {
		if more, err := n.stream.read(n.beat, n.in.put); more || err != nil {
			return err
		}
		if err := n.report(max(n.reported, n.reportable())); err != nil {
			return err
		}
	}
}

// step compares or appends what has come; more says that there may be more.
func (n *session) step() (more bool, err error) {
	if n.comparing {
		return n.compare()
	}
	at, b, err := n.in.take(n.cut)
	if err != nil || len(b) == 0 {
		return false, err
	}
	if err := n.append(at, b); err != nil {
		return false, err
	}
	n.in.giveBack(b, 4*n.s.cfg.ReadBytes)
	n.s.noteCaughtUp()
	return true, n.reportEnd()
}

// compare compares what has come with what the log has there; at its end it
// begins to copy.
func (n *session) compare() (more bool, err error) {
	end := n.log.End()
	at, b, err := n.in.take(func(at commitlog.Offset, b []byte) (int, error) { return min(len(b), int(end-at)), nil })
	if err != nil || len(b) == 0 {
		return false, err
	}
	own := make([]byte, len(b))
	for read := 0; read < len(own); {
		got, err := n.log.ReadAt(own[read:], at+commitlog.Offset(read))
		if err != nil {
			return false, err
		}
		read += got
	}
	if !bytes.Equal(own, b) {
		n.s.mu.Lock()
		masterEnd := n.s.masterEnd
		n.s.mu.Unlock()
		return false, &DivergedError{fmt.Sprintf("the slave's last record, at %d, is another than its master's there", n.asked), end, masterEnd}
	}
	n.in.giveBack(b, 4*n.s.cfg.ReadBytes)
	if at+commitlog.Offset(len(b)) < end {
		return true, nil
	}
	n.comparing = false
	n.s.enter(SlaveCopying)
	return true, n.reportEnd()
}

// cut says how much of b are whole pieces of one file.
func (n *session) cut(at commitlog.Offset, b []byte) (whole int, err error) {
	for {
		piece, err := n.log.NextPiece(b[whole:], at+commitlog.Offset(whole))
		switch {
		case err != nil && whole == 0:
			return 0, err
		case err != nil || piece.Bytes == 0:
			return whole, nil
		case piece.Bytes > n.s.cfg.MaxRecordBytes && whole == 0:
			return 0, &commitlog.CorruptError{File: "the master's log", Offset: at, Err: fmt.Errorf("a record of %d bytes, at most %d are taken", piece.Bytes, n.s.cfg.MaxRecordBytes)}
		case int64(len(b)-whole) < piece.Bytes:
			return whole, nil
		}
		if whole += int(piece.Bytes); piece.Blank {
			return whole, nil
		}
	}
}

// append appends b; while the disk refuses it, it is tried again. It returns when
// the log has decided, whatever else happens.
func (n *session) append(at commitlog.Offset, b []byte) error {
	for {
		err := n.tryAppend(at, b)
		if err == nil || n.log.End() == at+commitlog.Offset(len(b)) { // written, but the sync has failed: the log sees to it
			return nil
		}
		if lasting(err) {
			return err
		}
		n.s.troubled(err)
		if err := n.pause(); err != nil {
			return err
		}
	}
}

// pause waits before the next attempt to append. The master hears of the slave
// each time: a connection that is gone is found out, though nothing is read.
func (n *session) pause() error {
	select {
	case <-time.After(n.s.cfg.RetryInterval):
		return n.report(n.reported)
	case <-n.ctx.Done():
		return n.ctx.Err()
	}
}

func (n *session) tryAppend(at commitlog.Offset, b []byte) error {
	n.request.Offset, n.request.Records = at, b
	if err := n.s.cfg.Store.AppendCopy(&n.request); err != nil {
		return err
	}
	select {
	case <-n.done: // as it is without a disk to wait for
		return n.request.Err
	default:
	}
	for {
		select {
		case <-n.done:
			return n.request.Err
		case <-time.After(time.Until(n.beat)):
			if err := n.report(n.reported); err != nil {
				<-n.done // b is the log's until then
				return err
			}
		}
	}
}

// reportable is how much of the log the master may be told of.
func (n *session) reportable() commitlog.Offset {
	if n.comparing {
		return n.asked
	}
	return max(n.asked, n.log.Safe())
}

// reportEnd reports if there is news.
func (n *session) reportEnd() error {
	if end := n.reportable(); end > n.reported {
		return n.report(end)
	}
	return nil
}

func (n *session) report(end commitlog.Offset) error {
	n.reported = end
	now := time.Now()
	n.beat = now.Add(n.s.cfg.HASendHeartbeatInterval)
	if err := n.conn.SetWriteDeadline(now.Add(n.s.cfg.HAHousekeepingInterval)); err != nil {
		return err
	}
	if _, err := n.conn.Write(appendReport(nil, end)); err != nil {
		return fmt.Errorf("report to the master: %w", err)
	}
	return nil
}
