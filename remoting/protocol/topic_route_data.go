package protocol

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// TopicRouteData answers code 105: which shards have queues of a topic and
// where they are.
type TopicRouteData struct {
	BrokerDatas       Set[BrokerData]            `json:"brokerDatas"`
	FilterServerTable Table[string, Set[string]] `json:"filterServerTable"`
	OrderTopicConf    string                     `json:"orderTopicConf,omitempty"` // "broker-a:4;broker-b:4"
	QueueDatas        Set[QueueData]             `json:"queueDatas"`

	TopicQueueMappingByBroker map[string]json.RawMessage `json:"topicQueueMappingByBroker,omitempty"` // of a static topic, 5.x
}

// BrokerData is where one shard is.
type BrokerData struct {
	BrokerAddrs Table[int64, string] `json:"brokerAddrs"` // by brokerId, 0 the master; host:port
	BrokerName  string               `json:"brokerName"`
	Cluster     string               `json:"cluster"`

	EnableActingMaster bool   `json:"enableActingMaster,omitempty"` // 5.x
	ZoneName           string `json:"zoneName,omitempty"`           // 5.x
}

// QueueData is a topic's queues in one shard.
type QueueData struct {
	BrokerName     string `json:"brokerName"`
	Perm           int32  `json:"perm"` // Perm… bits
	ReadQueueNums  int32  `json:"readQueueNums"`
	TopicSysFlag   int32  `json:"topicSysFlag"`
	WriteQueueNums int32  `json:"writeQueueNums"`
}

// UnmarshalJSON reads one row; up to 4.8 the flag was spelt topicSynFlag.
func (q *QueueData) UnmarshalJSON(text []byte) error {
	type plain QueueData
	row := struct {
		plain
		TopicSynFlag int32 `json:"topicSynFlag"`
	}{}
	if err := json.Unmarshal(text, &row); err != nil {
		return err
	}
	*q = QueueData(row.plain)
	if q.TopicSysFlag == 0 {
		q.TopicSysFlag = row.TopicSynFlag
	}
	return nil
}

// Decode reads either form.
func (b *TopicRouteData) Decode(body []byte) error {
	*b = TopicRouteData{}
	return unmarshal("topic route", body, b)
}

// Encode writes standard JSON, which a client gets from 4.9.4 on or where it
// asks for it. The Go client splits the text by hand: it must stay compact.
func (b TopicRouteData) Encode() []byte { return marshal(b) }

// EncodeLegacy writes broker ids without quotes, as older clients get them.
func (b TopicRouteData) EncodeLegacy() []byte {
	dst := []byte(`{"brokerDatas":[`)
	for i, broker := range b.BrokerDatas {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = broker.appendLegacy(dst)
	}
	// What follows the brokers is the same in both forms.
	b.BrokerDatas = nil
	const before = `{"brokerDatas":[`
	return append(dst, b.Encode()[len(before):]...)
}

func (b *BrokerData) appendLegacy(dst []byte) []byte {
	dst = append(dst, `{"brokerAddrs":{`...)
	for i, id := range slices.Sorted(maps.Keys(b.BrokerAddrs)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(strconv.AppendInt(dst, id, 10), ':')
		dst = append(dst, marshal(b.BrokerAddrs[id])...)
	}
	dst = append(dst, `},`...)
	// What follows the addresses is the same in both forms.
	rest := *b
	rest.BrokerAddrs = nil
	const before = `{"brokerAddrs":{},`
	return append(dst, marshal(rest)[len(before):]...)
}
