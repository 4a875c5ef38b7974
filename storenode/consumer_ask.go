package storenode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
	"gantry/storenode/group"
)

// What tools ask of one consumer through the node: codes 307 and 309 (AdminBrokerProcessor 4.9.7). The request goes on
// with its fields as they came, the answer comes back as it is. Different: who asks is answered before its own time of
// 5 s is over, where Java goes on waiting for another 5 s.

type consumerAsk struct {
	log        *slog.Logger
	brokerName string
	members    *group.Members
	records    records
}

const (
	// askBound is how long a consumer may take, which is its application's time: 309 has it consume. Tools give up after
	// 5 s; their connections are their own.
	askBound = 4500 * time.Millisecond
	// relayVersion is V3_1_8_SNAPSHOT, the first that is asked.
	relayVersion = 62
)

// relayed are the fields of another's request.
type relayed remoting.Fields

// Encode implements remoting.Header.
func (f relayed) Encode(w *remoting.FieldWriter) {
	for _, one := range f {
		w.Bytes(string(one.Key), one.Value)
	}
}

// runningInfo is a remoting.Handler.
func (a consumerAsk) runningInfo(c *remoting.Command, to remoting.Responder) {
	var h protocol.GetConsumerRunningInfoRequest
	err := h.Decode(c.Ext)
	if err == nil {
		err = a.relay(h.ConsumerGroup, h.ClientID, &remoting.Request{Code: c.Code, Header: relayed(c.Ext), Body: c.Body}, to)
	}
	if err != nil {
		to.Reply(errorResponse(a.log, c, to.Channel, err))
	}
}

// consumeDirectly is a remoting.Handler that may wait for a disk.
func (a consumerAsk) consumeDirectly(c *remoting.Command, to remoting.Responder) {
	if err := a.tryConsumeDirectly(c, to); err != nil {
		to.Reply(errorResponse(a.log, c, to.Channel, err))
	}
}

func (a consumerAsk) tryConsumeDirectly(c *remoting.Command, to remoting.Responder) error {
	var h protocol.ConsumeMessageDirectlyRequest
	if err := h.Decode(c.Ext); err != nil {
		return err
	}
	_, at, err := message.ParseOffsetID(h.MsgID)
	if err != nil {
		return fmt.Errorf("msgId %q: %w", h.MsgID, err)
	}
	record, err := a.records.RecordAt(commitlog.Offset(at))
	if err != nil {
		return protocol.Errorf(protocol.SystemError, "can not find message by the offset, %d", at)
	}
	fields := append(remoting.Fields{{Key: []byte("brokerName"), Value: []byte(a.brokerName)}}, withoutField(c.Ext, "brokerName")...)
	return a.relay(h.ConsumerGroup, h.ClientID, &remoting.Request{Code: c.Code, Header: relayed(fields), Body: record}, to)
}

func withoutField(all remoting.Fields, name string) (rest remoting.Fields) {
	for _, f := range all {
		if string(f.Key) != name {
			rest = append(rest, f)
		}
	}
	return rest
}

// relay asks the consumer over the first of its sessions that takes it; without an error, to will be answered.
func (a consumerAsk) relay(group, clientID string, r *remoting.Request, to remoting.Responder) error {
	found := a.members.Consumer(group, clientID)
	if len(found.Sessions) == 0 {
		return protocol.Errorf(protocol.SystemError, "The Consumer <%s> <%s> not online", group, clientID)
	}
	if v := found.Sessions[0].Version(); v < relayVersion {
		return protocol.Errorf(protocol.SystemError, "The Consumer <%s> Version <%d> too low to finish, please upgrade it to V3_1_8_SNAPSHOT", clientID, v)
	}
	var err error
	for _, session := range found.Sessions {
		if err = channelOf(session).InvokeAsync(r, askBound, func(answer *remoting.Command, err error) { answerRelayed(group, clientID, answer, err, to) }); err == nil {
			return nil
		}
	}
	return invokeFailed(group, clientID, err)
}

func invokeFailed(group, clientID string, err error) error {
	return protocol.Errorf(protocol.SystemError, "invoke consumer <%s> <%s> Exception: %v", group, clientID, err)
}

func answerRelayed(group, clientID string, answer *remoting.Command, err error, to remoting.Responder) {
	switch {
	case err == nil:
		to.Reply(&remoting.Response{Code: answer.Code, Remark: answer.Remark, Header: relayed(answer.Ext), Body: answer.Body})
	case errors.Is(err, context.DeadlineExceeded):
		to.Reply(&remoting.Response{Code: protocol.ConsumeMsgTimeout, Remark: fmt.Sprintf("consumer <%s> <%s> Timeout: %v", group, clientID, err)})
	default:
		var stated *protocol.Error
		errors.As(invokeFailed(group, clientID, err), &stated)
		to.Reply(&remoting.Response{Code: stated.Code, Remark: stated.Remark})
	}
}
