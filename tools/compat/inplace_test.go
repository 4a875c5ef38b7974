package compat

import (
	"bytes"
	"context"
	"maps"
	"net"
	"path/filepath"
	"strconv"
	"testing"

	"gantry/remoting/message"
	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

// inPlaceLevels has one delay that outlasts the way from one server to the other: the last.
const inPlaceLevels = "1s 3s 1s 1s 1s 1s 1s 15s"

// pendingLevel is the level of that delay.
const pendingLevel = 8

// Sizes of the real broker's files, which make several of each kind. Gantry is told them but for the commit log's.
const (
	logFileBytes   = 8 << 20
	queueFileBytes = 50 * 20
	indexSlots     = 1000
	indexItems     = 150
)

func TestAStoreStoppedCleanlyMovesFromTheRealBrokerAndBack(t *testing.T) {
	moveThereAndBack(&move{T: t, end: server.Server.Stop, delivered: once, host: "127.0.0.1"})
}

func TestAStoreLeftByAKillMovesFromTheRealBrokerAndBack(t *testing.T) {
	kill := func(s server.Server) error { s.Kill(); return nil }
	moveThereAndBack(&move{T: t, end: kill, delivered: atLeastOnce, host: loopbackHosts(t)[0]})
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
	end       func(server.Server) error // how either server leaves the store
	delivered deliveries
	host      string // brokerIP1

	dir, store string
	real       server.Server
	broker     string // address of the real broker, and of the node that opens its store
	properties map[string]string

	topic, one, sizes, many, late, hosts string
	group, refusing                      string

	ids     int              // unique ids made so far
	rounds  int              // of messages of every kind that were sent so far
	backs   int              // messages sent back so far
	lates   int              // messages left pending so far
	later   string           // unique id of the last of them
	pending transaction      // that nobody has ended yet
	ended   []transaction    // by the first server: committed, rolled back
	left    []transaction    // by the server before to the one that has the store now
	halves  map[string]bool  // transactions by unique id: are they committed
	logged  []message.Record // the commit log as the server before left it
	written snapshot         // and what it answered
}

// moveThereAndBack has the real broker write a store and end in one way, Gantry open, serve and continue it and end in the same way,
// and the real broker open, serve and continue it again. Whoever serves it answers with the bytes, at the places, that the one
// before did.
func moveThereAndBack(m *move) {
	set := theatre.Artifacts(m.T)
	m.Parallel()
	m.prepare()
	binary := filepath.Join(set.Repository(), "bin", "gantry")
	m.real = m.start(server.Real, server.Config{Set: set, Dir: filepath.Join(m.dir, "real"), Properties: m.realProperties()})
	m.broker = stage.BrokerAddress(m.T, m.real)
	m.write()
	m.leaves(m.real, binary)

	gantry := m.start(server.Gantry, server.Config{Set: set, Dir: filepath.Join(m.dir, "gantry"), Shape: server.Direct, Properties: m.gantryProperties()})
	m.servesAll()
	m.endAgain()
	m.endLeft()
	m.add(gantry, agent.Java532)
	m.leaveHalves()
	m.leaves(gantry, binary)

	if err := m.real.Start(context.Background()); err != nil {
		m.Fatal(err)
	}
	m.servesAll()
	m.endLeft()
	m.add(m.real, agent.Java498)
	m.commitPending()
	m.snapshot()
}

func (m *move) prepare() {
	m.dir = m.TempDir()
	m.store = filepath.Join(m.dir, "real", "store")
	m.properties = map[string]string{
		"brokerIP1": m.host, "messageDelayLevel": inPlaceLevels, "flushConsumerOffsetInterval": "500", "flushDelayOffsetInterval": "500",
		"maxHashSlotNum": strconv.Itoa(indexSlots), "maxIndexNum": strconv.Itoa(indexItems),
	}
}

func (m *move) realProperties() map[string]string {
	all := map[string]string{"mappedFileSizeCommitLog": strconv.Itoa(logFileBytes), "mappedFileSizeConsumeQueue": strconv.Itoa(queueFileBytes)}
	maps.Copy(all, m.properties)
	return all
}

// gantryProperties has Gantry's node open the real broker's store at the real broker's address.
func (m *move) gantryProperties() map[string]string {
	_, port, err := net.SplitHostPort(m.broker)
	if err != nil {
		m.Fatal(err)
	}
	all := map[string]string{
		"brokerClusterName": "DefaultCluster", "listenPort": port,
		"storePathRootDir": m.store, "storePathCommitLog": filepath.Join(m.store, "commitlog"),
	}
	maps.Copy(all, m.properties)
	return all
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

// leaves ends a server and says that its files are whole and begin with what was there before.
func (m *move) leaves(srv server.Server, binary string) {
	m.Helper()
	if m.delivered == atLeastOnce {
		m.saved()
	}
	m.areFound(loggedRecords(m.T, m.store))
	m.leavePending()
	m.written = m.snapshot()
	if err := m.end(srv); err != nil {
		m.Fatal(err)
	}
	checkSizes(m.T, m.store)
	m.dump(binary)
	left := loggedRecords(m.T, m.store)
	for i, r := range m.logged {
		if i >= len(left) || !bytes.Equal(left[i], r) {
			m.Fatalf("record %d of the log, at offset %d, is another one than before", i, r.PhysicalOffset())
		}
	}
	m.checkPending(left)
	m.Logf("%d records in the log, %d of them served", len(left), m.written.size())
	m.logged = left
}

// servesAll says that a server that has just opened the store answers all that the one before did, at every place and by every key.
func (m *move) servesAll() {
	m.Helper()
	m.snapshot().contains(m.T, m.written)
	m.areFound(m.logged)
}

// snapshot is what the server that now has the store answers. Messages have the hosts they were sent from and to, and of
// transactions only committed ones are seen.
func (m *move) snapshot() snapshot {
	m.Helper()
	s := takeSnapshot(m.T, m.broker, m.store, []string{m.group, m.refusing})
	m.checkHosts(s)
	m.checkHalves(s)
	return s
}

// areFound says that the server finds each record by all its names.
func (m *move) areFound(records []message.Record) {
	m.Helper()
	for _, r := range records {
		isFound(m.T, m.broker, r)
	}
}
