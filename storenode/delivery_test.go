package storenode

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gantry/remoting/protocol"
)

func TestADelayedMessageIsDeliveredWhenItIsDue(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		h := to("T")
		h.QueueID, h.Properties = 1, props("DELAY", "3", "TAGS", "a", "UNIQ_KEY", "u")
		p.send(h, "m")
		pull := held("T", 1, 0)
		pull.Subscription = []byte("a")
		c, took := p.later(protocol.PullMessage, pull, nil)()
		about(t, "delivered after", took, 10*time.Second)
		m := messages(t, c.Body)[0]
		equal(t, "topic", m.Topic, "T")
		equal(t, "queue", m.QueueID, 1)
		equal(t, "body", string(m.Body), "m")
		equal(t, "born", m.BornTimestamp, 1234)
		for name, value := range map[string]string{"DELAY": "3", "TAGS": "a", "UNIQ_KEY": "u", "REAL_TOPIC": "T"} {
			equal(t, name, string(m.Properties.Get(name)), value)
		}
	})
}

func TestARetryIsDeliveredToItsGroup(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		p.want(protocol.ConsumerSendMsgBack, back(p.one("T", 0), 1), nil, protocol.Success, "")
		c, took := p.later(protocol.PullMessage, held("%RETRY%g", 0, 0), nil)()
		equal(t, "code", c.Code, protocol.Success)
		equal(t, "in time", took < 2*time.Second, true)
	})
}

func TestADelayGoesOnWhileTheNodeIsDown(t *testing.T) {
	for _, end := range []func(*scene){(*scene).close, (*scene).kill} {
		withNode(t, nil, func(s *scene) {
			h := to("T")
			h.Properties = props("DELAY", "5") // a minute
			s.dial().send(h, "m")
			end(s)
			time.Sleep(50 * time.Second)
			s.open()
			c, took := s.dial().later(protocol.PullMessage, held("T", 0, 0), nil)()
			equal(t, "code", c.Code, protocol.Success)
			equal(t, "in time", took > 9*time.Second && took < 11*time.Second, true)
			time.Sleep(time.Minute)
			equal(t, "delivered", len(s.dial().stored("T", 0)), 1)
		})
	}
}

// Progress reaches the disk each second here, the log's end after ten.
func TestADelayedMessageSurvivesALossOfPowerAfterItsDelivery(t *testing.T) {
	for seed := range uint64(10) {
		withNode(t, func(c *Config) { c.FlushDelayOffsetMillis = 1000 }, func(s *scene) {
			h := to("T")
			h.Properties = props("DELAY", "4") // 30 s
			time.Sleep(5 * time.Second)
			s.dial().send(h, "m")
			time.Sleep(32 * time.Second)
			equal(t, "delivered", len(s.dial().stored("T", 0)), 1)
			s.fs.Halt()
			s.node.Close(context.Background()) // only so that its goroutines end; it cannot write any more
			s.node, s.fs = nil, s.fs.AfterPowerLoss(rand.New(rand.NewPCG(seed, 0)))
			s.log.take()
			s.open()
			time.Sleep(time.Second)
			equal(t, fmt.Sprintf("seed %d: still there", seed), len(s.dial().stored("T", 0)), 1)
		})
	}
}

func TestADeliveryThatTheDiskRefusesComesLater(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		h := to("T")
		h.Properties = props("DELAY", "1")
		p.send(h, "m")
		full := failWrites(s.fs)
		time.Sleep(5 * time.Second)
		full.Store(false)
		time.Sleep(5 * time.Second)
		equal(t, "body", string(p.one("T", 0).Body), "m")
	})
}

func TestADelayedMessageThatTheDiskHasChangedHoldsUpNobody(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for _, body := range []string{"damaged", "sound"} {
			h := to("T")
			h.Properties = props("DELAY", "3")
			p.send(h, body)
		}
		file, err := s.fs.Open("/store/commitlog/00000000000000000000")
		head := make([]byte, 4096)
		if err == nil {
			_, err = file.ReadAt(head, 0)
		}
		if err == nil {
			_, err = file.WriteAt([]byte("D"), int64(bytes.Index(head, []byte("damaged"))))
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second)
		var got []string
		for _, m := range p.stored("T", 0) {
			got = append(got, string(m.Body))
		}
		if !slices.Equal(got, []string{"sound"}) {
			t.Errorf("delivered %q", got)
		}
	})
}
