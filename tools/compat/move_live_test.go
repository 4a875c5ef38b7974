package compat

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
	"gantry/tools/history"
)

const (
	// movedBodyBytes is what no client compresses.
	movedBodyBytes = 4000
	// movedDoubt is how long what groups have consumed may be unknown to who takes over: they commit each 5 s, and the tables of a Java
	// broker travel each 10 s.
	movedDoubt = 20 * time.Second
)

// liveMove is a shard that moves under load from one kind of broker to the other, as docs/move-from-java.md has it.
type liveMove struct {
	*testing.T
	shard   *shard
	binary  string
	blocks  []map[string]string // of .properties, in the document's order
	command string              // the document's question how far the copies are
	record  *history.Recorder
	clients *clients
}

// The document's blocks of .properties.
const (
	gantryFollows = iota
	gantryLeads
	javaFollows
	javaLeads
	blocksOfMove
)

// A shard of the real broker is followed from its minimum offset by Gantry, which takes over, and goes back the same way, while stock
// clients send and consume: no acknowledged message is lost, groups go on where they were, and in the end both logs are the same.
func TestAShardMovesLiveFromAJavaMasterToGantryAndBack(t *testing.T) {
	t.Parallel()
	m := &liveMove{T: t, shard: &shard{T: t, release: releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath), dir: filepath.Join(t.TempDir(), "gantry")}}
	m.read()
	s := m.shard
	s.namesrv = s.release.namesrv(t, s.release.config(t, nil)).Address
	place := s.release.config(t, nil)
	java, javaBroker := m.olderShard(place)
	m.startClients()
	m.calm("all clients are there")

	properties := m.with(gantryFollows)
	gantry, node := s.gantry(properties)
	m.awaitCopying()
	places := m.awaitFollowed(java, gantry)
	m.disturb("Gantry takes over from Java", func() {
		must(t, javaBroker.Stop())
		must(t, node.Stop())
		maps.Copy(properties, m.blocks[gantryLeads])
		node = m.restart(node, properties)
		m.mustHavePlaces(gantry, places)
	})
	m.mustHaveTold(node, "was a slave and is the master now")

	java, javaBroker = s.java(place, m.with(javaFollows))
	places = m.awaitFollowed(gantry, java)
	m.disturb("Java takes over from Gantry", func() {
		must(t, node.Stop())
		must(t, javaBroker.Stop())
		java, javaBroker = s.java(place, m.with(javaLeads))
		m.mustHavePlaces(java, places)
	})

	maps.Copy(properties, m.blocks[gantryFollows])
	node = m.restart(node, properties)
	m.awaitCopying()
	m.finish()
	java.awaitEqual(t, gantry)
}

// read takes what the document tells to write and to type.
func (m *liveMove) read() {
	set := theatre.Artifacts(m.T)
	m.binary = filepath.Join(set.Repository(), "bin", "gantry")
	text, err := os.ReadFile(filepath.Join(set.Repository(), "docs", "move-from-java.md"))
	must(m.T, err)
	for _, block := range regexp.MustCompile("(?s)```properties\n(.*?)```").FindAllSubmatch(text, -1) {
		m.blocks = append(m.blocks, propertiesOf(m.T, string(block[1])))
	}
	command := regexp.MustCompile(`(?m)^bin/gantry (admin haStatus .*?)(\s+#.*)?$`).FindSubmatch(text)
	if len(m.blocks) != blocksOfMove || command == nil {
		m.Fatalf("the document has %d blocks of .properties, want %d, and asks %q", len(m.blocks), blocksOfMove, command)
	}
	m.command = string(command[1])
}

func propertiesOf(t *testing.T, text string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			t.Fatalf("%q is no key=value", line)
		}
		all[key] = value
	}
	return all
}

// with is a block of the document for this machine: addresses, ports, folders and sizes are the test's.
func (m *liveMove) with(block int) map[string]string {
	all := maps.Clone(m.blocks[block])
	for _, own := range []string{"brokerName", "brokerClusterName", "namesrvAddr", "brokerIP1", "listenPort", "storePathRootDir", "storePathCommitLog"} {
		delete(all, own)
	}
	all["mappedFileSizeCommitLog"] = strconv.Itoa(logFileBytes)
	return all
}

// restart starts the node with other properties where it was.
func (m *liveMove) restart(node *server.Alone, properties map[string]string) *server.Alone {
	m.Helper()
	for _, own := range []string{"brokerName", "brokerClusterName", "namesrvAddr", "brokerIP1", "listenPort", "storePathRootDir", "storePathCommitLog"} {
		delete(properties, own)
	}
	must(m.T, node.StartAgainWith(m.Context(), properties))
	return node
}

// olderShard is one of several files, the first of which has expired.
func (m *liveMove) olderShard(place realbroker.Config) (copyOf, *realbroker.Alone) {
	m.Helper()
	java, broker := m.shard.java(place, nil)
	java.fill(m.T, 3*logFileBytes)
	must(m.T, broker.Stop())
	must(m.T, os.Remove(filepath.Join(java.store, "commitlog", fmt.Sprintf("%020d", 0))))
	java, broker = m.shard.java(place, nil)
	if low, _, err := java.bounds(m.Context()); err != nil || low != logFileBytes {
		m.Fatalf("the log begins at %d: %v", low, err)
	}
	return java, broker
}

