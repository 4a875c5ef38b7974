//go:build record

package record

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"net"
	"os"
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
)

// committedFrames is where the frames lie for the decoders' tests. To record them anew:
// go test -tags record ./record -frames ../../../remoting/remotingtest/testdata
const committedFrames = "../../../remoting/remotingtest/testdata"

// studio is the real server with recorders in front of it.
type studio struct {
	stage      *stage.Stage
	set        *artifacts.Set
	cluster    *realbroker.Cluster
	collection *Collection
}

// framesFlag is read by TestMain; the tests get it through the environment variable of the same purpose.
const framesVariable = "GANTRY_COMPAT_FRAMES"

func TestMain(m *testing.M) {
	frames := flag.String("frames", "", "folder to write the recorded frames into")
	flag.Parse()
	if *frames != "" {
		os.Setenv(framesVariable, *frames)
	}
	os.Exit(m.Run())
}

func TestEveryCommittedFrameComesFromAStockClientOrTheRealServer(t *testing.T) {
	s := newStudio(t)
	for _, kind := range agent.Kinds() {
		s.recordClient(t, string(kind), kind)
	}
	s.recordClient(t, "java460v1", agent.Java460, "org.apache.rocketmq.client.sendSmartMsg=false")
	s.recordClient(t, "java498binary", agent.Java498, "rocketmq.serialize.type=ROCKETMQ")
	s.recordAdmin(t)
	if err := s.cluster.Stop(); err != nil { // the broker says goodbye to the name server
		t.Fatal(err)
	}
	checkCommitted(t, s.collection, "java", "go", "mqadmin497", "broker497")
}

