package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gantry/remoting"
	"gantry/remoting/fastjson"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// ErrNoMessage says that no broker has a message asked for.
var ErrNoMessage = errors.New("query message by key finished, but no message")

// MessageAt is the message that an offset id names, from the broker whose address
// is in it (code 33).
func (a *Admin) MessageAt(ctx context.Context, offsetID string) (client.Received, error) {
	host, offset, err := message.ParseOffsetID(offsetID)
	if err != nil {
		return client.Received{}, fmt.Errorf("message id %q: %w", offsetID, err)
	}
	answer, err := a.ask(ctx, host.String(), &remoting.Request{Code: protocol.ViewMessageByID, Header: protocol.ViewMessageByIDRequest{Offset: offset}})
	if err != nil {
		return client.Received{}, err
	}
	all, err := client.Records(answer.Body, protocol.MessageQueue{})
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("%s answered with %d messages to offset %d", host, len(all), offset)
	}
	if err != nil {
		return client.Received{}, err
	}
	return all[0], nil
}

// Consumption is what became of a message that a member was given to consume
// (ConsumeMessageDirectlyResult).
type Consumption struct {
	Order          bool   `json:"order"`
	AutoCommit     bool   `json:"autoCommit"`
	ConsumeResult  string `json:"consumeResult"`
	Remark         string `json:"remark"`
	SpentTimeMills int64  `json:"spentTimeMills"`
}

// Decode reads a body.
func (c *Consumption) Decode(body []byte) error { return fastjson.Unmarshal(body, c) }

// ConsumeDirectly has one member of a group consume a stored message at once
// (code 309 to the broker that stored it).
func (a *Admin) ConsumeDirectly(ctx context.Context, m *client.Received, group, clientID string) (c Consumption, err error) {
	return c, a.body(ctx, m.StoreHost.String(), protocol.ConsumeMessageDirectly, protocol.ConsumeMessageDirectlyRequest{
		ConsumerGroup: group, ClientID: clientID, MsgID: message.OffsetID(m.StoreHost, m.PhysicalOffset)}, &c)
}

// MessagesByKey are a topic's messages that have a key (code 12), at most num of
// each shard; ErrNoMessage where there are none.
func (a *Admin) MessagesByKey(ctx context.Context, topic, key string, num int32) ([]client.Received, error) {
	return a.query(ctx, protocol.QueryMessageRequest{Topic: topic, Key: key, MaxNum: num, EndTimestamp: math.MaxInt64}, func(m *client.Received) bool {
		keys := strings.Split(string(m.Properties.Get(message.PropertyKeys)), string(message.KeySeparator))
		return m.Topic == topic && slices.Contains(keys, key)
	})
}

// MessagesByUniqueKey are those with an id that their producer gave, first stored
// first; ErrNoMessage where there are none.
func (a *Admin) MessagesByUniqueKey(ctx context.Context, topic, id string) ([]client.Received, error) {
	all, err := a.query(ctx, protocol.QueryMessageRequest{Topic: topic, Key: id, MaxNum: 32, EndTimestamp: math.MaxInt64, UniqueKeyQuery: true},
		func(m *client.Received) bool { return m.MsgID() == id })
	slices.SortStableFunc(all, func(x, y client.Received) int { return cmp.Compare(x.StoreTimestamp, y.StoreTimestamp) })
	return all, err
}

// query asks every shard of a topic; index collisions are left out. A shard that
// cannot be asked fails the query only where no other has anything.
func (a *Admin) query(ctx context.Context, q protocol.QueryMessageRequest, meant func(*client.Received) bool) (found []client.Received, err error) {
	shards, err := a.shards(ctx, q.Topic)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, b := range shards {
		answer, err := a.ask(ctx, b.Addr, &remoting.Request{Code: protocol.QueryMessage, Header: q})
		if Has(err, protocol.QueryNotFound) {
			continue
		}
		var all []client.Received
		if err == nil {
			all, err = client.Records(answer.Body, protocol.MessageQueue{Topic: q.Topic, BrokerName: b.Name})
		}
		errs = append(errs, err)
		for i := range all {
			if meant(&all[i]) {
				found = append(found, all[i])
			}
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, cmp.Or(errors.Join(errs...), ErrNoMessage)
}
