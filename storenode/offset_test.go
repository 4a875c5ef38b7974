package storenode

import (
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// offset is what 14 answers; -1 where it says that there is none.
func (p *peer) offset(topic, group string, queueID int32) int64 {
	p.s.t.Helper()
	c := p.ask(protocol.QueryConsumerOffset, protocol.QueryConsumerOffsetRequest{Topic: topic, ConsumerGroup: group, QueueID: queueID, SetZeroIfNotFound: true}, nil)
	if c.Code == protocol.QueryNotFound {
		return -1
	}
	var h protocol.QueryConsumerOffsetResponse
	if err := h.Decode(c.Ext); err != nil || c.Code != protocol.Success {
		p.s.t.Fatalf("offset: code %d, %v", c.Code, err)
	}
	return h.Offset
}

func commit(topic, group string, queueID int32, offset int64) protocol.UpdateConsumerOffsetRequest {
	return protocol.UpdateConsumerOffsetRequest{Topic: topic, ConsumerGroup: group, QueueID: queueID, CommitOffset: offset}
}

func TestAnOffsetIsTheLastCommit(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for _, offset := range []int64{7, 3} { // a client may go back
			p.want(protocol.UpdateConsumerOffset, commit("T", "g", 1, offset), nil, protocol.Success, "")
			equal(t, "offset", p.offset("T", "g", 1), offset)
		}
		p.client.Oneway(&remoting.Request{Code: protocol.UpdateConsumerOffset, Header: commit("T", "g", 1, 5)})
		settle()
		equal(t, "offset", p.offset("T", "g", 1), 5)
	})
}

func TestOffsetsAndGroupsOutliveTheNode(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		h := to("T")
		h.QueueID = 1
		for range 9 {
			p.send(h, "m")
		}
		p.want(protocol.UpdateConsumerOffset, commit("T", "g", 1, 7), nil, protocol.Success, "")
		p.want(protocol.HeartBeat, nil, heartbeat("c", "made by use", protocol.Clustering, "T"), protocol.Success, "")
		s.restart()
		equal(t, "after a stop", s.dial().offset("T", "g", 1), 7)
		if s.node.groups.Get([]byte("made by use")) == nil {
			t.Error("the group is gone")
		}
		s.dial().want(protocol.UpdateConsumerOffset, commit("T", "g", 1, 9), nil, protocol.Success, "")
		time.Sleep(time.Duration(s.config.FlushOffsetIntervalMillis+1) * time.Millisecond)
		s.kill()
		s.open()
		equal(t, "after a kill and the flush interval", s.dial().offset("T", "g", 1), 9)
	})
}

func TestANewGroupOnAQueueInMemoryBeginsAtZero(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		settle()
		equal(t, "a queue with a message", p.offset("T", "new", 0), 0)
		equal(t, "a queue without", p.offset("T", "new", 1), 0)
		p.want(protocol.QueryConsumerOffset, protocol.QueryConsumerOffsetRequest{Topic: "T", ConsumerGroup: "new"}, nil, protocol.QueryNotFound, "V3_0_6_SNAPSHOT")
	})
}

func TestTheEndsOfAQueue(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		began := time.Now().UnixMilli()
		for range 3 {
			time.Sleep(time.Second)
			p.send(to("T"), "m")
		}
		settle()
		long := func(code int32, h remoting.Header, field string) int64 {
			r := p.want(code, h, nil, protocol.Success, "").Ext.Reader()
			return r.Int64(field)
		}
		equal(t, "max", long(protocol.GetMaxOffset, protocol.GetMaxOffsetRequest{Topic: "T"}, "offset"), 3)
		equal(t, "max of no queue", long(protocol.GetMaxOffset, protocol.GetMaxOffsetRequest{Topic: "N"}, "offset"), 0)
		equal(t, "min", long(protocol.GetMinOffset, protocol.GetMinOffsetRequest{Topic: "T"}, "offset"), 0)
		equal(t, "min of no queue", long(protocol.GetMinOffset, protocol.GetMinOffsetRequest{Topic: "N"}, "offset"), 0)
		for after, want := range map[int64]int64{0: 0, 2010: 1, 9000: 2} {
			h := protocol.SearchOffsetByTimestampRequest{Topic: "T", Timestamp: began + after}
			equal(t, "by time", long(protocol.SearchOffsetByTimestamp, h, "offset"), want)
		}
		equal(t, "earliest", long(protocol.GetEarliestMsgStoreTime, protocol.GetEarliestMsgStoreTimeRequest{Topic: "T"}, "timestamp"), began+1000)
		for _, code := range []int32{protocol.QueryConsumerOffset, protocol.UpdateConsumerOffset, protocol.GetMaxOffset, protocol.GetMinOffset,
			protocol.SearchOffsetByTimestamp, protocol.GetEarliestMsgStoreTime} {
			p.want(code, nil, nil, protocol.SystemError, "> is null")
		}
	})
}

func TestATimeIsSearchedByTheBoundaryThatIsStated(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "one")
		between := time.Now().Add(time.Minute).UnixMilli()
		time.Sleep(time.Hour)
		p = s.dial()
		p.send(to("T"), "two")
		for _, row := range []struct {
			at       int64
			boundary string
			want     int64
		}{
			{between, "LOWER", 1}, {between, "UPPER", 0}, {between, "", 0}, {1, "lower", 0},
			{time.Now().Add(time.Hour).UnixMilli(), "LOWER", 2}, {time.Now().Add(time.Hour).UnixMilli(), "upper", 1}, {time.Now().Add(time.Hour).UnixMilli(), "", 1},
		} {
			var found protocol.SearchOffsetByTimestampResponse
			h := protocol.SearchOffsetByTimestampRequest{Topic: "T", Timestamp: row.at, BoundaryType: row.boundary}
			if err := found.Decode(p.want(protocol.SearchOffsetByTimestamp, h, nil, protocol.Success, "").Ext); err != nil {
				t.Fatal(err)
			}
			equal(t, row.boundary, found.Offset, row.want)
		}
	})
}
