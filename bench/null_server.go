package bench

import (
	"slices"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// nullServer knows who is in which group, which clients must be told rightly to
// consume at all, and nothing else.
type nullServer struct {
	options NullOptions
	batch   []byte // the records that answer a pull
	done    template
	sent    template
	disk    *syncedFile // nil: nothing is written

	mu      sync.Mutex // guards members and held
	members map[string]map[string]*nullConn
	held    map[*time.Timer]struct{} // of held pulls
	closed  bool
}

// nullConn is one connection; its methods run one after the other.
type nullConn struct {
	server  *nullServer
	conn    *remoting.Conn
	decoder remoting.Decoder
	command remoting.Command
}

func newNullServer(o NullOptions) (*nullServer, error) {
	n := &nullServer{options: o, members: map[string]map[string]*nullConn{}, held: map[*time.Timer]struct{}{}}
	n.done = newTemplate(&remoting.Response{})
	n.sent = newTemplate(&remoting.Response{Header: &protocol.SendMessageResponse{
		MsgID: []byte("7F00000100002A9F0000000000000000"), Region: "DefaultRegion", TraceOn: true}})
	var err error
	if n.batch, err = nullBatch(o); err == nil && o.SyncDir != "" {
		n.disk, err = openSyncedFile(o.SyncDir, 1<<30)
	}
	return n, err
}

func (n *nullServer) open(c *remoting.Conn) remoting.FrameHandler {
	return &nullConn{server: n, conn: c}
}

// close drops the held pulls.
func (n *nullServer) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for t := range n.held {
		t.Stop()
	}
}

// Frame answers what costs least first: sends are all that most runs have.
func (c *nullConn) Frame(_, frame []byte) error {
	s, err := remoting.Summarize(frame)
	if err != nil || s.IsOneway() || s.IsResponse() {
		return err
	}
	switch s.Code {
	case protocol.SendMessageV2, protocol.SendMessage, protocol.SendBatchMessage:
		return c.sent(frame, s)
	case protocol.UpdateConsumerOffset, protocol.UnlockBatchMQ, protocol.ConsumerSendMsgBack, protocol.CheckClientConfig:
		return c.reply(&c.server.done, s)
	}
	if err := c.decoder.Decode(frame, &c.command); err != nil {
		return err
	}
	if s.Code == protocol.PullMessage || s.Code == protocol.LitePullMessage {
		return c.pull(s)
	}
	return c.conn.Reply(s.Kind, s.Opaque, c.answer())
}

// sent answers a send, when the disk has its frame where that is asked for.
func (c *nullConn) sent(frame []byte, s remoting.Summary) error {
	if c.server.disk != nil {
		if err := c.server.disk.write(frame); err != nil {
			return err
		}
	}
	return c.reply(&c.server.sent, s)
}

func (c *nullConn) reply(t *template, s remoting.Summary) error {
	dst, err := c.conn.Begin()
	if err != nil {
		return err
	}
	c.conn.Commit(t.append(dst, s.Kind, s.Opaque))
	return nil
}

// Closed implements remoting.FrameHandler.
func (c *nullConn) Closed() {
	n := c.server
	n.mu.Lock()
	defer n.mu.Unlock()
	for group, members := range n.members {
		for id, member := range members {
			if member == c {
				delete(members, id)
				n.notify(group)
			}
		}
	}
}

// notify tells a group's members that it has changed; mu is held.
func (n *nullServer) notify(group string) {
	frame := remoting.AppendRequest(nil, 0, &remoting.Request{Code: protocol.NotifyConsumerIdsChanged, Oneway: true,
		Header: protocol.NotifyConsumerIDsChangedRequest{ConsumerGroup: group}})
	for _, member := range n.members[group] {
		member.conn.Send(frame) // whose connection has failed leaves by Closed
	}
}

func (n *nullServer) join(group, clientID string, c *nullConn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.members[group] == nil {
		n.members[group] = map[string]*nullConn{}
	}
	known := n.members[group][clientID] != nil
	n.members[group][clientID] = c
	if !known {
		n.notify(group)
	}
}

func (n *nullServer) leave(group, clientID string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.members[group][clientID] != nil {
		delete(n.members[group], clientID)
		n.notify(group)
	}
}

func (n *nullServer) list(group string) (ids []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id := range n.members[group] {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
