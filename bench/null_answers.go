package bench

import (
	"gantry/remoting"
	"gantry/remoting/protocol"
)

const (
	nullBrokerName  = "null-broker"
	nullClusterName = "NullCluster"
)

// answer is what the command of code under way is answered with where it is
// rare: a wrong header or body gets what the real broker says.
func (c *nullConn) answer() *remoting.Response {
	rows := map[int32]func(*nullConn) (*remoting.Response, error){
		protocol.GetRouteInfoByTopic:     (*nullConn).route,
		protocol.GetBrokerClusterInfo:    (*nullConn).clusterInfo,
		protocol.HeartBeat:               (*nullConn).heartbeat,
		protocol.UnregisterClient:        (*nullConn).unregister,
		protocol.UpdateAndCreateTopic:    (*nullConn).makeTopic,
		protocol.GetConsumerListByGroup:  (*nullConn).consumerList,
		protocol.LockBatchMQ:             (*nullConn).lock,
		protocol.QueryConsumerOffset:     zeroOffset,
		protocol.GetMaxOffset:            zeroOffset,
		protocol.GetMinOffset:            zeroOffset,
		protocol.SearchOffsetByTimestamp: zeroOffset,
	}
	row := rows[c.command.Code]
	if row == nil {
		return &remoting.Response{Code: protocol.RequestCodeNotSupported, Remark: " request type not supported by the null server"}
	}
	r, err := row(c)
	if err != nil {
		return &remoting.Response{Code: protocol.SystemError, Remark: err.Error()}
	}
	return r
}

// broker is this server, at the address that the asker reached it under.
func (c *nullConn) broker() protocol.BrokerData {
	return protocol.BrokerData{BrokerName: nullBrokerName, Cluster: nullClusterName,
		BrokerAddrs: map[int64]string{0: c.conn.LocalAddr().String()}}
}

// route is that of every topic.
func (c *nullConn) route() (*remoting.Response, error) {
	const readAndWrite = 6
	n := int32(c.server.options.QueueNums)
	return &remoting.Response{Body: protocol.TopicRouteData{
		BrokerDatas: protocol.Set[protocol.BrokerData]{c.broker()},
		QueueDatas:  protocol.Set[protocol.QueueData]{{BrokerName: nullBrokerName, Perm: readAndWrite, ReadQueueNums: n, WriteQueueNums: n}},
	}.Encode()}, nil
}

// makeTopic has nothing to do: every topic is there.
func (c *nullConn) makeTopic() (*remoting.Response, error) {
	var h protocol.UpdateAndCreateTopicRequest
	return &remoting.Response{}, h.Decode(c.command.Ext)
}

func (c *nullConn) clusterInfo() (*remoting.Response, error) {
	return &remoting.Response{Body: protocol.ClusterInfo{
		BrokerAddrTable:  protocol.Table[string, protocol.BrokerData]{nullBrokerName: c.broker()},
		ClusterAddrTable: protocol.Table[string, protocol.Set[string]]{nullClusterName: {nullBrokerName}},
	}.Encode()}, nil
}

func (c *nullConn) heartbeat() (*remoting.Response, error) {
	var d protocol.HeartbeatData
	if err := d.Decode(c.command.Body); err != nil {
		return nil, err
	}
	for _, g := range d.ConsumerDataSet {
		c.server.join(g.GroupName, d.ClientID, c)
	}
	return &remoting.Response{}, nil
}

func (c *nullConn) unregister() (*remoting.Response, error) {
	var h protocol.UnregisterClientRequest
	if err := h.Decode(c.command.Ext); err != nil {
		return nil, err
	}
	c.server.leave(h.ConsumerGroup, h.ClientID)
	return &remoting.Response{}, nil
}

func (c *nullConn) consumerList() (*remoting.Response, error) {
	var h protocol.GetConsumerListByGroupRequest
	if err := h.Decode(c.command.Ext); err != nil {
		return nil, err
	}
	ids := c.server.list(h.ConsumerGroup)
	if len(ids) == 0 {
		return &remoting.Response{Code: protocol.SystemError, Remark: "no consumer for this group, " + h.ConsumerGroup}, nil
	}
	return &remoting.Response{Body: protocol.GetConsumerListByGroupResponseBody{ConsumerIDList: ids}.Encode()}, nil
}

// lock grants everything.
func (c *nullConn) lock() (*remoting.Response, error) {
	var b protocol.LockBatchRequestBody
	if err := b.Decode(c.command.Body); err != nil {
		return nil, err
	}
	return &remoting.Response{Body: protocol.LockBatchResponseBody{LockOKMQSet: b.MQSet}.Encode()}, nil
}

func zeroOffset(*nullConn) (*remoting.Response, error) {
	return &remoting.Response{Header: protocol.GetMaxOffsetResponse{}}, nil
}
