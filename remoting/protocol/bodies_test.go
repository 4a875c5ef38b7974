package protocol_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"gantry/remoting/protocol"
)

type body interface {
	Decode([]byte) error
	Encode() []byte
}

// bodies is one of each JSON body that this package knows.
func bodies() []body {
	return []body{
		&protocol.HeartbeatData{}, &protocol.GetConsumerListByGroupResponseBody{},
		&protocol.LockBatchRequestBody{}, &protocol.LockBatchResponseBody{}, &protocol.CheckClientRequestBody{},
		&protocol.SubscriptionGroupConfig{}, &protocol.SubscriptionGroupWrapper{},
		&protocol.TopicConfigSerializeWrapper{}, &protocol.ConsumerOffsetTable{}, &protocol.DelayOffsetTable{},
		&protocol.KVTable{}, &protocol.TopicList{}, &protocol.ClusterInfo{}, &protocol.TopicRouteData{}, &protocol.GetBrokerMemberGroupResponseBody{},
		&protocol.RegisterBrokerBody{}, &protocol.DataVersion{},
		&protocol.TopicStatsTable{}, &protocol.ConsumeStats{}, &protocol.ResetOffsetBody{}, &protocol.ResetOffsetBodyForC{},
		&protocol.GetConsumerStatusBody{}, &protocol.ConsumerConnection{}, &protocol.ProducerConnection{}, &protocol.GroupList{},
		&protocol.TopicConfig{}, &protocol.QueryConsumeTimeSpanBody{}, &protocol.QueryCorrectionOffsetBody{},
	}
}

func newBody(b body) body { return reflect.New(reflect.TypeOf(b).Elem()).Interface().(body) }

func TestBodyIsWrittenAsFastjsonWouldWithQuotedKeys(t *testing.T) {
	topic := protocol.NewTopicConfig("T")
	for _, test := range []struct {
		body body
		want string
	}{
		{&protocol.GetConsumerListByGroupResponseBody{ConsumerIDList: []string{"10.0.0.5@1", "10.0.0.6@<2>"}},
			`{"consumerIdList":["10.0.0.5@1","10.0.0.6@<2>"]}`},
		{&protocol.GetConsumerListByGroupResponseBody{}, `{"consumerIdList":[]}`},
		{&protocol.LockBatchResponseBody{LockOKMQSet: []protocol.MessageQueue{{BrokerName: "b", Topic: "t"}}},
			`{"lockOKMQSet":[{"brokerName":"b","queueId":0,"topic":"t"}]}`},
		{&protocol.TopicConfigSerializeWrapper{
			DataVersion:      protocol.DataVersion{Counter: 1, Timestamp: 2},
			TopicConfigTable: protocol.Table[string, protocol.TopicConfig]{"T": topic}},
			`{"dataVersion":{"counter":1,"timestamp":2},"topicConfigTable":{"T":{"order":false,"perm":6,"readQueueNums":16,` +
				`"topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":0,"writeQueueNums":16}}}`},
		{&protocol.SubscriptionGroupWrapper{SubscriptionGroupTable: protocol.Table[string, protocol.SubscriptionGroupConfig]{
			"g": protocol.NewSubscriptionGroupConfig("g")}},
			`{"dataVersion":{"counter":0,"timestamp":0},"subscriptionGroupTable":{"g":{"brokerId":0,"consumeBroadcastEnable":true,` +
				`"consumeEnable":true,"consumeFromMinEnable":true,"groupName":"g","notifyConsumerIdsChangedEnable":true,` +
				`"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1}}}`},
		{&protocol.ConsumerOffsetTable{OffsetTable: protocol.Table[string, protocol.Table[int32, int64]]{"t@g": {0: 12, 1: 7}}},
			`{"offsetTable":{"t@g":{"0":12,"1":7}}}`},
		{&protocol.KVTable{}, `{"table":{}}`},
		{&protocol.TopicStatsTable{OffsetTable: protocol.QueueTable[protocol.TopicOffset]{
			{BrokerName: "b", Topic: "t", QueueID: 1}: {MinOffset: 2, MaxOffset: 3, LastUpdateTimestamp: 4}, {BrokerName: "b", Topic: "t"}: {}}},
			`{"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:{"lastUpdateTimestamp":0,"maxOffset":0,"minOffset":0},` +
				`{"brokerName":"b","queueId":1,"topic":"t"}:{"lastUpdateTimestamp":4,"maxOffset":3,"minOffset":2}}}`},
		{&protocol.ConsumeStats{OffsetTable: protocol.QueueTable[protocol.OffsetWrapper]{{BrokerName: "b", Topic: "t"}: {BrokerOffset: 9, ConsumerOffset: 7}}},
			`{"consumeTps":0.0,"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:{"brokerOffset":9,"consumerOffset":7,"lastTimestamp":0}}}`},
		{&protocol.ResetOffsetBody{}, `{"offsetTable":{}}`},
		{&protocol.ResetOffsetBodyForC{OffsetTable: []protocol.MessageQueueForC{{"b", 5, 1, "t"}}},
			`{"offsetTable":[{"brokerName":"b","offset":5,"queueId":1,"topic":"t"}]}`},
		{&protocol.GetConsumerStatusBody{ConsumerTable: protocol.Table[string, protocol.QueueTable[int64]]{"c": {{BrokerName: "b", Topic: "t"}: 1}}},
			`{"consumerTable":{"c":{{"brokerName":"b","queueId":0,"topic":"t"}:1}},"messageQueueTable":{}}`},
		{&protocol.TopicList{TopicList: []string{"a"}, BrokerAddr: "1.2.3.4:10911"}, `{"brokerAddr":"1.2.3.4:10911","topicList":["a"]}`},
		{&protocol.RegisterBrokerBody{},
			`{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":0,"timestamp":0},"topicConfigTable":{}}}`},
	} {
		if got := string(test.body.Encode()); got != test.want {
			t.Errorf("%T:\n got %s\nwant %s", test.body, got, test.want)
		}
		again := newBody(test.body)
		if err := again.Decode([]byte(test.want)); err != nil || string(again.Encode()) != test.want {
			t.Errorf("%T read again: %s, %v", test.body, again.Encode(), err)
		}
	}
}

