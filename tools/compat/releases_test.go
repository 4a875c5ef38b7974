package compat

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/ports"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

// goneTime is how long a route may show who has left, whose end the name server is told or feels at once.
const goneTime = 2 * time.Second

// foundTime is how long a route may lack who has come, or come back: a node tries a name server that is away each 500 ms.
const foundTime = 5 * time.Second

// release is one release of the real programs.
type release struct {
	name      string
	classpath string
}

// releaseOf is one of them, resolved.
func releaseOf(t *testing.T, name string, classpath func(*artifacts.Set) (string, error)) release {
	t.Helper()
	path, err := classpath(theatre.Artifacts(t))
	if err != nil {
		t.Fatal(err)
	}
	return release{name: name, classpath: path}
}

// eachRelease runs a scenario with the real programs of each release, one after the other: their JVMs are many.
func eachRelease(t *testing.T, scenario func(*testing.T, release)) {
	t.Helper()
	t.Run("4.9.7", func(t *testing.T) { scenario(t, releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath)) })
	t.Run("5.3.3", func(t *testing.T) { scenario(t, releaseOf(t, "5.3.3", (*artifacts.Set).Server533Classpath)) })
}

// namesrv is a list of name servers, as clients and the stage's verbs are told of a server.
type namesrv struct {
	server.Server // only Namesrv is asked for
	list          string
}

// Namesrv implements server.Server.
func (n namesrv) Namesrv() string { return n.list }

// config is a place for one of the real programs.
func (r release) config(t *testing.T, properties map[string]string) realbroker.Config {
	t.Helper()
	block, err := ports.Take()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { block.Release() })
	all := map[string]string{"messageDelayLevel": delayLevels}
	maps.Copy(all, properties)
	return realbroker.Config{Classpath: r.classpath, Dir: filepath.Join(t.TempDir(), "real"), Ports: block, Properties: all}
}

// broker starts a real broker of the shard; it may be started again with the same place.
func (r release) broker(t *testing.T, place realbroker.Config) *realbroker.Alone {
	t.Helper()
	b, err := realbroker.StartBroker(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Kill)
	return b
}

// namesrv starts a real name server; it may be started again with the same place.
func (r release) namesrv(t *testing.T, place realbroker.Config) *realbroker.Alone {
	t.Helper()
	n, err := realbroker.StartNamesrv(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Kill)
	return n
}

// prints runs one command of the release's admin tool, a parallel subtest, and checks that it prints each of some texts and no
// exception.
func (r release) prints(t *testing.T, texts []string, args ...string) {
	t.Run(args[0], func(t *testing.T) {
		t.Parallel() // 5.3.3's waits for seconds before it ends
		output, err := realbroker.MQAdmin(t.Context(), r.classpath, t.TempDir(), args...)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if !strings.Contains(output, text) {
				t.Errorf("mqadmin %v does not print %q but\n%s", args, text, output)
			}
		}
		if strings.Contains(output, "Exception") {
			t.Errorf("mqadmin %v prints\n%s", args, output)
		}
	})
}

// administer does with the official tool what every operator does first.
func administer(t *testing.T, r release, list string, brokers map[string]string) {
	t.Helper()
	topic := theatre.Client(t, agent.Go212, namesrv{list: list}).Unique("administered")
	addresses := []string{stage.BrokerName, "DefaultCluster"}
	for _, address := range brokers {
		addresses = append(addresses, address)
	}
	t.Run("changes", func(t *testing.T) {
		created := []string{"create topic to " + brokers["0"] + " success", topic}
		r.prints(t, created, "updateTopic", "-n", list, "-c", "DefaultCluster", "-t", topic, "-r", "3", "-w", "2")
	})
	t.Run("asks", func(t *testing.T) {
		r.prints(t, addresses, "clusterList", "-n", list)
		r.prints(t, []string{`"readQueueNums":3`, `"writeQueueNums":2`, brokers["0"]}, "topicRoute", "-n", list, "-t", topic)
		r.prints(t, []string{topic, "DefaultCluster"}, "topicList", "-n", list, "-c")
	})
}

// shardAt is where the copies of the shard are, by brokerId as text, in a topic's route; nil without a route.
func shardAt(t *testing.T, list, topic string) map[string]string {
	t.Helper()
	route, found, err := wire.AskRoute(t.Context(), list, topic)
	if err != nil {
		t.Fatal(err)
	}
	if !found || len(route.Brokers) != 1 {
		return nil
	}
	return route.Brokers[0].Addresses
}

// awaitShard waits until a topic's route says that the copies are where they should be; nil for no route.
func awaitShard(t *testing.T, within time.Duration, list, topic string, want map[string]string) {
	t.Helper()
	var got map[string]string
	begun := time.Now()
	defer func() {
		if t.Failed() {
			t.Logf("the last route was %v, wanted was %v", got, want)
			return
		}
		t.Logf("%s had the route %v after %v", list, want, time.Since(begun).Round(time.Millisecond))
	}()
	stage.Eventually(t, within, "the route that is wanted", func() bool {
		got = shardAt(t, list, topic)
		return maps.Equal(got, want)
	})
}

// ask asks what must succeed and reads the JSON of its body, if there is one.
func ask(t *testing.T, address string, code int, fields map[string]string, into any) *wire.Frame {
	t.Helper()
	reply, err := wire.Ask(t.Context(), address, code, fields, nil)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Code != 0 {
		t.Fatalf("%s answers code %d with %d %s", address, code, reply.Code, reply.Remark)
	}
	if into != nil {
		if err := json.Unmarshal(reply.Body, into); err != nil {
			t.Fatalf("body of code %d from %s: %v: %s", code, address, err, reply.Body)
		}
	}
	return reply
}

// endOfQueue is the end of a queue at one copy, -1 where it does not say.
func endOfQueue(t *testing.T, address, topic string, queue int) int64 {
	t.Helper()
	const getMaxOffset = 30
	reply, err := wire.Ask(context.Background(), address, getMaxOffset, map[string]string{"topic": topic, "queueId": strconv.Itoa(queue)}, nil)
	if err != nil || reply.Code != 0 {
		return -1
	}
	n, err := strconv.ParseInt(reply.ExtFields["offset"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// newClients are those of the releases that are in use today.
func newClients() []agent.Kind { return []agent.Kind{agent.Java498, agent.Java532, agent.Go212} }

// smokeEach lets each of them send and consume over the name servers at once.
func smokeEach(t *testing.T, list string) {
	t.Helper()
	t.Run("clients", func(t *testing.T) {
		for _, kind := range newClients() {
			t.Run(string(kind), func(t *testing.T) {
				t.Parallel()
				smoke(t, theatre.Client(t, kind, namesrv{list: list}))
			})
		}
	})
}
