package admintool

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/ports"
	"gantry/tools/compat/process"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/wire"
)

// place is a name server and a broker, real or ours.
type place struct {
	namesrv, broker string
	id              string // of the first message sent, by the producer
	offsetID        string // and by the broker
}

// the same configuration for both.
var brokerProperties = map[string]string{"brokerName": "broker-a", "brokerIP1": "127.0.0.1", "mappedFileSizeCommitLog": "1048576",
	"mappedFileSizeConsumeQueue": "60000", "maxHashSlotNum": "1000", "maxIndexNum": "2000", "maxMessageSize": "65536", "diskMaxUsedSpaceRatio": "95"}

func realPlace(t *testing.T, set *artifacts.Set) *place {
	t.Helper()
	classpath, err := set.ServerClasspath()
	if err != nil {
		t.Fatal(err)
	}
	c, err := realbroker.Start(t.Context(), realbroker.Config{Classpath: classpath, Dir: t.TempDir(), Ports: block(t), Properties: brokerProperties})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return &place{namesrv: c.NamesrvAddress(), broker: c.BrokerAddress()}
}

func block(t *testing.T) *ports.Block {
	t.Helper()
	b, err := ports.Take()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Release() })
	return b
}

// binary is the gantry that `make build` has made, or another.
func binary(set *artifacts.Set) string {
	if path := os.Getenv("GANTRY_BINARY"); path != "" {
		return path
	}
	return filepath.Join(set.Repository(), "bin", "gantry")
}