func route() protocol.TopicRouteData {
	return protocol.TopicRouteData{
		BrokerDatas: []protocol.BrokerData{
			{Cluster: "DefaultCluster", BrokerName: "broker-a", BrokerAddrs: protocol.Table[int64, string]{1: "10.0.0.1:10921", 0: "10.0.0.1:10911", 10: "10.0.0.1:1"}},
			{Cluster: "DefaultCluster", BrokerName: "broker-b"},
		},
		QueueDatas: []protocol.QueueData{{BrokerName: "broker-a", Perm: 6, ReadQueueNums: 4, WriteQueueNums: 4}},
	}
}

func TestRouteHasTwoForms(t *testing.T) {
	const rest = `,"filterServerTable":{},"queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}`
	r := route()
	for form, want := range map[string]string{
		string(r.Encode()): `{"brokerDatas":[{"brokerAddrs":{"0":"10.0.0.1:10911","1":"10.0.0.1:10921","10":"10.0.0.1:1"},"brokerName":"broker-a","cluster":"DefaultCluster"},` +
			`{"brokerAddrs":{},"brokerName":"broker-b","cluster":"DefaultCluster"}]` + rest,
		string(r.EncodeLegacy()): `{"brokerDatas":[{"brokerAddrs":{0:"10.0.0.1:10911",1:"10.0.0.1:10921",10:"10.0.0.1:1"},"brokerName":"broker-a","cluster":"DefaultCluster"},` +
			`{"brokerAddrs":{},"brokerName":"broker-b","cluster":"DefaultCluster"}]` + rest,
	} {
		if form != want {
			t.Errorf("\n got %s\nwant %s", form, want)
		}
		var again protocol.TopicRouteData
		if err := again.Decode([]byte(form)); err != nil || string(again.Encode()) != string(r.Encode()) {
			t.Errorf("read again: %s, %v", again.Encode(), err)
		}
	}
}

func TestRouteWithoutAnythingIsStillWhole(t *testing.T) {
	const want = `{"brokerDatas":[],"filterServerTable":{},"queueDatas":[]}`
	var r protocol.TopicRouteData
	if got := string(r.Encode()); got != want {
		t.Errorf("got %s", got)
	}
	if got := string(r.EncodeLegacy()); got != want {
		t.Errorf("legacy: got %s", got)
	}
}

func TestRouteReadsTheOldSpellingOfTheFlag(t *testing.T) {
	for _, spelling := range []string{"topicSysFlag", "topicSynFlag"} {
		var r protocol.TopicRouteData
		if err := r.Decode([]byte(`{"queueDatas":[{"brokerName":"b","perm":6,"` + spelling + `":2}]}`)); err != nil {
			t.Fatal(err)
		}
		if want := (protocol.QueueData{BrokerName: "b", Perm: 6, TopicSysFlag: 2}); r.QueueDatas[0] != want {
			t.Errorf("%s: got %+v", spelling, r.QueueDatas[0])
		}
	}
}

