package compat

import (
	"net"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
	"gantry/tools/localcluster"
)

// routedGuests are so many hosts that they do not all have the same one of two proxies.
const routedGuests = 12

// askerAndReplier ask each other through different proxies.
type askerAndReplier struct {
	kinds  string
	asker  *stage.Producer
	topic  string
	number int32 // of the next question
}

// A proxy dies between who asks and who replies, first that of the one, then that of the other, and then the node.
func TestRequestsAreAnsweredAcrossProxiesThroughTheEndOfEach(t *testing.T) {
	t.Parallel()
	config := clusterConfig(t, 2, "a")
	config.Namespaces, config.Guests = true, routedGuests
	cluster := localcluster.Start(t, config)
	behind := guestsBehind(t, cluster)
	clients := func(proxy *localcluster.Member) map[agent.Kind]*stage.Client {
		on := func(name string, args ...string) *exec.Cmd { return cluster.Command(behind[proxy], name, args...) }
		srv := clusterServer{namesrv: cluster.Namesrv()}
		return map[agent.Kind]*stage.Client{
			agent.Java498: theatre.ClientOn(t, on, agent.Java498, srv, "gantry.compat.clockMillis=5000"), agent.Go212: theatre.ClientOn(t, on, agent.Go212, srv),
		}
	}
	ask, reply := cluster.Proxies[0], cluster.Proxies[1]
	askers, repliers := clients(ask), clients(reply)
	pairs := []*askerAndReplier{
		newAskerAndReplier(askers[agent.Java498], repliers[agent.Go212]), newAskerAndReplier(askers[agent.Go212], repliers[agent.Java498]),
	}
	for _, p := range pairs {
		p.awaitReply(t, "at the start")
	}
	for _, dying := range []*localcluster.Member{ask, reply} {
		must(t, dying.Kill())
		for _, p := range pairs {
			p.awaitReply(t, "after the end of "+dying.Name)
		}
		must(t, dying.Start())
		must(t, cluster.AwaitReady(t.Context()))
	}
	node := cluster.Nodes[0]
	must(t, node.Kill())
	must(t, node.Start())
	for _, p := range pairs {
		p.awaitReply(t, "after the end of "+node.Name)
	}
}

// guestsBehind is for each proxy a guest whose route to the shard leads through it, once the proxy that gives routes knows of
// the other.
func guestsBehind(t *testing.T, cluster *localcluster.Cluster) map[*localcluster.Member]int {
	t.Helper()
	behind := map[*localcluster.Member]int{}
	stage.Eventually(t, settleTime, "hosts are routed through every proxy", func() bool {
		clear(behind)
		for guest := range routedGuests {
			host := routedTo(t, cluster, guest)
			for _, p := range cluster.Proxies {
				if p.IP == host {
					behind[p] = guest
				}
			}
		}
		return len(behind) == len(cluster.Proxies)
	})
	return behind
}

var brokerAddress = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+:\d+`)

// routedTo is the host that a guest's route to the shard leads to.
func routedTo(t *testing.T, cluster *localcluster.Cluster, guest int) string {
	t.Helper()
	route, err := cluster.Command(guest, clusterConfig(t, 0).Binary, "mqadmin", "topicRoute", "-n", cluster.Proxies[0].Address, "-t", "TBW102").Output()
	must(t, err)
	host, _, err := net.SplitHostPort(string(brokerAddress.Find(route)))
	must(t, err)
	return host
}

func newAskerAndReplier(asker, replier *stage.Client) *askerAndReplier {
	topic := asker.Topic(2)
	answers := replier.Producer()
	replier.Push(agent.PushConsumer{Group: replier.Unique("group"), Topics: map[string]string{topic: "*"}, FromFirst: true, Replier: answers.Member()})
	return &askerAndReplier{kinds: string(asker.Kind + " asks " + replier.Kind), asker: asker.Producer(), topic: topic}
}

// awaitReply asks until a question is answered, and then a few times more: nothing but a fault leaves one unanswered.
func (p *askerAndReplier) awaitReply(t *testing.T, when string) {
	t.Helper()
	began, tries := time.Now(), 0
	stage.Eventually(t, settleTime, p.kinds+" "+when, func() bool {
		tries++
		return p.ask(t) == nil
	})
	t.Logf("%s %s: answered after %.1f s, question %d", p.kinds, when, time.Since(began).Seconds(), tries)
	for range 3 {
		if err := p.ask(t); err != nil {
			t.Errorf("%s %s, and then: %v", p.kinds, when, err)
		}
	}
}

func (p *askerAndReplier) ask(t *testing.T) error {
	m := agent.Message{Topic: p.topic, BodyBytes: 50, Seed: p.number}
	p.number++
	reply, err := p.asker.Ask(m, 5*time.Second)
	if err == nil && reply.BodyCRC != bodyCRC(m) {
		t.Errorf("%s: question %d got another's reply", p.kinds, m.Seed)
	}
	return err
}
