package compat

import (
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	"gantry/remoting/message"
	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
	"gantry/tools/localcluster"
)

// checkProperties has transactions checked soon and given up after three times.
func checkProperties() map[string]string {
	return map[string]string{"transactionCheckInterval": "3000", "transactionTimeOut": "1000", "transactionCheckMax": "3"}
}

// checkTime is how long all checks of a transaction may take on a busy machine.
const checkTime = time.Minute

func TestATransactionIsSeenOnceCommittedAtOnceOrAfterACheck(t *testing.T) {
	for name, shape := range map[string]server.Shape{"standalone": server.Standalone, "gateway": server.Split, "direct": server.Direct} {
		t.Run(name, func(t *testing.T) {
			srv := theatre.Server(t, shape, checkProperties())
			for _, kind := range agent.Kinds() {
				t.Run(string(kind), func(t *testing.T) {
					t.Parallel()
					transactionsOf(t, theatre.OwnClient(t, kind, srv))
				})
			}
		})
	}
}

// transactionsOf sends a transaction of each kind and says what becomes of it.
func transactionsOf(t *testing.T, c *stage.Client) {
	topic := c.Topic(1)
	group := c.Unique("group")
	producer, consumer := c.TransactionProducer(group), c.Subscribe(topic, c.Unique("readers"))
	send := func(keys, local, check string) {
		producer.Send(agent.Message{Topic: topic, Tag: "t", Keys: keys, BodyBytes: 40, Seed: int32(len(keys))}, local, check)
	}
	send("committed", agent.Commits, agent.Unknown)
	awaitProducer(t, c.Server(), group)
	send("back", agent.RollsBack, agent.Unknown)
	send("asked", agent.Unknown, agent.Commits)
	send("askedBack", agent.Unknown, agent.RollsBack)
	send("never", agent.Unknown, agent.Unknown)
	checked := producer.AwaitChecks(checkTime, "asked", 1)[0]
	if want := message.BodyChecksum(agent.Body(40, int32(len("asked")))); checked.Topic != topic || checked.Tag != "t" || checked.BodyBytes != 40 || checked.BodyCRC&0x7FFFFFFF != want {
		t.Errorf("the check is about %+v", checked)
	}
	consumer.AwaitCount(deliveryTime, 2)
	producer.AwaitChecks(checkTime, "askedBack", 1)
	producer.AwaitChecks(checkTime, "never", 3)
	awaitGivenUp(t, c.Server(), checked.Topic, "never")
	var seen []string
	for _, d := range consumer.Delivered() {
		seen = append(seen, d.Keys)
	}
	if slices.Sort(seen); !slices.Equal(seen, []string{"asked", "committed"}) {
		t.Errorf("seen are %q", seen)
	}
	for keys, want := range map[string]int{"committed": 0, "back": 0, "asked": 1, "askedBack": 1, "never": 3} {
		if got := len(producer.Checks(keys)); got != want {
			t.Errorf("%d checks of %q, want %d", got, keys, want)
		}
	}
}

// awaitProducer waits for the heartbeat of a producer, which comes up to 30 s after its first send. The real broker counts checks
// before that, too, and gives the transaction up without having asked anybody.
func awaitProducer(t *testing.T, srv server.Server, group string) {
	t.Helper()
	const getProducerConnectionList = 204
	stage.Eventually(t, checkTime, "the producer's heartbeat", func() bool {
		return mustAsk(t, stage.BrokerAddress(t, srv), getProducerConnectionList, map[string]string{"producerGroup": group}).Code == 0
	})
}

// awaitGivenUp waits for a message of a topic, by its keys, in the topic of those that were asked about too often.
func awaitGivenUp(t *testing.T, srv server.Server, topic, keys string) {
	t.Helper()
	stage.Eventually(t, checkTime, "the message that is given up", func() bool {
		records, _ := pullAll(t, stage.BrokerAddress(t, srv), queue{"TRANS_CHECK_MAX_TIME_TOPIC", 0})
		for _, r := range records {
			if p := r.Properties(); string(p.Get(message.PropertyRealTopic)) == topic && string(p.Get(message.PropertyKeys)) == keys {
				return true
			}
		}
		return false
	})
}

// A transaction's half message comes through one proxy. The proxy dies, and its producer: another member of the group, at
// another proxy, is asked about it, and whoever ends it through another proxy ends it.
func TestATransactionEndsThroughAnotherProxy(t *testing.T) {
	t.Parallel()
	config := clusterConfig(t, 2, "a")
	config.NodeProperties = checkProperties()
	config.NodeProperties["transactionCheckMax"] = "1000"
	cluster := localcluster.Start(t, config)
	first, second := clusterServer{namesrv: cluster.Proxies[0].Address}, clusterServer{namesrv: cluster.Proxies[1].Address}
	shards, err := cluster.Proxies[1].Shards(t.Context())
	must(t, err)
	for _, kind := range []agent.Kind{agent.Java460, agent.Go212} {
		dying, living := theatre.OwnClient(t, kind, first), theatre.OwnClient(t, kind, second)
		topic, group := dying.Unique("topic"), dying.Unique("group")
		stage.CreateTopic(t, first, topic, 1)
		dying.TransactionProducer(group).Send(agent.Message{Topic: topic, Keys: "asked", BodyBytes: 10}, agent.Unknown, agent.Commits)
		mine := byHand(t, shards["a"], topic, "by hand", topic)
		must(t, cluster.Proxies[0].Kill())
		dying.Kill()
		awaitRouteWithout(t, cluster.Proxies[0], cluster.Proxies[1])
		asked := living.TransactionProducer(group)
		asked.Send(agent.Message{Topic: topic, Keys: "its own", BodyBytes: 10}, agent.Commits, agent.Unknown) // a producer that sends nothing tells no broker that it is there
		asked.AwaitChecks(checkTime, "asked", 1)
		for range 2 {
			mine.end(t, shards["a"], commit)
		}
		var seen []string
		stage.Eventually(t, deliveryTime, "the messages", func() bool {
			records, _ := pullAll(t, shards["a"], queue{topic, 0})
			seen = nil
			for _, r := range records {
				seen = append(seen, string(r.Properties().Get(message.PropertyKeys)))
			}
			return len(seen) >= 3
		})
		if slices.Sort(seen); !slices.Equal(seen, []string{"asked", "by hand", "its own"}) {
			t.Errorf("%s: seen are %q", kind, seen)
		}
		must(t, cluster.Proxies[0].Start())
		must(t, cluster.AwaitReady(t.Context()))
	}
}

