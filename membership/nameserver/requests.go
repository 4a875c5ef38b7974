package nameserver

import (
	"slices"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// answerFunc answers one request; an error becomes a response in one place.
type answerFunc func(s *Server, c *remoting.Command, from *remoting.Channel) (*remoting.Response, error)

// isNews reports whether a request changes what only this name server hears.
func isNews(code int32) bool {
	return slices.Contains([]int32{protocol.PutKVConfig, protocol.DeleteKVConfig, protocol.WipeWritePermOfBroker, protocol.AddWritePermOfBroker}, code)
}

// requests is the table of a name server's codes (Java's
// DefaultRequestProcessor: 4.9.7's, and 217, 901 and 904 of 5.3.3's). A code that
// is not in it is answered REQUEST_CODE_NOT_SUPPORTED, as 5.3.3 does; 4.9.7
// leaves the asker to time out.
func requests() map[int32]answerFunc {
	return map[int32]answerFunc{
		protocol.PutKVConfig:                   (*Server).putKVConfig,
		protocol.GetKVConfig:                   (*Server).getKVConfig,
		protocol.DeleteKVConfig:                (*Server).deleteKVConfig,
		protocol.RegisterBroker:                (*Server).registerBroker,
		protocol.UnregisterBroker:              (*Server).unregisterBroker,
		protocol.GetRouteInfoByTopic:           (*Server).getRouteInfoByTopic,
		protocol.GetBrokerClusterInfo:          (*Server).getBrokerClusterInfo,
		protocol.WipeWritePermOfBroker:         (*Server).wipeWritePermOfBroker,
		protocol.GetAllTopicListFromNameserver: (*Server).getAllTopicList,
		protocol.DeleteTopicInNamesrv:          (*Server).deleteTopic,
		protocol.GetKVListByNamespace:          (*Server).getKVListByNamespace,
		protocol.GetTopicsByCluster:            (*Server).getTopicsByCluster,
		protocol.GetSystemTopicListFromNS:      (*Server).getSystemTopicList,
		protocol.GetUnitTopicList:              topicsBySysFlag(protocol.SysFlagUnit, 0),
		protocol.GetHasUnitSubTopicList:        topicsBySysFlag(protocol.SysFlagUnitSub, 0),
		protocol.GetHasUnitSubUnunitTopicList:  topicsBySysFlag(protocol.SysFlagUnitSub, protocol.SysFlagUnit),
		protocol.UpdateNamesrvConfig:           (*Server).updateNamesrvConfig,
		protocol.GetNamesrvConfig:              (*Server).getNamesrvConfig,
		protocol.QueryDataVersion:              (*Server).queryDataVersion,
		protocol.AddWritePermOfBroker:          (*Server).addWritePermOfBroker,

		protocol.RegisterTopicInNamesrv: (*Server).registerTopic,
		protocol.GetBrokerMemberGroup:   (*Server).getBrokerMemberGroup,
		protocol.BrokerHeartbeat:        (*Server).brokerHeartbeat,
	}
}
