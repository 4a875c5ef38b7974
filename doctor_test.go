package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"gantry/tools/doctor"
)

func TestDoctorFindsNothingWrongWithWhatRuns(t *testing.T) {
	p := newPlace(t)
	t.Setenv("HOME", t.TempDir())
	g := gantry(t, p.args()...)
	g.line()
	one, ha := freePorts(t)
	file := write(t, filepath.Join(t.TempDir(), "broker.conf"), fmt.Sprintf(
		"brokerName=other\nbindAddress=127.0.0.1\nbrokerIP1=127.0.0.1\nlistenPort=%d\nhaListenPort=%d\nnamesrvAddr=127.0.0.1:%d\nstorePathRootDir=%s\ndiskSpaceWarningLevelRatio=100\ndiskFreeBytesMin=0\n", one, ha, p.listen, t.TempDir()))
	names := write(t, filepath.Join(t.TempDir(), "namesrv.conf"), fmt.Sprintf("bindAddress=127.0.0.1\nlistenPort=%d\n", p.listen))
	text, code, errors := examine(t, "-c", file, "--proxy", names)
	for _, want := range []string{
		file + ": 9 keys, nothing odd",
		fmt.Sprintf("127.0.0.1:%d leads here (broker)", one),
		fmt.Sprintf("%s: %d (name server)", names, p.listen),
		fmt.Sprintf("name server 127.0.0.1:%d knows 1 shards", p.listen),
		fmt.Sprintf("broker broker-a/0 (127.0.0.1:%d) answers from here", p.shard),
		fmt.Sprintf("Gantry %s: name server 127.0.0.1:%d, broker broker-a/0", release, p.listen),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if code > 1 || errors != "" { // what it warns of is this machine's business
		t.Errorf("exit code %d\n%s", code, text)
	}
	g.stop()
}

func TestDoctorEndsWithTheWorstItFinds(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	file := write(t, filepath.Join(t.TempDir(), "broker.conf"), "brokerId=0 # the master\n")
	text, code, errors := examine(t, "-c", file)
	if code != 2 || !strings.Contains(errors, file+`:1: brokerId: "# the master" is part of the value; write brokerId=0`) {
		t.Errorf("exit code %d\n%s", code, text)
	}
}

func TestFilesFromTheFieldAreComparedWithEachOther(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("ROCKETMQ_HOME", "/opt/rocketmq")
	t.Setenv("NAMESRV_ADDR", "")
	at := func(name string) string { return fieldConfigs + "/" + name + ".properties" }
	compare := func(files ...string) string {
		subjects := []*doctor.Subject{}
		for _, f := range files {
			subjects = append(subjects, examined(at(f)))
		}
		var text strings.Builder
		doctor.Compare(&text, subjects, true)
		return text.String()
	}
	pairs := compare("000-01-broker-a-id0", "000-02-broker-b-id1", "000-03-broker-b-id0", "000-04-broker-a-id1")
	if strings.Contains(pairs, "error") || strings.Count(pairs, "starts as SLAVE") != 2 {
		t.Errorf("two pairs:\n%s", pairs)
	}
	peers := compare("003-11-rocketmq-broker-m1-id0", "003-12-rocketmq-broker-m1-id1", "003-13-rocketmq-broker-m1-id2")
	want := fmt.Sprintf("%s:1 and %s:1: brokers of brokerName=rocketmq-broker-m1 are in the clusters rocketmq-2m-slave-cluster-async and rocketmq-2m-slave-cluster; "+
		"write brokerClusterName=rocketmq-2m-slave-cluster-async into all of them", at("003-11-rocketmq-broker-m1-id0"), at("003-12-rocketmq-broker-m1-id1"))
	if !strings.Contains(peers, want) {
		t.Errorf("peers in two clusters:\n%s", peers)
	}
}

// examine runs gantry doctor; errors are the lines of what does not work.
func examine(t *testing.T, args ...string) (text string, code int, errors string) {
	t.Helper()
	text, code = gantry(t, append([]string{"doctor"}, args...)...).end()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "error") {
			errors += line
		}
	}
	return text, code, errors
}
