package client

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

var ctx = context.Background()

func TestAMessageIsSentAsJavaSendsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 4)
		p := f.open(t, "c1").Producer(ProducerConfig{Group: "g"})
		r, err := p.Send(ctx, &Message{Topic: "T", Tags: "a", Keys: "k1 k2", Body: []byte("hello"), DelayLevel: 3, Properties: map[string]string{"größe": "数"}})
		if err != nil {
			t.Fatal(err)
		}
		h := f.sent[0]
		properties := message.Properties(h.Properties)
		for name, want := range map[string]string{"TAGS": "a", "KEYS": "k1 k2", "WAIT": "true", "DELAY": "3", "größe": "数", "UNIQ_KEY": r.MsgID} {
			if got := string(properties.Get(name)); got != want {
				t.Errorf("property %s is %q, want %q", name, got, want)
			}
		}
		if len(r.MsgID) != 32 || r.Queue.BrokerName != "broker-a" || r.Status != protocol.Success {
			t.Errorf("result %+v", r)
		}
		if string(h.ProducerGroup) != "g" || string(h.DefaultTopic) != "TBW102" || h.DefaultTopicQueueNums != 4 || string(h.BrokerName) != "broker-a" || h.BornTimestamp == 0 {
			t.Errorf("header %+v", h)
		}
	})
}

func TestQueuesAreUsedInTurnUnlessOneIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 4)
		p := f.open(t, "c1").Producer(ProducerConfig{Group: "g"})
		used := map[int32]int{}
		for range 8 {
			r, err := p.Send(ctx, &Message{Topic: "T"})
			if err != nil {
				t.Fatal(err)
			}
			used[r.Queue.QueueID]++
		}
		for q := range int32(4) {
			if used[q] != 2 {
				t.Errorf("queue %d got %d of 8 messages", q, used[q])
			}
		}
		third := protocol.MessageQueue{Topic: "T", BrokerName: "broker-a", QueueID: 2}
		if r, err := p.Send(ctx, &Message{Topic: "T", Queue: &third}); err != nil || r.Queue != third || r.QueueOffset != 2 {
			t.Errorf("sent to %+v, %v", r, err)
		}
		none := protocol.MessageQueue{Topic: "T", BrokerName: "broker-b"}
		if _, err := p.Send(ctx, &Message{Topic: "T", Queue: &none}); !errors.Is(err, ErrNoQueues) {
			t.Errorf("a queue that does not exist: %v", err)
		}
	})
}

func TestATopicThatDoesNotExistIsSentToThroughTBW102(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		p := f.open(t, "c1").Producer(ProducerConfig{Group: "g"})
		var failure *protocol.Error
		if _, err := p.Send(ctx, &Message{Topic: "new"}); !errors.As(err, &failure) || failure.Code != protocol.TopicNotExist {
			t.Errorf("without TBW102: %v", err)
		}
		f.topic("TBW102", 8)
		used := map[int32]bool{}
		for range 8 {
			r, err := p.Send(ctx, &Message{Topic: "new"})
			if err != nil {
				t.Fatal(err)
			}
			used[r.Queue.QueueID] = true
		}
		if len(used) != 4 {
			t.Errorf("%d queues used, want the producer's 4", len(used))
		}
	})
}

func TestARefusalIsTriedAgainOnlyWhereJavaDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		p := f.open(t, "c1").Producer(ProducerConfig{Group: "g"})
		f.refuse = []int32{protocol.ServiceNotAvailable, protocol.SystemError}
		if _, err := p.Send(ctx, &Message{Topic: "T"}); err != nil || len(f.sent) != 3 {
			t.Errorf("ended with %v after %d tries, want success with the third", err, len(f.sent))
		}
		for _, code := range []int32{protocol.SystemBusy, protocol.MessageIllegal} {
			f.sent, f.refuse = nil, []int32{code}
			var failure *protocol.Error
			if _, err := p.Send(ctx, &Message{Topic: "T"}); !errors.As(err, &failure) || failure.Code != code || len(f.sent) != 1 {
				t.Errorf("code %d: ended with %v after %d tries", code, err, len(f.sent))
			}
		}
		f.refuse = []int32{protocol.FlushDiskTimeout}
	})
}

func TestTheSecondNameServerIsAskedAndRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		c := f.open(t, "c1") // whose first name server does not exist
		if _, err := c.Route(ctx, "T"); err != nil {
			t.Fatal(err)
		}
		if c.routes.namesrv.start() != 1 {
			t.Error("the name server that answered is not remembered")
		}
	})
}

func TestABatchLandsInOneQueueWithAnIDEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 4)
		c := f.open(t, "c1")
		var batch []*Message
		for _, body := range []string{"a", "b", "c"} {
			batch = append(batch, &Message{Topic: "T", Body: []byte(body)})
		}
		r, err := c.Producer(ProducerConfig{Group: "g"}).SendBatch(ctx, batch)
		if err != nil {
			t.Fatal(err)
		}
		route, _ := c.Route(ctx, "T")
		got, err := c.Pull(ctx, &route.Subscribe[r.Queue.QueueID], PullRequest{Group: "g"})
		if err != nil || len(got.Messages) != 3 || got.Next != 3 {
			t.Fatalf("pulled %+v, %v", got, err)
		}
		ids := map[string]bool{}
		for i, m := range got.Messages {
			if string(m.Body) != string(batch[i].Body) || m.QueueOffset != int64(i) {
				t.Errorf("message %d: %q at %d", i, m.Body, m.QueueOffset)
			}
			ids[m.MsgID()] = true
		}
		if len(ids) != 3 || !ids[r.MsgID] {
			t.Errorf("ids %v, result %q", ids, r.MsgID)
		}
	})
}

