package nameserver

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gantry/membership"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

func TestRouteAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		node, client := w.connect(), w.connect()
		client.wantError(protocol.TopicNotExist, noRoute, protocol.GetRouteInfoByTopic, routeOf("T"), nil)
		node.register(broker("C", "a", 0, 1, topic("T", 4, 6)))
		node.register(broker("C", "a", 1, 1))
		const queues = `"queueDatas":[{"brokerName":"a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}`
		standard := `{"brokerDatas":[{"brokerAddrs":{"0":"a-0:10911","1":"a-1:10911"},"brokerName":"a","cluster":"C"}],"filterServerTable":{},` + queues
		legacy := `{"brokerDatas":[{"brokerAddrs":{0:"a-0:10911",1:"a-1:10911"},"brokerName":"a","cluster":"C"}],"filterServerTable":{},` + queues
		client.wantBody(standard, protocol.GetRouteInfoByTopic, routeOf("T"), nil)
		for _, old := range []int32{317, 333, 399} { // Go, 4.6.0, 4.9.3
			client.version = old
			client.wantBody(legacy, protocol.GetRouteInfoByTopic, routeOf("T"), nil)
		}
		asked := protocol.GetRouteInfoByTopicRequest{Topic: "T", AcceptStandardJSONOnly: true}
		client.wantBody(standard, protocol.GetRouteInfoByTopic, asked, nil)
	})
}

func TestClusterAndTopicLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		p := w.connect()
		p.wantBody(`{"brokerAddrTable":{},"clusterAddrTable":{}}`, protocol.GetBrokerClusterInfo, nil, nil)
		p.wantBody(`{"topicList":[]}`, protocol.GetSystemTopicListFromNS, nil, nil)
		p.register(broker("C", "b", 0, 1, topic("T", 4, 6)))
		p.register(broker("C", "a", 0, 1, topic("U", 4, 6)))
		p.wantBody(`{"brokerAddrTable":{"a":{"brokerAddrs":{"0":"a-0:10911"},"brokerName":"a","cluster":"C"},`+
			`"b":{"brokerAddrs":{"0":"b-0:10911"},"brokerName":"b","cluster":"C"}},"clusterAddrTable":{"C":["a","b"]}}`,
			protocol.GetBrokerClusterInfo, nil, nil)
		p.wantBody(`{"brokerAddr":"a-0:10911","topicList":["C","a","b"]}`, protocol.GetSystemTopicListFromNS, nil, nil)
		p.wantBody(`{"topicList":["T","U"]}`, protocol.GetAllTopicListFromNameserver, nil, nil)
		p.wantBody(`{"topicList":["T","U"]}`, protocol.GetTopicsByCluster, protocol.GetTopicsByClusterRequest{Cluster: "C"}, nil)
		p.wantBody(`{"topicList":[]}`, protocol.GetTopicsByCluster, protocol.GetTopicsByClusterRequest{Cluster: "none"}, nil)
		p.must(protocol.DeleteTopicInNamesrv, protocol.DeleteTopicInNamesrvRequest{Topic: "U", ClusterName: "C"}, nil)
		p.wantBody(`{"topicList":["T"]}`, protocol.GetAllTopicListFromNameserver, nil, nil)
	})
}

func TestWritePermissionAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		p := w.connect()
		p.register(broker("C", "a", 0, 1, topic("T", 4, 6), topic("U", 4, 6)))
		var wiped protocol.WipeWritePermOfBrokerResponse
		if err := wiped.Decode(p.must(protocol.WipeWritePermOfBroker, protocol.WipeWritePermOfBrokerRequest{BrokerName: "a"}, nil).Ext); err != nil || wiped.WipeTopicCount != 2 {
			t.Errorf("wiped %+v, %v", wiped, err)
		}
		wantRoute(t, w.ns.Table(), "T", "a(4×4) 0=a-0:10911")
		var added protocol.AddWritePermOfBrokerResponse
		if err := added.Decode(p.must(protocol.AddWritePermOfBroker, protocol.AddWritePermOfBrokerRequest{BrokerName: "a"}, nil).Ext); err != nil || added.AddTopicCount != 2 {
			t.Errorf("added %+v, %v", added, err)
		}
		wantRoute(t, w.ns.Table(), "T", "a(6×4) 0=a-0:10911")
	})
}

func TestKVConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Settings: Settings{OrderMessageEnable: true}, MaxKVEntries: 2})
		p := w.connect()
		key := protocol.GetKVConfigRequest{Namespace: NamespaceOrderTopicConfig, Key: "T"}
		space := protocol.GetKVListByNamespaceRequest{Namespace: NamespaceOrderTopicConfig}
		p.wantError(protocol.QueryNotFound, "No config item, Namespace: ORDER_TOPIC_CONFIG Key: T", protocol.GetKVConfig, key, nil)
		p.wantError(protocol.QueryNotFound, "No config item, Namespace: ORDER_TOPIC_CONFIG", protocol.GetKVListByNamespace, space, nil)
		put := protocol.PutKVConfigRequest{Namespace: NamespaceOrderTopicConfig, Key: "T", Value: "a:4"}
		p.must(protocol.PutKVConfig, put, nil)
		var got protocol.GetKVConfigResponse
		if err := got.Decode(p.must(protocol.GetKVConfig, key, nil).Ext); err != nil || got.Value != "a:4" {
			t.Errorf("got %+v, %v", got, err)
		}
		p.wantBody(`{"table":{"T":"a:4"}}`, protocol.GetKVListByNamespace, space, nil)

		r := broker("C", "a", 0, 1, topic("T", 4, 6))
		h, body := registerParts(r)
		p.wantBody(`{"table":{"T":"a:4"}}`, protocol.RegisterBroker, h, body)
		p.wantBody(`{"brokerDatas":[{"brokerAddrs":{"0":"a-0:10911"},"brokerName":"a","cluster":"C"}],"filterServerTable":{},"orderTopicConf":"a:4",`+
			`"queueDatas":[{"brokerName":"a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}`,
			protocol.GetRouteInfoByTopic, routeOf("T"), nil)

		p.must(protocol.PutKVConfig, protocol.PutKVConfigRequest{Namespace: "n", Key: "k", Value: "v"}, nil)
		p.wantError(protocol.SystemError, errKVFull.Error(), protocol.PutKVConfig, protocol.PutKVConfigRequest{Namespace: "n", Key: "k2", Value: "v"}, nil)
		p.must(protocol.PutKVConfig, protocol.PutKVConfigRequest{Namespace: "n", Key: "k", Value: "v2"}, nil)
		p.must(protocol.DeleteKVConfig, protocol.DeleteKVConfigRequest{Namespace: NamespaceOrderTopicConfig, Key: "T"}, nil)
		p.wantBody(`{"table":{}}`, protocol.GetKVListByNamespace, space, nil)
	})
}

func TestRequestsThatCannotBeAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		p := w.connect()
		p.wantError(protocol.RequestCodeNotSupported, " request type 310 not supported", protocol.SendMessageV2, nil, nil)
		for code := range requests() {
			switch code {
			case protocol.GetBrokerClusterInfo, protocol.GetAllTopicListFromNameserver, protocol.GetSystemTopicListFromNS,
				protocol.GetUnitTopicList, protocol.GetHasUnitSubTopicList, protocol.GetHasUnitSubUnunitTopicList,
				protocol.UpdateNamesrvConfig, protocol.GetNamesrvConfig:
				continue // have no fields
			}
			if c := p.ask(code, nil, nil); c.Code != protocol.SystemError || c.Remark == "" {
				t.Errorf("code %d without its fields is answered %d %q", code, c.Code, c.Remark)
			}
		}
		p.wantError(protocol.SystemError, "the custom field <topic> is null", protocol.GetRouteInfoByTopic, nil, nil)
	})
}

func TestRegistrationFollowsItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		node, client := w.connect(), w.connect()
		node.register(broker("C", "a", 0, 1, topic("T", 4, 6)))
		client.must(protocol.GetRouteInfoByTopic, routeOf("T"), nil)
		node.raw.Close()
		synctest.Wait()
		client.wantError(protocol.TopicNotExist, noRoute, protocol.GetRouteInfoByTopic, routeOf("T"), nil)
	})
}

func TestRegistrationExpiresWithoutRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		node, client := w.connect(), w.connect()
		node.register(broker("C", "a", 0, 1, topic("T", 4, 6)))
		time.Sleep(100 * time.Second)
		renew := protocol.QueryDataVersionRequest{BrokerName: "a", BrokerAddr: "a-0:10911", ClusterName: "C"}
		var answer protocol.QueryDataVersionResponse
		c := node.must(protocol.QueryDataVersion, renew, []byte(`{"counter":1,"timestamp":1}`))
		if err := answer.Decode(c.Ext); err != nil || answer.Changed || string(c.Body) != `{"counter":1,"timestamp":1}` {
			t.Fatalf("a renewal is answered %+v %s, %v", answer, c.Body, err)
		}
		time.Sleep(119 * time.Second)
		client.must(protocol.GetRouteInfoByTopic, routeOf("T"), nil)
		time.Sleep(10 * time.Second)
		client.wantError(protocol.TopicNotExist, noRoute, protocol.GetRouteInfoByTopic, routeOf("T"), nil)
		c = node.must(protocol.QueryDataVersion, renew, []byte(`{"counter":1,"timestamp":1}`))
		if err := answer.Decode(c.Ext); err != nil || !answer.Changed || len(c.Body) != 0 {
			t.Fatalf("an unknown broker is answered %+v %s, %v", answer, c.Body, err)
		}
	})
}

func TestRegisterAndUnregisterAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{MaxNodes: 2})
		p := w.connect()
		p.register(broker("C", "a", 0, 1, topic("T", 4, 6)))
		if answer := p.register(broker("C", "a", 1, 1)); answer.MasterAddr != "a-0:10911" || answer.HAServerAddr != "a-0:10912" || answer.Slot != noSlot {
			t.Errorf("a slave is told %+v", answer)
		}
		h, body := registerParts(broker("C", "b", 0, 1))
		p.wantError(protocol.SystemError, "register b 0 at b-0:10911: no room for another broker", protocol.RegisterBroker, h, body)
		h.BodyCRC32++
		p.wantError(protocol.SystemError, "crc32 not match", protocol.RegisterBroker, h, body)
		p.must(protocol.UnregisterBroker, protocol.UnregisterBrokerRequest{BrokerName: "a", BrokerAddr: "a-0:10911", ClusterName: "C"}, nil)
		wantRoute(t, w.ns.Table(), "T", "a(6×4) 1=a-1:10911")
	})
}

func TestFormsOfARegistrationsBody(t *testing.T) {
	r := broker("C", "a", 0, 1, protocol.NewTopicConfig("T"))
	plain, _ := registerParts(r)
	plain.BodyCRC32 = 0
	compressed := plain
	compressed.Compressed = true
	for _, form := range []struct {
		name    string
		version int32
		header  membership.RegisterRequest
		body    []byte
		route   string
	}{
		{"JSON", clientVersion, plain, registerBody(r).Encode(), "a(6×16) 0=a-0:10911"},
		{"compressed", clientVersion, compressed, registerBody(r).EncodeCompressed(), "a(6×16) 0=a-0:10911"},
		{"topics alone, before 3.0.11", 36, plain, registerBody(r).TopicConfig.Encode(), "a(6×16) 0=a-0:10911"},
		{"none", clientVersion, plain, nil, "none"},
	} {
		t.Run(form.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, Config{})
				p := w.connect()
				p.version = form.version
				p.must(protocol.RegisterBroker, form.header, form.body)
				wantRoute(t, w.ns.Table(), "T", form.route)
				if got := len(w.ns.Table().Shards()); got != 1 {
					t.Errorf("%d shards are registered", got)
				}
			})
		})
	}
}

func TestDamagedBodyLeavesTheTableAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		p := w.connect()
		h, _ := registerParts(broker("C", "a", 0, 1))
		h.BodyCRC32 = 0
		if c := p.ask(protocol.RegisterBroker, h, []byte(`{"topicConfigSerializeWrapper":`)); c.Code != protocol.SystemError {
			t.Errorf("a damaged body is answered %d", c.Code)
		}
		h.Compressed = true
		if c := p.ask(protocol.RegisterBroker, h, []byte("not zlib")); c.Code != protocol.SystemError {
			t.Errorf("a damaged compressed body is answered %d", c.Code)
		}
		if shards := w.ns.Table().Shards(); len(shards) != 0 {
			t.Errorf("registered: %+v", shards)
		}
	})
}

// gatewayView routes through "gw" at 20911 + 20·slot + 4·brokerId; shards without
// a recorded slot are not shown, and nodes without the capability are direct.
func gatewayView(_ *remoting.Channel, shard Shard) map[int64]string {
	addrs := map[int64]string{}
	for _, n := range shard.Nodes {
		switch {
		case !n.Gateway:
			addrs[n.BrokerID] = n.Addr
		case shard.Slot != membership.NoSlot:
			addrs[n.BrokerID] = "gw:" + string(rune('0'+shard.Slot))
		}
	}
	return addrs
}

