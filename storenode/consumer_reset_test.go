package storenode

import (
	"fmt"
	"math"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// resetting is a request that any queue may be moved by.
func resetting(timestamp int64, force bool) protocol.InvokeBrokerToResetOffsetRequest {
	return protocol.InvokeBrokerToResetOffsetRequest{Topic: "T", Group: "group", Timestamp: timestamp, IsForce: force, QueueID: -1, Offset: -1}
}

// consumed sends three messages into a queue of T, a minute between them, and has the group be behind the second. It returns
// a time between the first two.
func (p *peer) consumed() (between int64) {
	p.s.t.Helper()
	p.want(protocol.UpdateAndCreateTopic, protocol.UpdateAndCreateTopicRequest{Topic: "T", DefaultTopic: "TBW102", ReadQueueNums: 1, WriteQueueNums: 1,
		Perm: 6, TopicFilterType: "SINGLE_TAG"}, nil, protocol.Success, "")
	for _, body := range []string{"one", "two", "three"} {
		p.send(to("T"), body)
		time.Sleep(time.Minute)
	}
	p.want(protocol.UpdateConsumerOffset, commit("T", "group", 0, 2), nil, protocol.Success, "")
	return time.Now().Add(-2 * time.Minute).UnixMilli()
}

func moved(t *testing.T, body []byte) int64 {
	t.Helper()
	var b protocol.ResetOffsetBody
	if err := b.Decode(body); err != nil {
		t.Fatal(err)
	}
	equal(t, "queues", len(b.OffsetTable), 1)
	return b.OffsetTable[protocol.MessageQueue{BrokerName: "shard", Topic: "T"}]
}

func TestMembersAreToldWhereToGo(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		between := p.consumed()
		told := make(chan string, 4)
		for _, id := range []string{"a", "b"} {
			s.consumer(id, func(c *remoting.Command, to remoting.Responder) {
				var h protocol.ResetConsumerClientOffsetRequest
				if c.Code == protocol.ResetConsumerClientOffset && h.Decode(c.Ext) == nil && c.IsOneway() {
					told <- fmt.Sprint(id, " ", h, " ", moved(t, c.Body))
				}
				to.Drop()
			}, "T")
		}
		for _, row := range []struct {
			what      string
			timestamp int64
			force     bool
			want      int64
		}{
			{"back", between, false, 1},
			{"not ahead without force", -1, false, 2},
			{"ahead", -1, true, 3},
			{"before everything", 0, true, 0},
		} {
			answer := p.want(protocol.InvokeBrokerToResetOffset, resetting(row.timestamp, row.force), nil, protocol.Success, "")
			equal(t, row.what, moved(t, answer.Body), row.want)
			settle()
			equal(t, row.what+": members told", len(told), 2)
			for range 2 {
				who := <-told
				equal(t, row.what+": told", who[1:], fmt.Sprintf(" {T group %d false} %d", row.timestamp, row.want))
			}
		}
		equal(t, "the members commit, not the node", p.offset("T", "group", 0), 2)
	})
}

func TestAMemberThatSpeaksCIsToldAList(t *testing.T) {
	body := protocol.ResetOffsetBody{OffsetTable: protocol.QueueTable[int64]{{BrokerName: "b", Topic: "T", QueueID: 1}: 5}}
	equal(t, "list", string(body.ForC().Encode()), `{"offsetTable":[{"brokerName":"b","offset":5,"queueId":1,"topic":"T"}]}`)
}

func TestWhoIsNotOnlineIsMovedByTheTool(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.want(protocol.InvokeBrokerToResetOffset, resetting(0, true), nil, protocol.SystemError, "no topic in this broker. topic=T")
		between := p.consumed()
		other := resetting(0, true)
		other.Group = "nobody"
		p.want(protocol.InvokeBrokerToResetOffset, other, nil, protocol.SystemError, "THe consumer group <nobody> not exist")
		p.want(protocol.InvokeBrokerToResetOffset, resetting(between, true), nil, protocol.ConsumerNotOnline, "Consumer not online, so can not reset offset")
		one := resetting(between, true)
		one.QueueID = 0
		equal(t, "one queue by time", moved(t, p.want(protocol.InvokeBrokerToResetOffset, one, nil, protocol.Success, "").Body), 1)
		equal(t, "committed", p.offset("T", "group", 0), 1)
		one.Offset = 3
		p.want(protocol.InvokeBrokerToResetOffset, one, nil, protocol.Success, "")
		equal(t, "one queue by offset", p.offset("T", "group", 0), 3)
		one.Offset = 5
		p.want(protocol.InvokeBrokerToResetOffset, one, nil, protocol.SystemError, "Target offset 5 not in consume queue range [0-3]")
	})
}

