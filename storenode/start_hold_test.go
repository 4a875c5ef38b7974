package storenode

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
)

var listOfGroup = protocol.GetConsumerListByGroupRequest{ConsumerGroup: "group"}

// list asks for the group's consumers; the answer's body, or its code and remark,
// comes with the time it took.
func (p *peer) list() func() (string, time.Duration) {
	answer := p.later(protocol.GetConsumerListByGroup, listOfGroup, nil)
	return func() (string, time.Duration) {
		c, took := answer()
		if c == nil || c.Code != protocol.Success {
			return fmt.Sprintf("%+v", c), took
		}
		var list protocol.GetConsumerListByGroupResponseBody
		if err := list.Decode(c.Body); err != nil {
			p.s.t.Error(err)
		}
		return fmt.Sprint(list.ConsumerIDList), took
	}
}

func TestListsAreKeptBackAfterTheStart(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		a, b := s.dial(), s.dial()
		a.beat("a", "T")
		asked := a.list()
		time.Sleep(time.Second)
		b.beat("b", "T")
		second := b.list()
		ids, took := asked()
		equal(t, "who asked first is told", ids, "[a b]")
		about(t, "after", took, startHoldBound)
		ids, took = second()
		equal(t, "who asked later is told", ids, "[a b]")
		about(t, "after", took, startHoldBound-time.Second)
		equal(t, "a's notices of the start", a.noticed(), "40 group")
		c := s.dial()
		c.beat("c", "T")
		ids, took = c.list()()
		equal(t, "later on", ids, "[a b c]")
		about(t, "after", took, 0)
		equal(t, "a's notices", a.noticed(), "40 group")
	})
}

func TestListsComeWhenEveryProxyKnownHasAnnouncedItsClients(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.node.KnowProxies([]string{"one", "two"})
		one := s.dialProxyAs("one")
		one.open(1, "10.7.7.7:4711")
		one.ask(1, envelope.Control, protocol.HeartBeat, nil, heartbeat("a", "group", protocol.Clustering, "T"))
		one.announced()
		asked := s.dial().list()
		time.Sleep(200 * time.Millisecond)
		two := s.dialProxyAs("two")
		two.open(1, "10.7.7.8:4711")
		two.ask(1, envelope.Control, protocol.HeartBeat, nil, heartbeat("b", "group", protocol.Clustering, "T"))
		time.Sleep(200 * time.Millisecond)
		two.announced()
		ids, took := asked()
		equal(t, "list", ids, "[a b]")
		about(t, "after", took, 400*time.Millisecond)
	})
}

func TestAProxyThatIsKnownNoMoreIsNotWaitedFor(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.node.KnowProxies([]string{"one", "dead"})
		s.dialProxyAs("one").announced()
		a := s.dial()
		a.beat("a", "T")
		asked := a.list()
		time.Sleep(300 * time.Millisecond)
		s.node.KnowProxies([]string{"one"})
		ids, took := asked()
		equal(t, "list", ids, "[a]")
		about(t, "after", took, 300*time.Millisecond)
	})
}

func TestNoProxyKnownIsNoReasonToHurry(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.node.KnowProxies(nil)
		s.dialProxyAs("one").announced()
		_, took := s.dialJava().list()()
		about(t, "after", took, startHoldBound)
	})
}

func TestWhereNobodyIsKnownAfterTheHoldJavaHearsSoAndGoHearsNothing(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		java := s.dialJava().list()
		if c := s.dial().askWithin(2500*time.Millisecond, protocol.GetConsumerListByGroup, listOfGroup, nil); c != nil {
			t.Errorf("Go was answered %d", c.Code)
		}
		_, took := java()
		about(t, "Java is answered after", took, startHoldBound)
	})
}

