package protocol_test

import (
	"errors"
	"reflect"
	"testing"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

var kinds = []remoting.HeaderKind{remoting.JSON, remoting.ROCKETMQ}

// wire sends a header through a frame of the given kind and returns its fields.
func wire(t testing.TB, kind remoting.HeaderKind, h remoting.Header) remoting.Fields {
	t.Helper()
	frame := remoting.AppendRequest(nil, 7, &remoting.Request{Code: protocol.SendMessageV2, Header: h, Kind: kind})
	var d remoting.Decoder
	var c remoting.Command
	if err := d.Decode(frame, &c); err != nil {
		t.Fatalf("decode frame: %v", err)
	}
	return c.Ext
}

type header interface {
	remoting.Header
	Decode(remoting.Fields) error
}

// fill sets every field of a header to a value that is not its zero.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("value \"§\" of " + v.Type().Field(i).Name)
		case reflect.Slice:
			f.SetBytes([]byte("value\x01of\x02" + v.Type().Field(i).Name))
		case reflect.Int32, reflect.Int64:
			f.SetInt(int64(-1000 - i))
		case reflect.Bool:
			f.SetBool(true)
		default:
			panic("BUG: field of kind " + f.Kind().String())
		}
	}
}

// headers is one of each header that this package knows.
func headers() []header {
	return []header{
		&protocol.SendMessageRequest{}, &protocol.SendMessageRequestV1{}, &protocol.SendMessageResponse{},
		&protocol.PullMessageRequest{}, &protocol.PullMessageResponse{},
		&protocol.QueryConsumerOffsetRequest{}, &protocol.QueryConsumerOffsetResponse{},
		&protocol.UpdateConsumerOffsetRequest{},
		&protocol.SearchOffsetByTimestampRequest{}, &protocol.SearchOffsetByTimestampResponse{},
		&protocol.GetMaxOffsetRequest{}, &protocol.GetMaxOffsetResponse{},
		&protocol.GetMinOffsetRequest{}, &protocol.GetMinOffsetResponse{},
		&protocol.GetEarliestMsgStoreTimeRequest{}, &protocol.GetEarliestMsgStoreTimeResponse{},
		&protocol.ViewMessageByIDRequest{},
		&protocol.QueryMessageRequest{}, &protocol.QueryMessageResponse{},
		&protocol.UnregisterClientRequest{}, &protocol.ConsumerSendMsgBackRequest{},
		&protocol.EndTransactionRequest{}, &protocol.CheckTransactionStateRequest{},
		&protocol.GetConsumerListByGroupRequest{}, &protocol.NotifyConsumerIDsChangedRequest{},
		&protocol.UpdateAndCreateTopicRequest{},
		&protocol.RegisterBrokerRequest{}, &protocol.RegisterBrokerResponse{}, &protocol.UnregisterBrokerRequest{},
		&protocol.QueryDataVersionRequest{}, &protocol.QueryDataVersionResponse{},
		&protocol.PutKVConfigRequest{}, &protocol.GetKVConfigRequest{}, &protocol.GetKVConfigResponse{},
		&protocol.DeleteKVConfigRequest{}, &protocol.GetKVListByNamespaceRequest{},
		&protocol.GetRouteInfoByTopicRequest{}, &protocol.GetTopicsByClusterRequest{},
		&protocol.WipeWritePermOfBrokerRequest{}, &protocol.WipeWritePermOfBrokerResponse{},
		&protocol.AddWritePermOfBrokerRequest{}, &protocol.AddWritePermOfBrokerResponse{},
		&protocol.DeleteTopicInNamesrvRequest{}, &protocol.DeleteTopicInBrokerRequest{}, &protocol.DeleteSubscriptionGroupRequest{}, &protocol.ResetConsumerClientOffsetRequest{},
		&protocol.RegisterTopicInNamesrvRequest{}, &protocol.GetBrokerMemberGroupRequest{}, &protocol.BrokerHeartbeatRequest{},
		&protocol.GetConsumerStatusFromClientRequest{}, &protocol.GetConsumerRunningInfoRequest{},
		&protocol.ConsumeMessageDirectlyRequest{}, &protocol.GetBrokerConfigResponse{},
		&protocol.GetTopicStatsInfoRequest{}, &protocol.GetConsumeStatsRequest{}, &protocol.InvokeBrokerToResetOffsetRequest{},
		&protocol.GetConsumerConnectionListRequest{}, &protocol.GetProducerConnectionListRequest{},
		&protocol.QueryTopicConsumeByWhoRequest{}, &protocol.QueryConsumeTimeSpanRequest{},
		&protocol.QueryCorrectionOffsetRequest{}, &protocol.CloneGroupOffsetRequest{},
		&protocol.PushReplyMessageToClientRequest{}, &protocol.GetTopicConfigRequest{}, &protocol.GetSubscriptionGroupConfigRequest{},
	}
}

