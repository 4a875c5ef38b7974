package client

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// fake is a name server and one broker on a network in memory: just enough of
// both to see what a client does.
type fake struct {
	network memnet.Network
	server  *remoting.Server
	closed  chan struct{}
	holding sync.WaitGroup // of held pulls

	mu       sync.Mutex
	topics   map[string]protocol.QueueData
	queues   map[protocol.MessageQueue][][]byte // records
	offsets  map[string]int64                   // group, topic, queue id
	members  map[string]map[string]*remoting.Channel
	beats    []protocol.HeartbeatData
	sent     []protocol.SendMessageRequest
	returned []protocol.ConsumerSendMsgBackRequest
	refuse   []int32 // codes that the next sends are answered with
	stored   int32   // code that sends are answered with when they are stored
	ended    []protocol.EndTransactionRequest
	askable  map[string]*remoting.Channel // by producer group
	arrived  chan struct{}                // closed when a message arrives
	kinds    map[remoting.HeaderKind]int
}

const brokerAddr = "broker:10911"

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{topics: map[string]protocol.QueueData{}, queues: map[protocol.MessageQueue][][]byte{}, offsets: map[string]int64{},
		members: map[string]map[string]*remoting.Channel{}, arrived: make(chan struct{}), closed: make(chan struct{}), kinds: map[remoting.HeaderKind]int{}, askable: map[string]*remoting.Channel{}}
	f.server = remoting.NewServer(slog.New(slog.DiscardHandler), remoting.Limits{}, 0)
	for _, name := range []string{"namesrv:9876", brokerAddr} {
		l, err := f.network.Listen(name)
		if err != nil {
			t.Fatal(err)
		}
		f.server.Serve(l, func(c *remoting.Conn) remoting.FrameHandler {
			return remoting.NewEndpoint(c, f.handle, f.leave)
		})
	}
	t.Cleanup(func() {
		close(f.closed)
		f.holding.Wait()
		f.server.Close(context.Background())
	})
	return f
}

func (f *fake) topic(name string, queues int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.topics[name] = protocol.QueueData{BrokerName: "broker-a", Perm: permRead | permWrite, ReadQueueNums: queues, WriteQueueNums: queues}
}

