package gossip

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatMemberlistSaysIsToldInOurWords(t *testing.T) {
	for line, want := range map[string]string{
		"[ERR] memberlist: Decrypt packet failed: no installed keys could decrypt the message from=10.0.0.1:7946":          `level=WARN msg="` + otherKey + `" remote_addr=10.0.0.1 times=1`,
		"[ERR] memberlist: failed to receive: encryption is configured but remote state is not encrypted from=[::1]:40000": `level=WARN msg="` + otherKey + `" remote_addr=::1 times=1`,
		"[ERR] memberlist: Something new went wrong":                                                                       `level=WARN msg="Something new went wrong" remote_addr="" times=1`,
		"Err: Could not set the deadline: closed":                                                                          `level=WARN msg="Err: Could not set the deadline: closed" remote_addr="" times=1`,
		"[WARN] memberlist: Refuting a suspect message (from: x)":                                                          `level=DEBUG msg=memberlist says="Refuting a suspect message (from: x)" remote_addr=""`,
		"[INFO] memberlist: Marking x as failed, suspect timeout reached":                                                  `level=DEBUG msg=memberlist says="Marking x as failed, suspect timeout reached" remote_addr=""`,
		"[DEBUG] memberlist: Stream connection from=10.0.0.1:7946":                                                         `level=DEBUG msg=memberlist says="Stream connection" remote_addr=10.0.0.1`,
		"[WARN] memberlist: Got ping for unexpected node x from=10.0.0.1:":                                                 `level=DEBUG msg=memberlist says="Got ping for unexpected node x" remote_addr=10.0.0.1`,
	} {
		said := &logged{}
		newLogger(slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))).Print(line)
		if _, got, _ := strings.Cut(strings.TrimSpace(said.String()), " "); got != want {
			t.Errorf("%s\n is told as %s\n      want %s", line, got, want)
		}
	}
}

func TestAMatterIsToldOncePerPeerAndMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := &logged{}
		l := newLogger(slog.New(slog.NewTextHandler(said, nil)))
		for range 1000 {
			l.Print("[ERR] memberlist: Decrypt packet failed: no installed keys could decrypt the message from=10.0.0.1:7946")
			l.Print("[ERR] memberlist: failed to receive: no installed keys could decrypt the message from=10.0.0.1:40001")
			l.Print("[ERR] memberlist: Decrypt packet failed: no installed keys could decrypt the message from=10.0.0.2:7946")
		}
		if one, two := said.count("10.0.0.1"), said.count("10.0.0.2"); one != 1 || two != 1 {
			t.Errorf("told %d and %d times", one, two)
		}
		time.Sleep(tellAgain)
		l.Print("[ERR] memberlist: Decrypt packet failed: no installed keys could decrypt the message from=10.0.0.1:7946")
		if said.count("10.0.0.1", "times=2000") != 1 {
			t.Errorf("after a minute it said\n%s", said)
		}
	})
}

func TestMattersRememberedAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &translator{log: discard, told: map[matter]*telling{}}
		for n := range 10 * matterMost {
			tr.due(matter{"m", time.Duration(n).String()}, time.Now())
		}
		if len(tr.told) > matterMost+1 {
			t.Errorf("%d are remembered", len(tr.told))
		}
	})
}
