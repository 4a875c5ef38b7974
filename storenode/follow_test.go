package storenode

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gantry/membership/nameserver"
	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/configfile"
	"gantry/storenode/vfs"
)

// withSlave tells a test about a master, whose scene it is, and a slave of it;
// both know one name server.
func withSlave(t *testing.T, tell func(master, slave *scene)) {
	t.Helper()
	withNode(t, func(c *Config) { c.NamesrvAddr, c.BrokerIP1 = "ns", "10.1.1.1" }, func(s *scene) {
		stop := s.startNameServer()
		slave := &scene{t: s.t, fs: vfs.NewMem(), network: s.network, log: &logLines{}, config: smallConfig(), listen: "slave"}
		slave.config.NamesrvAddr, slave.config.BrokerIP1 = "ns", "10.1.1.2"
		slave.config.BrokerRole, slave.config.BrokerID = "SLAVE", 1
		slave.open()
		s.catchUp()
		tell(s, slave)
		slave.close()
		s.close()
		stop()
	})
}

func (s *scene) startNameServer() (stop func()) {
	s.t.Helper()
	l, err := s.network.Listen("ns")
	if err != nil {
		s.t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	ns := nameserver.New(log, nameserver.Config{Dial: s.network.Dial})
	server := remoting.NewServer(log, remoting.Limits{}, 0)
	server.Serve(l, ns.Open)
	return func() {
		server.Close(context.Background())
		ns.Close()
	}
}

// catchUp lets the copies find each other and agree.
func (s *scene) catchUp() {
	time.Sleep(time.Minute)
	settle()
}

func (p *peer) commit(topic string, offset int64) {
	p.s.t.Helper()
	p.want(protocol.UpdateConsumerOffset, protocol.UpdateConsumerOffsetRequest{ConsumerGroup: "g", Topic: topic, CommitOffset: offset}, nil, protocol.Success, "")
}

func (p *peer) committed(topic string) int64 {
	p.s.t.Helper()
	var h protocol.QueryConsumerOffsetResponse
	if err := h.Decode(p.want(protocol.QueryConsumerOffset, protocol.QueryConsumerOffsetRequest{ConsumerGroup: "g", Topic: topic}, nil, protocol.Success, "").Ext); err != nil {
		p.s.t.Error(err)
	}
	return h.Offset
}

func TestASlaveHasItsMastersTables(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		p := master.dial()
		h := to("T")
		h.Properties = props("DELAY", "1")
		p.send(h, "m")
		p.commit("T", 7)
		p.want(protocol.UpdateAndCreateSubscriptionGroup, nil, protocol.SubscriptionGroupConfig{GroupName: "made", ConsumeEnable: true}.Encode(), protocol.Success, "")
		time.Sleep(2 * time.Second)
		q := slave.dial()
		equal(t, "offset", q.committed("T"), 7)
		for _, code := range []int32{protocol.GetAllTopicConfig, protocol.GetAllConsumerOffset, protocol.GetAllDelayOffset, protocol.GetAllSubscriptionGroupConfig} {
			own, copied := p.want(code, nil, nil, protocol.Success, "").Body, q.want(code, nil, nil, protocol.Success, "").Body
			equal(t, "the answer to "+protocol.RequestName(code), string(copied), string(own))
		}
		equal(t, "the delays have moved on", strings.Contains(string(q.ask(protocol.GetAllDelayOffset, nil, nil).Body), "1:1"), true)
		slave.restart()
		master.close()
		equal(t, "offset after a restart", slave.dial().committed("T"), 7)
	})
}

func TestOffsetsCommittedToASlaveAreTheReturningMasters(t *testing.T) {
	for _, end := range []func(*scene){(*scene).close, (*scene).kill} {
		withSlave(t, func(master, slave *scene) {
			p := master.dial()
			p.commit("T", 7)
			p.commit("Back", 100)
			time.Sleep(time.Second)
			end(master)
			time.Sleep(time.Minute)
			q := slave.dial()
			q.commit("T", 30)
			q.commit("Back", 2)
			q.commit("New", 1)
			time.Sleep(time.Minute)
			master.open()
			master.catchUp()
			for topic, offset := range map[string]int64{"T": 30, "Back": 2, "New": 1} {
				equal(t, topic+" at the master", master.dial().committed(topic), offset)
				equal(t, topic+" at the slave", q.committed(topic), offset)
			}
		})
	}
}