func (m *liveMove) startClients() {
	m.Helper()
	srv := namesrv{list: m.shard.namesrv}
	stage.CreateTopic(m.T, srv, unordered, unorderedQueues)
	stage.CreateTopic(m.T, srv, ordered, orderedQueues)
	file, err := os.Create(filepath.Join(m.TempDir(), "history"))
	must(m.T, err)
	m.record = history.NewRecorder(file)
	m.Cleanup(func() {
		if err := m.record.Close(); err != nil {
			m.Error(err)
		}
		file.Close()
	})
	properties := trialConfig{hurried: !long()}.properties(agent.Java498, 0)
	m.record.Disturb(0, "the start of all clients")
	m.clients = startClients(m.T, m.record, []string{stage.BrokerName}, movedBodyBytes, [][]*stage.Client{
		{theatre.OwnClient(m.T, agent.Java498, srv, properties...)}, {theatre.OwnClient(m.T, agent.Go212, srv)}})
}

// calm waits until everybody is served again, and says that from now on nothing may come twice.
func (m *liveMove) calm(why string) {
	m.Helper()
	m.await(why, m.clients.groups)
	m.record.Calm(why)
}

func (m *liveMove) await(why string, groups []*consumerGroup) {
	m.Helper()
	since, missing := time.Now(), ""
	stage.Eventually(m.T, settleTime, "everybody served after "+why, func() bool {
		if now := m.clients.unserved(since, groups); now != missing {
			missing = now
			m.Logf("%s: there is not %s", why, now)
		}
		return missing == ""
	})
}

// disturb has a copy take over; what groups have consumed in doubt may come again.
func (m *liveMove) disturb(what string, do func()) {
	m.Helper()
	const exchanges = 2
	m.record.Disturb(exchanges*int(movedDoubt/time.Second)*m.clients.deliveriesPerSecond(), what)
	began := time.Now()
	do()
	m.Logf("%s took %.1f s", what, time.Since(began).Seconds())
	m.calm("after: " + what)
}

// awaitCopying asks as the document says until a slave copies, is hardly behind, and has its master's tables.
func (m *liveMove) awaitCopying() {
	m.Helper()
	const mostBehind = 1 << 20
	copies := regexp.MustCompile(`(?m)^broker-a +1 +SLAVE +\S+ +copying from \S+ +\d+ +(-?\d+) `)
	tables := regexp.MustCompile(`(?m)^broker-a +1 +tables +\S+ +from \S+ +\d{4}-\d\d-\d\d `)
	last := ""
	stage.Eventually(m.T, copyTime, "a slave that copies", func() bool {
		last = m.asks()
		found := copies.FindStringSubmatch(last)
		if found == nil || !tables.MatchString(last) {
			return false
		}
		behind, err := strconv.Atoi(found[1])
		return err == nil && behind < mostBehind
	})
	m.Logf("%s:\n%s", m.command, last)
}

// asks types the document's question.
func (m *liveMove) asks() string {
	cmd := exec.CommandContext(m.Context(), "sh", "-c", `"`+m.binary+`" `+m.command)
	cmd.Env = append(os.Environ(), "NAMESRV_ADDR="+m.shard.namesrv)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // what it says is looked at
	return out.String()
}

// awaitFollowed waits until a slave has what its master had a moment ago: log and places, which it returns.
func (m *liveMove) awaitFollowed(master, slave copyOf) map[string]int64 {
	m.Helper()
	stage.Eventually(m.T, copyTime, "places of all groups", func() bool { return behindOf(m.places(master), m.places(master)) == "" })
	_, end, err := master.bounds(m.Context())
	must(m.T, err)
	places := m.places(master)
	stage.Eventually(m.T, copyTime, "the master's log and places at the slave", func() bool {
		_, has, err := slave.bounds(m.Context())
		if err != nil || has < end {
			return false
		}
		return behindOf(m.places(slave), places) == ""
	})
	return places
}

// mustHavePlaces says that who has taken over knows how far each group was.
func (m *liveMove) mustHavePlaces(at copyOf, before map[string]int64) {
	m.Helper()
	now := m.places(at)
	if group := behindOf(now, before); group != "" {
		m.Errorf("%s holds group %s to be at %d in all its queues, it was at %d", at.address, group, now[group], before[group])
	}
}

// behindOf is a group that is behind its place, "" where none is.
func behindOf(now, places map[string]int64) string {
	for group, place := range places {
		if now[group] < place || place == 0 {
			return group
		}
	}
	return ""
}

// places are how far each group has consumed.
func (m *liveMove) places(at copyOf) map[string]int64 {
	all := map[string]int64{}
	for _, g := range m.clients.groups {
		all[g.name] = committed(at.address, g.name, g.topic, len(g.queues))
	}
	return all
}

func (m *liveMove) mustHaveTold(node *server.Alone, what string) {
	m.Helper()
	said, err := node.Output()
	if err != nil || !strings.Contains(said, what) {
		m.Errorf("it does not say %q, %v:\n%s", what, err, said)
	}
}

// finish ends the sends, waits for the rest of the deliveries and judges the history.
func (m *liveMove) finish() {
	m.Helper()
	m.clients.stop()
	deadline := time.Now().Add(settleTime)
	for m.record.Missing() > 0 && time.Now().Before(deadline) {
		time.Sleep(settlePace)
	}
	report := m.record.Report()
	m.Log(report)
	if err := report.Err(); err != nil {
		m.Error(err)
	}
}
