package nameserver

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/membership"
	"gantry/remoting"
	"gantry/remoting/fastjson"
	"gantry/remoting/protocol"
	"gantry/remoting/remotingtest"
)

// What brokers from 5.0 on need of a name server and 4.x ones do not.

// frame is one that ran between the real 5.3.3 broker and its name server.
func frame(t *testing.T, name string) *remoting.Command {
	t.Helper()
	var d remoting.Decoder
	var c remoting.Command
	if err := d.Decode(remotingtest.Frame(t, name), &c); err != nil {
		t.Fatal(err)
	}
	return c.Clone()
}

func TestA533BrokersRequestsAreAnsweredAsByItsOwnNameServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ns := New(discard(), Config{})
		defer ns.Close()
		for _, request := range []string{"103-register_broker", "217-register_topic_in_namesrv", "106-get_broker_cluster_info", "901-get_broker_member_group", "104-unregister_broker"} {
			got := ns.answer(frame(t, "broker533-"+request+"-request"), new(remoting.Channel))
			want := frame(t, "broker533-"+request+"-reply")
			if got.Code != want.Code || string(got.Body) != standard(t, want.Body) {
				t.Errorf("%s is answered %d %s, want %d %s", request, got.Code, got.Body, want.Code, standard(t, want.Body))
			}
		}
	})
}

// standard is a body in the JSON that we write where Java leaves keys bare.
func standard(t *testing.T, body []byte) string {
	t.Helper()
	if len(body) == 0 {
		return ""
	}
	text, err := fastjson.AppendStandard(nil, body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestHeartbeatsKeepARegistrationThatIsNotRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		p := w.connect()
		r := broker("C", "a", 0, 1, topic("T", 4, 6))
		r.HeartbeatTimeoutMillis = 10_000
		p.register(r)
		for range 60 {
			time.Sleep(time.Second)
			p.must(protocol.BrokerHeartbeat, protocol.BrokerHeartbeatRequest{ClusterName: "C", BrokerName: "a", BrokerAddr: r.Addr}, nil)
		}
		wantRoute(t, w.ns.Table(), "T", "a(6×4) 0=a-0:10911")
		time.Sleep(16 * time.Second) // the 10 s it stated, and the next scan
		wantRoute(t, w.ns.Table(), "T", "none")
		p.must(protocol.BrokerHeartbeat, protocol.BrokerHeartbeatRequest{ClusterName: "C", BrokerName: "a", BrokerAddr: r.Addr}, nil)
		wantRoute(t, w.ns.Table(), "T", "none")
	})
}

// slave is a registration of a slave from 5.0 on.
func slave(id, counter int64, acting bool, topics ...protocol.TopicConfig) membership.Registration {
	r := broker("C", "a", id, counter, topics...)
	r.StatesActingMaster, r.EnableActingMaster = true, acting
	return r
}

func TestTopicsOfTheLowestSlaveCountWhileTheMasterIsAway(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	register(t, table, slave(2, 1, false, topic("T", 4, 6)), over)
	wantRoute(t, table, "T", "a(6×4) 2=a-2:10911")
	register(t, table, slave(1, 1, false, topic("T", 8, 6)), over)
	wantRoute(t, table, "T", "a(6×8) 1=a-1:10911 2=a-2:10911")
	register(t, table, slave(2, 2, false, topic("T", 16, 6)), over)
	wantRoute(t, table, "T", "a(6×8) 1=a-1:10911 2=a-2:10911") // not the lowest any more
	register(t, table, slave(0, 1, false, topic("T", 2, 6)), over)
	wantRoute(t, table, "T", "a(6×2) 0=a-0:10911 1=a-1:10911 2=a-2:10911")
	register(t, table, slave(1, 2, false, topic("T", 8, 6)), over)
	wantRoute(t, table, "T", "a(6×2) 0=a-0:10911 1=a-1:10911 2=a-2:10911")
}

func TestATopicToldAloneDoesNotHideTheOthers(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	register(t, table, broker("C", "a", 0, 2, topic("New", 4, 6)), over)
	register(t, table, broker("C", "a", 0, 2, topic("New", 8, 6), topic("Old", 4, 6)), over)
	wantRoute(t, table, "Old", "a(6×4) 0=a-0:10911")
	wantRoute(t, table, "New", "a(6×4) 0=a-0:10911") // known in this data version
}