func TestHeartbeatOfEveryClientIsRead(t *testing.T) {
	subscription := protocol.SubscriptionData{
		CodeSet: protocol.CodeSet{2598919, -5}, ExpressionType: "TAG", SubString: "TagA || B",
		SubVersion: 1700000000123456789, TagsSet: []string{"TagA", "B"}, Topic: "t",
	}
	consumer := protocol.ConsumerData{
		GroupName: "g", ConsumeType: protocol.ConsumePassively, MessageModel: protocol.Clustering,
		ConsumeFromWhere:    "CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST",
		SubscriptionDataSet: []protocol.SubscriptionData{subscription},
	}
	whole := protocol.HeartbeatData{
		ClientID: "10.0.0.5@1234", ConsumerDataSet: []protocol.ConsumerData{consumer},
		ProducerDataSet: []protocol.ProducerData{{GroupName: "p"}},
	}
	const consumerHead = `"consumerDataSet":[{"groupName":"g","consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING",` +
		`"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST","subscriptionDataSet":[{"topic":"t","subString":"TagA || B",` +
		`"subVersion":1700000000123456789,"expressionType":"TAG","tagsSet":["TagA","B"],"classFilterMode":false`
	for name, text := range map[string]string{
		"Java, codes as numbers": `{"clientID":"10.0.0.5@1234","producerDataSet":[{"groupName":"p"}],` + consumerHead + `,"codeSet":[2598919,-5]}],"unitMode":false}]}`,
		"Go, codes as texts":     `{"clientID":"10.0.0.5@1234","producerDataSet":[{"groupName":"p"}],` + consumerHead + `,"codeSet":["2598919","-5"]}]}]}`,
		"unknown fields":         `{"x":{"y":[1]},"clientID":"10.0.0.5@1234","producerDataSet":[{"groupName":"p","z":1}],` + consumerHead + `,"filterClassSource":"","codeSet":[2598919,-5],"n":null}]}]}`,
		"bare keys":              `{clientID:"10.0.0.5@1234",producerDataSet:[{groupName:"p"}],` + consumerHead + `,codeSet:[2598919,-5]}]}]}`,
	} {
		var got protocol.HeartbeatData
		if err := got.Decode([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(got, whole) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestHeartbeatMayLackAnything(t *testing.T) {
	for text, want := range map[string]protocol.HeartbeatData{
		`{"clientID":"c"}`: {ClientID: "c"},
		`{"clientID":"c","producerDataSet":null,"consumerDataSet":null}`:                       {ClientID: "c"},
		`{"clientID":"c","heartbeatFingerprint":-7,"withoutSub":true}`:                         {ClientID: "c", HeartbeatFingerprint: -7, WithoutSub: true},
		`{"clientID":"c","consumerDataSet":[{"groupName":"g","subscriptionDataSet":[{}]}]}`:    {ClientID: "c", ConsumerDataSet: []protocol.ConsumerData{{GroupName: "g", SubscriptionDataSet: []protocol.SubscriptionData{{ExpressionType: "TAG"}}}}},
		`{"clientID":"c","consumerDataSet":[{"groupName":"g","consumeType":"CONSUME_POP"}]}`:   {ClientID: "c", ConsumerDataSet: []protocol.ConsumerData{{GroupName: "g", ConsumeType: protocol.ConsumePop}}},
		`{"clientID":"c","consumerDataSet":[{"groupName":"g","subscriptionDataSet":null}]}   `: {ClientID: "c", ConsumerDataSet: []protocol.ConsumerData{{GroupName: "g"}}},
	} {
		var got protocol.HeartbeatData
		if err := got.Decode([]byte(text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", text, got, err, want)
		}
	}
}

func TestSubscriptionIsWrittenForToolsToRead(t *testing.T) {
	d := protocol.HeartbeatData{ClientID: "c", ConsumerDataSet: []protocol.ConsumerData{{
		GroupName:           "g",
		SubscriptionDataSet: []protocol.SubscriptionData{{Topic: "t", SubString: "*", SubVersion: math.MaxInt64, ExpressionType: "TAG"}},
	}}}
	const want = `{"classFilterMode":false,"codeSet":[],"expressionType":"TAG","subString":"*","subVersion":9223372036854775807,"tagsSet":[],"topic":"t"}`
	if got := string(d.Encode()); !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
}

func TestGroupAndTopicHaveJavasDefaults(t *testing.T) {
	var g protocol.SubscriptionGroupConfig
	if err := g.Decode([]byte(`{"groupName":"g","retryMaxTimes":3,"consumeTimeoutMinute":15}`)); err != nil {
		t.Fatal(err)
	}
	want := protocol.NewSubscriptionGroupConfig("g")
	want.RetryMaxTimes = 3
	if g != want {
		t.Errorf("got %+v", g)
	}
	var w protocol.TopicConfigSerializeWrapper
	if err := w.Decode([]byte(`{"topicConfigTable":{"T":{"topicName":"T"}}}`)); err != nil {
		t.Fatal(err)
	}
	if got := w.TopicConfigTable["T"]; !reflect.DeepEqual(got, protocol.NewTopicConfig("T")) {
		t.Errorf("got %+v", got)
	}
}

func TestJavaTablesWithBareKeysAreRead(t *testing.T) {
	var offsets protocol.ConsumerOffsetTable
	if err := offsets.Decode([]byte("{\n\t\"offsetTable\":{\n\t\t\"t@g\":{0:12,1:7\n\t\t}\n\t}\n}")); err != nil || offsets.OffsetTable["t@g"][1] != 7 {
		t.Errorf("got %+v, %v", offsets, err)
	}
	var levels protocol.DelayOffsetTable
	if err := levels.Decode([]byte(`{"offsetTable":{1:5,2:0}}`)); err != nil || levels.OffsetTable[1] != 5 {
		t.Errorf("got %+v, %v", levels, err)
	}
	var info protocol.ClusterInfo
	text := `{"brokerAddrTable":{"a":{"brokerAddrs":{0:"1.2.3.4:10911"},"brokerName":"a","cluster":"C"}},"clusterAddrTable":{"C":["a"]}}`
	if err := info.Decode([]byte(text)); err != nil || info.BrokerAddrTable["a"].BrokerAddrs[0] != "1.2.3.4:10911" {
		t.Errorf("got %+v, %v", info, err)
	}
}

func registration() protocol.RegisterBrokerBody {
	t := protocol.NewTopicConfig("T")
	t.ReadQueueNums, t.WriteQueueNums, t.Perm = 8, 4, 7
	return protocol.RegisterBrokerBody{
		FilterServerList: []string{"f:1"},
		TopicConfig: protocol.TopicConfigSerializeWrapper{
			DataVersion:      protocol.DataVersion{Counter: 3, Timestamp: 1700000000000},
			TopicConfigTable: protocol.Table[string, protocol.TopicConfig]{"T": t, "U": protocol.NewTopicConfig("U")},
		},
	}
}

func TestRegistrationIsReadInEitherForm(t *testing.T) {
	want := registration()
	var plain, compressed protocol.RegisterBrokerBody
	if err := plain.Decode(want.Encode()); err != nil || !reflect.DeepEqual(plain, want) {
		t.Errorf("plain: got %+v, %v", plain, err)
	}
	if err := compressed.DecodeCompressed(want.EncodeCompressed()); err != nil || !reflect.DeepEqual(compressed, want) {
		t.Errorf("compressed: got %+v, %v", compressed, err)
	}
}

// staticTopic is a registration as 5.x makes it of a topic whose logical queues are spread over brokers.
func staticTopic() protocol.RegisterBrokerBody {
	r := registration()
	r.TopicConfig.TopicQueueMappingInfoMap = map[string]json.RawMessage{
		"T": json.RawMessage(`{"bname":"b","currIdMap":{"0":1},"dirty":false,"epoch":5,"scope":"__global__","topic":"T","totalQueues":4}`),
	}
	return r
}

func TestStaticTopicsArePassedOnAsTheyCame(t *testing.T) {
	want := staticTopic()
	var plain, compressed protocol.RegisterBrokerBody
	bare := strings.Replace(string(want.Encode()), `{"0":1}`, `{0:1}`, 1) // as Java writes it
	if err := plain.Decode([]byte(bare)); err != nil || !reflect.DeepEqual(plain, want) {
		t.Errorf("plain: got %s, %v", plain.Encode(), err)
	}
	if err := compressed.DecodeCompressed(want.EncodeCompressed()); err != nil || !reflect.DeepEqual(compressed, want) {
		t.Errorf("compressed: got %s, %v", compressed.Encode(), err)
	}
}

func TestCutRegistrationIsAnError(t *testing.T) {
	whole := staticTopic().EncodeCompressed()
	for n := range whole {
		var b protocol.RegisterBrokerBody
		if err := b.DecodeCompressed(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken for a registration", n, len(whole))
		}
	}
}

func TestBadBodyIsAnErrorThatNamesIt(t *testing.T) {
	for _, b := range bodies() {
		for _, text := range []string{"", "{", `[1]`, `"x"`, `7`} {
			if err := b.Decode([]byte(text)); err == nil {
				t.Errorf("%T took %q", b, text)
			} else if !strings.HasPrefix(err.Error(), "decode ") {
				t.Errorf("%T: %v", b, err)
			}
		}
	}
	var d protocol.HeartbeatData
	if err := d.Decode([]byte(`{"consumerDataSet":[{"subscriptionDataSet":[{"codeSet":["x"]}]}]}`)); err == nil {
		t.Error("a code that is no number was taken")
	}
}

func TestDataVersionGrows(t *testing.T) {
	v := protocol.DataVersion{Counter: 1, Timestamp: 5}.Next(9)
	if want := (protocol.DataVersion{Counter: 2, Timestamp: 9}); v != want {
		t.Errorf("got %+v", v)
	}
}
