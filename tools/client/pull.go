package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// PullRequest asks for messages of one queue.
type PullRequest struct {
	Group        string
	Offset       int64  // where to begin
	MaxNums      int    // at most so many messages, default 32
	Expression   string // of tags, default "*"; sent along unless InHeartbeat
	InHeartbeat  bool   // the group's heartbeat has the expression
	SubVersion   int64  // of the heartbeat's expression
	HoldMillis   int    // how long the broker may wait for messages, 0: not at all
	CommitOffset int64  // stored by the broker where it is above 0
	BrokerID     int64  // the copy to ask, 0: the master
}

// PullResult is what a broker has at an offset.
type PullResult struct {
	Code      int32 // Success, PullNotFound, PullRetryImmediately or PullOffsetMoved
	Messages  []Received
	Next      int64 // where to go on
	Min, Max  int64 // of the queue
	SuggestID int64 // the copy to ask next
}

// Received is a message that was stored. Its bytes are its own.
type Received struct {
	message.Message
	Queue     protocol.MessageQueue
	StoreSize int   // bytes of its record
	BodyErr   error // why Body is still compressed, if it is
	consumed  *tracked
}

// MsgID is the id that its producer gave, or else the one of its place.
func (r *Received) MsgID() string {
	if id := r.Properties.Get(message.PropertyUniqKey); len(id) > 0 {
		return string(id)
	}
	return message.OffsetID(r.StoreHost, r.PhysicalOffset)
}

// pullGraceMillis is added to the hold before a pull counts as unanswered.
const pullGraceMillis = 15_000

// Pull asks one queue for messages.
func (c *Client) Pull(ctx context.Context, q *Target, r PullRequest) (PullResult, error) {
	ctx, cancel := context.WithTimeout(ctx, millis(r.HoldMillis+pullGraceMillis))
	defer cancel()
	answer, err := c.Invoke(ctx, q.Addr(r.BrokerID), &remoting.Request{Code: protocol.PullMessage, Header: r.header(q)})
	if err != nil {
		return PullResult{}, fmt.Errorf("pull %s: %w", q.MessageQueue, err)
	}
	switch answer.Code {
	case protocol.Success, protocol.PullNotFound, protocol.PullRetryImmediately, protocol.PullOffsetMoved:
	default:
		return PullResult{}, fmt.Errorf("pull %s: %w", q.MessageQueue, errorOf(answer))
	}
	var h protocol.PullMessageResponse
	if err := h.Decode(answer.Ext); err != nil {
		return PullResult{}, fmt.Errorf("answer to pull %s: %w", q.MessageQueue, err)
	}
	result := PullResult{Code: answer.Code, Next: h.NextBeginOffset, Min: h.MinOffset, Max: h.MaxOffset, SuggestID: h.SuggestWhichBrokerID}
	if answer.Code == protocol.Success {
		result.Messages, err = Records(answer.Body, q.MessageQueue)
	}
	return result, err
}

func (r *PullRequest) header(q *Target) protocol.PullMessageRequest {
	h := protocol.PullMessageRequest{
		ConsumerGroup: []byte(r.Group), Topic: []byte(q.Topic), QueueID: q.QueueID, QueueOffset: r.Offset,
		MaxMsgNums: 32, SubVersion: r.SubVersion, ExpressionType: []byte(protocol.ExpressionTag), BrokerName: []byte(q.BrokerName),
	}
	if r.MaxNums > 0 {
		h.MaxMsgNums = int32(r.MaxNums)
	}
	if r.HoldMillis > 0 {
		h.SysFlag |= protocol.PullSuspend
		h.SuspendTimeoutMillis = int64(r.HoldMillis)
	}
	if r.CommitOffset > 0 {
		h.SysFlag |= protocol.PullCommitOffset
		h.CommitOffset = r.CommitOffset
	}
	if !r.InHeartbeat {
		h.SysFlag |= protocol.PullSubscription
		h.Subscription = []byte("*")
		if r.Expression != "" {
			h.Subscription = []byte(r.Expression)
		}
	}
	return h
}