func TestATopicMayBeRegisteredOfBrokersThatAreKnown(t *testing.T) {
	table := newTable()
	register(t, table, broker("C", "a", 0, 1, topic("T", 4, 6)), new(remoting.Channel))
	queues := func(names ...string) (all []protocol.QueueData) {
		for _, name := range names {
			all = append(all, protocol.QueueData{BrokerName: name, Perm: 6, ReadQueueNums: 2, WriteQueueNums: 2})
		}
		return all
	}
	if unknown := table.RegisterTopic("U", queues("a", "stranger")); unknown != "stranger" {
		t.Errorf("unknown is %q", unknown)
	}
	wantRoute(t, table, "U", "none")
	if unknown := table.RegisterTopic("U", queues("a")); unknown != "" {
		t.Errorf("unknown is %q", unknown)
	}
	wantRoute(t, table, "U", "a(6×2) 0=a-0:10911")
}

func TestASlaveActsForALostMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Settings: Settings{SupportActingMaster: true}})
		p := w.connect()
		for id := range int64(3) {
			p.register(slave(id, 1, true, topic("T", 4, 6), topic(syncMemberTopic+"a", 1, 1)))
		}
		route := func(perm int, addrs string, queues int) string {
			return fmt.Sprintf(`{"brokerDatas":[{"brokerAddrs":{%s},"brokerName":"a","cluster":"C","enableActingMaster":true}],"filterServerTable":{},`+
				`"queueDatas":[{"brokerName":"a","perm":%d,"readQueueNums":%d,"topicSysFlag":0,"writeQueueNums":%d}]}`, addrs, perm, queues, queues)
		}
		const all, others = `"0":"a-0:10911","1":"a-1:10911","2":"a-2:10911"`, `"1":"a-1:10911","2":"a-2:10911"`
		p.wantBody(route(6, all, 4), protocol.GetRouteInfoByTopic, routeOf("T"), nil)

		p.must(protocol.UnregisterBroker, protocol.UnregisterBrokerRequest{BrokerName: "a", BrokerAddr: "a-0:10911", ClusterName: "C"}, nil)
		p.wantBody(route(4, `"0":"a-1:10911","2":"a-2:10911"`, 4), protocol.GetRouteInfoByTopic, routeOf("T"), nil)
		p.wantBody(route(1, others, 1), protocol.GetRouteInfoByTopic, routeOf(syncMemberTopic+"a"), nil)
		p.wantBody(`{"brokerMemberGroup":{"brokerAddrs":{`+others+`},"brokerName":"a","cluster":"C"}}`,
			protocol.GetBrokerMemberGroup, protocol.GetBrokerMemberGroupRequest{ClusterName: "C", BrokerName: "a"}, nil)
		p.wantBody(`{"brokerAddrTable":{"a":{"brokerAddrs":{`+others+`},"brokerName":"a","cluster":"C","enableActingMaster":true}},`+
			`"clusterAddrTable":{"C":["a"]}}`, protocol.GetBrokerClusterInfo, nil, nil)
		p.register(slave(1, 2, true, topic("T", 4, 6)))
		p.wantBody(route(4, `"0":"a-1:10911","2":"a-2:10911"`, 4), protocol.GetRouteInfoByTopic, routeOf("T"), nil)

		p.must(protocol.UpdateNamesrvConfig, nil, []byte("supportActingMaster=false"))
		p.wantBody(route(4, others, 4), protocol.GetRouteInfoByTopic, routeOf("T"), nil)

		p.register(slave(0, 1, true, topic("T", 4, 6)))
		p.wantBody(route(6, all, 4), protocol.GetRouteInfoByTopic, routeOf("T"), nil)
	})
}

func TestAnUnknownShardHasAnEmptyMemberGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		newWorld(t, Config{}).connect().wantBody(`{"brokerMemberGroup":{"brokerAddrs":{},"brokerName":"a","cluster":"C"}}`,
			protocol.GetBrokerMemberGroup, protocol.GetBrokerMemberGroupRequest{ClusterName: "C", BrokerName: "a"}, nil)
	})
}