func TestHeaderSurvivesTheWire(t *testing.T) {
	for _, kind := range kinds {
		for _, h := range headers() {
			fill(reflect.ValueOf(h).Elem())
			if q, ok := h.(*protocol.QueryConsumerOffsetRequest); ok {
				q.SetZeroIfNotFound = false // true is not written
			}
			got := reflect.New(reflect.TypeOf(h).Elem()).Interface().(header)
			if err := got.Decode(wire(t, kind, h)); err != nil {
				t.Errorf("%T, kind %d: %v", h, kind, err)
			} else if !reflect.DeepEqual(got, h) {
				t.Errorf("%T, kind %d:\n got %+v\nwant %+v", h, kind, got, h)
			}
		}
	}
}

func TestZeroHeaderWritesWhatItNeeds(t *testing.T) {
	for _, h := range headers() {
		fields := wire(t, remoting.JSON, h)
		if err := h.Decode(fields); err != nil {
			t.Errorf("%T: %v", h, err)
		}
	}
}

func TestMissingFieldIsNamedAsJavaDoes(t *testing.T) {
	for _, test := range []struct {
		h    header
		want string
	}{
		{&protocol.SendMessageRequest{}, "the custom field <a> is null"},
		{&protocol.SendMessageRequestV1{}, "the custom field <producerGroup> is null"},
		{&protocol.PullMessageRequest{}, "the custom field <consumerGroup> is null"},
		{&protocol.QueryConsumerOffsetRequest{}, "the custom field <consumerGroup> is null"},
		{&protocol.ConsumerSendMsgBackRequest{}, "the custom field <offset> is null"},
	} {
		err := test.h.Decode(nil)
		if err == nil || err.Error() != test.want {
			t.Errorf("%T: got %v, want %s", test.h, err, test.want)
		}
	}
}

func TestSendNamesTheFirstMissingField(t *testing.T) {
	full := wire(t, remoting.JSON, protocol.SendMessageRequest{})
	for i := range full {
		key := string(full[i].Key)
		var h protocol.SendMessageRequest
		err := h.Decode(append(append(remoting.Fields(nil), full[:i]...), full[i+1:]...))
		if required := key <= "h"; required != (err != nil) {
			t.Errorf("without %s: %v", key, err)
		}
		var field *remoting.FieldError
		if err != nil && (!errors.As(err, &field) || field.Key != key) {
			t.Errorf("without %s: %v", key, err)
		}
	}
}

func TestSendReadsEitherSpelling(t *testing.T) {
	h := protocol.SendMessageRequest{
		ProducerGroup: []byte("g"), Topic: []byte("t"), DefaultTopic: []byte("TBW102"), DefaultTopicQueueNums: 4,
		QueueID: -1, SysFlag: 4, BornTimestamp: 1700000000123, Flag: 9, Properties: []byte("A\x01b\x02"),
		ReconsumeTimes: 2, MaxReconsumeTimes: 16, HasMaxReconsumeTimes: true, BrokerName: []byte("broker-a"),
	}
	for code, sent := range map[int32]remoting.Header{
		protocol.SendMessage:      protocol.SendMessageRequestV1(h),
		protocol.SendMessageV2:    h,
		protocol.SendBatchMessage: h,
		protocol.SendReplyMessage: protocol.SendMessageRequestV1(h),
	} {
		var got protocol.SendMessageRequest
		if err := got.DecodeCode(code, wire(t, remoting.ROCKETMQ, sent)); err != nil {
			t.Errorf("code %d: %v", code, err)
		} else if !reflect.DeepEqual(got, h) {
			t.Errorf("code %d: got %+v", code, got)
		}
	}
}

