package client

import (
	"context"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

func (c *Client) keepBeating() {
	every(c.ctx, c.config.HeartbeatMillis, func() { c.beat(c.ctx) })
}

// beat tells every broker of the routes in use which groups this client is in;
// the masters alone where it consumes nothing. It returns the last failure.
func (c *Client) beat(ctx context.Context) (failure error) {
	data := c.heartbeat()
	if len(data.ConsumerDataSet) == 0 && len(data.ProducerDataSet) == 0 {
		return nil
	}
	body := data.Encode()
	for _, addr := range c.routes.addresses(len(data.ConsumerDataSet) == 0) {
		if _, err := c.Call(ctx, addr, &remoting.Request{Code: protocol.HeartBeat, Body: body}); err != nil {
			c.config.Log.Warn("heartbeat failed", "addr", addr, "err", err)
			failure = err
		}
	}
	return failure
}

func (c *Client) heartbeat() protocol.HeartbeatData {
	c.mu.Lock()
	defer c.mu.Unlock()
	data := protocol.HeartbeatData{ClientID: c.config.ClientID}
	for group := range c.producers {
		data.ProducerDataSet = append(data.ProducerDataSet, protocol.ProducerData{GroupName: group})
	}
	for _, consumer := range c.consumers {
		data.ConsumerDataSet = append(data.ConsumerDataSet, consumer.data())
	}
	return data
}

// unregister takes the client out of a group at every broker; who does not
// answer learns it from the connection's end.
func (c *Client) unregister(ctx context.Context, h protocol.UnregisterClientRequest) {
	for _, addr := range c.routes.addresses(false) {
		if _, err := c.Call(ctx, addr, &remoting.Request{Code: protocol.UnregisterClient, Header: h}); err != nil {
			c.config.Log.Debug("unregister failed", "addr", addr, "err", err)
		}
	}
}