func TestAnOutdatedMasterDoesNotComeBackUnderAnotherAddress(t *testing.T) {
	table, over := newTable(), new(remoting.Channel)
	elected := broker("C", "a", 0, 1, topic("T", 4, 6))
	elected.DataVersion.StateVersion = 2
	register(t, table, elected, over)
	former := broker("C", "a", 0, 9, topic("T", 8, 6))
	former.Addr, former.DataVersion.StateVersion = "former:10911", 1
	if done := register(t, table, former, over); !done.Outdated || done.ShardsChanged {
		t.Errorf("told %+v", done)
	}
	wantRoute(t, table, "T", "a(6×4) 0=a-0:10911")
	former.DataVersion.StateVersion = 3
	if done := register(t, table, former, over); done.Outdated || !done.ShardsChanged {
		t.Errorf("told %+v", done)
	}
	wantRoute(t, table, "T", "a(6×8) 0=former:10911")
}

func TestStaticTopicsAndZonesArePassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWorld(t, Config{}).connect()
		r := broker("C", "a", 0, 1, topic("T", 1, 6))
		h, _ := registerParts(r)
		h.ZoneName, h.BodyCRC32 = "north", 0
		body := registerBody(r)
		body.TopicConfig.TopicQueueMappingInfoMap = map[string]json.RawMessage{"T": json.RawMessage(`{"bname":"a","currIdMap":{"0":0},"topic":"T","totalQueues":2}`)}
		p.must(protocol.RegisterBroker, h, body.Encode())
		p.wantBody(`{"brokerDatas":[{"brokerAddrs":{"0":"a-0:10911"},"brokerName":"a","cluster":"C","zoneName":"north"}],"filterServerTable":{},`+
			`"queueDatas":[{"brokerName":"a","perm":6,"readQueueNums":1,"topicSysFlag":0,"writeQueueNums":1}],`+
			`"topicQueueMappingByBroker":{"a":{"bname":"a","currIdMap":{"0":0},"topic":"T","totalQueues":2}}}`,
			protocol.GetRouteInfoByTopic, routeOf("T"), nil)
	})
}

func TestAClientInZoneModeIsLedToItsZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWorld(t, Config{}).connect()
		for name, zone := range map[string]string{"n": "north", "s": "south", "away": "south"} {
			r := broker("C", name, 0, 1, topic("T", 1, 6))
			h, body := registerParts(r)
			h.ZoneName = zone
			p.must(protocol.RegisterBroker, h, body)
		}
		h, body := registerParts(broker("C", "away", 1, 1))
		h.ZoneName = "south"
		p.must(protocol.RegisterBroker, h, body)
		p.must(protocol.UnregisterBroker, protocol.UnregisterBrokerRequest{BrokerName: "away", BrokerAddr: "away-0:10911", ClusterName: "C"}, nil)
		for _, asked := range []struct {
			mode bool
			zone string
			want string
		}{{true, "North", "away n"}, {true, "nowhere", "away"}, {false, "north", "away n s"}, {true, "", "away n s"}} {
			var route protocol.TopicRouteData
			reply := p.must(protocol.GetRouteInfoByTopic, protocol.GetRouteInfoByTopicRequest{Topic: "T", ZoneMode: asked.mode, ZoneName: asked.zone}, nil)
			if err := route.Decode(reply.Body); err != nil {
				t.Fatal(err)
			}
			var brokers, queues []string
			for _, b := range route.BrokerDatas {
				brokers = append(brokers, b.BrokerName)
			}
			for _, q := range route.QueueDatas {
				queues = append(queues, q.BrokerName)
			}
			if got := strings.Join(brokers, " "); got != asked.want || got != strings.Join(queues, " ") {
				t.Errorf("zone mode %v in %q gives brokers %s and queues of %v, want %s", asked.mode, asked.zone, got, queues, asked.want)
			}
		}
	})
}

func TestTopicsOfUnitsAreListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWorld(t, Config{}).connect()
		flagged := func(name string, flag int32) protocol.TopicConfig {
			c := topic(name, 4, 6)
			c.TopicSysFlag = flag
			return c
		}
		p.register(broker("C", "a", 0, 1, flagged("Plain", 0), flagged("Unit", 1), flagged("Sub", 2), flagged("Both", 3)))
		p.wantBody(`{"topicList":["Both","Unit"]}`, protocol.GetUnitTopicList, nil, nil)
		p.wantBody(`{"topicList":["Both","Sub"]}`, protocol.GetHasUnitSubTopicList, nil, nil)
		p.wantBody(`{"topicList":["Sub"]}`, protocol.GetHasUnitSubUnunitTopicList, nil, nil)
	})
}
