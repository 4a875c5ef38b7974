package localcluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

const (
	readyBound = 30 * time.Second
	readyPace  = 20 * time.Millisecond
	askBound   = 3 * time.Second // of one question, as clients wait
)

// ErrNotReady says that the cluster did not come to serve in time; it carries
// what was still wrong.
var ErrNotReady = errors.New("the cluster does not serve")

// AwaitReady returns when every proxy that runs gives a route to every shard
// whose node runs, and carries requests to each of them.
func (c *Cluster) AwaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyBound)
	defer cancel()
	pace := time.NewTicker(readyPace)
	defer pace.Stop()
	for reason := error(nil); ; {
		err := c.ready(ctx)
		if err == nil || errors.Is(err, ErrEnded) {
			return err
		}
		if ctx.Err() == nil {
			reason = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrNotReady, reason)
		case <-pace.C:
		}
	}
}

func (c *Cluster) ready(ctx context.Context) error {
	for _, m := range c.Members() {
		if m.cmd != nil && !m.Running() {
			return fmt.Errorf("%s: %w%s", m.Name, ErrEnded, m.tail())
		}
	}
	for _, p := range running(c.Proxies) {
		if err := p.serves(ctx, running(slices.Concat(c.Nodes, c.Slaves))); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return nil
}

func running(all []*Member) []*Member {
	return slices.DeleteFunc(slices.Clone(all), func(m *Member) bool { return !m.Running() })
}

// serves asks a proxy for the copies of all shards, and each for an offset, which
// its node must answer.
func (m *Member) serves(ctx context.Context, nodes []*Member) error {
	copies, err := m.copies(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		address := copies[copyOf{n.Shard, n.ID}]
		if address == "" {
			return fmt.Errorf("%w %s", errNoRoute, n.Name)
		}
		question := &remoting.Request{Code: protocol.GetMaxOffset, Header: protocol.GetMaxOffsetRequest{Topic: everywhere}}
		if _, err := Ask(ctx, address, question); err != nil {
			return err
		}
	}
	return nil
}

// everywhere is a topic that every node has.
const everywhere = "TBW102"

var errNoRoute = errors.New("no route yet to shard")

// Shards asks a proxy which masters it has gateway routes to, and returns where
// it serves each itself, by brokerName: a shard's port is the same everywhere.
func (m *Member) Shards(ctx context.Context) (map[string]string, error) {
	copies, err := m.copies(ctx)
	if err != nil {
		return nil, err
	}
	shards := map[string]string{}
	for of, address := range copies {
		if of.id == 0 {
			shards[of.brokerName] = address
		}
	}
	return shards, nil
}

// copyOf names one copy of a shard.
type copyOf struct {
	brokerName string
	id         int64
}

// copies is where a proxy serves each copy that it has a gateway route to.
func (m *Member) copies(ctx context.Context) (map[copyOf]string, error) {
	route, err := AskRoute(ctx, m.Address, everywhere)
	if err != nil {
		return nil, err
	}
	all := map[copyOf]string{}
	for _, b := range route.BrokerDatas {
		for id, address := range b.BrokerAddrs {
			if _, port, err := net.SplitHostPort(address); err == nil {
				all[copyOf{b.BrokerName, id}] = net.JoinHostPort(m.IP, port)
			}
		}
	}
	return all, nil
}

// Ask sends one request over a connection of its own. Another code than SUCCESS
// is a *protocol.Error.
func Ask(ctx context.Context, address string, r *remoting.Request) (*remoting.Command, error) {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	link, err := remoting.Dial(ctx, remoting.DialTCP, address, remoting.Limits{}, nil)
	if err != nil {
		return nil, err
	}
	defer link.Close()
	answer, err := link.Invoke(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", address, err)
	}
	if answer.Code != protocol.Success {
		return nil, fmt.Errorf("ask %s: %w", address, &protocol.Error{Code: answer.Code, Remark: answer.Remark})
	}
	return answer, nil
}

// AskRoute asks a name server where a topic lies.
func AskRoute(ctx context.Context, namesrv, topic string) (route protocol.TopicRouteData, err error) {
	answer, err := Ask(ctx, namesrv, &remoting.Request{Code: protocol.GetRouteInfoByTopic,
		Header: protocol.GetRouteInfoByTopicRequest{Topic: topic, AcceptStandardJSONOnly: true}})
	if err != nil {
		return route, err
	}
	return route, route.Decode(answer.Body)
}
