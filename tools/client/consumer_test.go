package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/protocol"
)

// inbox is a handler that keeps what it was given.
type inbox struct {
	mu   sync.Mutex
	got  map[string]int // bodies
	fail map[string]int // bodies whose first so many deliveries fail
}

func newInbox() *inbox { return &inbox{got: map[string]int{}, fail: map[string]int{}} }

func (i *inbox) handle(_ context.Context, m *Received) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got[string(m.Body)]++
	if i.fail[string(m.Body)] > 0 {
		i.fail[string(m.Body)]--
		return errors.New("not now")
	}
	return nil
}

func (i *inbox) bodies() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Sorted(maps.Keys(i.got))
}

func sendAll(t *testing.T, p *Producer, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if _, err := p.Send(ctx, &Message{Topic: "T", Body: fmt.Appendf(nil, "m%03d", n)}); err != nil {
			t.Fatal(err)
		}
	}
}

func consume(t *testing.T, c *Client, config PushConfig, i *inbox) *PushConsumer {
	t.Helper()
	config.Group, config.Topic = "g", "T"
	p, err := c.Consume(ctx, config, i.handle)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAMemberConsumesEverythingAndCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 4)
		c := f.open(t, "c1")
		producer := c.Producer(ProducerConfig{Group: "p"})
		sendAll(t, producer, 0, 100)
		i := newInbox()
		p := consume(t, c, PushConfig{FromWhere: FromFirstOffset}, i)
		sendAll(t, producer, 100, 200) // while pulls are held
		synctest.Wait()
		if n := len(i.bodies()); n != 200 {
			t.Errorf("%d messages consumed, want 200", n)
		}
		time.Sleep(6 * time.Second) // a commit period
		for q := range int32(4) {
			if at := look(f, func() int64 { return f.offsets[key("g", "T", q)] }); at != 50 {
				t.Errorf("queue %d is committed at %d, want 50", q, at)
			}
		}
		p.Close()
		if look(f, func() int { return len(f.members["g"]) }) != 0 {
			t.Error("a closed consumer is still a member")
		}
	})
}

func TestANewGroupBeginsAtTheEndUnlessToldOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		c := f.open(t, "c1")
		producer := c.Producer(ProducerConfig{Group: "p"})
		sendAll(t, producer, 0, 3)
		i := newInbox()
		p := consume(t, c, PushConfig{}, i)
		defer p.Close()
		sendAll(t, producer, 3, 5)
		synctest.Wait()
		if got := i.bodies(); !slices.Equal(got, []string{"m003", "m004"}) {
			t.Errorf("consumed %v", got)
		}
	})
}

func TestAGroupGoesOnWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 2)
		c := f.open(t, "c1")
		producer := c.Producer(ProducerConfig{Group: "p"})
		sendAll(t, producer, 0, 10)
		first := newInbox()
		p := consume(t, c, PushConfig{FromWhere: FromFirstOffset}, first)
		synctest.Wait()
		p.Close() // commits
		sendAll(t, producer, 10, 20)
		second := newInbox()
		p = consume(t, c, PushConfig{}, second)
		defer p.Close()
		synctest.Wait()
		if len(first.bodies()) != 10 || len(second.bodies()) != 10 || second.bodies()[0] != "m010" {
			t.Errorf("consumed %v, then %v", first.bodies(), second.bodies())
		}
	})
}

func TestMembersShareTheQueuesAndTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 5)
		one, two := f.open(t, "c1"), f.open(t, "c2")
		a := consume(t, one, PushConfig{}, newInbox())
		b := consume(t, two, PushConfig{}, newInbox())
		synctest.Wait() // both are notified
		// The retry topic's one queue is the first member's.
		if got := queueIDs(a, "T"); !slices.Equal(got, []int32{0, 1, 2}) {
			t.Errorf("the first member has %v", got)
		}
		if got := queueIDs(b, "T"); !slices.Equal(got, []int32{3, 4}) {
			t.Errorf("the second member has %v", got)
		}
		if len(queueIDs(a, "%RETRY%g")) != 1 || len(queueIDs(b, "%RETRY%g")) != 0 {
			t.Error("the retry queue is not the first member's alone")
		}
		b.Close()
		synctest.Wait()
		if got := queueIDs(a, "T"); len(got) != 5 {
			t.Errorf("after the other left, the first member has %v", got)
		}
		a.Close()
	})
}

func queueIDs(p *PushConsumer, topic string) (ids []int32) {
	for _, q := range p.Queues() {
		if q.Topic == topic {
			ids = append(ids, q.QueueID)
		}
	}
	return ids
}

func TestAMessageThatFailsComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		c := f.open(t, "c1")
		i := newInbox()
		i.fail["m000"] = 1
		p := consume(t, c, PushConfig{}, i)
		defer p.Close()
		sendAll(t, c.Producer(ProducerConfig{Group: "p"}), 0, 1)
		time.Sleep(25 * time.Second) // the retry topic is known with the next rebalance at the latest
		if got := i.bodies(); !slices.Equal(got, []string{"again", "m000"}) {
			t.Errorf("consumed %v", got)
		}
		h := look(f, func() protocol.ConsumerSendMsgBackRequest { return f.returned[0] })
		if h.Group != "g" || h.OriginTopic != "T" || len(h.OriginMsgID) != 32 || h.BrokerName != "broker-a" {
			t.Errorf("given back as %+v", h)
		}
	})
}

func TestOnlyTheTagsAskedForAreConsumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		c := f.open(t, "c1")
		i := newInbox()
		p := consume(t, c, PushConfig{Expression: "a || b"}, i)
		defer p.Close()
		producer := c.Producer(ProducerConfig{Group: "p"})
		for _, tag := range []string{"a", "b", "c", ""} {
			if _, err := producer.Send(ctx, &Message{Topic: "T", Tags: tag, Body: []byte("tag " + tag)}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(6 * time.Second)
		if got := i.bodies(); !slices.Equal(got, []string{"tag a", "tag b"}) {
			t.Errorf("consumed %v", got)
		}
		if at := look(f, func() int64 { return f.offsets[key("g", "T", 0)] }); at != 4 {
			t.Errorf("committed at %d, want 4: what is not wanted is done", at)
		}
		s := look(f, func() protocol.SubscriptionData { return f.beats[0].ConsumerDataSet[0].SubscriptionDataSet[0] })
		if s.SubString != "a || b" || !slices.Equal(s.TagsSet, []string{"a", "b"}) || !slices.Equal(s.CodeSet, []int32{97, 98}) {
			t.Errorf("subscribed %+v", s)
		}
	})
}

func TestNothingUnconsumedIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		c := f.open(t, "c1")
		release := make(chan struct{})
		p, err := c.Consume(ctx, PushConfig{Group: "g", Topic: "T", Threads: 5}, func(_ context.Context, m *Received) error {
			if string(m.Body) == "m002" {
				<-release
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		sendAll(t, c.Producer(ProducerConfig{Group: "p"}), 0, 10)
		time.Sleep(10 * time.Second)
		committed := func() int64 { return look(f, func() int64 { return f.offsets[key("g", "T", 0)] }) }
		if at := committed(); at != 2 {
			t.Errorf("committed at %d while message 2 is being consumed", at)
		}
		close(release)
		p.Close()
		if at := committed(); at != 10 {
			t.Errorf("committed at %d after the close, want 10", at)
		}
	})
}

func TestBroadcastingMembersGetEverythingAndCommitNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 2)
		one, two := f.open(t, "c1"), f.open(t, "c2")
		i, j := newInbox(), newInbox()
		a := consume(t, one, PushConfig{Broadcasting: true}, i)
		b := consume(t, two, PushConfig{Broadcasting: true}, j)
		sendAll(t, one.Producer(ProducerConfig{Group: "p"}), 0, 10)
		time.Sleep(20 * time.Second)
		a.Close()
		b.Close()
		if len(i.bodies()) != 10 || len(j.bodies()) != 10 {
			t.Errorf("consumed %d and %d, want 10 each", len(i.bodies()), len(j.bodies()))
		}
		if n := look(f, func() int { return len(f.offsets) }); n != 0 {
			t.Errorf("%d offsets committed", n)
		}
	})
}

func TestAnOffsetOutOfRangeIsCorrected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		f.offsets[key("g", "T", 0)] = 1000
		c := f.open(t, "c1")
		i := newInbox()
		p := consume(t, c, PushConfig{}, i)
		defer p.Close()
		synctest.Wait() // the queue is at its end now
		sendAll(t, c.Producer(ProducerConfig{Group: "p"}), 0, 2)
		synctest.Wait()
		if n := len(i.bodies()); n != 2 {
			t.Errorf("%d messages consumed, want 2", n)
		}
	})
}

func TestQueuesAreDividedAsJavaDividesThem(t *testing.T) {
	members := []string{"c", "a", "b"}
	for self, want := range map[string][2]int{"a": {0, 4}, "b": {4, 7}, "c": {7, 10}} {
		if from, to, err := Allocate(10, members, self); err != nil || [2]int{from, to} != want {
			t.Errorf("%s has %d to %d, %v, want %v", self, from, to, err, want)
		}
	}
	if from, to, err := Allocate(1, members, "c"); err != nil || from != to {
		t.Errorf("the third of three members has %d to %d of one queue, %v", from, to, err)
	}
	if _, _, err := Allocate(1, members, "d"); err == nil {
		t.Error("who is no member got a share")
	}
}