// awaitRouteWithout waits until the routes that a proxy gives lead nobody to another one, which is dead.
func awaitRouteWithout(t *testing.T, dead, asked *localcluster.Member) {
	t.Helper()
	stage.Eventually(t, deliveryTime, "a route past "+dead.Name, func() bool {
		route, err := localcluster.AskRoute(t.Context(), asked.Address, "TBW102")
		if err != nil || len(route.BrokerDatas) == 0 {
			return false
		}
		host, _, err := net.SplitHostPort(route.BrokerDatas[0].BrokerAddrs[0])
		return err == nil && host != dead.IP
	})
}

// Node and proxy are killed in turn, again and again, while transactions are sent, ended at once and by check. Those whose sends were
// answered end as their producer says, once.
func TestTransactionsThroughKillsOfNodeAndProxy(t *testing.T) {
	srv := theatre.Server(t, server.Split, map[string]string{"transactionCheckInterval": "2000", "transactionTimeOut": "1000", "transactionCheckMax": "1000"})
	for _, kind := range []agent.Kind{agent.Java498, agent.Go212} {
		c := theatre.OwnClient(t, kind, srv)
		topic := c.Topic(1)
		producer := c.TransactionProducer(c.Unique("group"))
		committed := map[string]bool{} // of those that were answered, by keys
		for i := range 60 {
			if i%15 == 10 {
				kills := []func(){srv.Kill, srv.KillFront}
				kills[i/15%len(kills)]()
				must(t, srv.Start(t.Context()))
			}
			ends := []struct{ local, check string }{
				{agent.Commits, agent.Commits}, {agent.RollsBack, agent.RollsBack}, {agent.Unknown, agent.Commits}, {agent.Unknown, agent.RollsBack},
			}[i%4]
			keys := strconv.Itoa(i)
			if result, err := producer.Try(agent.Message{Topic: topic, Keys: keys, BodyBytes: 10}, ends.local, ends.check); err == nil && result.Status == "SEND_OK" {
				committed[keys] = ends.check == agent.Commits
			}
		}
		if len(committed) < 30 {
			t.Errorf("%s: only %d sends were answered", kind, len(committed))
		}
		awaitCommitted(t, srv, topic, committed)
	}
}

// awaitCommitted waits until all committed messages are in the topic, each once, and says that no others are.
func awaitCommitted(t *testing.T, srv server.Server, topic string, committed map[string]bool) {
	t.Helper()
	missing, born := map[string]bool{}, map[string]int{}
	for keys, is := range committed {
		if is {
			missing[keys] = true
		}
	}
	stage.Eventually(t, 2*checkTime, "all that is committed", func() bool {
		records, _ := pullAll(t, stage.BrokerAddress(t, srv), queue{topic, 0})
		clear(born)
		for _, r := range records {
			keys := string(r.Properties().Get(message.PropertyKeys))
			delete(missing, keys)
			born[keys+" born "+strconv.FormatInt(r.BornTimestamp(), 10)]++ // a client that sends again states another time
			if i, err := strconv.Atoi(keys); err != nil || i%2 == 1 {
				t.Fatalf("message %q is seen, its transaction was rolled back", keys)
			}
		}
		return len(missing) == 0
	})
	for which, times := range born {
		if times > 1 {
			t.Errorf("message %s is there %d times", which, times)
		}
	}
}

// byHand sends a half message.
func byHand(t *testing.T, broker, topic, keys, id string) transaction {
	t.Helper()
	const prepared = "4"
	half := transaction{id: id}
	properties := message.Properties(nil).Set("TRAN_MSG", "true").Set("PGROUP", "by_hand").Set(message.PropertyUniqKey, half.id)
	if keys != "" {
		properties = properties.Set(message.PropertyKeys, keys)
	}
	reply := sendByHand(t, broker, topic, properties, []byte("half"), map[string]string{"sysFlag": prepared})
	if reply.Code != 0 {
		t.Fatalf("send a half message: code %d %s", reply.Code, reply.Remark)
	}
	var err error
	if _, half.at, err = message.ParseOffsetID(reply.ExtFields["msgId"]); err != nil {
		t.Fatal(err)
	}
	if half.queue, err = strconv.ParseInt(reply.ExtFields["queueOffset"], 10, 64); err != nil {
		t.Fatal(err)
	}
	return half
}

// end ends a transaction by hand.
func (half transaction) end(t *testing.T, broker string, how int) {
	t.Helper()
	const endTransaction = 37
	reply := mustAsk(t, broker, endTransaction, map[string]string{
		"producerGroup": "by_hand", "tranStateTableOffset": strconv.FormatInt(half.queue, 10), "commitLogOffset": strconv.FormatInt(half.at, 10),
		"commitOrRollback": strconv.Itoa(how), "fromTransactionCheck": "false", "msgId": half.id, "transactionId": half.id,
	})
	if reply.Code != 0 {
		t.Fatalf("end a transaction: code %d %s", reply.Code, reply.Remark)
	}
}