// open makes a client of the fake that is closed with the test.
func (f *fake) open(t *testing.T, id string) *Client {
	t.Helper()
	c, err := Open(Config{Namesrv: []string{"nobody:9876", "namesrv:9876"}, ClientID: id, Dial: f.network.Dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func (f *fake) handle(c *remoting.Command, to remoting.Responder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kinds[c.Kind]++
	rows := map[int32]func(*remoting.Command, remoting.Responder) *remoting.Response{
		protocol.GetRouteInfoByTopic:    f.route,
		protocol.SendMessageV2:          f.send,
		protocol.SendBatchMessage:       f.send,
		protocol.PullMessage:            f.pull,
		protocol.HeartBeat:              f.beat,
		protocol.UnregisterClient:       f.unregister,
		protocol.GetConsumerListByGroup: f.list,
		protocol.QueryConsumerOffset:    f.offset,
		protocol.UpdateConsumerOffset:   f.commit,
		protocol.GetMaxOffset:           f.maxOffset,
		protocol.ConsumerSendMsgBack:    f.giveBack,
		protocol.EndTransaction:         f.endTransaction,
	}
	row := rows[c.Code]
	if row == nil {
		to.Reply(&remoting.Response{Code: protocol.RequestCodeNotSupported})
		return
	}
	if r := row(c, to); r != nil {
		to.Reply(r)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (f *fake) route(c *remoting.Command, _ remoting.Responder) *remoting.Response {
	var h protocol.GetRouteInfoByTopicRequest
	must(h.Decode(c.Ext))
	q, ok := f.topics[h.Topic]
	if !ok {
		return &remoting.Response{Code: protocol.TopicNotExist}
	}
	return &remoting.Response{Body: protocol.TopicRouteData{
		BrokerDatas: protocol.Set[protocol.BrokerData]{{BrokerName: "broker-a", BrokerAddrs: map[int64]string{0: brokerAddr}}},
		QueueDatas:  protocol.Set[protocol.QueueData]{q},
	}.Encode()}
}

func (f *fake) send(c *remoting.Command, _ remoting.Responder) *remoting.Response {
	c = c.Clone()
	var h protocol.SendMessageRequest
	must(h.Decode(c.Ext))
	f.sent = append(f.sent, h)
	if len(f.refuse) > 0 {
		code := f.refuse[0]
		f.refuse = f.refuse[1:]
		return &remoting.Response{Code: code, Remark: "refused"}
	}
	mq := protocol.MessageQueue{Topic: string(h.Topic), BrokerName: "broker-a", QueueID: h.QueueID}
	first := len(f.queues[mq])
	if h.Batch {
		for inner, err := range message.SplitBatch(c.Body) {
			must(err)
			f.store(mq, message.Message{Body: inner.Body, Properties: inner.Properties, BornTimestamp: h.BornTimestamp})
		}
	} else {
		f.store(mq, message.Message{Body: c.Body, Properties: message.Properties(h.Properties), SysFlag: h.SysFlag, BornTimestamp: h.BornTimestamp})
	}
	return &remoting.Response{Code: f.stored, Header: &protocol.SendMessageResponse{MsgID: []byte("7F00000100002A9F0000000000000000"), QueueID: h.QueueID, QueueOffset: int64(first)}}
}

// store appends to a queue and wakes pulls; mu is held.
func (f *fake) store(mq protocol.MessageQueue, m message.Message) {
	m.Topic, m.QueueID, m.QueueOffset = mq.Topic, mq.QueueID, int64(len(f.queues[mq]))
	m.StoreHost = netip.MustParseAddrPort("127.0.0.1:10911")
	m.StoreTimestamp = time.Now().UnixMilli()
	r, err := message.AppendRecord(nil, &m)
	must(err)
	f.queues[mq] = append(f.queues[mq], r)
	close(f.arrived)
	f.arrived = make(chan struct{})
}

// pull answers at once or, held, from a goroutine.
func (f *fake) pull(c *remoting.Command, to remoting.Responder) *remoting.Response {
	var h protocol.PullMessageRequest
	must(h.Decode(c.Clone().Ext))
	if h.SysFlag&protocol.PullCommitOffset != 0 {
		f.offsets[key(string(h.ConsumerGroup), string(h.Topic), h.QueueID)] = h.CommitOffset
	}
	r := f.find(h)
	if r.Code != protocol.PullNotFound || h.SysFlag&protocol.PullSuspend == 0 {
		return r
	}
	arrived, deadline := f.arrived, time.After(time.Duration(h.SuspendTimeoutMillis)*time.Millisecond)
	f.holding.Go(func() {
		for {
			select {
			case <-f.closed:
				to.Drop()
				return
			case <-arrived:
			case <-deadline:
				to.Reply(r)
				return
			}
			f.mu.Lock()
			again := f.find(h)
			arrived = f.arrived
			f.mu.Unlock()
			if again.Code != protocol.PullNotFound {
				to.Reply(again)
				return
			}
		}
	})
	return nil
}

func (f *fake) find(h protocol.PullMessageRequest) *remoting.Response {
	records := f.queues[protocol.MessageQueue{Topic: string(h.Topic), BrokerName: "broker-a", QueueID: h.QueueID}]
	head := &protocol.PullMessageResponse{NextBeginOffset: h.QueueOffset, MaxOffset: int64(len(records))}
	switch {
	case h.QueueOffset > int64(len(records)):
		head.NextBeginOffset = int64(len(records))
		return &remoting.Response{Code: protocol.PullOffsetMoved, Header: head}
	case h.QueueOffset == int64(len(records)):
		return &remoting.Response{Code: protocol.PullNotFound, Header: head}
	}
	found := records[h.QueueOffset:]
	found = found[:min(len(found), int(h.MaxMsgNums))]
	head.NextBeginOffset += int64(len(found))
	var body []byte
	for _, r := range found {
		body = append(body, r...)
	}
	return &remoting.Response{Header: head, Body: body}
}

func (f *fake) beat(c *remoting.Command, to remoting.Responder) *remoting.Response {
	var d protocol.HeartbeatData
	must(d.Decode(c.Body))
	f.beats = append(f.beats, d)
	for _, g := range d.ProducerDataSet {
		f.askable[g.GroupName] = to.Channel
	}
	for _, g := range d.ConsumerDataSet {
		if f.members[g.GroupName] == nil {
			f.members[g.GroupName] = map[string]*remoting.Channel{}
		}
		if f.members[g.GroupName][d.ClientID] == nil {
			f.members[g.GroupName][d.ClientID] = to.Channel
			f.notify(g.GroupName)
		}
		f.topics[RetryPrefix+g.GroupName] = protocol.QueueData{BrokerName: "broker-a", Perm: permRead | permWrite, ReadQueueNums: 1, WriteQueueNums: 1}
	}
	return &remoting.Response{}
}

func (f *fake) notify(group string) {
	for _, ch := range f.members[group] {
		ch.Oneway(&remoting.Request{Code: protocol.NotifyConsumerIdsChanged, Header: protocol.NotifyConsumerIDsChangedRequest{ConsumerGroup: group}})
	}
}

func (f *fake) unregister(c *remoting.Command, _ remoting.Responder) *remoting.Response {
	var h protocol.UnregisterClientRequest
	must(h.Decode(c.Ext))
	delete(f.members[h.ConsumerGroup], h.ClientID)
	f.notify(h.ConsumerGroup)
	return &remoting.Response{}
}

// leave takes a broken connection's client out of its groups.
func (f *fake) leave(ch *remoting.Channel) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for group, members := range f.members {
		for id, member := range members {
			if member == ch {
				delete(members, id)
				f.notify(group)
			}
		}
	}
}

func (f *fake) list(c *remoting.Command, _ remoting.Responder) *remoting.Response {
	var h protocol.GetConsumerListByGroupRequest
	must(h.Decode(c.Ext))
	var b protocol.GetConsumerListByGroupResponseBody
	for id := range f.members[h.ConsumerGroup] {
		b.ConsumerIDList = append(b.ConsumerIDList, id)
	}
	return &remoting.Response{Body: b.Encode()}
}

func key(group, topic string, queueID int32) string {
	return strings.Join([]string{group, topic, fmt.Sprint(queueID)}, " ")
}

func (f *fake) offset(c *remoting.Command, _ remoting.Responder) *remoting.Response {
	var h protocol.QueryConsumerOffsetRequest
	must(h.Decode(c.Ext))
	at, ok := f.offsets[key(h.ConsumerGroup, h.Topic, h.QueueID)]
	if !ok {
		return &remoting.Response{Code: protocol.QueryNotFound}
	}
	return &remoting.Response{Header: protocol.QueryConsumerOffsetResponse{Offset: at}}
}

func (f *fake) commit(c *remoting.Command, _ remoting.Responder) *remoting.Response {
	var h protocol.UpdateConsumerOffsetRequest
	must(h.Decode(c.Ext))
	f.offsets[key(h.ConsumerGroup, h.Topic, h.QueueID)] = h.CommitOffset
	return &remoting.Response{}
}

func (f *fake) maxOffset(c *remoting.Command, _ remoting.Responder) *remoting.Response {
	var h protocol.GetMaxOffsetRequest
	must(h.Decode(c.Ext))
	n := len(f.queues[protocol.MessageQueue{Topic: h.Topic, BrokerName: "broker-a", QueueID: h.QueueID}])
	return &remoting.Response{Header: protocol.GetMaxOffsetResponse{Offset: int64(n)}}
}

// giveBack puts the message into the group's retry topic at once.
func (f *fake) giveBack(c *remoting.Command, _ remoting.Responder) *remoting.Response {
	var h protocol.ConsumerSendMsgBackRequest
	must(h.Decode(c.Ext))
	f.returned = append(f.returned, h)
	properties := message.Properties(nil).Set(message.PropertyRetryTopic, h.OriginTopic).Set(message.PropertyUniqKey, h.OriginMsgID)
	f.store(protocol.MessageQueue{Topic: RetryPrefix + h.Group, BrokerName: "broker-a"}, message.Message{Body: []byte("again"), Properties: properties, ReconsumeTimes: 1})
	return &remoting.Response{}
}

func (f *fake) endTransaction(c *remoting.Command, _ remoting.Responder) *remoting.Response {
	var h protocol.EndTransactionRequest
	must(h.Decode(c.Ext))
	f.ended = append(f.ended, h)
	return &remoting.Response{}
}

// ask asks a producer of the group that a broker knows what became of a message.
func (f *fake) ask(knownAs string, m message.Message, header protocol.CheckTransactionStateRequest) {
	m.StoreHost = netip.MustParseAddrPort("127.0.0.1:10911")
	r, err := message.AppendRecord(nil, &m)
	must(err)
	f.mu.Lock()
	defer f.mu.Unlock()
	must(f.askable[knownAs].Oneway(&remoting.Request{Code: protocol.CheckTransactionState, Header: header, Body: r}))
}

// look reads something of the fake under its lock.
func look[T any](f *fake, read func() T) T {
	f.mu.Lock()
	defer f.mu.Unlock()
	return read()
}
