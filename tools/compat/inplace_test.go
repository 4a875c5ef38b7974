package compat

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"gantry/remoting/message"
	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

// inPlaceLevels has one delay that outlasts the way from one server to the other: the last.
const inPlaceLevels = "1s 3s 1s 1s 1s 1s 1s 12s"

// pendingLevel is the level of that delay.
const pendingLevel = 8

func TestAStoreStoppedCleanlyMovesFromTheRealBrokerAndBack(t *testing.T) {
	moveThereAndBack(t, server.Server.Stop, once)
}

func TestAStoreLeftByAKillMovesFromTheRealBrokerAndBack(t *testing.T) {
	moveThereAndBack(t, func(real server.Server) error { real.Kill(); return nil }, atLeastOnce)
}

// How often a group may see a message after a store has moved: a kill loses the last progress of deliveries.
type deliveries bool

const (
	once        deliveries = true
	atLeastOnce deliveries = false
)

// move is a store on its way.
type move struct {
	*testing.T
	dir, store string
	real       server.Server
	broker     string // address of the real broker, and of the node that opens its store
	properties map[string]string

	topic, one, sizes, late, dead string
	group, refusing               string

	delivered deliveries
	halves    []message.Record // which the broker keeps in a topic of its own
}

// moveThereAndBack has the real broker write a store and end in one way, Gantry open, serve and continue it, and the real broker
// open, serve and continue it again. Whoever serves it answers with the bytes, at the places, that the one before did.
func moveThereAndBack(t *testing.T, end func(server.Server) error, delivered deliveries) {
	set := theatre.Artifacts(t)
	t.Parallel()
	m := &move{T: t, dir: t.TempDir(), delivered: delivered, properties: map[string]string{
		"messageDelayLevel": inPlaceLevels, "flushConsumerOffsetInterval": "500", "flushDelayOffsetInterval": "500",
	}}
	m.store = filepath.Join(m.dir, "real", "store")
	m.real = m.start(server.Real, server.Config{Set: set, Dir: filepath.Join(m.dir, "real"), Properties: m.properties})
	m.broker = stage.BrokerAddress(t, m.real)

	m.write()
	m.saved()
	written := m.snapshot()
	written.areFound(t, m.broker)
	if err := end(m.real); err != nil {
		t.Fatal(err)
	}
	m.dump(filepath.Join(set.Repository(), "bin", "gantry"))

	gantry := m.start(server.Gantry, server.Config{Set: set, Dir: filepath.Join(m.dir, "gantry"), Shape: server.Direct, Properties: m.inPlace()})
	served := m.snapshot()
	served.contains(t, written)
	written.areFound(t, m.broker)
	m.add(gantry, agent.Java532)
	both := m.snapshot()
	both.contains(t, written.withoutCommits())
	both.areFound(t, m.broker)
	if err := gantry.Stop(); err != nil {
		t.Fatal(err)
	}
	m.dump(filepath.Join(set.Repository(), "bin", "gantry"))

	if err := m.real.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	again := m.snapshot()
	again.contains(t, both)
	both.areFound(t, m.broker)
	m.add(m.real, agent.Java498)
	t.Logf("%d records written, %d with those added, %d again", written.size(), both.size(), again.size())
}

func (m *move) start(target server.Target, config server.Config) server.Server {
	m.Helper()
	s, err := server.New(target, config)
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(s.Close)
	if err := s.Start(context.Background()); err != nil {
		m.Fatal(err)
	}
	return s
}

// inPlace has Gantry's node open the real broker's store at the real broker's address.
func (m *move) inPlace() map[string]string {
	_, port, err := net.SplitHostPort(m.broker)
	if err != nil {
		m.Fatal(err)
	}
	properties := map[string]string{
		"brokerClusterName": "DefaultCluster", "listenPort": port,
		"storePathRootDir": m.store, "storePathCommitLog": filepath.Join(m.store, "commitlog"),
	}
	for key, value := range m.properties {
		properties[key] = value
	}
	return properties
}

