package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gantry/membership/gossip"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// town is proxies and nodes as processes, each on a loopback address of its own
// and all on the same ports.
type town struct {
	t                   *testing.T
	ask, shards, gossip int // ports
}

func newTown(t *testing.T) town {
	one, other := freePorts(t)
	return town{t, one, other, takenPortOnce(t)}
}

// takenPortOnce is a port that was free a moment ago.
func takenPortOnce(t *testing.T) int {
	one, _ := freePorts(t)
	return one
}

func (w town) proxy(host string, seeds ...string) *process {
	w.t.Helper()
	config := write(w.t, filepath.Join(w.t.TempDir(), host), fmt.Sprintf("gatewayBasePort=%d\ngossipPort=%d\ngossipKey=secret\ngossipSeeds=%s\n",
		w.shards, w.gossip, strings.Join(seeds, ";")))
	p := gantry(w.t, "proxy", "--listen", fmt.Sprint(host, ":", w.ask), "-c", config)
	if line := p.line(); !strings.HasPrefix(line, "gantry proxy is ready") {
		w.t.Fatalf("printed %q", line)
	}
	return p
}

// node is told of one proxy, by both ways.
func (w town) node(host, proxy string) *process {
	w.t.Helper()
	config := write(w.t, filepath.Join(w.t.TempDir(), host), fmt.Sprintf(
		"brokerName=a\nbrokerIP1=%[1]s\nbindAddress=%[1]s\nlistenPort=%[2]d\nnamesrvAddr=%[3]s:%[4]d\nstorePathRootDir=%[5]s\ngossipPort=%[6]d\ngossipKey=secret\ngossipSeeds=%[3]s\n",
		host, w.shards, proxy, w.ask, filepath.Join(w.t.TempDir(), "store"), w.gossip))
	n := gantry(w.t, "node", "-c", config)
	n.line()
	return n
}

// route asks one proxy where a topic is that every node has.
func (w town) route(proxy string) string {
	answer := w.invoke(proxy, protocol.GetRouteInfoByTopic, protocol.GetRouteInfoByTopicRequest{Topic: "TBW102"})
	if answer == nil {
		return "no answer"
	}
	var route protocol.TopicRouteData
	if answer.Code != protocol.Success || route.Decode(answer.Body) != nil {
		return "none"
	}
	return fmt.Sprint(route.BrokerDatas[0].BrokerName, " behind ", strings.Split(route.BrokerDatas[0].BrokerAddrs[0], ":")[0])
}

// invoke asks a proxy's name server; nil where it does not answer.
func (w town) invoke(proxy string, code int32, header remoting.Header) *remoting.Command {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	c, err := remoting.Dial(ctx, remoting.DialTCP, fmt.Sprint(proxy, ":", w.ask), remoting.Limits{}, nil)
	if err != nil {
		return nil
	}
	defer c.Close()
	answer, err := c.Invoke(ctx, &remoting.Request{Code: code, Header: header})
	if err != nil {
		return nil
	}
	return answer
}

// routes waits until every proxy's answer is one of want.
func (w town) routes(proxies []string, want ...string) {
	w.t.Helper()
	var got []string
	for deadline := time.Now().Add(processBound); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got = nil
		for _, p := range proxies {
			got = append(got, w.route(p))
		}
		if !slices.ContainsFunc(got, func(r string) bool { return !slices.Contains(want, r) }) {
			return
		}
	}
	w.t.Fatalf("proxies %v answer %q, want one of %q", proxies, got, want)
}

const (
	hostP1, hostP2, hostP3, hostNode = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"
	behindP1, behindP2, behindP3     = "a behind " + hostP1, "a behind " + hostP2, "a behind " + hostP3
)

func TestProxiesAndNodesFindEachOtherFromAnyOneSeed(t *testing.T) {
	w := newTown(t)
	first := w.proxy(hostP1, hostP1)
	w.proxy(hostP2, hostP1)
	node := w.node(hostNode, hostP1)
	w.routes([]string{hostP1, hostP2}, behindP1, behindP2)

	w.proxy(hostP3, hostNode) // the node's gossip is a seed like any other
	if route := w.route(hostP3); !strings.HasPrefix(route, "a behind ") {
		t.Errorf("a new proxy's first answer is %q", route)
	}
	w.routes([]string{hostP1, hostP2, hostP3}, behindP1, behindP2, behindP3)

	first.cmd.Process.Kill() // which is all that the node was told of
	first.end()
	w.routes([]string{hostP2, hostP3}, behindP2, behindP3)

	node.signal(syscall.SIGSTOP)
	t.Cleanup(func() { node.cmd.Process.Signal(syscall.SIGCONT) })
	w.routes([]string{hostP2, hostP3}, "none")
	node.signal(syscall.SIGCONT)
	w.routes([]string{hostP2, hostP3}, behindP2, behindP3)

	node.stop()
	w.routes([]string{hostP2, hostP3}, "none")
}