// gantryPlace starts our mqnamesrv and mqbroker.
func gantryPlace(t *testing.T, set *artifacts.Set) *place {
	t.Helper()
	dir, free := t.TempDir(), block(t)
	p := &place{namesrv: free.Address(0), broker: free.Address(5)}
	text := fmt.Sprintf("listenPort=%d\nnamesrvAddr=%s\nbindAddress=127.0.0.1\nstorePathRootDir=%s/store\n", free.Port(5), p.namesrv, dir)
	for key, value := range brokerProperties {
		text += key + "=" + value + "\n"
	}
	write(t, filepath.Join(dir, "broker.properties"), text)
	write(t, filepath.Join(dir, "namesrv.properties"), fmt.Sprintf("listenPort=%d\nbindAddress=127.0.0.1\n", free.Port(0)))
	for _, role := range []string{"namesrv", "broker"} {
		cmd := exec.Command(binary(set), "mq"+role, "-c", filepath.Join(dir, role+".properties"))
		cmd.Env = append(os.Environ(), "HOME="+dir, "ROCKETMQ_HOME=", "NAMESRV_ADDR=")
		started, err := process.Start(cmd, filepath.Join(dir, role+".out"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(started.Kill)
	}
	const getMaxOffset = 30
	awaitAnswer(t, p.broker, getMaxOffset)
	return p
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func awaitAnswer(t *testing.T, addr string, code int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		_, err := wire.Ask(t.Context(), addr, code, nil, nil)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// step is one command; $BROKER is the broker's address, $ID and $OFFSETID are the ids of the first message sent.
type step struct {
	line  string
	shape func(string) string // what of the output is compared, nil: all
}

// sortedLines compares lists whose order is that of a Java hash table.
func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

var numbers = regexp.MustCompile(`-?\d+(\.\d+)?`)

// figures compares words and columns, whatever the numbers are.
func figures(text string) string {
	return spaced(numbers.ReplaceAllString(text, "N"))
}

// keys compares the names of what is said.
func keys(text string) string {
	var found []string
	for _, line := range strings.Split(text, "\n") {
		name, _, _ := strings.Cut(line, ":")
		if name = strings.TrimSpace(strings.TrimPrefix(name, "ADDR ")); !strings.HasPrefix(name, "commitLogDiskRatio_") && name != "getTransferredTps" { // a path; 5.x's spelling, ours too
			found = append(found, name)
		}
	}
	return strings.Join(found, "\n")
}

// toolsGroup makes the topic that a command's heartbeat makes where the command runs for a second: it is there for all.
var toolsGroup = step{line: "updateTopic -b $BROKER -t %RETRY%TOOLS_CONSUMER -r 1 -w 1"}

// knownGroup makes a group known to a listing of all groups, which goes by the topics of their retries.
var knownGroup = step{line: "updateTopic -b $BROKER -t %RETRY%g1 -r 1 -w 1"}

// withoutToolsGroup leaves out the row of the commands' own group: the real broker goes on counting a member whose
// heartbeat it works off behind the end of its connection, for two minutes.
func withoutToolsGroup(listing string) string {
	rows := slices.DeleteFunc(strings.Split(listing, "\n"), func(row string) bool {
		return strings.HasPrefix(strings.TrimSpace(row), "TOOLS_CONSUMER")
	})
	return strings.Join(rows, "\n")
}

var steps = []step{
	toolsGroup,
	{line: "updateTopic -c DefaultCluster -t T -r 2 -w 2"},
	{line: "updateTopic -b $BROKER -t Ordered -o true -r 1 -w 1 -p 6"},
	{line: "updateTopic -b $BROKER -t TBW102"},
	{line: "updateTopic -c nowhere -t T"},
	{line: "topicList", shape: sortedLines},
	{line: "topicRoute -t T"},
	{line: "topicRoute -t T -l"},
	{line: "topicRoute -t Unknown"},
	{line: "topicStatus -t T"},
	{line: "sendMessage -t T -p hello -k k1 -c TagA -b broker-a -i 0"},
	{line: "sendMessage -t T -p second -k k1 -b broker-a -i 1"},
	{line: "topicStatus -t T"},
	{line: "consumeMessage -t T -b broker-a -i 0"},
	{line: "consumeMessage -t T -b broker-a -i 1 -o 7"},
	{line: "queryMsgByKey -t T -k k1", shape: sortedLines},
	{line: "queryMsgByKey -t T -k unknown"},
	{line: "queryMsgByUniqueKey -t T -i $ID"},
	{line: "queryMsgByUniqueKey -t T -i unknown"},
	{line: "queryMsgById -i $OFFSETID"},
	{line: "updateSubGroup -c DefaultCluster -g g1 -r 3"},
	{line: "updateSubGroup -b $BROKER -g g1 -s false"},
	{line: "consumerProgress -g g1"},
	knownGroup,
	{line: "consumerProgress", shape: withoutToolsGroup},
	{line: "consumerConnection -g g1"},
	{line: "producerConnection -g p1 -t T"},
	{line: "resetOffsetByTime -g g1 -t T -s now"},
	{line: "clusterList", shape: figures},
	{line: "CLUSTERLIST -m", shape: figures},
	{line: "brokerStatus -b $BROKER", shape: keys},
	{line: "brokerStatus -c DefaultCluster", shape: keys},
	{line: "wipeWritePerm -b broker-a", shape: figures},
	{line: "topicRoute -t T -l"},
	{line: "addWritePerm -b broker-a", shape: figures},
	{line: "wipeWritePerm -b unknown"},
	{line: "updateBrokerConfig -b $BROKER -k autoCreateTopicEnable -v false"},
	{line: "topicClusterList -t T"},
	{line: "topicClusterList -t Unknown"},
	{line: "updateTopicPerm -b $BROKER -t T -p 4"},
	{line: "updateTopicPerm -b $BROKER -t T -p 4"},
	{line: "topicRoute -t T -l"},
	{line: "updateTopicPerm -c DefaultCluster -t T -p 6"},
	{line: "queryMsgByOffset -t T -b broker-a -i 0 -o 0"},
	{line: "queryMsgByOffset -t T -b broker-a -i 0 -o 9"},
	{line: "printMsg -t T"},
	{line: "printMsgByQueue -t T -a broker-a -i 0 -p true"},
	{line: "skipAccumulatedMessage -g g1 -t T"},
	{line: "getConsumerConfig -g g1"},
	{line: "getConsumerConfig -g unknown"},
	{line: "updateKvConfig -s N -k k -v v"},
	{line: "deleteKvConfig -s N -k k"},
	{line: "updateOrderConf -t T -m put -v broker-a:2"},
	{line: "updateOrderConf -t T -m get"},
	{line: "updateOrderConf -t T -m delete"},
	{line: "updateOrderConf -t T -m get"},
	{line: "cloneGroupOffset -s g1 -d g2 -t T -o false"},
	{line: "sendMsgStatus -b broker-a -s 10 -c 2", shape: figures},
	{line: "checkMsgSendRT -t T -a 2 -s 10", shape: figures},
	{line: "consumerStatus -g g1"},
	{line: "queryMsgTraceById -i $ID"},
	{line: "statsAll", shape: func(out string) string { return sortedLines(figures(out)) }},
	{line: "updateNamesrvConfig -k orderMessageEnable -v false"},
	{line: "allocateMQ -t T -i 127.0.0.1,127.0.0.2", shape: sortedLines},
	{line: "deleteSubGroup -c DefaultCluster -g g1 -r true"},
	{line: "deleteTopic -t T -c DefaultCluster"},
	{line: "deleteTopic -t TBW102 -c DefaultCluster"},
	{line: "topicStatus -t T"},
	{line: "topicList", shape: sortedLines},
}

var (
	sentID   = regexp.MustCompile(`SEND_OK +([0-9A-F]{32,})`)
	offsetID = regexp.MustCompile(`msgId=([0-9A-F]{32})`)
)

// filled is a line with what it leaves open.
func (p *place) filled(line string) string {
	return strings.NewReplacer("$BROKER", p.broker, "$ID", p.id, "$OFFSETID", p.offsetID).Replace(line)
}

func (p *place) run(t *testing.T, tool *Tool, line string) string {
	t.Helper()
	out, err := tool.Run(context.Background(), append(strings.Fields(p.filled(line)), "-n", p.namesrv)...)
	if err != nil {
		t.Fatal(err)
	}
	if sent := sentID.FindStringSubmatch(out); sent != nil && p.id == "" {
		p.id = sent[1]
		time.Sleep(time.Second) // the index is written
	}
	if read := offsetID.FindStringSubmatch(out); read != nil && p.offsetID == "" {
		p.offsetID = read[1]
	}
	return Masked(out)
}

func TestTheOfficialToolPrintsTheSameOfBoth(t *testing.T) {
	set, err := artifacts.Ensure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	classpath, err := set.ServerClasspath()
	if err != nil {
		t.Fatal(err)
	}
	tool, err := Start(classpath, "Driver.java", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer tool.Close()
	theirs, ours := realPlace(t, set), gantryPlace(t, set)
	for _, s := range steps {
		want, got := theirs.run(t, tool, s.line), ours.run(t, tool, s.line)
		if s.shape != nil {
			want, got = s.shape(want), s.shape(got)
		}
		if want != got {
			t.Errorf("mqadmin %s prints of the real broker\n%s\nand of ours\n%s", s.line, want, got)
		}
	}
}

// ownSteps are those that our tool is compared with; what it prints of errors is its own.
var ownSteps = []step{
	toolsGroup,
	{line: "updateTopic -c DefaultCluster -t T -r 2 -w 2"},
	{line: "topicList", shape: sortedLines},
	{line: "topicList -c", shape: sortedLines},
	{line: "topicRoute -t T"},
	{line: "topicRoute -t T -l"},
	{line: "sendMessage -t T -p hello -k k1 -c TagA -b broker-a -i 0"},
	{line: "topicStatus -t T"},
	{line: "consumeMessage -t T -b broker-a -i 1"},
	{line: "consumeMessage -t T -b broker-a -i 1 -o 7"},
	{line: "consumeMessage -t T -b broker-a -i 0 -c 1"},
	{line: "queryMsgByKey -t T -k k1", shape: sortedLines},
	{line: "queryMsgByUniqueKey -t T -i $ID"},
	{line: "queryMsgById -i $OFFSETID"},
	{line: "updateSubGroup -c DefaultCluster -g g1 -r 3"},
	{line: "clusterList", shape: figures},
	{line: "CLUSTERLIST -m", shape: figures},
	{line: "brokerStatus -b $BROKER", shape: keys},
	{line: "brokerStatus -c DefaultCluster", shape: keys},
	{line: "getBrokerConfig -b $BROKER", shape: sortedLines},
	knownGroup,
	{line: "consumerProgress", shape: withoutToolsGroup},
	{line: "wipeWritePerm -b broker-a", shape: figures},
	{line: "addWritePerm -b broker-a", shape: figures},
	{line: "updateBrokerConfig -b $BROKER -k autoCreateTopicEnable -v true"},
	{line: "topicClusterList -t T"},
	{line: "updateTopicPerm -b $BROKER -t T -p 6"},
	{line: "updateTopicPerm -c DefaultCluster -t T -p 6"},
	{line: "queryMsgByOffset -t T -b broker-a -i 0 -o 0"},
	{line: "queryMsgByOffset -t T -b broker-a -i 0 -o 9"},
	{line: "getConsumerConfig -g g1"},
	{line: "getNamesrvConfig", shape: sortedLines},
	{line: "updateNamesrvConfig -k orderMessageEnable -v true"},
	{line: "updateKvConfig -s N -k k -v v"},
	{line: "deleteKvConfig -s N -k k"},
	{line: "updateOrderConf -t T -m put -v broker-a:2"},
	{line: "updateOrderConf -t T -m get"},
	{line: "updateOrderConf -t T -m delete"},
}

// spaced has one blank where there are several: the official tool has two behind some names.
func spaced(text string) string { return regexp.MustCompile(` +`).ReplaceAllString(text, " ") }

// trimmed leaves out the line's end that our tool gives every text.
func trimmed(text string) string { return strings.TrimRight(text, " \n") }

func TestOurToolPrintsWhatTheOfficialOneDoes(t *testing.T) {
	set, err := artifacts.Ensure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	classpath, err := set.ServerClasspath()
	if err != nil {
		t.Fatal(err)
	}
	tool, err := Start(classpath, "Driver.java", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer tool.Close()
	p := gantryPlace(t, set)
	for _, s := range ownSteps {
		compareTools(t, s, p.run(t, tool, s.line), Masked(own(t, set, append(strings.Fields(p.filled(s.line)), "-n", p.namesrv)...)))
		if strings.HasPrefix(s.line, "sendMessage") {
			p.run(t, tool, "consumeMessage -t T -b broker-a -i 0") // its offset id
		}
	}
	overview := own(t, set)
	for _, line := range strings.Split(overview, "\n") {
		if name, is := strings.CutPrefix(line, "   "); is {
			name, _, _ = strings.Cut(name, " ")
			out, err := tool.Run(context.Background(), "help", name)
			if err != nil {
				t.Fatal(err)
			}
			compareTools(t, step{line: "help " + name, shape: spaced}, out, own(t, set, "help", name))
		}
	}
}

func compareTools(t *testing.T, s step, theirs, ours string) {
	t.Helper()
	if s.shape != nil {
		theirs, ours = s.shape(theirs), s.shape(ours)
	}
	if theirs, ours = trimmed(theirs), trimmed(ours); theirs != ours {
		t.Errorf("mqadmin %s prints\n%s\nand ours\n%s", s.line, theirs, ours)
	}
}

// own runs our tool.
func own(t *testing.T, set *artifacts.Set, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandBound)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary(set), append([]string{"mqadmin"}, args...)...).CombinedOutput()
	if err != nil {
		t.Errorf("mqadmin %v: %v", args, err)
	}
	return string(out)
}