// snapshot is what the server that now has the store answers; half messages are where they were in any case.
func (m *move) snapshot() snapshot {
	m.Helper()
	for _, half := range m.halves {
		isFound(m.T, m.broker, half)
	}
	return takeSnapshot(m.T, m.broker, m.store, []string{m.group, m.refusing})
}

func (s snapshot) withoutCommits() snapshot {
	s.commits = nil
	return s
}

// bodySizes are those of the messages with keys and tags.
func bodySizes() []int { return []int{1, 90, 4096, 70_000, 4 << 20} }

// write fills the store: tags, keys, all sizes of bodies, a batch, delays that are over and one that is not, a message refused
// into the dead-letter queue, transactions, and a group that has consumed a part.
func (m *move) write() {
	m.Helper()
	java := theatre.Client(m.T, agent.Java498, m.real)
	m.topic, m.one, m.sizes, m.late = java.Topic(3), java.Topic(1), java.Topic(2), java.Topic(1)
	m.group, m.refusing = java.Unique("group"), java.GroupWithRetryTopic()
	m.dead = "%DLQ%" + m.refusing
	producer := java.Producer()
	m.sendAllKinds(producer)
	m.transactions()
	m.consume(java, 6)
	producer.Send(agent.Sync, stage.Messages(m.topic, 2)...) // stay unconsumed
	atMost := 1
	refuser := java.Push(agent.PushConsumer{
		Group: m.refusing, Topics: map[string]string{m.one: "*"}, FromFirst: true, FailTimes: -1, MaxReconsumeTimes: &atMost,
	})
	producer.Send(agent.Sync, agent.Message{Topic: m.one, Tag: "bad", Keys: "refused", BodyBytes: 50})
	refuser.AwaitCount(deliveryTime, 2*2) // the committed one of the transactions, too
	stage.Eventually(m.T, deliveryTime, "two dead letters", func() bool {
		return mustAsk(m.T, m.broker, getMaxOffset, queue{topic: m.dead}.fields()).ExtFields["offset"] == "2"
	})
	refuser.Shutdown()
	producer.Send(agent.Sync, agent.Message{Topic: m.late, Tag: "late", Keys: "later", DelayLevel: pendingLevel, BodyBytes: 20})
	producer.Shutdown()
}

// sendAllKinds sends messages of every kind to m.topic: 2 to each queue and 6 to queue 0 and by tag and key.
func (m *move) sendAllKinds(producer *stage.Producer) {
	m.Helper()
	for i, size := range bodySizes() {
		producer.Send(agent.Sync, agent.Message{Topic: m.sizes, Tag: "red", Keys: "size k" + strconv.Itoa(i), BodyBytes: size, Seed: int32(i)})
	}
	producer.SendTo(stage.Queues(m.topic, 1)[0], agent.Batch, stage.Messages(m.topic, 3)...)
	producer.Send(agent.Sync,
		agent.Message{Topic: m.topic, Tag: "blue", Keys: "plain", BodyBytes: 10, Properties: map[string]string{"a": "b c"}},
		agent.Message{Topic: m.topic, Keys: "delayed", DelayLevel: 1, BodyBytes: 10, Seed: 1},
		agent.Message{Topic: m.topic, Keys: "delayed", DelayLevel: 3, BodyBytes: 10, Seed: 2})
}

// consume lets m.group consume up to now all messages of m.topic.
func (m *move) consume(c *stage.Client, count int) {
	m.Helper()
	consumer := c.Subscribe(m.topic, m.group)
	seen := consumer.AwaitCount(deliveryTime, count)
	if m.delivered == once && len(seen) != count {
		m.Errorf("the group saw %d messages, want %d: %v", len(seen), count, seen)
	}
	consumer.Shutdown()
}

