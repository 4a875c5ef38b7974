package storenode

import (
	"errors"
	"strings"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/filter"
	"gantry/storenode/filter/sql"
	"gantry/storenode/group"
	"gantry/storenode/topic"
)

// What a pull wants (PullMessageProcessor, ConsumerFilterManager, ExpressionForRetryMessageFilter 4.9.7).
//
// Honoured: tags; SQL92 of the pull or of the group's heartbeats, with
// enablePropertyFilter; its codes 23, 24, 25, 27 and 28; filterSupportRetry. As
// there, an expression that comes with a pull and cannot be read wants
// everything. Different: what a group's newest heartbeat says counts, where the
// Java broker goes on for a day with an expression of a higher version that the
// group had before it was offline; larger expressions than sql.MaxBytes are
// refused.

// statedFilterBytes bounds what pulls bring along and is kept compiled, twice.
const statedFilterBytes = 4 << 20

// matcher is what the pull wants of its queue: stated in its header, or by the
// group's heartbeats.
func (s *pulls) matcher(h *protocol.PullMessageRequest, g *group.Config) (filter.Matcher, error) {
	if h.SysFlag&protocol.PullSubscription != 0 {
		return s.statedMatcher(h)
	}
	view := s.members.Lookup(h.ConsumerGroup, h.Topic)
	switch {
	case !view.Known:
		return nil, protocol.Errorf(protocol.SubscriptionNotExist, "the consumer's group info not exist%s", seeFAQ)
	case !g.ConsumeBroadcastEnable && view.MessageModel == group.Broadcasting:
		return nil, protocol.Errorf(protocol.NoPermission, "the consumer group[%s] can not consume by broadcast way", h.ConsumerGroup)
	case view.Subscription == nil:
		return nil, protocol.Errorf(protocol.SubscriptionNotExist, "the consumer's subscription not exist%s", seeFAQ)
	case view.Subscription.Version < h.SubVersion && view.Online:
		return nil, protocol.Errorf(protocol.SubscriptionNotLatest, "the consumer's subscription not latest")
	case !view.Subscription.IsTag():
		return s.registeredMatcher(view, h.SubVersion)
	case view.Subscription.MatchErr != nil:
		return nil, protocol.Errorf(protocol.SubscriptionParseFailed, "parse the consumer's subscription failed")
	}
	return view.Subscription.Matcher, nil
}

// registeredMatcher is that of an expression in the group's heartbeats.
func (s *pulls) registeredMatcher(view group.View, version int64) (filter.Matcher, error) {
	switch {
	case view.Subscription.MatchErr != nil:
		return nil, protocol.Errorf(protocol.FilterDataNotExist, "The broker's consumer filter data is not exist!Your expression may be wrong!")
	case view.Subscription.FilterVersion < version && view.Online:
		return nil, protocol.Errorf(protocol.FilterDataNotLatest, "the consumer's consumer filter data not latest")
	case !s.config.now().EnablePropertyFilter:
		return nil, filterRefusal(view.Subscription.Type)
	}
	return view.Subscription.Matcher, nil
}

// statedMatcher is that of an expression in the pull itself.
func (s *pulls) statedMatcher(h *protocol.PullMessageRequest) (filter.Matcher, error) {
	stated := filter.Subscription{Expression: string(h.Subscription), Type: string(h.ExpressionType)}
	if stated.IsTag() {
		return tagMatcher(h)
	}
	if stated.Expression == "" {
		return nil, errSubscription
	}
	if !s.config.now().EnablePropertyFilter {
		return nil, filterRefusal(stated.Type)
	}
	matcher, err := s.stated.Compile(&stated, statedFilterBytes)
	switch bound := new(sql.Error); {
	case errors.As(err, &bound) && bound.Kind == sql.Bound:
		return nil, protocol.Errorf(protocol.SubscriptionParseFailed, "%v", err)
	case err != nil:
		return filter.Everything(), nil
	}
	return matcher, nil
}

func tagMatcher(h *protocol.PullMessageRequest) (filter.Matcher, error) {
	subscription, err := filter.Parse(string(h.Topic), string(h.Subscription), string(h.ExpressionType))
	if err != nil {
		return nil, errSubscription
	}
	return filter.Compile(&subscription)
}

var errSubscription = protocol.Errorf(protocol.SubscriptionParseFailed, "parse the consumer's subscription failed")

func filterRefusal(expressionType string) error {
	return protocol.Errorf(protocol.SystemError, "The broker does not support consumer to filter message by %s", expressionType)
}

// byProperties decides by a message's properties, where something has to. With
// filterSupportRetry messages of a retry topic are wanted as they were in their
// own topic.
func (s *pulls) byProperties(name string, m filter.Matcher) func(message.Properties) bool {
	retried, isRetry := strings.CutPrefix(name, topic.RetryPrefix)
	if !isRetry || !s.config.now().FilterSupportRetry {
		return m.Properties()
	}
	return func(p message.Properties) bool {
		view := s.members.Lookup([]byte(retried), p.Get(message.PropertyRetryTopic))
		if view.Subscription == nil || view.Subscription.MatchErr != nil {
			return true
		}
		matches := view.Subscription.Matcher.Properties()
		return matches == nil || matches(p)
	}
}
