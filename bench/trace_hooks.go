package bench

import (
	"cmp"
	"context"
	"time"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// defaultRegion is where a message is that no broker names a region of.
const defaultRegion = "DefaultRegion"

// sends is what a producer is to call for each send, nil where nothing is traced (SendMessageTraceHookImpl).
func (t *tracer) sends() func(client.Sent) {
	if t == nil {
		return nil
	}
	return func(s client.Sent) {
		if s.Result.NoTrace {
			return
		}
		tags, keys := tagsAndKeys(s.Properties)
		t.add(pubTrace{tracedMessage{s.Begun, cmp.Or(s.Result.Region, defaultRegion), t.group, s.Topic, s.MsgIDs, tags, keys},
			s, time.Since(s.Begun), typeOf(s.Properties), s.Result.Status == protocol.Success})
	}
}

func typeOf(p message.Properties) traceType {
	switch {
	case p.Has(message.PropertyDelay):
		return traceDelay
	case p.Has(message.PropertyTransactionMessage):
		return traceHalf
	}
	return traceNormal
}

// ended notes a transaction's end (EndTransactionTraceHookImpl); addr is of the broker that is told.
func (t *tracer) ended(topic, msgID, addr string, properties message.Properties, state client.TransactionState, checked bool) {
	if t == nil {
		return
	}
	tags, keys := tagsAndKeys(properties)
	region := cmp.Or(string(properties.Get(message.PropertyMsgRegion)), defaultRegion)
	t.add(endTrace{tracedMessage{time.Now(), region, t.group, topic, msgID, tags, keys}, addr, state, checked})
}

// consumes is handle with each call traced (ConsumeMessageTraceHookImpl).
func (t *tracer) consumes(handle client.Handler) client.Handler {
	if t == nil {
		return handle
	}
	return func(ctx context.Context, m *client.Received) error {
		if string(m.Properties.Get(message.PropertyTraceOn)) == "false" {
			return handle(ctx, m)
		}
		tags, keys := tagsAndKeys(m.Properties)
		before := subTrace{tracedMessage{time.Now(), string(m.Properties.Get(message.PropertyMsgRegion)), t.group, m.Topic, m.MsgID(), tags, keys},
			t.client.UniqueID(), m.ReconsumeTimes}
		t.add(before)
		err := handle(ctx, m)
		t.add(subbedTrace{before, time.Now(), err == nil})
		return err
	}
}