func TestWhatAnOperatorTellsOneProxyTheOthersHearSoon(t *testing.T) {
	w := newTown(t)
	w.proxy(hostP1, hostP1)
	w.proxy(hostP2, hostP1)
	w.proxy(hostP3, hostP1)
	put := protocol.PutKVConfigRequest{Namespace: "N", Key: "k", Value: "v"}
	told := time.Now()
	if answer := w.invoke(hostP2, protocol.PutKVConfig, put); answer == nil || answer.Code != protocol.Success {
		t.Fatalf("answered %+v", answer)
	}
	for _, host := range []string{hostP1, hostP3} {
		var got protocol.GetKVConfigResponse
		for got.Value != "v" && time.Since(told) < processBound {
			if answer := w.invoke(host, protocol.GetKVConfig, protocol.GetKVConfigRequest{Namespace: "N", Key: "k"}); answer != nil && answer.Code == protocol.Success {
				if err := got.Decode(answer.Ext); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(5 * time.Millisecond)
		}
		if got.Value != "v" || time.Since(told) > 5*time.Second { // an exchange's turn comes after 15 s
			t.Errorf("%s knows %q after %v", host, got.Value, time.Since(told))
		}
	}
}

func TestSeedsAreTheHostsOfTheNameServersUnlessTheyAreSet(t *testing.T) {
	for _, row := range []struct{ seeds, namesrv, want string }{
		{"", "", ""},
		{"", "p1:9876;10.0.0.2:9876", "p1 10.0.0.2"},
		{"", "127.0.0.1:9876;localhost:9876;[::1]:9876;[2001:db8::1]:9876", "2001:db8::1"},
		{"127.0.0.1:7947, seed", "p1:9876", "127.0.0.1:7947 seed"},
		{" ; ", "p1:9876", "p1"},
	} {
		if got := strings.Join((gossipSettings{Seeds: row.seeds, NamesrvAddr: row.namesrv}).seeds(), " "); got != row.want {
			t.Errorf("gossipSeeds=%s namesrvAddr=%s gives %q, want %q", row.seeds, row.namesrv, got, row.want)
		}
	}
}

func TestGuessedSeedsOfAnotherClusterAreNotOurs(t *testing.T) {
	for _, row := range []struct {
		seeds, namesrv, proxies string
		ours                    bool
	}{
		{"", "p1:9876", "10.0.0.1:9876", true},
		{"", "p1:9876;p2:9877", "10.0.0.1:9870 10.0.0.2:9877", true},
		{"", "p1:9876", "10.0.0.1:9877", false},
		{"seed", "p1:9876", "10.0.0.1:9877", true},
		{"", "", "10.0.0.1:9877", false},
	} {
		if got := (gossipSettings{Seeds: row.seeds, NamesrvAddr: row.namesrv}).ours(strings.Fields(row.proxies)); got != row.ours {
			t.Errorf("%+v: %v", row, got)
		}
	}
}

func TestGossipKeysAreNamedWhereTheyCannotBeUsed(t *testing.T) {
	p := newPlace(t)
	fails(t, []string{"proxy", "-c", write(t, p.config, "gossipPort=0\n")}, p.config+`:1: gossipPort: "0" is not a port`)
	fails(t, []string{"node", "-c", write(t, p.config, "\ngossipPort=x\n")}, p.config+`:2: gossipPort: "x" is not a whole number`)
	g := gantry(t, p.configured(t, "gossipSeeds=p1").args()...)
	g.line()
	g.stop()
	if noise := g.complaints(); !strings.Contains(noise, "standalone has no gossip") {
		t.Errorf("it said %q", noise)
	}
}

// Whatever keeps gossip from running is one line.
func TestGossipThatCannotRunStopsNoStart(t *testing.T) {
	var said strings.Builder
	settings := gossipSettings{Port: gossip.DefaultPort, Seeds: "192.0.2.2"}
	g := settings.start(slog.New(slog.NewTextHandler(&said, nil)), "192.0.2.1", nil, gossip.Config{Self: gossip.Statement{ID: "x"}})
	if g != nil || strings.Count(said.String(), "\n") != 1 || !strings.Contains(said.String(), "no gossip, registrations work without it") {
		t.Errorf("it said %q", said.String())
	}
}
