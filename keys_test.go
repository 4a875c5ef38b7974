package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gantry/membership/nameserver"
	"gantry/proxy"
	"gantry/remoting/keys"
	"gantry/remoting/properties"
	"gantry/storenode"
)

// Every field that a key sets has a row that says so, of its type and with its
// default, and every such row a field.
func TestFieldsAndRowsOfKeysAgree(t *testing.T) {
	node, front, talk, listen := storenode.DefaultConfig(), proxy.Config{}, defaultGossip(), namesrvSettings{BindAddress: "0.0.0.0"}
	fields := map[string]bool{}
	for of, targets := range map[keys.Role][]any{keys.Node: {&node, &talk}, keys.Proxy: {&front, &talk, &listen}} {
		types := properties.Types(targets...)
		for _, e := range properties.Entries(targets...) {
			fields[e.Key] = true
			row, found := keys.Find(e.Key, of)
			switch {
			case !found || !row.Outcome.Honoured():
				t.Errorf("%s has a field: its row in remoting/keys should be Fixed or Live and say what it decides", e.Key)
			case (row.Type >= properties.Int) != (types[e.Key] >= properties.Int) || row.Type < properties.Int && row.Type != types[e.Key]:
				t.Errorf("%s: the row's type is not the field's", e.Key)
			case row.FoundAtStart() || of == keys.Proxy && (e.Value == "0" || e.Value == ""):
			case row.Default != e.Value:
				t.Errorf("%s: the default is %q, its row says %q", e.Key, e.Value, row.Default)
			}
		}
	}
	for _, o := range keys.Objects() {
		for _, k := range o.Keys {
			if k.Outcome.Honoured() && !fields[k.Name] {
				t.Errorf("%s is honoured and has no field", k.Name)
			}
		}
	}
}

func TestLiveRowsAreTheSettingsThatMayChange(t *testing.T) {
	live := map[string]bool{}
	for _, o := range keys.Objects() {
		for _, k := range o.Keys {
			if k.Outcome == keys.Live {
				live[k.Name] = true
			}
		}
	}
	settings := map[string]bool{}
	for _, e := range properties.Entries(&storenode.Settings{}, &nameserver.Settings{}) {
		settings[e.Key] = true
	}
	if !maps.Equal(live, settings) {
		t.Errorf("live are %v,\nSettings have %v", slices.Sorted(maps.Keys(live)), slices.Sorted(maps.Keys(settings)))
	}
}

// What is printed is a configuration file that means the same.
func TestPrintedKeysCanBeGivenAgain(t *testing.T) {
	node, talk := storenode.DefaultConfig(), defaultGossip()
	node.BrokerName, node.DeleteWhen = "b", "04;16"
	file := write(t, filepath.Join(t.TempDir(), "given"), "sendMessageThreadPoolNums=128\n")
	var text bytes.Buffer
	if err := printSettings(&text, file, false, &node, &talk); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"brokerName=b", "deleteWhen=04;16", "sendMessageThreadPoolNums=128", "pullThreadPoolQueueCapacity=100000", "flushDiskType=ASYNC_FLUSH"} {
		if !strings.Contains(text.String(), "\n"+line+"\n") {
			t.Errorf("%s is not printed", line)
		}
	}
	if strings.Contains(text.String(), "gatewayBasePort") {
		t.Error("a proxy's key is printed for a node")
	}
	again, _, log := readSettingsText(t, text.String())
	if again.BrokerName != "b" || again.DeleteWhen != "04;16" || strings.Contains(log, "WARN") {
		t.Errorf("read again: %+v\n%s", again, log)
	}
	var important bytes.Buffer
	if err := printSettings(&important, file, true, &node, &talk); err != nil {
		t.Fatal(err)
	}
	if i := important.String(); !strings.Contains(i, "\nflushDiskType=") || strings.Contains(i, "sendMessageThreadPoolNums") {
		t.Errorf("-m prints\n%s", i)
	}
}

// readSettingsText reads text as a node does; lines are the log's without file and time.
func readSettingsText(t *testing.T, text string) (storenode.Config, error, string) {
	t.Helper()
	return readNodeSettings(write(t, filepath.Join(t.TempDir(), "broker.conf"), text))
}

func readNodeSettings(file string) (storenode.Config, error, string) {
	config, talk := storenode.DefaultConfig(), defaultGossip()
	var log strings.Builder
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.MessageKey || a.Key == "file" {
			return slog.Attr{}
		}
		return a
	}
	handler := slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: plain})
	err := readSettings(slog.New(handler), file, &config, &talk)
	return config, err, log.String()
}