func TestGatewayRouteShowsAShardOnceItsSlotIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var changes atomic.Int32
		w := newWorld(t, Config{View: gatewayView, OnShardsChanged: func() { changes.Add(1) }, SettleMillis: -1})
		node, java, client := w.connect(), w.connect(), w.connect()

		gantry := broker("C", "g", 0, 1, topic("T", 4, 6))
		gantry.Gateway = true
		if answer := node.register(gantry); answer.Slot != 0 {
			t.Fatalf("proposed slot %d", answer.Slot)
		}
		client.wantError(protocol.TopicNotExist, noRoute, protocol.GetRouteInfoByTopic, routeOf("T"), nil)
		client.wantBody(`{"brokerAddrTable":{},"clusterAddrTable":{}}`, protocol.GetBrokerClusterInfo, nil, nil)

		gantry.Slot = recorded(0, 100)
		if answer := node.register(gantry); answer.Slot != 0 || answer.SlotWaitMillis != 500 {
			t.Fatalf("confirmed slot %d, to be stated again after %d ms", answer.Slot, answer.SlotWaitMillis)
		}
		client.wantError(protocol.TopicNotExist, noRoute, protocol.GetRouteInfoByTopic, routeOf("T"), nil)
		time.Sleep(500 * time.Millisecond)
		if answer := node.register(gantry); answer.Slot != 0 || answer.SlotWaitMillis != 0 {
			t.Fatalf("confirmed slot %d, to be stated again after %d ms", answer.Slot, answer.SlotWaitMillis)
		}
		java.register(broker("C", "j", 0, 1, topic("T", 8, 6)))
		if got := changes.Load(); got != 3 {
			t.Errorf("told of %d changes, want 3: the node, its slot, the Java broker", got)
		}
		client.wantBody(`{"brokerDatas":[{"brokerAddrs":{"0":"gw:0"},"brokerName":"g","cluster":"C"},{"brokerAddrs":{"0":"j-0:10911"},"brokerName":"j","cluster":"C"}],`+
			`"filterServerTable":{},"queueDatas":[{"brokerName":"g","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4},`+
			`{"brokerName":"j","perm":6,"readQueueNums":8,"topicSysFlag":0,"writeQueueNums":8}]}`,
			protocol.GetRouteInfoByTopic, routeOf("T"), nil)
		client.wantBody(`{"brokerAddr":"gw:0","topicList":["C","g","j"]}`, protocol.GetSystemTopicListFromNS, nil, nil)

		gantry2 := broker("C", "g", 1, 1)
		gantry2.Gateway = true
		if answer := node.register(gantry2); answer.MasterAddr != "g-0:10911" {
			t.Errorf("a slave is told %q, not its master's own address", answer.MasterAddr)
		}
	})
}

// FuzzRequests plays any fields and body against every code: each is answered,
// and the table's invariants hold.
func FuzzRequests(f *testing.F) {
	for code := range requests() {
		f.Add(code, "a", "T", int64(0), int32(clientVersion), []byte(`{}`))
	}
	h, body := registerParts(broker("C", "a", 0, 1, topic("T", 4, 6)))
	f.Add(protocol.RegisterBroker, h.BrokerName, "T", h.BrokerID, int32(36), body)
	f.Fuzz(func(t *testing.T, code int32, name, topic string, id int64, version int32, body []byte) {
		s := &Server{log: discard(), config: Config{}.withDefaults(), table: newTable(), kv: newKVTable(2, 1000), requests: requests()}
		s.settings.Store(&Settings{OrderMessageEnable: true, SupportActingMaster: true})
		fields := remoting.Fields{}
		for _, key := range []string{"brokerName", "brokerAddr", "clusterName", "haServerAddr", "cluster", "namespace", "key", "value"} {
			fields = append(fields, remoting.Field{Key: []byte(key), Value: []byte(name)})
		}
		fields = append(fields, remoting.Field{Key: []byte("topic"), Value: []byte(topic)},
			remoting.Field{Key: []byte("brokerId"), Value: []byte{byte('0' + id&7)}})
		for range 2 {
			if r := s.answer(&remoting.Command{Code: code, Version: version, Ext: fields, Body: body}, new(remoting.Channel)); r == nil {
				t.Fatal("no answer")
			}
		}
		for topic, queues := range s.table.topics {
			for shard := range queues {
				if s.table.shards[shard] == nil {
					t.Fatalf("topic %q is on shard %q, which nobody registered", topic, shard)
				}
			}
		}
	})
}
