package protocol_test

import (
	"gantry/remoting/protocol"
)

// message says what a code carries; nil is nothing.
type message struct {
	request, reply         header
	requestBody, replyBody body
}

// messages are the codes whose headers and bodies this package knows.
func messages() map[int32]message {
	return map[int32]message{
		protocol.SendMessage:              {request: &protocol.SendMessageRequestV1{}, reply: &protocol.SendMessageResponse{}},
		protocol.SendMessageV2:            {request: &protocol.SendMessageRequest{}, reply: &protocol.SendMessageResponse{}},
		protocol.SendBatchMessage:         {request: &protocol.SendMessageRequest{}, reply: &protocol.SendMessageResponse{}},
		protocol.SendReplyMessage:         {request: &protocol.SendMessageRequestV1{}, reply: &protocol.SendMessageResponse{}},
		protocol.SendReplyMessageV2:       {request: &protocol.SendMessageRequest{}, reply: &protocol.SendMessageResponse{}},
		protocol.PushReplyMessageToClient: {request: &protocol.PushReplyMessageToClientRequest{}},
		protocol.PullMessage:              {request: &protocol.PullMessageRequest{}, reply: &protocol.PullMessageResponse{}},
		protocol.LitePullMessage:          {request: &protocol.PullMessageRequest{}, reply: &protocol.PullMessageResponse{}},
		protocol.QueryMessage:             {request: &protocol.QueryMessageRequest{}, reply: &protocol.QueryMessageResponse{}},
		protocol.QueryConsumerOffset:      {request: &protocol.QueryConsumerOffsetRequest{}, reply: &protocol.QueryConsumerOffsetResponse{}},
		protocol.UpdateConsumerOffset:     {request: &protocol.UpdateConsumerOffsetRequest{}},
		protocol.UpdateAndCreateTopic:     {request: &protocol.UpdateAndCreateTopicRequest{}},
		protocol.SearchOffsetByTimestamp:  {request: &protocol.SearchOffsetByTimestampRequest{}, reply: &protocol.SearchOffsetByTimestampResponse{}},
		protocol.GetMaxOffset:             {request: &protocol.GetMaxOffsetRequest{}, reply: &protocol.GetMaxOffsetResponse{}},
		protocol.GetMinOffset:             {request: &protocol.GetMinOffsetRequest{}, reply: &protocol.GetMinOffsetResponse{}},
		protocol.GetEarliestMsgStoreTime:  {request: &protocol.GetEarliestMsgStoreTimeRequest{}, reply: &protocol.GetEarliestMsgStoreTimeResponse{}},
		protocol.ViewMessageByID:          {request: &protocol.ViewMessageByIDRequest{}},
		protocol.HeartBeat:                {requestBody: &protocol.HeartbeatData{}},
		protocol.UnregisterClient:         {request: &protocol.UnregisterClientRequest{}},
		protocol.ConsumerSendMsgBack:      {request: &protocol.ConsumerSendMsgBackRequest{}},
		protocol.EndTransaction:           {request: &protocol.EndTransactionRequest{}},
		protocol.CheckTransactionState:    {request: &protocol.CheckTransactionStateRequest{}},
		protocol.GetConsumerListByGroup: {request: &protocol.GetConsumerListByGroupRequest{},
			replyBody: &protocol.GetConsumerListByGroupResponseBody{}},
		protocol.NotifyConsumerIdsChanged:         {request: &protocol.NotifyConsumerIDsChangedRequest{}},
		protocol.LockBatchMQ:                      {requestBody: &protocol.LockBatchRequestBody{}, replyBody: &protocol.LockBatchResponseBody{}},
		protocol.UnlockBatchMQ:                    {requestBody: &protocol.LockBatchRequestBody{}},
		protocol.CheckClientConfig:                {requestBody: &protocol.CheckClientRequestBody{}},
		protocol.UpdateAndCreateSubscriptionGroup: {requestBody: &protocol.SubscriptionGroupConfig{}},
		protocol.GetAllTopicConfig:                {replyBody: &protocol.TopicConfigSerializeWrapper{}},
		protocol.GetAllSubscriptionGroupConfig:    {replyBody: &protocol.SubscriptionGroupWrapper{}},
		protocol.GetAllConsumerOffset:             {replyBody: &protocol.ConsumerOffsetTable{}},
		protocol.GetAllDelayOffset:                {replyBody: &protocol.DelayOffsetTable{}},
		protocol.GetBrokerConfig:                  {reply: &protocol.GetBrokerConfigResponse{}},
		protocol.GetBrokerRuntimeInfo:             {replyBody: &protocol.KVTable{}},
		protocol.RegisterBroker:                   {request: &protocol.RegisterBrokerRequest{}, requestBody: &protocol.RegisterBrokerBody{}, reply: &protocol.RegisterBrokerResponse{}, replyBody: &protocol.KVTable{}},
		protocol.UnregisterBroker:                 {request: &protocol.UnregisterBrokerRequest{}},
		protocol.QueryDataVersion:                 {request: &protocol.QueryDataVersionRequest{}, requestBody: &protocol.DataVersion{}, reply: &protocol.QueryDataVersionResponse{}, replyBody: &protocol.DataVersion{}},
		protocol.GetRouteInfoByTopic:              {request: &protocol.GetRouteInfoByTopicRequest{}, replyBody: &protocol.TopicRouteData{}},
		protocol.GetBrokerClusterInfo:             {replyBody: &protocol.ClusterInfo{}},
		protocol.GetAllTopicListFromNameserver:    {replyBody: &protocol.TopicList{}},
		protocol.GetTopicsByCluster:               {request: &protocol.GetTopicsByClusterRequest{}, replyBody: &protocol.TopicList{}},
		protocol.GetSystemTopicListFromNS:         {replyBody: &protocol.TopicList{}},
		protocol.PutKVConfig:                      {request: &protocol.PutKVConfigRequest{}},
		protocol.GetKVConfig:                      {request: &protocol.GetKVConfigRequest{}, reply: &protocol.GetKVConfigResponse{}},
		protocol.DeleteKVConfig:                   {request: &protocol.DeleteKVConfigRequest{}},
		protocol.GetKVListByNamespace:             {request: &protocol.GetKVListByNamespaceRequest{}, replyBody: &protocol.KVTable{}},
		protocol.WipeWritePermOfBroker:            {request: &protocol.WipeWritePermOfBrokerRequest{}, reply: &protocol.WipeWritePermOfBrokerResponse{}},
		protocol.AddWritePermOfBroker:             {request: &protocol.AddWritePermOfBrokerRequest{}, reply: &protocol.AddWritePermOfBrokerResponse{}},
		protocol.DeleteTopicInNamesrv:             {request: &protocol.DeleteTopicInNamesrvRequest{}},
		protocol.DeleteTopicInBroker:              {request: &protocol.DeleteTopicInBrokerRequest{}},
		protocol.DeleteSubscriptionGroup:          {request: &protocol.DeleteSubscriptionGroupRequest{}},
		protocol.RegisterTopicInNamesrv:           {request: &protocol.RegisterTopicInNamesrvRequest{}, requestBody: &protocol.TopicRouteData{}},
		protocol.GetBrokerMemberGroup:             {request: &protocol.GetBrokerMemberGroupRequest{}, replyBody: &protocol.GetBrokerMemberGroupResponseBody{}},
		protocol.BrokerHeartbeat:                  {request: &protocol.BrokerHeartbeatRequest{}},
		protocol.ResetConsumerClientOffset:        {request: &protocol.ResetConsumerClientOffsetRequest{}, requestBody: &protocol.ResetOffsetBody{}},
		protocol.GetConsumerStatusFromClient:      {request: &protocol.GetConsumerStatusFromClientRequest{}, replyBody: &protocol.GetConsumerStatusBody{}},
		protocol.InvokeBrokerToGetConsumerStatus:  {request: &protocol.GetConsumerStatusFromClientRequest{}, replyBody: &protocol.GetConsumerStatusBody{}},
		protocol.InvokeBrokerToResetOffset:        {request: &protocol.InvokeBrokerToResetOffsetRequest{}, replyBody: &protocol.ResetOffsetBody{}},
		protocol.GetTopicStatsInfo:                {request: &protocol.GetTopicStatsInfoRequest{}, replyBody: &protocol.TopicStatsTable{}},
		protocol.GetConsumeStats:                  {request: &protocol.GetConsumeStatsRequest{}, replyBody: &protocol.ConsumeStats{}},
		protocol.GetConsumerConnectionList:        {request: &protocol.GetConsumerConnectionListRequest{}, replyBody: &protocol.ConsumerConnection{}},
		protocol.GetProducerConnectionList:        {request: &protocol.GetProducerConnectionListRequest{}, replyBody: &protocol.ProducerConnection{}},
		protocol.QueryTopicConsumeByWho:           {request: &protocol.QueryTopicConsumeByWhoRequest{}, replyBody: &protocol.GroupList{}},
		protocol.QueryConsumeTimeSpan:             {request: &protocol.QueryConsumeTimeSpanRequest{}, replyBody: &protocol.QueryConsumeTimeSpanBody{}},
		protocol.QueryCorrectionOffset:            {request: &protocol.QueryCorrectionOffsetRequest{}, replyBody: &protocol.QueryCorrectionOffsetBody{}},
		protocol.GetTopicConfig:                   {request: &protocol.GetTopicConfigRequest{}, replyBody: &protocol.TopicConfig{}},
		protocol.GetSubscriptionGroupConfig:       {request: &protocol.GetSubscriptionGroupConfigRequest{}, replyBody: &protocol.SubscriptionGroupConfig{}},
		protocol.CloneGroupOffset:                 {request: &protocol.CloneGroupOffsetRequest{}},
		protocol.GetConsumerRunningInfo:           {request: &protocol.GetConsumerRunningInfoRequest{}},
		protocol.ConsumeMessageDirectly:           {request: &protocol.ConsumeMessageDirectlyRequest{}},
	}
}
