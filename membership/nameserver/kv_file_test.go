package nameserver

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/protocol"
)

func TestKVConfigurationOutlivesANameServerThatKeepsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept []byte
		var failure error
		config := Config{KeepKV: func(kv KV) error {
			if failure == nil {
				kept = kv.Encode()
			}
			return failure
		}}
		w := newWorld(t, config)
		p := w.connect()
		put := protocol.PutKVConfigRequest{Namespace: "n", Key: "k", Value: "v"}
		p.must(protocol.PutKVConfig, put, nil)
		p.must(protocol.PutKVConfig, protocol.PutKVConfigRequest{Namespace: "n", Key: "gone", Value: "v"}, nil)
		p.must(protocol.DeleteKVConfig, protocol.DeleteKVConfigRequest{Namespace: "n", Key: "gone"}, nil)
		if want := "{\n\t\"configTable\": {\n\t\t\"n\": {\n\t\t\t\"k\": \"v\"\n\t\t}\n\t}\n}\n"; string(kept) != want {
			t.Errorf("the file is %s", kept)
		}
		failure = errors.New("disk full")
		p.wantError(protocol.SystemError, "changed until the name server ends, but not kept: disk full", protocol.PutKVConfig, put, nil)

		var again KV
		if err := again.Decode(kept); err != nil {
			t.Fatal(err)
		}
		table := newKVTable(10, 1000)
		other := &Server{kv: table}
		asOf := time.Now()
		table.remove("n", "k", asOf)
		if err := table.put("n", "newer", "v", asOf.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		again["n"]["newer"] = "older"
		if err := other.LoadKV(again, asOf); err != nil {
			t.Fatal(err)
		}
		if got := items(table, "n"); got != "k:v newer:v" {
			t.Errorf("after a start there is %s", got)
		}
	})
}

func TestAFileOfJavasIsRead(t *testing.T) {
	var kv KV
	if err := kv.Decode([]byte(`{"configTable":{"ORDER_TOPIC_CONFIG":{"T":"broker-a:4"}}}`)); err != nil || kv["ORDER_TOPIC_CONFIG"]["T"] != "broker-a:4" {
		t.Errorf("got %v, %v", kv, err)
	}
	if err := kv.Decode([]byte(`{"configTable":`)); err == nil {
		t.Error("half a file is taken")
	}
}