// Records splits a body of records, as pulls and queries are answered with.
func Records(body []byte, q protocol.MessageQueue) ([]Received, error) {
	var all []Received
	for len(body) > 0 {
		m, n, err := message.Decode(body)
		if err != nil {
			return all, fmt.Errorf("record of %s: %w", q, err)
		}
		r := Received{Message: m, Queue: q, StoreSize: n}
		if plain, err := plainBody(m.SysFlag, m.Body); err != nil {
			r.BodyErr = err
		} else {
			r.Body = plain
		}
		all = append(all, r)
		body = body[n:]
	}
	return all, nil
}

// NoOffset is what ConsumerOffset gives where the group has none stored.
const NoOffset = -1

// ConsumerOffset asks where a group is in a queue.
func (c *Client) ConsumerOffset(ctx context.Context, group string, q *Target) (int64, error) {
	answer, err := c.Call(ctx, q.Addr(0), &remoting.Request{Code: protocol.QueryConsumerOffset,
		Header: protocol.QueryConsumerOffsetRequest{ConsumerGroup: group, Topic: q.Topic, QueueID: q.QueueID, SetZeroIfNotFound: true, BrokerName: q.BrokerName}})
	var failure *protocol.Error
	if errors.As(err, &failure) && failure.Code == protocol.QueryNotFound {
		return NoOffset, nil
	}
	if err != nil {
		return 0, err
	}
	var h protocol.QueryConsumerOffsetResponse
	err = h.Decode(answer.Ext)
	return h.Offset, err
}

// CommitOffset stores where a group is in a queue, without waiting.
func (c *Client) CommitOffset(ctx context.Context, group string, q *Target, offset int64) error {
	return c.Oneway(ctx, q.Addr(0), &remoting.Request{Code: protocol.UpdateConsumerOffset,
		Header: protocol.UpdateConsumerOffsetRequest{ConsumerGroup: group, Topic: q.Topic, QueueID: q.QueueID, CommitOffset: offset, BrokerName: q.BrokerName}})
}

// MaxOffset is the offset behind a queue's last message.
func (c *Client) MaxOffset(ctx context.Context, q *Target) (int64, error) {
	var h protocol.GetMaxOffsetResponse
	err := c.askOffset(ctx, q, protocol.GetMaxOffset, protocol.GetMaxOffsetRequest{Topic: q.Topic, QueueID: q.QueueID, BrokerName: q.BrokerName}, &h)
	return h.Offset, err
}

// MinOffset is the offset of a queue's first message.
func (c *Client) MinOffset(ctx context.Context, q *Target) (int64, error) {
	var h protocol.GetMinOffsetResponse
	err := c.askOffset(ctx, q, protocol.GetMinOffset, protocol.GetMinOffsetRequest{Topic: q.Topic, QueueID: q.QueueID, BrokerName: q.BrokerName}, &h)
	return h.Offset, err
}

// SearchOffset is the offset of the message stored at or nearest to a time.
func (c *Client) SearchOffset(ctx context.Context, q *Target, at time.Time) (int64, error) {
	var h protocol.SearchOffsetByTimestampResponse
	err := c.askOffset(ctx, q, protocol.SearchOffsetByTimestamp,
		protocol.SearchOffsetByTimestampRequest{Topic: q.Topic, QueueID: q.QueueID, Timestamp: at.UnixMilli(), BrokerName: q.BrokerName}, &h)
	return h.Offset, err
}

type decoder interface{ Decode(remoting.Fields) error }

func (c *Client) askOffset(ctx context.Context, q *Target, code int32, header remoting.Header, h decoder) error {
	answer, err := c.Call(ctx, q.Addr(0), &remoting.Request{Code: code, Header: header})
	if err != nil {
		return fmt.Errorf("offset of %s: %w", q.MessageQueue, err)
	}
	return h.Decode(answer.Ext)
}
