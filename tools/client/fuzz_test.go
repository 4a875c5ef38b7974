package client

import (
	"bytes"
	"testing"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

// FuzzRecords: no body of a pull makes the client panic, and what it yields
// belongs to the queue that was asked.
func FuzzRecords(f *testing.F) {
	packed, flag, err := (&compressor{}).apply(bytes.Repeat([]byte("a"), 5000))
	if err != nil {
		f.Fatal(err)
	}
	var body []byte
	for _, m := range []message.Message{{Topic: "T", Body: []byte("plain")}, {Topic: "T", Body: packed, SysFlag: flag}, {Topic: "T", Body: packed[:20], SysFlag: flag}} {
		if body, err = message.AppendRecord(body, &m); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(body)
	f.Add(body[:len(body)-1])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		q := protocol.MessageQueue{Topic: "T", BrokerName: "b"}
		all, err := Records(body, q)
		for _, r := range all {
			if r.Queue != q || (r.BodyErr != nil && r.SysFlag&message.FlagCompressed == 0) {
				t.Errorf("%+v, %v", r, err)
			}
		}
	})
}

func FuzzParseNamesrv(f *testing.F) {
	f.Add("10.0.0.1:9876;ns:9876")
	f.Add(";;")
	f.Add("[::1]:9876")
	f.Fuzz(func(t *testing.T, list string) {
		addrs, err := ParseNamesrv(list)
		if (err == nil) != (len(addrs) > 0) {
			t.Errorf("%q gives %v and %v", list, addrs, err)
		}
	})
}
