package storenode

import (
	"log/slog"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/filter"
	"gantry/storenode/group"
	"gantry/storenode/topic"
)

// Who is online: codes 34, 35, 38, 46 and the notice 40
// (ClientManageProcessor, ConsumerManageProcessor, 4.9.7).
//
// Honoured: groups and their retry topics are made by the first heartbeat, the
// last one's model counts, members get notice of changes. Different: a notice
// goes out once for changes of the same moment; a second connection of a known
// client id is no change, and an unregistration takes all of them out; lists and
// notices are kept back after a start until all clients are known (startHold);
// where nobody is known, a Go client gets no answer to 38, since it gives up all
// queues on any.

type presence struct {
	log     *slog.Logger
	config  Config
	clients *clients
	members *group.Members
	groups  *group.Configs
	topics  *topic.Table
	hold    *startHold
}

func (p *presence) heartbeat(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var data protocol.HeartbeatData
	if err := data.Decode(c.Body); err != nil {
		return nil, err
	}
	who, err := p.clients.of(from, data.ClientID, c)
	if err != nil {
		return nil, err
	}
	for i := range data.ConsumerDataSet {
		if err := p.joinConsumers(who, &data.ConsumerDataSet[i]); err != nil {
			return nil, err
		}
	}
	for _, producer := range data.ProducerDataSet {
		if err := p.members.RegisterProducer(who, producer.GroupName); err != nil {
			return nil, err
		}
	}
	return ok, nil
}

func (p *presence) joinConsumers(who *client, data *protocol.ConsumerData) error {
	notify := p.config.now().NotifyIdsChangedEnable
	g, err := p.groups.Find([]byte(data.GroupName))
	if err == nil {
		notify = notify && g.NotifyConsumerIDsChangedEnable
		var sysFlag int32
		if data.UnitMode {
			sysFlag = unitSubFlag
		}
		if _, err := p.topics.CreateInSendBack(topic.Retry(data.GroupName), g.RetryQueueNums, topic.PermReadWrite, sysFlag); err != nil {
			return err
		}
	}
	changed, err := p.members.RegisterConsumer(who, group.ConsumerData{
		Group: data.GroupName, ConsumeType: data.ConsumeType, MessageModel: data.MessageModel,
		ConsumeFromWhere: data.ConsumeFromWhere, Subscriptions: subscriptionsOf(data), Notify: notify,
	})
	if changed {
		p.log.Info("consumer group changed", "group", data.GroupName, "client_id", who.id, "remote_addr", who.channel.Remote)
	}
	return err
}

func subscriptionsOf(data *protocol.ConsumerData) []filter.Subscription {
	all := make([]filter.Subscription, 0, len(data.SubscriptionDataSet))
	for _, s := range data.SubscriptionDataSet {
		all = append(all, filter.Subscription{Topic: s.Topic, Expression: s.SubString, Tags: s.TagsSet,
			Version: s.SubVersion, Type: s.ExpressionType, ClassFilterMode: s.ClassFilterMode})
	}
	return all
}

func (p *presence) unregister(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.UnregisterClientRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	if who := p.clients.known(from, h.ClientID); who != nil {
		p.members.Unregister(who, h.ProducerGroup, h.ConsumerGroup)
	}
	return ok, nil
}

// consumerList is a remoting.Handler.
func (p *presence) consumerList(c *remoting.Command, to remoting.Responder) {
	var h protocol.GetConsumerListByGroupRequest
	if err := h.Decode(c.Ext); err != nil {
		to.Reply(errorResponse(p.log, c, to.Channel, err))
		return
	}
	language := c.Language
	p.hold.do("", func(known bool) { p.answerList(known, h.ConsumerGroup, language, to) })
}

// answerList lets a client keep the queues that it has where nobody, or not
// everybody, is known.
func (p *presence) answerList(known bool, name string, language remoting.Language, to remoting.Responder) {
	var ids []string
	if known {
		ids = p.members.ConsumerIDs(name)
	}
	switch {
	case ids != nil:
		to.Reply(&remoting.Response{Body: protocol.GetConsumerListByGroupResponseBody{ConsumerIDList: ids}.Encode()})
	case language == remoting.GO:
		to.Drop()
	default:
		to.Reply(&remoting.Response{Code: protocol.SystemError, Remark: "no consumer for this group, " + name})
	}
}

func (p *presence) checkClient(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	if len(c.Body) == 0 {
		return ok, nil
	}
	var body protocol.CheckClientRequestBody
	if err := body.Decode(c.Body); err != nil {
		return nil, err
	}
	s := filter.Subscription{Expression: body.SubscriptionData.SubString, Type: body.SubscriptionData.ExpressionType}
	if s.IsTag() {
		return ok, nil
	}
	if !p.config.now().EnablePropertyFilter {
		return nil, filterRefusal(s.Type)
	}
	if _, err := filter.Compile(&s); err != nil {
		return nil, protocol.Errorf(protocol.SubscriptionParseFailed, "%v", err)
	}
	return ok, nil
}

// notify tells a group's members that they should rebalance.
func (p *presence) notify(name string) {
	p.hold.do(name, func(known bool) {
		if known {
			p.notifyNow(name)
		}
	})
}

func (p *presence) notifyNow(name string) {
	header := protocol.NotifyConsumerIDsChangedRequest{ConsumerGroup: name}
	for _, m := range p.members.Consumers(name) {
		if err := tell(m, &remoting.Request{Code: protocol.NotifyConsumerIdsChanged, Header: header}); err != nil {
			p.log.Info("member not notified", "group", name, "client_id", m.ID, "err", err)
		}
	}
}

// tell says something to a client over the first of its sessions that takes it.
func tell(c group.Client, r *remoting.Request) (err error) {
	for _, session := range c.Sessions {
		if err = channelOf(session).Oneway(r); err == nil {
			return nil
		}
	}
	return err
}

// closed takes a channel out of every group.
func (p *presence) closed(ch *remoting.Channel) {
	for _, c := range p.clients.closed(ch) {
		p.members.ChannelClosed(c)
	}
}
