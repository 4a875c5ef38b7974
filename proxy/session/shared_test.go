package session_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/proxy/session"
	"gantry/proxy/upstream"
	"gantry/remoting"
	"gantry/remoting/protocol"
	node "gantry/storenode/session"
)

// rules is a table as a proxy has one, of a few codes.
var rules = map[int32]session.Rule{
	protocol.SendMessageV2:          {Policy: policies[protocol.SendMessage], Place: session.ByShortName},
	protocol.SendMessage:            {Policy: policies[protocol.SendMessage]},
	protocol.PullMessage:            {Policy: policies[protocol.PullMessage]},
	protocol.QueryConsumerOffset:    {Policy: policies[protocol.QueryConsumerOffset]},
	protocol.HeartBeat:              {Policy: policies[protocol.HeartBeat], Place: session.Everywhere},
	protocol.UnregisterClient:       {Policy: policies[protocol.UnregisterClient], Place: session.Everywhere},
	protocol.GetConsumerListByGroup: {Policy: policies[protocol.GetConsumerListByGroup], Place: session.Anywhere},
	protocol.LockBatchMQ:            {Policy: policies[protocol.GetMinOffset], Place: session.ByBody},
	protocol.QueryMessage:           {Policy: policies[protocol.PullMessage], Place: session.Merged},
}

func ruleOf(code int32) session.Rule {
	if r, ok := rules[code]; ok {
		return r
	}
	return session.Rule{Policy: policies[protocol.GetMinOffset]}
}

// sharedWorld is a proxy with one address for the shards "a" and "b".
type sharedWorld struct {
	*world
	cluster *session.Cluster
	shards  map[string]session.Shard
}

func inSharedWorld(t *testing.T, tell func(t *testing.T, w *sharedWorld)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &sharedWorld{world: &world{t: t}, shards: map[string]session.Shard{}}
		log := slog.New(slog.NewTextHandler(&w.log, nil))
		w.cluster = session.NewCluster(log, upstream.NewBudget(log, upstream.Bounds{}), ruleOf)
		w.proxy = remoting.NewServer(log, remoting.Limits{}, 0)
		w.proxy.Serve(w.listen("proxy", true), func(c *remoting.Conn) remoting.FrameHandler { return session.OpenShared(c, w.cluster) })
		t.Cleanup(w.close)
		w.serve("a", "a")
		w.serve("b", "b")
		tell(t, w)
	})
}

// serve lets requests for a shard go to the copies at some addresses.
func (w *sharedWorld) serve(shard string, addrs ...string) {
	for _, addr := range addrs {
		w.shards[shard] = append(w.shards[shard], upstream.Open(upstream.Config{ProxyID: "proxy-1", Dial: w.network.Dial,
			Log: slog.New(slog.NewTextHandler(&w.log, nil))}, shard, addr))
	}
	w.cluster.Set(w.shards)
}

