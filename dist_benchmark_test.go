package main

import (
	"fmt"
	"os"
	"testing"
)

// The scripts of the release's benchmark folder, with a program that says what it
// was called with in the place of the binary.
func TestTheBenchmarkScriptsCallTheirWorkloads(t *testing.T) {
	r := newRelease(t)
	if err := os.Remove(r.file("bin/gantry")); err != nil {
		t.Fatal(err)
	}
	write(t, r.file("bin/gantry"), "#!/bin/sh\nprintf '<%s>' \"$@\"\n")
	if err := os.Chmod(r.file("bin/gantry"), 0o755); err != nil {
		t.Fatal(err)
	}
	for script, load := range map[string]string{"producer": "producer", "batchproducer": "batchproducer", "tproducer": "tproducer",
		"consumer": "consumer", "timerproducer": "timerproducer", "timerconsumer": "timerconsumer"} {
		stdout, stderr, code := r.run("/", fmt.Sprintf("sh '%s' -n h:9876 -t 'a b'", r.file("benchmark/"+script+".sh")))
		if want := "<bench><" + load + "><-n><h:9876><-t><a b>"; stdout != want || stderr != "" || code != 0 {
			t.Errorf("%s.sh: printed %q, said %q, exit code %d; want %q", script, stdout, stderr, code, want)
		}
	}
	if stdout, _, _ := r.run(r.file("benchmark"), "sh shutdown.sh bproducer"); stdout != "<mqshutdown><benchmark-bproducer>" {
		t.Errorf("shutdown.sh: printed %q", stdout)
	}
}