func TestSendKeepsAbsentApartFromZero(t *testing.T) {
	for _, has := range []bool{false, true} {
		var h protocol.SendMessageRequest
		if err := h.Decode(wire(t, remoting.JSON, protocol.SendMessageRequest{HasMaxReconsumeTimes: has})); err != nil {
			t.Fatal(err)
		}
		if h.HasMaxReconsumeTimes != has {
			t.Errorf("maxReconsumeTimes present: got %t, want %t", h.HasMaxReconsumeTimes, has)
		}
	}
}

func TestUnknownFieldsAreIgnoredAndTheLastOfANameCounts(t *testing.T) {
	fields := wire(t, remoting.JSON, protocol.SendMessageRequest{QueueID: 1})
	fields = append(fields,
		remoting.Field{Key: []byte("lo"), Value: []byte("true")},
		remoting.Field{Key: []byte("o"), Value: []byte("x")},
		remoting.Field{Key: []byte("A"), Value: []byte("x")},
		remoting.Field{Key: []byte(""), Value: []byte("x")},
		remoting.Field{Key: []byte("e"), Value: []byte("3")})
	var h protocol.SendMessageRequest
	if err := h.Decode(fields); err != nil || h.QueueID != 3 || len(h.ProducerGroup) != 0 {
		t.Errorf("got %+v, %v", h, err)
	}
}

func TestErrorNamesItsCode(t *testing.T) {
	err := error(protocol.Errorf(protocol.TopicNotExist, "topic[%s] not exist", "t"))
	if want := "TOPIC_NOT_EXIST (17): topic[t] not exist"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if got := (&protocol.Error{Code: protocol.SystemBusy}).Error(); got != "SYSTEM_BUSY (2)" {
		t.Errorf("got %q", got)
	}
}

func TestNamesAreRocketMQs(t *testing.T) {
	for code, want := range map[int32]string{10: "SEND_MESSAGE", 310: "SEND_MESSAGE_V2", 361: "LITE_PULL_MESSAGE", 99999: "UNKNOWN"} {
		if got := protocol.RequestName(code); got != want {
			t.Errorf("request %d: got %s, want %s", code, got, want)
		}
	}
	if got := protocol.ResponseName(protocol.PullNotFound); got != "PULL_NOT_FOUND" {
		t.Errorf("got %s", got)
	}
}

func benchmarkDecode(b *testing.B, h header) {
	fill(reflect.ValueOf(h).Elem())
	fields := wire(b, remoting.ROCKETMQ, h)
	b.ReportAllocs()
	for b.Loop() {
		if err := h.Decode(fields); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSendMessageDecode(b *testing.B)   { benchmarkDecode(b, &protocol.SendMessageRequest{}) }
func BenchmarkSendMessageV1Decode(b *testing.B) { benchmarkDecode(b, &protocol.SendMessageRequestV1{}) }
func BenchmarkPullMessageDecode(b *testing.B)   { benchmarkDecode(b, &protocol.PullMessageRequest{}) }

func benchmarkEncode(b *testing.B, h header) {
	fill(reflect.ValueOf(h).Elem())
	frame := remoting.AppendResponse(nil, remoting.ROCKETMQ, 1, &remoting.Response{Header: h})
	b.ReportAllocs()
	for b.Loop() {
		frame = remoting.AppendResponse(frame[:0], remoting.ROCKETMQ, 1, &remoting.Response{Header: h})
	}
}

func BenchmarkSendMessageResponseEncode(b *testing.B) {
	benchmarkEncode(b, &protocol.SendMessageResponse{})
}

func BenchmarkPullMessageResponseEncode(b *testing.B) {
	benchmarkEncode(b, &protocol.PullMessageResponse{})
}

func TestHotHeadersAreReadWithoutAllocation(t *testing.T) {
	for _, h := range []header{&protocol.SendMessageRequest{}, &protocol.SendMessageRequestV1{}, &protocol.PullMessageRequest{}, &protocol.PullMessageResponse{}} {
		fill(reflect.ValueOf(h).Elem())
		fields := wire(t, remoting.JSON, h)
		if n := testing.AllocsPerRun(100, func() {
			if err := h.Decode(fields); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%T: %g allocations", h, n)
		}
	}
}
