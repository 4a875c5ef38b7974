package proxy

import (
	"gantry/proxy/upstream"
	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
)

// pullHoldMillis is how long a pull waits for a node that is away: less than the
// client's 30 s, so that consumers go on by themselves when the node is back.
const pullHoldMillis = 15_000

// requests says per code how a request travels to its storage node: on which
// connection, whether it may be sent again after a loss, and what the client is
// told where it cannot be. What a code means, only the node knows.
var requests = map[int32]upstream.Policy{
	protocol.SendMessage:        {Class: envelope.Sends, Retry: upstream.Keyed},
	protocol.SendMessageV2:      {Class: envelope.Sends, Retry: upstream.Keyed},
	protocol.SendBatchMessage:   {Class: envelope.Sends, Retry: upstream.Keyed},
	protocol.SendReplyMessage:   {Class: envelope.Sends},
	protocol.SendReplyMessageV2: {Class: envelope.Sends},
	protocol.EndTransaction:     {Class: envelope.Sends},

	protocol.ConsumerSendMsgBack: {Class: envelope.Control, Retry: upstream.Known},

	protocol.PullMessage:     {Class: envelope.Pulls, Retry: upstream.Safe, HoldMillis: pullHoldMillis},
	protocol.LitePullMessage: {Class: envelope.Pulls, Retry: upstream.Safe, HoldMillis: pullHoldMillis},
	protocol.QueryMessage:    {Class: envelope.Pulls, Retry: upstream.Safe},
	protocol.ViewMessageByID: {Class: envelope.Pulls, Retry: upstream.Safe},

	protocol.HeartBeat:               {Class: envelope.Control, Retry: upstream.Safe},
	protocol.UnregisterClient:        {Class: envelope.Control, Retry: upstream.Safe},
	protocol.GetConsumerListByGroup:  {Class: envelope.Control, Retry: upstream.Safe, OnLoss: upstream.Silence},
	protocol.CheckClientConfig:       {Class: envelope.Control, Retry: upstream.Safe},
	protocol.LockBatchMQ:             {Class: envelope.Control, Retry: upstream.Safe},
	protocol.UnlockBatchMQ:           {Class: envelope.Control, Retry: upstream.Safe},
	protocol.QueryConsumerOffset:     {Class: envelope.Control, Retry: upstream.Safe, OnLoss: upstream.Silence},
	protocol.UpdateConsumerOffset:    {Class: envelope.Control, Retry: upstream.Safe},
	protocol.GetMaxOffset:            {Class: envelope.Control, Retry: upstream.Safe, OnLoss: upstream.Silence},
	protocol.GetMinOffset:            {Class: envelope.Control, Retry: upstream.Safe},
	protocol.SearchOffsetByTimestamp: {Class: envelope.Control, Retry: upstream.Safe},
	protocol.GetEarliestMsgStoreTime: {Class: envelope.Control, Retry: upstream.Safe},

	protocol.UpdateAndCreateTopic:             {Class: envelope.Control, Retry: upstream.Safe},
	protocol.UpdateAndCreateSubscriptionGroup: {Class: envelope.Control, Retry: upstream.Safe},
}

// otherRequests is how every code not in the table travels: the node answers it,
// be it only that it does not know the code.
var otherRequests = upstream.Policy{Class: envelope.Control}

func policyOf(code int32) upstream.Policy {
	if p, ok := requests[code]; ok {
		return p
	}
	return otherRequests
}