func TestWhatIsSaidOfSettings(t *testing.T) {
	for text, want := range map[string]string{
		"flushDiskTyp=SYNC_FLUSH":       `level=WARN line=1 key=flushDiskTyp finding="unknown key, ignored; did you mean flushDiskType?"`,
		"brokerName=a\nbrokerName=b":    `level=WARN line=2 key=brokerName finding="given twice, first in line 1; the last one counts"`,
		"\nsendMessageThreadPoolNums=1": `level=INFO line=2 key=sendMessageThreadPoolNums finding="has no effect: no request has a thread of its own; connections bound what is under way"`,
		"routeMode=direct":              `level=WARN line=1 key=routeMode finding="has no effect here: it is a key of a proxy"`,
		"enableMultiDispatch=true":      `level=WARN line=1 key=enableMultiDispatch finding="has no effect: light message queues and multi-dispatch are not in this release"`,
		"flushCommitLogLeastPages=4":    "",
	} {
		if _, err, log := readSettingsText(t, text); err != nil || strings.TrimSpace(log) != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", text, log, err, want)
		}
	}
	for text, want := range map[string]string{
		"aclEnable=true":                  "broker.conf:1: aclEnable: access control is not in this release: nobody would be checked; remove the line to start without it",
		"storePathCommitLog=/a/x,/b/x":    `broker.conf:1: storePathCommitLog: "/a/x,/b/x" names several folders; a commit log has one here`,
		"deleteWhen=25":                   `broker.conf:1: deleteWhen: "25" has no hour of the day (00 to 23) in "25"`,
		"brokerId=0\nbrokerRole=SLAVE":    `broker.conf:1: brokerId: "0" must be above 0 with brokerRole=SLAVE`,
		"enableDLegerCommitLog=true":      `broker.conf:1: enableDLegerCommitLog: "true" elects no master, automatic failover is not in this release; write brokerRole and brokerId into the file of each peer`,
		"brokerRole=MASTER":               `broker.conf:1: brokerRole: "MASTER" is none of ASYNC_MASTER, SYNC_MASTER and SLAVE`,
		"readOnlyCommitLogStorePaths=/a/": "broker.conf:1: readOnlyCommitLogStorePaths: a commit log has one folder here: messages in others would be missed; move its files into storePathCommitLog and remove the line",
	} {
		if _, err, _ := readSettingsText(t, text); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// fieldConfigs has what operators typed, see its README.
const fieldConfigs = "testdata/field-configs"

// What each file from the field gives: the log's lines in front of err, which is
// what the start ends with. Lines of keys without any effect are counted only.
func TestConfigurationsFromTheField(t *testing.T) {
	want := fieldOutcomes()
	files, err := filepath.Glob(fieldConfigs + "/*.properties")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files, %d outcomes, %v", len(files), len(want), err)
	}
	t.Setenv("ROCKETMQ_HOME", "/opt/rocketmq")
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".properties")
		if got := fieldOutcome(file); got != want[name] {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want[name])
		}
	}
}

func fieldOutcome(file string) string {
	config, err, log := readNodeSettings(file)
	if err != nil {
		return strings.ReplaceAll(strings.ReplaceAll(err.Error(), file, ""), "\n", " / ")
	}
	notices := 0
	lines := []string{}
	for line := range strings.Lines(log) {
		if strings.HasPrefix(line, "level=INFO") {
			notices++
			continue
		}
		lines = append(lines, "; "+strings.TrimSpace(strings.TrimPrefix(line, "level=WARN ")))
	}
	role := [...]string{storenode.AsyncMaster: "ASYNC_MASTER", storenode.SyncMaster: "SYNC_MASTER", storenode.Slave: "SLAVE"}[config.Role()]
	return fmt.Sprintf("%s/%s/%d %s in %s, %d without effect%s", config.BrokerClusterName, config.BrokerName, config.BrokerID,
		role, config.StorePathRootDir, notices, strings.Join(lines, ""))
}

func TestAPathWithAnUnsetVariableIsRefused(t *testing.T) {
	t.Setenv("ROCKETMQ_HOME", "")
	os.Unsetenv("ROCKETMQ_HOME")
	file := fieldConfigs + "/000-01-broker-a-id0.properties"
	want := file + `:12: storePathRootDir: $ROCKETMQ_HOME in "$ROCKETMQ_HOME/srote/a" is not set; set it or write the path out`
	if _, err, _ := readNodeSettings(file); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