// transactions has the broker keep three half messages and end two of them, as no client at hand does.
func (m *move) transactions() {
	m.Helper()
	const sendMessage, endTransaction, prepared, commit, rollback = 10, 37, 4, 8, 12
	for i, end := range []int{commit, rollback, 0} {
		id := "7F000001000018B4AAC20000000000" + strconv.Itoa(10+i)
		properties := message.Properties(nil).Set("TRAN_MSG", "true").Set("PGROUP", "undecided").Set(message.PropertyUniqKey, id)
		reply, err := wire.Ask(context.Background(), m.broker, sendMessage, map[string]string{
			"producerGroup": "undecided", "topic": m.one, "defaultTopic": "TBW102", "defaultTopicQueueNums": "4", "queueId": "0",
			"sysFlag": strconv.Itoa(prepared), "bornTimestamp": strconv.FormatInt(time.Now().UnixMilli(), 10), "flag": "0",
			"properties": string(properties), "reconsumeTimes": "0", "unitMode": "false", "batch": "false",
		}, []byte("half"))
		if err != nil || reply.Code != 0 {
			m.Fatalf("send a half message: %+v, %v", reply, err)
		}
		_, at, err := message.ParseOffsetID(reply.ExtFields["msgId"])
		if err != nil {
			m.Fatal(err)
		}
		m.halves = append(m.halves, viewAt(m.T, m.broker, at))
		if end == 0 {
			continue
		}
		reply, err = wire.Ask(context.Background(), m.broker, endTransaction, map[string]string{
			"producerGroup": "undecided", "tranStateTableOffset": reply.ExtFields["queueOffset"], "commitLogOffset": strconv.FormatInt(at, 10),
			"commitOrRollback": strconv.Itoa(end), "fromTransactionCheck": "false", "msgId": id, "transactionId": id,
		}, nil)
		if err != nil || reply.Code != 0 {
			m.Fatalf("end a transaction: %+v, %v", reply, err)
		}
	}
}

// saved waits until the table of commits on the disk, which is saved by the clock, says what the broker does: a kill leaves what
// it says.
func (m *move) saved() {
	m.Helper()
	stage.Eventually(m.T, 30*time.Second, "all commits on the disk", func() bool {
		state := m.snapshot()
		return len(state.commits) > 0 && state.commitsSaved(m.T, m.store)
	})
}

// add sends more of every kind at a server that has taken the store over, and lets the group go on where it was: the two
// messages that it had left, then the new ones; and the delayed message that was pending has come.
func (m *move) add(srv server.Server, kind agent.Kind) {
	m.Helper()
	c := theatre.Client(m.T, kind, srv)
	stage.AwaitRoute(m.T, srv, m.topic)
	producer := c.Producer()
	late := c.Subscribe(m.late, c.Unique("late")).AwaitCount(deliveryTime, 1)
	checkBodies(m.T, []agent.Message{{BodyBytes: 20}}, late[:1])
	m.sendAllKinds(producer)
	m.consume(c, 2+6)
	producer.Send(agent.Sync, stage.Messages(m.topic, 2)...)
	sent := producer.Send(agent.Sync, agent.Message{Topic: m.one, Keys: "new", BodyBytes: 30, Seed: 7})[0]
	for _, id := range []string{sent.OffsetMsgID, late[0].OffsetMsgID} {
		producer.View(m.topic, id) // fails the test where there is none
	}
	producer.Shutdown()
}

// dump has every file of the store printed: it is whole.
func (m *move) dump(binary string) {
	m.Helper()
	for kind, pattern := range map[string]string{
		"commitlog": "commitlog/*", "consumequeue": "consumequeue/*/*/*", "index": "index/*", "checkpoint": "checkpoint",
	} {
		files, err := filepath.Glob(filepath.Join(m.store, pattern))
		if err != nil || len(files) == 0 {
			m.Fatalf("no %s in the store, %v", kind, err)
		}
		for _, file := range files {
			cmd := exec.Command(binary, "dump", kind, file)
			if out, err := cmd.CombinedOutput(); err != nil {
				m.Errorf("%v: %v\n%s", cmd, err, out[max(0, len(out)-600):])
			}
		}
	}
}
