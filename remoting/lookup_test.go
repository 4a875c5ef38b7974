package remoting_test

import (
	"bytes"
	"testing"

	"gantry/remoting"
)

func TestAFieldIsFoundWithoutDecodingTheFrame(t *testing.T) {
	for name, row := range map[string]struct {
		frame []byte
		want  string // "" for none
	}{
		"plain":               {frameOf(remoting.JSON, `{"code":11,"extFields":{"topic":"T","bname":"broker-a","x":"y"},"opaque":1}`, "body"), "broker-a"},
		"escaped":             {frameOf(remoting.JSON, `{"extFields":{"bname":"broker\u002da\"b"}}`, ""), `broker-a"b`},
		"with an escaped key": {frameOf(remoting.JSON, `{"extFields":{"\u0062name":"a"}}`, ""), "a"},
		"a number":            {frameOf(remoting.JSON, `{"extFields":{"bname":7}}`, ""), "7"},
		"the last of two":     {frameOf(remoting.JSON, `{"extFields":{"bname":"a","bname":"b"}}`, ""), "b"},
		"of the last fields":  {frameOf(remoting.JSON, `{"extFields":{"bname":"a"},"extFields":{"x":"b"}}`, ""), ""},
		"null":                {frameOf(remoting.JSON, `{"extFields":{"bname":null}}`, ""), ""},
		"no fields":           {frameOf(remoting.JSON, `{"extFields":null,"code":1}`, ""), ""},
		"elsewhere":           {frameOf(remoting.JSON, `{"bname":"a","extFields":{"x":"bname"},"remark":"bname"}`, ""), ""},
		"a bad frame":         {frameOf(remoting.JSON, `{"extFields":{"bname":"a"},`, ""), ""},
		"no frame":            {[]byte("xyz"), ""},
		"ROCKETMQ":            {remoting.AppendRequest(nil, 1, &remoting.Request{Code: 11, Kind: remoting.ROCKETMQ, Header: pairs{"topic", "T", "bname", "broker-a", "x", "y"}}), "broker-a"},
		"ROCKETMQ, none":      {remoting.AppendRequest(nil, 1, &remoting.Request{Code: 11, Kind: remoting.ROCKETMQ, Header: pairs{"topic", "bname"}}), ""},
		"ROCKETMQ, empty":     {remoting.AppendRequest(nil, 1, &remoting.Request{Code: 11, Kind: remoting.ROCKETMQ, Header: pairs{"bname", ""}}), ""},
	} {
		got, ok := remoting.Lookup(row.frame, "bname")
		if string(got) != row.want || ok != (row.want != "") {
			t.Errorf("%s: %q, %v, want %q", name, got, ok, row.want)
		}
	}
}

func TestTheBodyOfAFrame(t *testing.T) {
	for _, kind := range []remoting.HeaderKind{remoting.JSON, remoting.ROCKETMQ} {
		frame := remoting.AppendRequest(nil, 1, &remoting.Request{Code: 41, Kind: kind, Body: []byte("body")})
		if got := remoting.BodyOf(frame); !bytes.Equal(got, []byte("body")) {
			t.Errorf("kind %d: %q", kind, got)
		}
	}
	if got := remoting.BodyOf(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 41})); got != nil {
		t.Errorf("without a body: %q", got)
	}
	if got := remoting.BodyOf([]byte("GET / HTTP/1.1\r\n\r\n")); got != nil {
		t.Errorf("of no frame: %q", got)
	}
}

// FuzzLookup compares with what Decode reads.
func FuzzLookup(f *testing.F) {
	f.Add(frameOf(remoting.JSON, `{"code":11,"extFields":{"topic":"T","bname":"broker-a"}}`, "body"))
	f.Add(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 11, Kind: remoting.ROCKETMQ, Header: pairs{"bname", "a", "n", "b"}}))
	f.Fuzz(func(t *testing.T, frame []byte) {
		var d remoting.Decoder
		var c remoting.Command
		if d.Decode(frame, &c) != nil {
			return
		}
		want, ok := c.Ext.Get("bname")
		if got, found := remoting.Lookup(frame, "bname"); found != ok || !bytes.Equal(got, want) {
			t.Errorf("%q, %v, decoded %q, %v", got, found, want, ok)
		}
		if got := remoting.BodyOf(frame); !bytes.Equal(got, c.Body) {
			t.Errorf("body %q, decoded %q", got, c.Body)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	for name, kind := range map[string]remoting.HeaderKind{"json": remoting.JSON, "rocketmq": remoting.ROCKETMQ} {
		frame := remoting.AppendRequest(nil, 1, &remoting.Request{Code: 310, Kind: kind, Header: pairs{"a", "PRODUCER_GROUP", "b", "TopicTest",
			"c", "TBW102", "d", "8", "e", "3", "f", "0", "g", "1700000000000", "h", "0", "i", "UNIQ_KEY\u0001AC1100\u0002", "n", "broker-a"}})
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if _, ok := remoting.Lookup(frame, "n"); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}
