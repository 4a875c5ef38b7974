package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// defaultTopic is whose route is used, and whose configuration is inherited, for
// a topic that does not exist.
const defaultTopic = "TBW102"

// permission bits of a QueueData.
const (
	permWrite = 2
	permRead  = 4
)

// ErrNoQueues says that a topic has a route and no queue to use.
var ErrNoQueues = errors.New("topic has no usable queue")

// Target is a queue and where it is.
type Target struct {
	protocol.MessageQueue
	Addrs map[int64]string // of the shard, by brokerId; 0 is the master
}

// Addr is the address of a copy: the wanted one, else the master, else any.
func (t *Target) Addr(brokerID int64) string {
	if addr, ok := t.Addrs[brokerID]; ok {
		return addr
	}
	if addr, ok := t.Addrs[0]; ok {
		return addr
	}
	for _, id := range slices.Sorted(maps.Keys(t.Addrs)) {
		return t.Addrs[id]
	}
	return ""
}

// Route is what clients make of a TopicRouteData.
type Route struct {
	Data      protocol.TopicRouteData
	Publish   []Target // queues to send to, by brokerName and queue id
	Subscribe []Target // queues to consume
}

func newRoute(topic string, data protocol.TopicRouteData) *Route {
	brokers := map[string]map[int64]string{}
	for _, b := range data.BrokerDatas {
		brokers[b.BrokerName] = b.BrokerAddrs
	}
	rows := slices.SortedFunc(slices.Values(data.QueueDatas), func(a, b protocol.QueueData) int {
		return strings.Compare(a.BrokerName, b.BrokerName)
	})
	r := &Route{Data: data}
	for _, q := range rows {
		addrs := brokers[q.BrokerName]
		if _, master := addrs[0]; master && q.Perm&permWrite != 0 {
			r.Publish = appendTargets(r.Publish, topic, q.BrokerName, q.WriteQueueNums, addrs)
		}
		if len(addrs) > 0 && q.Perm&permRead != 0 {
			r.Subscribe = appendTargets(r.Subscribe, topic, q.BrokerName, q.ReadQueueNums, addrs)
		}
	}
	return r
}

func appendTargets(to []Target, topic, brokerName string, n int32, addrs map[int64]string) []Target {
	for id := range n {
		to = append(to, Target{protocol.MessageQueue{Topic: topic, BrokerName: brokerName, QueueID: id}, addrs})
	}
	return to
}

// routes are those in use, by topic.
type routes struct {
	mu      sync.RWMutex // guards byTopic
	byTopic map[string]*Route
	namesrv sticky
}

func (r *routes) get(topic string) *Route {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byTopic[topic]
}

func (r *routes) set(topic string, route *Route) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byTopic == nil {
		r.byTopic = map[string]*Route{}
	}
	r.byTopic[topic] = route
}

func (r *routes) topics() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.byTopic))
}

// addresses are those of every broker in a route, each once.
func (r *routes) addresses(mastersOnly bool) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := map[string]bool{}
	for _, route := range r.byTopic {
		for _, b := range route.Data.BrokerDatas {
			for id, addr := range b.BrokerAddrs {
				if id == 0 || !mastersOnly {
					all[addr] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Route returns the route of a topic, from memory once it was asked for. A topic
// without route is a *protocol.Error of TopicNotExist.
func (c *Client) Route(ctx context.Context, topic string) (*Route, error) {
	if r := c.routes.get(topic); r != nil {
		return r, nil
	}
	return c.FetchRoute(ctx, topic)
}

// FetchRoute is Route from a name server, whatever was asked for before.
func (c *Client) FetchRoute(ctx context.Context, topic string) (*Route, error) {
	data, err := c.askRoute(ctx, topic)
	if err != nil {
		return nil, err
	}
	r := newRoute(topic, data)
	c.routes.set(topic, r)
	return r, nil
}

// routeToSend is the route of a topic that a send may create.
func (c *Client) routeToSend(ctx context.Context, topic string, queueNums int32) (*Route, error) {
	r, err := c.Route(ctx, topic)
	var failure *protocol.Error
	if errors.As(err, &failure) && failure.Code == protocol.TopicNotExist {
		r, err = c.inheritRoute(ctx, topic, queueNums)
	}
	if err != nil {
		return nil, fmt.Errorf("route of %s: %w", topic, err)
	}
	if len(r.Publish) == 0 {
		return nil, fmt.Errorf("send to %s: %w", topic, ErrNoQueues)
	}
	return r, nil
}

// inheritRoute spreads a topic to come over the brokers that create topics.
func (c *Client) inheritRoute(ctx context.Context, topic string, queueNums int32) (*Route, error) {
	data, err := c.askRoute(ctx, defaultTopic)
	if err != nil {
		return nil, err
	}
	for i := range data.QueueDatas {
		q := &data.QueueDatas[i]
		q.ReadQueueNums, q.WriteQueueNums = min(q.ReadQueueNums, queueNums), min(q.WriteQueueNums, queueNums)
	}
	r := newRoute(topic, data)
	c.routes.set(topic, r)
	return r, nil
}

func (c *Client) askRoute(ctx context.Context, topic string) (data protocol.TopicRouteData, err error) {
	answer, err := c.AskNamesrv(ctx, &remoting.Request{Code: protocol.GetRouteInfoByTopic,
		Header: protocol.GetRouteInfoByTopicRequest{Topic: topic, AcceptStandardJSONOnly: true}})
	if err != nil {
		return data, err
	}
	return data, data.Decode(answer.Body)
}

// AskNamesrv asks one name server, the next where it gives no answer in
// Config.RequestMillis. The error names each that was asked.
func (c *Client) AskNamesrv(ctx context.Context, r *remoting.Request) (*remoting.Command, error) {
	var failures []error
	for i := range c.config.Namesrv {
		at := (c.routes.namesrv.start() + i) % len(c.config.Namesrv)
		answer, err := c.Call(ctx, c.config.Namesrv[at], r)
		var refused *protocol.Error
		if err == nil || errors.As(err, &refused) {
			c.routes.namesrv.set(at)
			return answer, err
		}
		failures = append(failures, fmt.Errorf("name server %s: %w", c.config.Namesrv[at], err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(failures...)
}

// keepRoutes polls the routes in use; what cannot be had stays as it was.
func (c *Client) keepRoutes() {
	every(c.ctx, c.config.RouteMillis, func() {
		for _, topic := range c.routes.topics() {
			if _, err := c.FetchRoute(c.ctx, topic); err != nil {
				c.config.Log.Debug("route not renewed", "topic", topic, "err", err)
			}
		}
	})
}