func TestMembersAreAskedWhereTheyAre(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		ask := protocol.GetConsumerStatusFromClientRequest{Topic: "T", Group: "group"}
		p.want(protocol.InvokeBrokerToGetConsumerStatus, ask, nil, protocol.SystemError, "No Any Consumer online in the consumer group: [group]")
		for i, id := range []string{"a", "b"} {
			s.consumer(id, func(c *remoting.Command, to remoting.Responder) {
				own := protocol.GetConsumerStatusBody{MessageQueueTable: protocol.QueueTable[int64]{{BrokerName: "shard", Topic: "T"}: int64(i)}}
				to.Reply(&remoting.Response{Body: own.Encode()})
			}, "T")
		}
		s.consumer("silent", func(_ *remoting.Command, to remoting.Responder) { to.Drop() }, "T")
		status := func(clientAddr string) string {
			ask.ClientAddr = clientAddr
			var body protocol.GetConsumerStatusBody
			if err := body.Decode(p.want(protocol.InvokeBrokerToGetConsumerStatus, ask, nil, protocol.Success, "").Body); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(body.ConsumerTable)
		}
		began := time.Now()
		equal(t, "all that answer", status(""), "map[a:map[T@shard:0:0] b:map[T@shard:0:1]]")
		about(t, "the silent one", time.Since(began), statusBound)
		equal(t, "one", status("b"), "map[b:map[T@shard:0:1]]")
		equal(t, "nobody", status("c"), "map[]")
	})
}

func TestAGroupTakesOverTheOffsetsOfAnother(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for _, topic := range []string{"T", "U"} {
			p.send(to(topic), "one")
			p.want(protocol.UpdateConsumerOffset, commit(topic, "old", 2, 9), nil, protocol.Success, "")
			p.want(protocol.UpdateConsumerOffset, commit(topic, "new", 1, 4), nil, protocol.Success, "")
		}
		p.want(protocol.CloneGroupOffset, protocol.CloneGroupOffsetRequest{SrcGroup: "old", DestGroup: "new", Topic: "T"}, nil, protocol.Success, "")
		equal(t, "cloned", p.offset("T", "new", 2), 9)
		equal(t, "its own are gone", fmt.Sprint(s.node.offsets.Of("T", "new")), "map[2:9]")
		equal(t, "another topic", fmt.Sprint(s.node.offsets.Of("U", "new")), "map[1:4]")
		p.want(protocol.CloneGroupOffset, protocol.CloneGroupOffsetRequest{SrcGroup: "old", DestGroup: "third"}, nil, protocol.Success, "")
		equal(t, "all topics", fmt.Sprint(s.node.offsets.TopicsOf("third")), "[T U]")
		p.want(protocol.UpdateConsumerOffset, commit("T", "old", 2, 10), nil, protocol.Success, "")
		equal(t, "a clone is its own", p.offset("T", "new", 2), 9)
		s.restart()
		equal(t, "after a restart", s.dial().offset("T", "third", 2), 9)
	})
}

func TestWhatAnOnlineGroupNoLongerSubscribesToIsClonedOnlyIfToldSo(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("U"), "one")
		p.want(protocol.UpdateConsumerOffset, commit("U", "group", 0, 1), nil, protocol.Success, "")
		p.beat("c", "T")
		clone := protocol.CloneGroupOffsetRequest{SrcGroup: "group", DestGroup: "new", Topic: "U"}
		p.want(protocol.CloneGroupOffset, clone, nil, protocol.Success, "")
		equal(t, "not subscribed", fmt.Sprint(s.node.offsets.TopicsOf("new")), "[]")
		clone.Offline = true
		p.want(protocol.CloneGroupOffset, clone, nil, protocol.Success, "")
		equal(t, "offline", fmt.Sprint(s.node.offsets.TopicsOf("new")), "[U]")
	})
}

func TestOffsetsAreComparedWithTheLowestOfAllGroups(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for group, offset := range map[string]int64{"slow": 3, "fast": 8, "left out": 1} {
			p.want(protocol.UpdateConsumerOffset, commit("T", group, 0, offset), nil, protocol.Success, "")
		}
		lowest := func(compare, filtered string) int64 {
			var body protocol.QueryCorrectionOffsetBody
			h := protocol.QueryCorrectionOffsetRequest{Topic: "T", CompareGroup: compare, FilterGroups: filtered}
			if err := body.Decode(p.want(protocol.QueryCorrectionOffset, h, nil, protocol.Success, "").Body); err != nil {
				t.Fatal(err)
			}
			return body.CorrectionOffsets[0]
		}
		equal(t, "of all", lowest("fast", ""), 1)
		equal(t, "of some", lowest("fast", "left out"), 3)
		equal(t, "that is behind", lowest("left out", "left out"), math.MaxInt64)
		equal(t, "groups left out keep their offsets", p.offset("T", "left out", 0), 1)
	})
}