func (w *sharedWorld) close() {
	for _, shard := range w.shards {
		for _, n := range shard {
			n.Close()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	w.proxy.Close(ctx)
}

// run starts the node at an address and waits until the proxy has joined it.
func (w *sharedWorld) run(addr string, unanswered ...int32) *storage {
	s := w.startWith(addr, node.Config{}, unanswered...)
	w.pass(600 * time.Millisecond)
	return s
}

func TestWhereASharedAddressLeads(t *testing.T) {
	const remedy = "1: with routeMode=shared the proxy finds a request's shard by the broker name in it, and this one has none: " +
		"use a Java client of 4.9.5 or later, the shard's own port, or proxies with routeMode=gateway"
	locks := func(brokers ...string) string {
		var queues []string
		for _, b := range brokers {
			queues = append(queues, fmt.Sprintf(`{"brokerName":"%s","queueId":0,"topic":"T"}`, b))
		}
		return `{"clientId":"c","consumerGroup":"g","mqSet":[` + strings.Join(queues, ",") + `]}`
	}
	for name, row := range map[string]struct {
		code   int32
		header pairs
		body   string
		at     string // the node that gets it
		told   string // by the proxy, where nobody gets it
	}{
		"a send names its broker in n":          {protocol.SendMessageV2, pairs{"b", "T", "n", "b"}, "m", "b", ""},
		"or in bname":                           {protocol.SendMessageV2, pairs{"bname", "b"}, "m", "b", ""},
		"a long one in bname":                   {protocol.SendMessage, pairs{"bname", "a", "n", "b"}, "m", "a", ""},
		"a pull too":                            {protocol.PullMessage, pairs{"bname", "b"}, "p", "b", ""},
		"any code may":                          {4711, pairs{"bname", "b"}, "x", "b", ""},
		"of an old client":                      {protocol.SendMessageV2, pairs{"b", "T"}, "m", "", remedy},
		"of an old client, pull":                {protocol.PullMessage, nil, "p", "", remedy},
		"code 14 gets silence":                  {protocol.QueryConsumerOffset, nil, "o", "", ""},
		"any code without":                      {4711, nil, "x", "", remedy},
		"a broker that is not known":            {protocol.PullMessage, pairs{"bname", "z"}, "p", "", "1: no storage node of z is known to the proxy"},
		"code 14 for one":                       {protocol.QueryConsumerOffset, pairs{"bname", "z"}, "o", "", ""},
		"locks by their queues":                 {protocol.LockBatchMQ, nil, locks("b", "b"), "b", ""},
		"locks by their header":                 {protocol.LockBatchMQ, pairs{"bname", "a"}, locks("b"), "a", ""},
		"no locks":                              {protocol.LockBatchMQ, nil, locks(), "a", ""},
		"locks of several brokers":              {protocol.LockBatchMQ, nil, locks("b", "a"), "", `1: the queues are of several brokers, ["a" "b"]: ask for those of each apart`},
		"a query that names one":                {protocol.QueryMessage, pairs{"bname", "b"}, "q", "b", ""},
		"the list of a group, from one of them": {protocol.GetConsumerListByGroup, nil, "l", "a", ""},
	} {
		for _, kind := range []remoting.HeaderKind{remoting.JSON, remoting.ROCKETMQ} {
			t.Run(fmt.Sprint(name, kind), func(t *testing.T) {
				inSharedWorld(t, func(t *testing.T, w *sharedWorld) {
					nodes := map[string]*storage{"a": w.run("a"), "b": w.run("b")}
					c := w.client()
					r := &remoting.Request{Code: row.code, Kind: kind, Body: []byte(row.body)}
					if row.header != nil {
						r.Header = row.header
					}
					frame := c.send(r)
					if row.at == "" {
						w.want("the client", c.bodies(), row.told)
					} else {
						w.want("the client", c.bodies(), row.body)
					}
					for name, n := range nodes {
						if got := len(n.requests()) == 1; got != (name == row.at) {
							t.Errorf("%s got it: %v", name, got)
						}
					}
					if row.at != "" && !nodes[row.at].wire.has(frame) {
						t.Error("it did not arrive as it was")
					}
				})
			})
		}
	}
}

func TestAHeartbeatReachesEveryShardAndIsAnsweredOnce(t *testing.T) {
	inSharedWorld(t, func(t *testing.T, w *sharedWorld) {
		a, b := w.run("a"), w.run("b")
		c := w.client()
		beats := func(n int) {
			t.Helper()
			if got := [2]int{len(a.requests()), len(b.requests())}; got != [2]int{n, n} {
				t.Fatalf("the nodes got %v requests, want %d", got, n)
			}
		}
		c.ask(protocol.HeartBeat, "hb")
		w.want("the answer", c.bodies(), "hb")
		beats(1)
		c.ask(protocol.HeartBeat, "hb") // as the client sends one for each broker of its routes
		if got := c.answers(); len(got) != 1 || got[0].Code != protocol.Success || got[0].Opaque != c.opaque {
			t.Errorf("the second one is answered %+v", got)
		}
		beats(1)
		c.ask(protocol.HeartBeat, "other")
		w.want("another one's answer", c.bodies(), "other")
		beats(2)
		w.pass(time.Second)
		c.ask(protocol.HeartBeat, "other")
		w.want("a later one's answer", c.bodies(), "other")
		beats(3)
		c.ask(protocol.UnregisterClient, "bye")
		w.want("the farewell's answer", c.bodies(), "bye")
		c.ask(protocol.HeartBeat, "other")
		w.want("the next one's answer", c.bodies(), "other")
		beats(5)
		c.raw.Close()
		if n := len(a.departed()) + len(b.departed()); n != 2 {
			t.Errorf("%d channels gone", n)
		}
	})
}

func TestANodeThatIsAwayHoldsNoHeartbeatUpAndHearsItWhenItIsBack(t *testing.T) {
	inSharedWorld(t, func(t *testing.T, w *sharedWorld) {
		w.run("a")
		c := w.client()
		c.ask(protocol.HeartBeat, "hb")
		w.want("at once", c.bodies(), "hb")
		b := w.run("b")
		w.want("b is told of the client", b.bodies(protocol.HeartBeat), "hb")
		w.want("and the client of nothing", c.bodies(), "")
	})
}

func TestANewShardKnowsEveryClientFromTheStart(t *testing.T) {
	inSharedWorld(t, func(t *testing.T, w *sharedWorld) {
		w.run("a")
		w.run("b")
		member, silent := w.client(), w.client()
		member.ask(protocol.HeartBeat, "hb")
		silent.ask(protocol.GetConsumerListByGroup, "x")
		w.want("the member", member.bodies(), "hb")
		w.serve("0", "0")
		n := w.run("0")
		member.ask(protocol.GetConsumerListByGroup, "members")
		w.want("the list", member.bodies(), "members")
		if got := n.requests(); len(got) != 2 || got[0].code != protocol.HeartBeat || got[1].code != protocol.GetConsumerListByGroup {
			t.Errorf("the new node got %+v", got)
		}
	})
}

func TestWithoutAnyNodeAHeartbeatIsRefusedInTime(t *testing.T) {
	inSharedWorld(t, func(t *testing.T, w *sharedWorld) {
		c := w.client()
		c.ask(protocol.HeartBeat, "hb")
		w.pass(2200 * time.Millisecond)
		if got := c.bodies(); !strings.HasPrefix(got, "1: the storage node cannot be reached: ") || strings.Count(got, "1: ") != 1 {
			t.Errorf("the client is told %q", got)
		}
		w.cluster.Set(nil)
		for _, code := range []int32{protocol.HeartBeat, protocol.QueryMessage} {
			c.ask(code, "x")
			w.want("without any shard", c.bodies(), "1: no storage node is known to the proxy")
		}
	})
}

func TestMessagesOfAllShardsAreOneAnswer(t *testing.T) {
	found := func(time, offset, body string) remoting.Handler {
		return func(_ *remoting.Command, to remoting.Responder) {
			to.Reply(&remoting.Response{Header: pairs{"indexLastUpdateTimestamp", time, "indexLastUpdatePhyoffset", offset}, Body: []byte(body)})
		}
	}
	none := func(_ *remoting.Command, to remoting.Responder) {
		to.Reply(&remoting.Response{Code: protocol.QueryNotFound, Remark: "none"})
	}
	for name, row := range map[string]struct {
		a, b remoting.Handler
		want []string // either
		time int64
	}{
		"of both":    {found("5", "70", "A"), found("9", "30", "BB"), []string{"ABB", "BBA"}, 9},
		"of one":     {found("5", "70", "A"), none, []string{"A"}, 5},
		"of neither": {none, none, []string{"22: none"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inSharedWorld(t, func(t *testing.T, w *sharedWorld) {
				w.run("a").on(protocol.QueryMessage, row.a)
				w.run("b").on(protocol.QueryMessage, row.b)
				c := w.client()
				c.ask(protocol.QueryMessage, "k")
				synctest.Wait()
				c.mu.Lock()
				got := slices.Clone(c.got)
				c.mu.Unlock()
				if text := c.bodies(); !slices.Contains(row.want, text) {
					t.Fatalf("the client got %q, want one of %q", text, row.want)
				}
				var h protocol.QueryMessageResponse
				if answer := decode(t, got[0]); row.time > 0 && (h.Decode(answer.Ext) != nil || h.IndexLastUpdateTimestamp != row.time || h.IndexLastUpdatePhyoffset != 70) {
					t.Errorf("the header is %+v", h)
				}
			})
		})
	}
}

func TestTheAnswersOfAClientReachTheNodeThatAsked(t *testing.T) {
	inSharedWorld(t, func(t *testing.T, w *sharedWorld) {
		a, b := w.run("a"), w.run("b")
		c := w.client()
		c.ask(protocol.HeartBeat, "hb")
		c.answers()
		results := make(chan string, 2)
		for _, n := range []*storage{a, b} {
			ch := n.requests()[0].from
			go func() {
				got, err := ch.Invoke(context.Background(), &remoting.Request{Code: protocol.GetConsumerRunningInfo, Body: []byte(n.wireName(a))})
				if err != nil {
					t.Error(err)
					return
				}
				results <- n.wireName(a) + " is told " + string(got.Body)
			}()
		}
		asked := c.answers()
		slices.Reverse(asked)
		for _, q := range asked {
			c.raw.Write(remoting.AppendResponse(nil, remoting.JSON, q.Opaque, &remoting.Response{Body: append([]byte("for "), q.Body...)}))
		}
		c.raw.Write(remoting.AppendResponse(nil, remoting.JSON, 1, &remoting.Response{})) // that nobody asked for
		got := []string{<-results, <-results}
		slices.Sort(got)
		w.want("the nodes", strings.Join(got, ", "), "a is told for a, b is told for b")
	})
}

// wireName tells two nodes apart.
func (s *storage) wireName(a *storage) string {
	if s == a {
		return "a"
	}
	return "b"
}

func TestANodeThatDoesNotReadHoldsUpNoOtherShardsRequests(t *testing.T) {
	inSharedWorld(t, func(t *testing.T, w *sharedWorld) {
		a, b := w.run("a"), w.run("b")
		release := a.deafTo(t, protocol.SendMessage)
		c := w.client()
		to := func(broker, body string) {
			c.send(&remoting.Request{Code: protocol.SendMessage, Header: pairs{"bname", broker}, Body: []byte(body)})
		}
		var sent []string
		for i := range 30 {
			sent = append(sent, fmt.Sprint("s", i))
			to("a", sent[i]+strings.Repeat(" ", 100<<10))
		}
		to("b", "m")
		w.want("the other shard's, at once", c.bodies(), "m")
		w.want("at b", b.bodies(protocol.SendMessage), "m")
		c.send(&remoting.Request{Code: protocol.QueryConsumerOffset, Header: pairs{"bname", "a"}, Body: []byte("o")})
		w.want("the same one's other classes", c.bodies(), "o")
		w.pass(1500 * time.Millisecond)
		w.want("before anybody loses patience", c.bodies(), "")
		release()
		if got := strings.Join(strings.Fields(a.bodies(protocol.SendMessage)), " "); got != strings.Join(sent, " ") {
			t.Errorf("a got %s", got)
		}
		if got := c.answers(); len(got) != 30 {
			t.Errorf("%d answers", len(got))
		}
	})
}

func TestWhatANodeHasNoRoomForIsRefusedInTime(t *testing.T) {
	inSharedWorld(t, func(t *testing.T, w *sharedWorld) {
		a := w.run("a")
		w.run("b")
		release := a.deafTo(t, protocol.SendMessage)
		c := w.client()
		for range 40 {
			c.send(&remoting.Request{Code: protocol.SendMessage, Header: pairs{"bname", "a"}, Body: make([]byte, 100<<10)})
		}
		w.pass(2200 * time.Millisecond)
		refused := c.answers()
		if len(refused) < 10 || len(refused) > 30 {
			t.Errorf("%d of 40 are refused", len(refused))
		}
		for _, r := range refused {
			if r.Code != protocol.SystemError || r.Remark != "the storage node cannot be reached: it is connected and does not answer" {
				t.Fatalf("refused with %d %s", r.Code, r.Remark)
			}
		}
		release()
		w.pass(time.Second)
		if got := len(c.answers()); got != 40-len(refused) || len(a.requests()) != got {
			t.Errorf("%d answers, %d requests", got, len(a.requests()))
		}
	})
}

func TestACopyServesWhileTheMasterIsAway(t *testing.T) {
	inSharedWorld(t, func(t *testing.T, w *sharedWorld) {
		w.serve("m", "master", "slave")
		master, slave := w.run("master"), w.run("slave")
		c := w.client()
		pull := func(body string) {
			c.send(&remoting.Request{Code: protocol.PullMessage, Header: pairs{"bname", "m"}, Body: []byte(body)})
		}
		c.ask(protocol.HeartBeat, "hb")
		c.answers()
		pull("1")
		w.want("from the master", c.bodies(), "1")
		master.stop()
		w.pass(10 * time.Millisecond)
		pull("2")
		w.want("from the slave", c.bodies(), "2")
		w.want("which knows the client", slave.bodies(protocol.HeartBeat), "hb")
		master = w.run("master")
		pull("3")
		w.want("from the master again", c.bodies(), "3")
		w.want("at the master", master.bodies(protocol.PullMessage), "3")
	})
}
