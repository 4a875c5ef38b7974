package mqadmin

import (
	"errors"
	"fmt"
	"time"

	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// toolsGroup is the group that tools pull for.
const toolsGroup = "TOOLS_CONSUMER"

func consumeMessage() *command {
	return &command{name: "consumeMessage", about: "Consume message", run: (*call).consumeMessage, options: []option{
		needed("t", "topic", "Topic name"),
		optional("b", "brokerName", "Broker name"),
		optional("i", "queueId", "Queue Id"),
		optional("o", "offset", "Queue offset"),
		optional("g", "consumerGroup", "Consumer group name"),
		optional("s", "beginTimestamp", "Begin timestamp[currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
		optional("e", "endTimestamp", "End timestamp[currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
		optional("c", "MessageNumber", "Number of message to be consumed"),
	}}
}

// reading is what of a topic is to be printed.
type reading struct {
	group      string
	count      int64
	offset     int64 // of the one queue that is meant
	begin, end int64 // store times in ms, 0: any
}

func (c *call) readingOfOptions() (r reading, err error) {
	r = reading{group: toolsGroup, count: 128}
	if c.has("g") {
		r.group = c.value("g")
	}
	number(c, "c", &r.count, &err)
	number(c, "o", &r.offset, &err)
	if err != nil {
		return r, err
	}
	now := time.Now().UnixMilli()
	if c.has("s") {
		r.begin, err = c.moment("s")
	}
	if c.has("e") && err == nil {
		r.end, err = c.moment("e")
	}
	switch {
	case err != nil:
	case r.count <= 0:
		err = errors.New("Please input a positive messageNumber!")
	case c.has("i") && !c.has("b"):
		err = errors.New("Please set the brokerName before queueId!")
	case c.has("o") && !c.has("i"):
		err = errors.New("Please set queueId before offset!")
	case r.begin > now:
		err = errors.New("Please set the beginTimestamp before now!")
	case r.end > now:
		err = errors.New("Please set the endTimestamp before now!")
	case c.has("e") && r.begin > r.end:
		err = errors.New("Please make sure that the beginTimestamp is less than or equal to the endTimestamp")
	}
	return r, err
}

func (c *call) consumeMessage() error {
	r, err := c.readingOfOptions()
	if err != nil {
		return err
	}
	route, err := c.FetchRoute(c.ctx, c.value("t"))
	if err != nil {
		return err
	}
	if c.has("i") {
		return c.consumeQueue(route, r)
	}
	left := r.count
	for i := range route.Subscribe {
		q := &route.Subscribe[i]
		if left == 0 {
			return nil
		}
		first, last, err := c.span(q, r)
		if err != nil {
			return err
		}
		if last-first > left {
			c.printf("The older %d message of the %d queue will be provided\n", left, q.QueueID)
			last, left = first+left-1, 0
		} else {
			left -= last - first
		}
		if err := c.printQueue(q, r.group, first, last); err != nil {
			return err
		}
	}
	return nil
}

// consumeQueue prints what one queue has from an offset on.
func (c *call) consumeQueue(route *client.Route, r reading) error {
	q, err := c.meantQueue(route)
	if err != nil {
		return err
	}
	first, last, err := c.span(q, r)
	if err != nil {
		return err
	}
	if r.offset > last {
		c.printf("%s no matched msg, offset=%d\n", queueText(q.MessageQueue), r.offset)
		return nil
	}
	first = max(first, r.offset)
	if last-first > r.count {
		c.printf("The oldler %d message will be provided\n", r.count)
		last = first + r.count - 1
	}
	return c.printQueue(q, r.group, first, last)
}

// meantQueue is the one that -t, -b and -i name.
func (c *call) meantQueue(route *client.Route) (*client.Target, error) {
	var err error
	meant := protocol.MessageQueue{Topic: c.value("t"), BrokerName: c.value("b")}
	if number(c, "i", &meant.QueueID, &err); err != nil {
		return nil, err
	}
	for i := range route.Subscribe {
		if q := &route.Subscribe[i]; q.MessageQueue == meant {
			return q, nil
		}
	}
	return nil, fmt.Errorf("the topic has no %s to read", queueText(meant))
}

// span is where reading a queue begins and ends.
func (c *call) span(q *client.Target, r reading) (first, last int64, err error) {
	if r.begin > 0 {
		first, err = c.SearchOffset(c.ctx, q, time.UnixMilli(r.begin))
	} else {
		first, err = c.MinOffset(c.ctx, q)
	}
	if err != nil {
		return 0, 0, err
	}
	if r.end > 0 {
		last, err = c.SearchOffset(c.ctx, q, time.UnixMilli(r.end))
	} else {
		last, err = c.MaxOffset(c.ctx, q)
	}
	return first, last, err
}

var pullStatus = map[int32]string{protocol.PullNotFound: "NO_NEW_MSG", protocol.PullOffsetMoved: "OFFSET_ILLEGAL", protocol.PullRetryImmediately: "NO_MATCHED_MSG"}

// printQueue prints the messages from one offset to another, both included.
func (c *call) printQueue(q *client.Target, group string, first, last int64) error {
	for offset := first; offset <= last; {
		pulled, err := c.Pull(c.ctx, q, client.PullRequest{Group: group, Offset: offset, MaxNums: int(min(last-offset+1, 1024))})
		if err != nil {
			return err
		}
		if pulled.Code != protocol.Success && pulled.Code != protocol.PullRetryImmediately {
			c.printf("%s print msg finished. status=%s, offset=%d\n", queueText(q.MessageQueue), pullStatus[pulled.Code], pulled.Next)
			return nil
		}
		if pulled.Next <= offset {
			return fmt.Errorf("%s is not read on: offset %d is answered with %d", queueText(q.MessageQueue), offset, pulled.Next)
		}
		offset = pulled.Next
		if pulled.Code != protocol.Success {
			c.printf("%s no matched msg. status=%s, offset=%d\n", queueText(q.MessageQueue), pullStatus[pulled.Code], offset)
			continue
		}
		c.printf("Consume ok\n")
		for i := range pulled.Messages {
			m := &pulled.Messages[i]
			c.printf("MSGID: %s %s BODY: %s\n", m.MsgID(), messageText(m, property{"MIN_OFFSET", fmt.Sprint(pulled.Min)}, property{"MAX_OFFSET", fmt.Sprint(pulled.Max)}), m.Body)
		}
	}
	return nil
}
