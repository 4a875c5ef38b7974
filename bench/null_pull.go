package bench

import (
	"encoding/binary"
	"net/netip"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// nullBatch is the body of a pull's answer, its offsets and times to be set.
func nullBatch(o NullOptions) (batch []byte, err error) {
	if o.MessageBytes == 0 {
		return nil, nil
	}
	host := netip.MustParseAddrPort("127.0.0.1:10911")
	m := message.Message{Topic: "BenchmarkTest", Body: randomBody(o.MessageBytes), BornHost: host, StoreHost: host,
		Properties: message.AppendPair(nil, message.PropertyUniqKey, "7F000001000000000000000000000000")}
	for range o.PullMessages {
		if batch, err = message.AppendRecord(batch, &m); err != nil {
			return nil, err
		}
	}
	return batch, nil
}

// pull answers with messages that follow the asked offset without end or, where
// there are none, at the end of the time that the pull may be held.
func (c *nullConn) pull(s remoting.Summary) error {
	var h protocol.PullMessageRequest
	if err := h.Decode(c.command.Ext); err != nil {
		return c.conn.Reply(s.Kind, s.Opaque, &remoting.Response{Code: protocol.SystemError, Remark: err.Error()})
	}
	if len(c.server.batch) == 0 {
		c.server.hold(c.conn, s, &h)
		return nil
	}
	head := &protocol.PullMessageResponse{NextBeginOffset: h.QueueOffset + int64(c.server.options.PullMessages), MaxOffset: 1 << 60}
	dst, err := c.conn.Begin()
	if err != nil {
		return err
	}
	dst = remoting.AppendResponse(dst, s.Kind, s.Opaque, &remoting.Response{Header: head, Body: c.server.batch})
	setOffsets(dst[len(dst)-len(c.server.batch):], &h)
	c.conn.Commit(dst)
	return nil
}

// bornTimestampAt is a field's place in every record.
const bornTimestampAt = 40

// setOffsets makes the records those of the asked queue from the asked offset on, born
// and stored just now.
func setOffsets(records []byte, h *protocol.PullMessageRequest) {
	now := time.Now().UnixMilli()
	for offset := h.QueueOffset; len(records) > 0; offset++ {
		r, err := message.ParseRecord(records)
		if err != nil {
			panic("BUG: the null server's own record: " + err.Error())
		}
		r.SetQueueOffset(offset)
		r.SetStoreTimestamp(now)
		binary.BigEndian.PutUint64(r[bornTimestampAt:], uint64(now))
		records = records[len(r):]
	}
}

// hold answers PULL_NOT_FOUND when the hold is over; a pull that may not be held
// is answered at once.
func (n *nullServer) hold(conn *remoting.Conn, s remoting.Summary, h *protocol.PullMessageRequest) {
	wait := time.Duration(h.SuspendTimeoutMillis) * time.Millisecond
	if h.SysFlag&protocol.PullSuspend == 0 {
		wait = 0
	}
	head := &protocol.PullMessageResponse{NextBeginOffset: h.QueueOffset, MaxOffset: h.QueueOffset}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(wait, func() {
		n.mu.Lock()
		delete(n.held, t)
		n.mu.Unlock()
		conn.Reply(s.Kind, s.Opaque, &remoting.Response{Code: protocol.PullNotFound, Remark: "PULL_NOT_FOUND", Header: head})
	})
	n.held[t] = struct{}{}
}
