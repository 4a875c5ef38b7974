package proxy

import (
	"gantry/proxy/session"
	"gantry/proxy/upstream"
	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
)

// pullHoldMillis is how long a pull waits for a node that is away: less than the
// client's 30 s, so that consumers go on by themselves when the node is back.
const pullHoldMillis = 15_000

// requests says per code how a request travels to its storage node: on which
// connection, whether it may be sent again after a loss, what the client is told
// where it cannot be; and, with routeMode=shared, how its shard is found. What a
// code means, only the node knows.
var requests = map[int32]session.Rule{
	protocol.SendMessage:        {Policy: upstream.Policy{Class: envelope.Sends, Retry: upstream.Keyed}},
	protocol.SendMessageV2:      {Policy: upstream.Policy{Class: envelope.Sends, Retry: upstream.Keyed}, Place: session.ByShortName},
	protocol.SendBatchMessage:   {Policy: upstream.Policy{Class: envelope.Sends, Retry: upstream.Keyed}, Place: session.ByShortName},
	protocol.SendReplyMessage:   {Policy: upstream.Policy{Class: envelope.Sends}},
	protocol.SendReplyMessageV2: {Policy: upstream.Policy{Class: envelope.Sends}, Place: session.ByShortName},
	protocol.EndTransaction:     {Policy: upstream.Policy{Class: envelope.Sends, Retry: upstream.Known}},

	protocol.ConsumerSendMsgBack: {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Known}},

	protocol.PullMessage:     {Policy: upstream.Policy{Class: envelope.Pulls, Retry: upstream.Safe, HoldMillis: pullHoldMillis}},
	protocol.LitePullMessage: {Policy: upstream.Policy{Class: envelope.Pulls, Retry: upstream.Safe, HoldMillis: pullHoldMillis}},
	protocol.QueryMessage:    {Policy: upstream.Policy{Class: envelope.Pulls, Retry: upstream.Safe}, Place: session.Merged},
	protocol.ViewMessageByID: {Policy: upstream.Policy{Class: envelope.Pulls, Retry: upstream.Safe}},

	protocol.HeartBeat:               {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}, Place: session.Everywhere},
	protocol.UnregisterClient:        {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}, Place: session.Everywhere},
	protocol.GetConsumerListByGroup:  {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe, OnLoss: upstream.Silence}, Place: session.Anywhere},
	protocol.CheckClientConfig:       {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}, Place: session.Anywhere},
	protocol.LockBatchMQ:             {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}, Place: session.ByBody},
	protocol.UnlockBatchMQ:           {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}, Place: session.ByBody},
	protocol.QueryConsumerOffset:     {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe, OnLoss: upstream.Silence}},
	protocol.UpdateConsumerOffset:    {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.GetMaxOffset:            {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe, OnLoss: upstream.Silence}},
	protocol.GetMinOffset:            {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.SearchOffsetByTimestamp: {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.GetEarliestMsgStoreTime: {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},

	protocol.GetTopicStatsInfo:               {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.GetConsumeStats:                 {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.QueryConsumeTimeSpan:            {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.QueryCorrectionOffset:           {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.CloneGroupOffset:                {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.InvokeBrokerToResetOffset:       {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.InvokeBrokerToGetConsumerStatus: {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.GetConsumerConnectionList:       {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.GetProducerConnectionList:       {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.QueryTopicConsumeByWho:          {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.GetTopicConfig:                  {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.GetSubscriptionGroupConfig:      {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.GetConsumerRunningInfo:          {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.ConsumeMessageDirectly:          {Policy: upstream.Policy{Class: envelope.Control}},

	protocol.UpdateAndCreateTopic:             {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.UpdateAndCreateSubscriptionGroup: {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.DeleteTopicInBroker:              {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.DeleteSubscriptionGroup:          {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
	protocol.GetBrokerRuntimeInfo:             {Policy: upstream.Policy{Class: envelope.Control, Retry: upstream.Safe}},
}

// otherRequests is how every code not in the table travels: the node answers it,
// be it only that it does not know the code.
var otherRequests = session.Rule{Policy: upstream.Policy{Class: envelope.Control}}

func ruleOf(code int32) session.Rule {
	if r, ok := requests[code]; ok {
		return r
	}
	return otherRequests
}

func policyOf(code int32) upstream.Policy { return ruleOf(code).Policy }
