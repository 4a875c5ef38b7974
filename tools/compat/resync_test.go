package compat

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/stage"
)

// A Gantry slave that took messages as a master, while the Java master took others, is cut back to the Java master's log and copies
// it, within its own process: as a typed command, with the words that this says.
func TestASlaveThatWentItsOwnWayIsResyncedToItsJavaMaster(t *testing.T) {
	t.Parallel()
	s := &shard{T: t, release: releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath), dir: filepath.Join(t.TempDir(), "gantry")}
	s.namesrv = s.release.namesrv(t, s.release.config(t, nil)).Address
	follows := map[string]string{"brokerRole": "SLAVE", "brokerId": "1"}
	place := s.release.config(t, nil)
	java, javaBroker := s.java(place, nil)
	java.fill(t, 2*logFileBytes)
	gantry, node := s.gantry(follows)
	java.awaitEqual(t, gantry)
	must(t, javaBroker.Stop())
	must(t, node.Stop())
	must(t, node.StartAgainWith(t.Context(), withLogFiles(map[string]string{"brokerRole": "ASYNC_MASTER"})))
	gantry.fill(t, logFileBytes+logFileBytes/2)
	must(t, node.Stop())
	java, _ = s.java(place, nil)
	java.fill(t, logFileBytes/2)
	must(t, node.StartAgainWith(t.Context(), withLogFiles(follows)))

	var said string
	words := regexp.MustCompile(`(?m)^  --confirm (\S+)$`)
	stage.Eventually(t, copyTime, "what would be cut off", func() bool {
		said, _ = resyncSlave(t, s.namesrv)
		return words.MatchString(said)
	})
	if !strings.Contains(said, "Nothing has been changed") {
		t.Errorf("it prints\n%s", said)
	}
	confirm := words.FindStringSubmatch(said)[1]
	if said, err := resyncSlave(t, s.namesrv, "--confirm", confirm+"0"); err == nil || !strings.Contains(said, "nothing is") {
		t.Errorf("with other words: %v\n%s", err, said)
	}
	pid := node.PID()
	said, err := resyncSlave(t, s.namesrv, "--confirm", confirm)
	if err != nil || !strings.Contains(said, "It copies again") {
		t.Fatalf("%v\n%s", err, said)
	}
	java.awaitEqual(t, gantry)
	java.fill(t, logFileBytes)
	java.awaitEqual(t, gantry)
	if !node.Running() || node.PID() != pid {
		t.Error("the slave's process is another")
	}
	kept, err := filepath.Glob(filepath.Join(gantry.store, "gantry", "cut-*", "*"))
	if err != nil || len(kept) < 2 {
		t.Errorf("kept are %v, %v", kept, err)
	}
}

func withLogFiles(properties map[string]string) map[string]string {
	all := map[string]string{"mappedFileSizeCommitLog": fmt.Sprint(logFileBytes)}
	for key, value := range properties {
		all[key] = value
	}
	return all
}

// resyncSlave types the command and returns what it prints.
func resyncSlave(t *testing.T, namesrv string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	gantry := filepath.Join(theatre.Artifacts(t).Repository(), "bin", "gantry")
	cmd := exec.CommandContext(ctx, gantry, append([]string{"admin", "resyncSlave", "-s", "broker-a/1"}, args...)...)
	cmd.Env = append(os.Environ(), "NAMESRV_ADDR="+namesrv)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