func TestALargeBodyTravelsCompressed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		c := f.open(t, "c1")
		body := bytes.Repeat([]byte("compress me "), 1000)
		p := c.Producer(ProducerConfig{Group: "g"})
		for range 2 {
			if _, err := p.Send(ctx, &Message{Topic: "T", Body: body}); err != nil {
				t.Fatal(err)
			}
		}
		if f.sent[0].SysFlag != message.FlagCompressed {
			t.Errorf("sysFlag %#x", f.sent[0].SysFlag)
		}
		route, _ := c.Route(ctx, "T")
		got, err := c.Pull(ctx, &route.Subscribe[0], PullRequest{Group: "g"})
		if err != nil || len(got.Messages) != 2 {
			t.Fatalf("pulled %+v, %v", got, err)
		}
		for _, m := range got.Messages {
			if !bytes.Equal(m.Body, body) || m.BodyErr != nil {
				t.Errorf("body of %d bytes, %v, want %d", len(m.Body), m.BodyErr, len(body))
			}
		}
		plain := c.Producer(ProducerConfig{Group: "g", CompressOverBytes: -1})
		if _, err := plain.Send(ctx, &Message{Topic: "T", Body: body}); err != nil || f.sent[2].SysFlag != 0 {
			t.Errorf("sysFlag %#x, %v", f.sent[2].SysFlag, err)
		}
	})
}

func TestAsynchronousAndOnewaySends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		c := f.open(t, "c1")
		p := c.Producer(ProducerConfig{Group: "g", AsyncInFlight: 3})
		results := make(chan error, 100)
		for range cap(results) {
			if err := p.SendAsync(ctx, &Message{Topic: "T"}, func(_ SendResult, err error) { results <- err }); err != nil {
				t.Fatal(err)
			}
		}
		p.Wait()
		for range cap(results) {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if err := p.SendOneway(ctx, &Message{Topic: "T", Body: []byte("oneway")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := look(f, func() int { return len(f.sent) }); n != 101 {
			t.Errorf("%d messages arrived, want 101", n)
		}
	})
}

func TestRequestsHaveTheHeaderKindAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		c, err := Open(Config{Namesrv: []string{"namesrv:9876"}, Kind: remoting.ROCKETMQ, Dial: f.network.Dial})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Producer(ProducerConfig{Group: "g"}).Send(ctx, &Message{Topic: "T"}); err != nil {
			t.Fatal(err)
		}
		c.Close()
		if f.kinds[remoting.JSON] != 0 || f.kinds[remoting.ROCKETMQ] < 2 {
			t.Errorf("kinds %v", f.kinds)
		}
	})
}

func TestNameServerLists(t *testing.T) {
	if got, err := ParseNamesrv("10.0.0.1:9876;ns2:9876"); err != nil || len(got) != 2 || got[1] != "ns2:9876" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", ";", "host-without-port"} {
		if _, err := ParseNamesrv(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if _, err := Open(Config{}); !errors.Is(err, ErrNoNamesrv) {
		t.Errorf("a client without name servers: %v", err)
	}
}

func TestWhoAsksHearsOfEachSendThatWasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		var heard []Sent
		p := f.open(t, "c1").Producer(ProducerConfig{Group: "g", Sent: func(s Sent) { heard = append(heard, s) }})
		f.refuse = []int32{protocol.SystemError}
		time.Sleep(time.Minute)
		if _, err := p.Send(ctx, &Message{Topic: "T", Tags: "a", Body: []byte("hello")}); err != nil || len(f.sent) != 2 || len(heard) != 1 {
			t.Fatalf("%v, %d attempts, %d of them heard of, want the second", err, len(f.sent), len(heard))
		}
		s := heard[0]
		if string(s.Properties.Get(message.PropertyTags)) != "a" || s.Topic != "T" || s.BodyBytes != 5 || s.MsgIDs != s.Result.MsgID || s.Addr == "" || time.Since(s.Begun) > time.Second {
			t.Errorf("heard of %+v", s)
		}
		r, err := p.SendBatch(ctx, []*Message{{Topic: "T"}, {Topic: "T"}})
		if err != nil || len(heard) != 2 {
			t.Fatal(err)
		}
		if ids := strings.Split(heard[1].MsgIDs, ","); len(ids) != 2 || ids[0] != r.MsgID || ids[1] == ids[0] {
			t.Errorf("ids %q of a batch that begins with %q", ids, r.MsgID)
		}
		if err := p.SendAsync(ctx, &Message{Topic: "T"}, func(SendResult, error) {
			if len(heard) != 3 {
				t.Errorf("%d sends were heard of before the third was told", len(heard))
			}
		}); err != nil {
			t.Fatal(err)
		}
		p.Wait()
	})
}
