package compat

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
	"gantry/tools/history"
	"gantry/tools/localcluster"
)

// clientHosts is how many hosts there are with clients of each kind, so that the members of a group come through different proxies.
const clientHosts = 2

// trial is a cluster under clients that never cease, and the history of what they do.
type trial struct {
	*testing.T
	cluster *localcluster.Cluster
	clients *clients
	record  *history.Recorder
	dir     string           // of history, stores and outputs; kept where the test fails
	reach   map[string]int64 // what slaves must have, by shard and topic
	hurried bool             // there is no time for the Go client's own clocks: its groups are looked at in the end
}

// trialConfig says who takes part, and how long a trial may take.
type trialConfig struct {
	proxies int
	shards  []string
	slaves  int    // of each shard
	role    string // brokerRole of masters

	bodyBytes int // of a message
	kinds     []agent.Kind
	// hurried has Java clients beat, ask for routes and rebalance each 5 s instead of 30, 30 and 20.
	hurried bool
}

// properties are those of the Java client on a host: it waits for answers as it is shipped to. Of the oldest one uses the VIP ports.
func (c trialConfig) properties(kind agent.Kind, host int) []string {
	all := []string{"gantry.compat.patience=false"}
	if c.hurried {
		all = append(all, "gantry.compat.clockMillis=5000", "rocketmq.client.rebalance.waitInterval=5000")
	}
	if kind == agent.Java460 && host == 0 {
		all = append(all, "com.rocketmq.sendMessageWithVIPChannel=true")
	}
	return all
}

// startTrial starts the cluster, in any order, and then the clients.
func startTrial(t *testing.T, c trialConfig) *trial {
	t.Helper()
	config := clusterConfig(t, c.proxies, c.shards...)
	tr := &trial{T: t, hurried: c.hurried}
	tr.makeDir()
	config.Dir, config.Namespaces, config.Guests = filepath.Join(tr.dir, "cluster"), true, clientHosts
	config.Slaves, config.MasterRole = c.slaves, c.role
	if c.slaves > 0 {
		config.NodeProperties = map[string]string{"mappedFileSizeCommitLog": strconv.Itoa(copiedFileBytes)}
	}
	tr.cluster = newCluster(t, config)
	startInAnyOrder(t, tr.cluster)
	tr.createTopic(unordered, unorderedQueues)
	tr.createTopic(ordered, orderedQueues)
	tr.startClients(c)
	return tr
}

func newCluster(t *testing.T, config localcluster.Config) *localcluster.Cluster {
	t.Helper()
	c, err := localcluster.New(config)
	must(t, err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func startInAnyOrder(t *testing.T, c *localcluster.Cluster) {
	t.Helper()
	var order []string
	for _, i := range rand.Perm(len(c.Members())) {
		m := c.Members()[i]
		order = append(order, m.Name)
		must(t, m.Start())
	}
	began := time.Now()
	err := c.AwaitReady(t.Context())
	t.Logf("started in the order %v, ready %.1f s later", order, time.Since(began).Seconds())
	must(t, err)
}

func (tr *trial) makeDir() {
	var err error
	tr.dir, err = os.MkdirTemp("", "gantry-cluster-")
	must(tr.T, err)
	tr.Cleanup(func() {
		if tr.Failed() {
			tr.Logf("the history, stores and outputs are kept in %s", tr.dir)
		} else if err := os.RemoveAll(tr.dir); err != nil {
			tr.Error(err)
		}
	})
}

// createTopic makes a topic in every shard and waits until every proxy has a route to all of it.
func (tr *trial) createTopic(topic string, queues int32) {
	tr.Helper()
	shards, err := tr.cluster.Proxies[0].Shards(tr.Context())
	must(tr.T, err)
	for _, address := range shards {
		_, err := localcluster.Ask(tr.Context(), address, &remoting.Request{Code: protocol.UpdateAndCreateTopic, Header: protocol.UpdateAndCreateTopicRequest{
			Topic: topic, DefaultTopic: "TBW102", ReadQueueNums: queues, WriteQueueNums: queues, Perm: 6, TopicFilterType: "SINGLE_TAG"}})
		must(tr.T, err)
	}
	for _, p := range tr.cluster.Proxies {
		stage.Eventually(tr, settleTime, "a route to all of "+topic, func() bool {
			route, err := localcluster.AskRoute(tr.Context(), p.Address, topic)
			return err == nil && len(route.QueueDatas) == len(shards)
		})
	}
}

// clusterServer is what clients are told; nothing else of a Server is asked of it.
type clusterServer struct {
	server.Server
	namesrv string
}

func (s clusterServer) Namesrv() string { return s.namesrv }

// startClients starts the clients in processes of their own, with the waits they are shipped with.
func (tr *trial) startClients(c trialConfig) {
	tr.Helper()
	file, err := os.Create(filepath.Join(tr.dir, "history"))
	must(tr.T, err)
	tr.record = history.NewRecorder(file)
	tr.Cleanup(func() {
		if err := tr.record.Close(); err != nil {
			tr.Error(err)
		}
		file.Close()
	})
	srv := clusterServer{namesrv: tr.cluster.Namesrv()}
	var all [][]*stage.Client
	for _, kind := range c.kinds {
		var hosts []*stage.Client
		for host := range clientHosts {
			on := func(name string, args ...string) *exec.Cmd { return tr.cluster.Command(host, name, args...) }
			hosts = append(hosts, theatre.ClientOn(tr, on, kind, srv, c.properties(kind, host)...))
		}
		all = append(all, hosts)
	}
	tr.record.Disturb(0, "the start of all clients")
	tr.clients = startClients(tr.T, tr.record, c.shards, c.bodyBytes, all)
	tr.watchStalls()
	tr.calm("all clients are there")
}

// finish ends the sends, waits for the rest of the deliveries and judges the history.
func (tr *trial) finish() history.Report {
	tr.Helper()
	tr.clients.stop()
	deadline := time.Now().Add(settleTime)
	for tr.record.Missing() > 0 && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	report := tr.record.Report()
	tr.Log(report)
	if err := report.Err(); err != nil {
		tr.Error(err)
	}
	return report
}
