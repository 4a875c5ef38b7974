package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestDoctorFindsNothingWrongWithWhatRuns(t *testing.T) {
	p := newPlace(t)
	t.Setenv("HOME", t.TempDir())
	g := gantry(t, p.args()...)
	g.line()
	one, ha := freePorts(t)
	file := write(t, filepath.Join(t.TempDir(), "broker.conf"), fmt.Sprintf(
		"brokerName=other\nbindAddress=127.0.0.1\nbrokerIP1=127.0.0.1\nlistenPort=%d\nhaListenPort=%d\nnamesrvAddr=127.0.0.1:%d\nstorePathRootDir=%s\n", one, ha, p.listen, t.TempDir()))
	names := write(t, filepath.Join(t.TempDir(), "namesrv.conf"), fmt.Sprintf("bindAddress=127.0.0.1\nlistenPort=%d\n", p.listen))
	text, code, errors := examine(t, "-c", file, "--proxy", names)
	for _, want := range []string{
		file + ": 7 keys, nothing odd",
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
