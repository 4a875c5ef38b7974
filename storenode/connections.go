package storenode

import (
	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/filter"
	"gantry/storenode/group"
)

// Who is connected, as tools ask: codes 203, 204 and 300 (AdminBrokerProcessor 4.9.7). Different: a client is listed
// once, also where it has several sessions.

type connections struct {
	members *group.Members
	offsets *group.Offsets
}

func (n connections) ofConsumers(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetConsumerConnectionListRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	g, online := n.members.Describe(h.ConsumerGroup)
	if !online {
		return nil, protocol.Errorf(protocol.ConsumerNotOnline, "the consumer group[%s] not online", h.ConsumerGroup)
	}
	body := protocol.ConsumerConnection{ConsumeFromWhere: g.ConsumeFromWhere, ConsumeType: g.ConsumeType, MessageModel: g.MessageModel,
		ConnectionSet: connectionsOf(g.Members), SubscriptionTable: protocol.Table[string, protocol.SubscriptionData]{}}
	for i := range g.Subscriptions {
		body.SubscriptionTable[g.Subscriptions[i].Topic] = subscriptionData(&g.Subscriptions[i])
	}
	return &remoting.Response{Body: body.Encode()}, nil
}

func (n connections) ofProducers(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetProducerConnectionListRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	all := n.members.Producers(h.ProducerGroup)
	if len(all) == 0 {
		return nil, protocol.Errorf(protocol.SystemError, "the producer group[%s] not exist", h.ProducerGroup)
	}
	return &remoting.Response{Body: protocol.ProducerConnection{ConnectionSet: connectionsOf(all)}.Encode()}, nil
}

func (n connections) groupsOf(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.QueryTopicConsumeByWhoRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	var body protocol.GroupList
	known := map[string]bool{}
	for _, name := range append(n.members.Subscribers(h.Topic), n.offsets.GroupsOf(h.Topic)...) {
		if !known[name] {
			known[name] = true
			body.GroupList = append(body.GroupList, name)
		}
	}
	return &remoting.Response{Body: body.Encode()}, nil
}

func connectionsOf(all []group.Client) protocol.Set[protocol.Connection] {
	list := make(protocol.Set[protocol.Connection], 0, len(all))
	for _, c := range all {
		last := c.Sessions[0]
		list = append(list, protocol.Connection{ClientAddr: last.RemoteAddr(), ClientID: c.ID, Language: last.Language(), Version: last.Version()})
	}
	return list
}

// subscriptionData is a subscription as its clients sent it, tag codes as Java computes them.
func subscriptionData(s *filter.Subscription) protocol.SubscriptionData {
	data := protocol.SubscriptionData{ClassFilterMode: s.ClassFilterMode, ExpressionType: s.Type, SubString: s.Expression,
		SubVersion: s.Version, TagsSet: s.Tags, Topic: s.Topic}
	if s.Type == "" {
		data.ExpressionType = protocol.ExpressionTag
	}
	for _, tag := range s.Tags {
		data.CodeSet = append(data.CodeSet, message.JavaHash(tag))
	}
	return data
}
