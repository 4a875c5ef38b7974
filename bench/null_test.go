package bench

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

func TestATemplateIsTheAnswerItWasMadeOf(t *testing.T) {
	header := &protocol.SendMessageResponse{MsgID: []byte("id"), QueueID: 3, Region: "DefaultRegion"}
	made := newTemplate(&remoting.Response{Header: header})
	for _, kind := range []remoting.HeaderKind{remoting.JSON, remoting.ROCKETMQ} {
		for _, opaque := range []int32{0, 7, -1, 1<<31 - 1} {
			want := remoting.AppendResponse(nil, kind, opaque, &remoting.Response{Header: header})
			if got := made.append([]byte("before"), kind, opaque); string(got[6:]) != string(want) {
				t.Errorf("kind %d opaque %d: %q, want %q", kind, opaque, got[6:], want)
			}
		}
	}
}

// Each request that stock clients send must be answered with what lets them go on.
func TestTheNullServerLetsClientsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 3})
		c, err := client.Open(clientOf(network.Dial))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx := context.Background()
		queue := protocol.MessageQueue{Topic: "T", BrokerName: nullBrokerName}
		for _, r := range []*remoting.Request{
			{Code: protocol.GetBrokerClusterInfo},
			{Code: protocol.UpdateConsumerOffset}, {Code: protocol.ConsumerSendMsgBack}, {Code: protocol.CheckClientConfig},
			{Code: protocol.UnlockBatchMQ}, {Code: protocol.QueryConsumerOffset}, {Code: protocol.GetMaxOffset}, {Code: protocol.GetMinOffset},
			{Code: protocol.LockBatchMQ, Body: protocol.LockBatchRequestBody{ClientID: "c", ConsumerGroup: "g", MQSet: protocol.Set[protocol.MessageQueue]{queue}}.Encode()},
		} {
			if _, err := c.Call(ctx, nullAddr, r); err != nil {
				t.Errorf("code %d: %v", r.Code, err)
			}
		}
		if answer, err := c.Invoke(ctx, nullAddr, &remoting.Request{Code: 999}); err != nil || answer.Code != protocol.RequestCodeNotSupported {
			t.Errorf("an unknown code: %+v, %v", answer, err)
		}
		if answer, err := c.Invoke(ctx, nullAddr, &remoting.Request{Code: protocol.HeartBeat, Body: []byte("no JSON")}); err != nil || answer.Code != protocol.SystemError {
			t.Errorf("a bad body: %+v, %v", answer, err)
		}
	})
}

func TestTheNullServerHoldsPullsItHasNothingFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 1})
		c, err := client.Open(clientOf(network.Dial))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		route, err := c.Route(context.Background(), "T")
		if err != nil {
			t.Fatal(err)
		}
		for holdMillis, want := range map[int]time.Duration{0: 0, 15_000: 15 * time.Second} {
			start := time.Now()
			r, err := c.Pull(context.Background(), &route.Subscribe[0], client.PullRequest{Group: "g", Offset: 5, HoldMillis: holdMillis})
			if err != nil || r.Code != protocol.PullNotFound || r.Next != 5 || time.Since(start) != want {
				t.Errorf("held for %v: %+v, %v, want %v", time.Since(start), r, err, want)
			}
		}
	})
}

func TestMembersOfTheNullServerShareTheQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 4})
		var members []*client.PushConsumer
		for range 2 {
			c, err := client.Open(clientOf(network.Dial))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			p, err := c.Consume(context.Background(), client.PushConfig{Group: "g", Topic: "T"}, func(context.Context, *client.Received) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			members = append(members, p)
			time.Sleep(time.Millisecond) // another client id
		}
		synctest.Wait()
		for i, p := range members {
			if n := len(p.Queues()); n != 4 { // half of two topics' four
				t.Errorf("member %d has %d queues", i, n)
			}
		}
		members[1].Close()
		synctest.Wait()
		if n := len(members[0].Queues()); n != 8 {
			t.Errorf("who stayed has %d queues", n)
		}
		members[0].Close()
	})
}

func BenchmarkNullSend(b *testing.B) {
	n, err := newNullServer(NullOptions{QueueNums: 1})
	if err != nil {
		b.Fatal(err)
	}
	frame := remoting.AppendRequest(nil, 7, &remoting.Request{Code: protocol.SendMessageV2, Kind: remoting.ROCKETMQ, Body: make([]byte, 1024),
		Header: &protocol.SendMessageRequest{ProducerGroup: []byte("g"), Topic: []byte("T"), DefaultTopic: []byte("TBW102")}})
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		s, err := remoting.Summarize(frame)
		if err != nil {
			b.Fatal(err)
		}
		out = n.sent.append(out[:0], s.Kind, s.Opaque)
	}
}
