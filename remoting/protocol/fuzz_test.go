package protocol_test

import (
	"reflect"
	"testing"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// FuzzMessage decodes what any code's header and body may be, from both sides;
// what is taken must survive being written and read again.
func FuzzMessage(f *testing.F) {
	for _, c := range capturedFrames(f) {
		f.Add(c.code, c.reply, remotingFrame(c.command.Ext, c.command.Body))
	}
	for code := range messages() {
		f.Add(code, false, remotingFrame(nil, []byte(`{"offsetTable":{0:1},"table":{"a":"b"}}`)))
	}
	f.Fuzz(func(t *testing.T, code int32, reply bool, frame []byte) {
		var d remoting.Decoder
		c := captured{code: code, reply: reply}
		if d.Decode(frame, &c.command) != nil {
			return
		}
		if h := c.header(); h != nil && h.Decode(c.command.Ext) == nil {
			again := reflect.New(reflect.TypeOf(h).Elem()).Interface().(header)
			// JSON keeps empty apart from absent, the ROCKETMQ header does not.
			if err := again.Decode(wire(t, remoting.JSON, h)); err != nil || !reflect.DeepEqual(again, h) {
				t.Fatalf("%+v read again: %+v, %v", h, again, err)
			}
		}
		if b := c.body(); b != nil && b.Decode(c.command.Body) == nil {
			checkBody(t, b)
		}
	})
}

func remotingFrame(ext remoting.Fields, body []byte) []byte {
	return remoting.AppendRequest(nil, 1, &remoting.Request{Header: rawFields(ext), Body: body})
}

// rawFields are written as they are.
type rawFields remoting.Fields

func (f rawFields) Encode(w *remoting.FieldWriter) {
	for _, one := range f {
		w.Bytes(string(one.Key), one.Value)
	}
}

func checkBody(t *testing.T, b body) {
	text := b.Encode()
	again := newBody(b)
	if err := again.Decode(text); err != nil {
		t.Fatalf("%s is not read again: %v", text, err)
	}
	if got := again.Encode(); string(got) != string(text) {
		t.Fatalf("%s became %s", text, got)
	}
}

// FuzzSendMessage compares the one-pass decoder with the plain reader.
func FuzzSendMessage(f *testing.F) {
	f.Add([]byte("-5"), []byte("1700000000000"), []byte("A\x01b\x02"), []byte("TRUE"), byte(0))
	f.Add([]byte("99999999999"), []byte("9223372036854775808"), []byte(""), []byte("yes"), byte(3))
	f.Add([]byte("+7"), []byte("-9223372036854775808"), []byte("x"), []byte("tRue"), byte(9))
	f.Fuzz(func(t *testing.T, number, long, text, truth []byte, left byte) {
		fields := wire(t, remoting.JSON, protocol.SendMessageRequest{Properties: text})
		fields = append(fields, remoting.Field{Key: []byte("e"), Value: number}, remoting.Field{Key: []byte("g"), Value: long},
			remoting.Field{Key: []byte("k"), Value: truth}, remoting.Field{Key: []byte("l"), Value: number})
		i := int(left) % len(fields)
		fields = append(fields[:i], fields[i+1:]...)
		var h protocol.SendMessageRequest
		err := h.Decode(fields)
		r := fields.Reader()
		for _, key := range []string{"a", "b", "c"} {
			r.Bytes(key)
		}
		r.Int32("d")
		queueID := r.Int32("e")
		r.Int32("f")
		born := r.Int64("g")
		r.Int32("h")
		limit := r.OptInt32("l", 0)
		if (err == nil) != (r.Err() == nil) || (err != nil && err.Error() != r.Err().Error()) {
			t.Fatalf("one pass: %v, plain: %v", err, r.Err())
		}
		if err == nil && (h.QueueID != queueID || h.BornTimestamp != born || h.UnitMode != r.OptBool("k") || h.MaxReconsumeTimes != limit) {
			t.Fatalf("got %+v of %q", h, fields)
		}
	})
}

func FuzzHeartbeatData(f *testing.F) {
	f.Add([]byte(`{"clientID":"c","consumerDataSet":[{"groupName":"g","subscriptionDataSet":[{"codeSet":["1",2],"subVersion":1700000000123456789,"tagsSet":["a"]}]}]}`))
	f.Add([]byte(`{clientID:'c',producerDataSet:[{"groupName":"p"}],"withoutSub":true}`))
	fuzzBody(f, func() body { return &protocol.HeartbeatData{} })
}

func FuzzTopicRouteData(f *testing.F) {
	r := route()
	f.Add(r.Encode())
	f.Add(r.EncodeLegacy())
	fuzzBody(f, func() body { return &protocol.TopicRouteData{} })
}

func fuzzBody(f *testing.F, one func() body) {
	for _, c := range capturedFrames(f) {
		if b := c.body(); b != nil && reflect.TypeOf(b) == reflect.TypeOf(one()) {
			f.Add(c.command.Body)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		b := one()
		if b.Decode(text) == nil {
			checkBody(t, b)
		}
		if r, ok := b.(*protocol.TopicRouteData); ok {
			var legacy protocol.TopicRouteData
			if err := legacy.Decode(r.EncodeLegacy()); err != nil || string(legacy.Encode()) != string(r.Encode()) {
				t.Fatalf("%s read again: %+v, %v", r.EncodeLegacy(), legacy, err)
			}
		}
	})
}

func FuzzCompressedRegistration(f *testing.F) {
	f.Add(registration().EncodeCompressed())
	f.Add(staticTopic().EncodeCompressed())
	f.Add(protocol.RegisterBrokerBody{}.EncodeCompressed())
	f.Fuzz(func(t *testing.T, text []byte) {
		var b, again protocol.RegisterBrokerBody
		if b.DecodeCompressed(text) != nil {
			return
		}
		if err := again.DecodeCompressed(b.EncodeCompressed()); err != nil || !reflect.DeepEqual(again.TopicConfig, b.TopicConfig) {
			t.Fatalf("got %+v, %v\nwant %+v", again, err, b)
		}
	})
}