func TestAMasterThatHasBecomeASlaveFollowsTheOther(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		master.dial().commit("T", 7)
		time.Sleep(time.Second)
		master.close()
		slave.dial().commit("T", 30)
		slave.close()
		slave.config.BrokerRole, slave.config.BrokerID = "ASYNC_MASTER", 0
		slave.open()
		master.config.BrokerRole, master.config.BrokerID = "SLAVE", 1
		master.open()
		master.catchUp()
		slave.dial().commit("T", 31)
		time.Sleep(time.Second)
		equal(t, "offset at the former master", master.dial().committed("T"), 31)
	})
}

// The file reaches the disk each second here, the log's end after ten.
func TestWhatAMasterHasDeliveredIsOnTheSlavesDiskBeforeItsProgress(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		slave.close()
		slave.config.FlushDelayOffsetMillis = 1000
		slave.open()
		slave.catchUp()
		time.Sleep(time.Second)
		h := to("T")
		h.Properties = props("DELAY", "3") // 10 s
		master.dial().send(h, "m")
		time.Sleep(12 * time.Second)
		text, err := configfile.On(slave.fs).ReadFile("/store/config/delayOffset.json")
		if err != nil || !strings.Contains(string(text), "{3:1}") {
			t.Errorf("the slave's progress is %s, %v", text, err)
		}
		log := slave.node.store.Log()
		flushed, _ := log.Flushed()
		equal(t, "end of what the disk has", flushed, log.End())
	})
}

func TestNobodyFollowsASlave(t *testing.T) {
	withSlave(t, func(_, slave *scene) {
		slave.dial().want(19011, nil, []byte("{}"), protocol.SystemError, "this is a slave")
	})
}

func TestASlaveIsRegisteredBesideItsMaster(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		ask := func() map[int64]string {
			client, err := remoting.Dial(context.Background(), master.network.Dial, "ns", remoting.Limits{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			c, err := client.Invoke(context.Background(), &remoting.Request{Code: protocol.GetRouteInfoByTopic,
				Header: protocol.GetRouteInfoByTopicRequest{Topic: "TBW102", AcceptStandardJSONOnly: true}})
			if err != nil {
				t.Fatal(err)
			}
			var route protocol.TopicRouteData
			if err := route.Decode(c.Body); err != nil || len(route.BrokerDatas) != 1 {
				t.Fatalf("%d %s: %v", c.Code, c.Body, err)
			}
			return route.BrokerDatas[0].BrokerAddrs
		}
		addrs := ask()
		equal(t, "copies", len(addrs), 2)
		equal(t, "master", addrs[0], "10.1.1.1:10911")
		equal(t, "slave", addrs[1], "10.1.1.2:10911")
		equal(t, "what the slave is told", slave.node.copies.follower.Status().Master, "10.1.1.1:10911")
		master.close()
		settle()
		addrs = ask()
		equal(t, "copies without the master", len(addrs), 1)
		equal(t, "slave", addrs[1], "10.1.1.2:10911")
		equal(t, "what the slave knows still", slave.node.copies.follower.Status().Master, "10.1.1.1:10911")
		equal(t, "slot", slave.node.current().Slot.Slot, 0)
	})
}

func TestAMasterSaysWhereItsLogBeginsAndEnds(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		var said protocol.KVTable
		if err := said.Decode(p.want(protocol.GetBrokerRuntimeInfo, nil, nil, protocol.Success, "").Body); err != nil {
			t.Fatal(err)
		}
		equal(t, "its beginning", said.Table["commitLogMinOffset"], "0")
		equal(t, "its end", said.Table["commitLogMaxOffset"], fmt.Sprint(s.node.store.Log().End()))
	})
}

func TestASlaveThatStartsFirstFindsItsMasterSoon(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		master.close()
		slave.close()
		slave.open()
		time.Sleep(time.Hour)
		equal(t, "who is known", slave.node.copies.follower.Status().Master, "")
		master.open()
		master.dial().commit("T", 7)
		time.Sleep(5 * time.Second)
		equal(t, "offset", slave.dial().committed("T"), 7)
	})
}

// A master that was set up anew has nothing that its slave should take.
func TestASlaveOfAnEmptiedMasterKeepsWhatItHas(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		p := master.dial()
		p.send(to("T"), "m")
		p.commit("T", 1)
		time.Sleep(time.Second)
		master.close()
		master.fs = vfs.NewMem()
		master.open()
		master.catchUp()
		equal(t, "offset", slave.dial().committed("T"), 1)
		equal(t, "topic", slave.node.topics.Get([]byte("T")) != nil, true)
		s := slave.dial().haStatus().Self
		equal(t, "state", s.State, "stopped")
		equal(t, "what the tables wait for", s.TablesLastError, "they wait for the log, which is stopped")
	})
}
