package xcheck

import (
	"maps"
	"net/netip"
	"testing"

	"gantry/remoting"
	"gantry/remoting/message"
)

func leavesOf(c *remoting.Command) leaves { return flatten(tree(c), unmasked) }

func TestAReplyIsItsCodeRemarkHeaderKindAndFields(t *testing.T) {
	got := leavesOf(&remoting.Command{Code: 17, Remark: "no such topic", Kind: remoting.ROCKETMQ,
		Ext: remoting.Fields{{Key: []byte("offset"), Value: []byte("3")}, {Key: []byte("empty")}}})
	want := leaves{"code": "17", "remark": "no such topic", "header": "ROCKETMQ", "ext.offset": "3", "ext.empty": ""}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBodiesAreComparedAsWhatTheyHold(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       leaves
	}{
		{"JSON as Java writes it", `{0:"a",x:[],y:{},z:null}`, leaves{"body.0": "a", "body.x": "[]", "body.y": "{}", "body.z": "<nil>"}},
		{"lists in any order", `["b",{"k":1},"a"]`, leaves{"body[a]": "listed", "body[b]": "listed", "body.0.k": "1"}},
		{"text", "neither", leaves{"body": `7 bytes: "neither"`}},
		{"a configuration by its keys", "path=/a=b\nempty=\n", leaves{"body.path": "/a=b", "body.empty": ""}},
		{"lines that are no configuration", "a=b\nc d\n", leaves{"body": `8 bytes: "a=b\nc d\n"`}},
		{"bad JSON", "{neither", leaves{"body": `8 bytes: "{neither"`}},
		{"large numbers to the digit", `{"n":1700000000000000001}`, leaves{"body.n": "1700000000000000001"}},
	} {
		got := leavesOf(&remoting.Command{Body: []byte(c.body)})
		delete(got, "code")
		delete(got, "header")
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRecordsAreComparedFieldByFieldInTheirOrder(t *testing.T) {
	host := netip.MustParseAddrPort("127.0.0.1:10911")
	var body []byte
	for offset, text := range []string{"zwei", "eins"} {
		var err error
		body, err = message.AppendRecord(body, &message.Message{Topic: "t", QueueOffset: int64(offset), BornHost: host, StoreHost: host,
			Body: []byte(text), Properties: message.Properties("TAGS\x01a\x02")})
		if err != nil {
			t.Fatal(err)
		}
	}
	got := leavesOf(&remoting.Command{Body: body})
	for path, want := range (leaves{
		"body.records.0.body": `"zwei"`, "body.records.1.body": `"eins"`, "body.records.1.queueOffset": "1",
		"body.records.0.properties.TAGS": "a", "body.records.0.bodyFitsChecksum": "true", "body.records.0.storeHost": "127.0.0.1:10911",
	}) {
		if got[path] != want {
			t.Errorf("%s is %q, want %q", path, got[path], want)
		}
	}
}

func TestMasksHideWhatNoTwoRunsShareAndNothingElse(t *testing.T) {
	n := newNames()
	n.values["id1"] = "7F00000100002A9F000000000000010F"
	m := &masker{names: n, addresses: map[string]string{"127.0.0.1:1": "<broker>"}, brokers: map[string]string{"broker-a": "<broker name>"}}
	run, now := n.values["run"], n.values["now"]
	for _, c := range []struct{ path, value, want string }{
		{"remark", "topic[" + run + "_send] not exist", "topic[RUN_send] not exist"},
		{"remark", "Producer: 127.0.0.1:1, 10.1.2.3:4", "Producer: <broker>, <address>"},
		{"remark", "java.lang.NumberFormatException: For input string: \"x\", java.lang.Integer.parseInt(Integer.java:652)", "For input string: \"x\""},
		{"remark", "java.lang.NullPointerException, org.apache.rocketmq.broker.A$1.run(A.java:7)", ""},
		{"body.brokerName", "broker-a", "<broker name>"},
		{"body.records.*.storeTimestamp", now, "<time>"},
		{"body.records.*.bornTimestamp", bornMillis, bornMillis},
		{"ext.msgId", n.values["id1"], "${id1}"},
		{"ext.msgId", n.values["id1"] + ",7F00000100002A9F000000000000FFFF", "${id1},<id>"},
		{"ext.msgId", "0", "0"},
		{"body.records.*.physicalOffset", "271", "${id1@offset}"},
		{"body.records.*.physicalOffset", "272", "<log offset>"},
		{"ext.offset", "271", "271"},
	} {
		if got, _ := m.mask(c.path, c.value); got != c.want {
			t.Errorf("%s %q shows as %q, want %q", c.path, c.value, got, c.want)
		}
	}
	if _, keep := m.mask("body.topicList.*", "%RETRY%xc00000000_group"); keep {
		t.Error("another run's topic is compared")
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(`{0:"a",{"b":1}:[1,2]}`))
	f.Add([]byte("\x00\x00\x00\x5c\xda\xa3\x20\xa7"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if l := leavesOf(&remoting.Command{Body: b}); l["code"] != "0" {
			t.Errorf("a reply without code: %v", l)
		}
	})
}