func newStudio(t *testing.T) *studio {
	t.Helper()
	made, err := stage.New(server.Real, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.Close(false) })
	set := made.Artifacts(t)
	block, err := ports.Take()
	if err != nil {
		t.Fatal(err)
	}
	s := &studio{stage: made, set: set, collection: NewCollection()}
	classpath, err := set.ServerClasspath()
	if err != nil {
		t.Fatal(err)
	}
	front := s.listen(t, "broker497", block.Address(0), func(raw []byte) []byte { return raw })
	s.cluster, err = realbroker.Start(context.Background(), realbroker.Config{
		Classpath: classpath, Dir: t.TempDir(), Ports: block, RegisterAt: front,
		Properties: map[string]string{"forceRegister": "false", "enablePropertyFilter": "true", "messageDelayLevel": "1s 1s 1s 1s"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.cluster.Kill)
	return s
}

func (s *studio) listen(t *testing.T, label, upstream string, replace func([]byte) []byte) string {
	t.Helper()
	r, err := Listen(label, upstream, replace, s.collection.Keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r.Address()
}

// recorded is the real server as clients see it through recorders.
type recorded struct {
	server.Server // only Namesrv is asked for
	namesrv       string
	broker        string
}

func (r *recorded) Namesrv() string { return r.namesrv }

// front puts recorders with a label in front of the name server and the broker.
func (s *studio) front(t *testing.T, label string) *recorded {
	t.Helper()
	broker := s.listen(t, label, s.cluster.BrokerAddress(), func(raw []byte) []byte { return raw })
	replace, err := ReplaceAddress(s.cluster.BrokerAddress(), broker)
	if err != nil {
		t.Fatal(err)
	}
	return &recorded{namesrv: s.listen(t, label, s.cluster.NamesrvAddress(), replace), broker: broker}
}

// recordClient lets one client do everything whose frames are wanted.
func (s *studio) recordClient(t *testing.T, label string, kind agent.Kind, properties ...string) {
	t.Helper()
	begun := time.Now()
	defer func() { t.Logf("%s took %v", label, time.Since(begun)) }()
	front := s.front(t, label)
	c := s.stage.OwnClient(t, kind, front, properties...)
	p := c.Producer()
	topic := c.Unique("topic")
	message := agent.Message{
		Topic: topic, Tag: "a", Keys: "key1 key2", Properties: map[string]string{"größe": "große 数"}, BodyBytes: 40, Seed: 1,
	}
	stored := p.Send(agent.Sync, message, message)
	batch := message
	batch.BodyBytes = 20
	p.Send(agent.Batch, batch, batch)
	if kind.IsJava() {
		recordQueries(t, c, p, stored[0], front)
	}
	recordPush(t, c, p, topic)
	recordPull(t, c, p, topic)
	p.Shutdown()
}

// recordQueries asks all that a Java client can ask.
func recordQueries(t *testing.T, c *stage.Client, p *stage.Producer, stored agent.SendResult, front *recorded) {
	t.Helper()
	p.CreateTopic(c.Unique("created"), 4)
	for _, which := range []string{"min", "max", "search", "earliest"} {
		p.Offset(stored.Queue, which, time.Now().UnixMilli())
	}
	p.View(stored.Queue.Topic, throughRecorder(t, stored.OffsetMsgID, front.broker))
	stage.Eventually(t, 5*time.Second, "the message under its key", func() bool {
		found, err := p.Query(stored.Queue.Topic, "key1", 0, time.Now().UnixMilli())
		return err == nil && len(found) > 0
	})
}

// throughRecorder puts the recorder's port into an offset id, whose bytes 4 to 7 are the port that clients will ask.
func throughRecorder(t *testing.T, id, address string) string {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return id[:8] + strings.ToUpper(hex.EncodeToString([]byte{0, 0, byte(port >> 8), byte(port)})) + id[16:]
}

// recordPush lets two members share queues, refuse a message once, and consume in order; Java also names an SQL filter.
func recordPush(t *testing.T, c *stage.Client, p *stage.Producer, topic string) {
	t.Helper()
	group := c.GroupWithRetryTopic()
	both := agent.PushConsumer{Group: group, Topics: map[string]string{topic: "a || b"}, FromFirst: true, FailTimes: 1}
	first := c.Push(both)
	// Four messages, each refused once; two members share the queues afterwards.
	first.AwaitCount(30*time.Second, 8)
	second := c.Push(both)
	stage.AwaitAll(t, 30*time.Second, "two members with queues", func() bool {
		return len(first.Queues(topic)) == 2 && len(second.Queues(topic)) == 2
	}, first, second)
	second.Shutdown()
	first.Shutdown()
	inOrder := c.Push(agent.PushConsumer{
		Group: c.Unique("ordered"), Topics: map[string]string{topic: "*"}, FromFirst: true, Orderly: true,
	})
	inOrder.AwaitCount(30*time.Second, 4)
	inOrder.Shutdown()
	if c.Kind.IsJava() {
		filter := map[string]string{topic: "TAGS = 'a'"}
		c.Push(agent.PushConsumer{Group: c.Unique("sql"), Topics: filter, SQL: true, FromFirst: true}).AwaitCount(30*time.Second, 4)
	}
}

// recordPull pulls what is there, what is filtered out and what is out of range, and polls.
func recordPull(t *testing.T, c *stage.Client, p *stage.Producer, topic string) {
	t.Helper()
	pull := c.Pull(topic, c.Unique("pull"), "*")
	queue := agent.Queue{Topic: topic, Broker: stage.BrokerName}
	p.SendTo(queue, agent.Sync, agent.Message{Topic: topic, Tag: "a", BodyBytes: 20})
	stage.Eventually(t, 10*time.Second, "a message to pull", func() bool {
		return pull.Pull(queue, "*", 0, 2).Status == "FOUND"
	})
	pull.Pull(queue, "*", 1000, 2)
	if c.Kind.IsJava() {
		pull.Pull(queue, "nothing", 0, 2)
	}
	pull.Shutdown()
	lite := c.Lite(topic, c.Unique("lite"), "*")
	if c.Kind == agent.Java532 {
		lite.Poll(3000) // with a request that the 4.9.7 broker does not know
	} else {
		stage.Eventually(t, 30*time.Second, "a message to poll", func() bool { return len(lite.Poll(1000)) > 0 })
	}
	lite.Shutdown()
}

// recordAdmin runs the official tool for the requests that no client sends.
func (s *studio) recordAdmin(t *testing.T) {
	t.Helper()
	front := s.front(t, "mqadmin497")
	s.mqadmin(t, "updateSubGroup", "-b", front.broker, "-g", "recorded_group", "-r", "2")
	s.mqadmin(t, "clusterList", "-n", front.namesrv)
}

func (s *studio) mqadmin(t *testing.T, args ...string) {
	t.Helper()
	classpath, err := s.set.ServerClasspath()
	if err != nil {
		t.Fatal(err)
	}
	output, err := realbroker.MQAdmin(context.Background(), classpath, filepath.Dir(s.cluster.StoreDir()), args...)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(t.Output(), output)
}