func TestWhatIsKeptBackIsBounded(t *testing.T) {
	withNode(t, func(c *Config) { c.HeldLists = 2 }, func(s *scene) {
		p := s.dialJava()
		first, second, third := p.list(), p.list(), p.list()
		_, took := third()
		about(t, "the third is answered after", took, 0)
		for _, kept := range []func() (string, time.Duration){first, second} {
			_, took := kept()
			about(t, "the others after", took, startHoldBound)
		}
	})
}

func TestAStopEndsWhatIsKeptBack(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dialJava()
		p.beat("a", "T")
		asked := p.list()
		s.close()
		if ids, took := asked(); ids == "[a]" || took > time.Second {
			t.Errorf("told %s after %v", ids, took)
		}
	})
}

func TestTheStartsNoticesAreOnePerClient(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		var all []*peer
		for i := range 5 {
			p := s.dial()
			p.beat(fmt.Sprint("c", i), "T")
			all = append(all, p)
			time.Sleep(200 * time.Millisecond)
		}
		s.allKnown()
		for _, p := range all {
			equal(t, "notices", p.noticed(), "40 group")
		}
	})
}

func TestAClientBehindSeveralProxiesIsAskedOverItsLatestSession(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.allKnown()
		beat := heartbeat("spread", "group", protocol.Clustering, "T")
		old, latest := s.dialProxyAs("one"), s.dialProxyAs("two")
		for _, p := range []*proxyLinks{old, latest} {
			p.open(1, "10.7.7.7:4711")
			p.ask(1, envelope.Control, protocol.HeartBeat, nil, beat)
		}
		time.Sleep(time.Second)
		old.take()
		latest.take()
		other := s.dial()
		other.beat("other", "T")
		other.noticed()
		equal(t, "notices over the older session", asks(old), 0)
		equal(t, "over the latest", asks(latest), 1)
		equal(t, "members", other.members(), "[other spread]")

		old.ask(1, envelope.Control, protocol.HeartBeat, nil, beat) // the client's route has come back
		other.noticed()
		other.beat("other", "T", "U")
		other.noticed()
		equal(t, "over the one it came back to", asks(old), 1)
		equal(t, "over the other", asks(latest), 0)

		old.cut()
		equal(t, "members when one proxy is gone", other.members(), "[other spread]")
		equal(t, "notices of that", other.noticed(), "")
		other.beat("other", "T")
		other.noticed()
		equal(t, "over the one that is left", asks(latest), 1)
		latest.cut()
		equal(t, "members when both are", other.members(), "[other]")
		equal(t, "notices", other.noticed(), "40 group")
	})
}

// asks counts what a proxy's clients were asked since.
func asks(p *proxyLinks) (count int) {
	for _, r := range p.take() {
		if r.envelope.Kind == envelope.Ask {
			count++
		}
	}
	return count
}

func TestAPullOverAnotherProxyIsServedBeforeItsHeartbeat(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		tagged := to("T")
		tagged.Properties = props("TAGS", "wanted")
		s.dial().send(tagged, "m")
		one := s.dialProxyAs("one")
		one.open(1, "10.7.7.7:4711")
		one.ask(1, envelope.Control, protocol.HeartBeat, nil, heartbeat("spread", "group", protocol.Clustering, "T"))
		time.Sleep(2 * time.Second)
		unsubscribed := from("T", 0, 0)
		unsubscribed.SysFlag, unsubscribed.Subscription = 0, nil // what the group wants is the node's to know
		pull := func(proxy string) int32 {
			p := s.dialProxyAs(proxy)
			p.open(1, "10.7.7.7:4711")
			p.take()
			p.ask(1, envelope.Pulls, protocol.PullMessage, unsubscribed, nil)
			return p.answer().Code
		}
		equal(t, "over another proxy", pull("two"), protocol.Success)
		for name, restart := range map[string]func(){"a restart": s.restart, "a kill": func() { s.kill(); s.open() }} {
			restart()
			equal(t, "after "+name, pull("three "+name), protocol.Success)
		}
		synctest.Wait()
	})
}
