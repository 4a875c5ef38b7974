package session_test

import (
	"strings"
	"testing"
	"time"

	node "gantry/storenode/session"
)

func TestTheSameTroubleIsSaidOnceAMinute(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.startWith("node", node.Config{ClusterKey: "secret"})
		w.pass(59 * time.Second)
		for _, line := range []string{`"handshake: storage node refuses`, `"proxy refused"`} {
			if n := w.log.count(line); n != 1 {
				t.Errorf("%q was said %d times within a minute:\n%s", line, n, &w.log)
			}
		}
		if w.up.Joined() {
			t.Error("a proxy without the key was taken")
		}
		w.pass(5 * time.Minute)
		if n := strings.Count(w.log.String(), "\n"); n > 13 {
			t.Errorf("%d lines in 6 minutes:\n%s", n, &w.log)
		}
		before := w.log.count("connection refused")
		s.stop()
		w.pass(time.Second)
		if n := w.log.count("connection refused") - before; n != 1 {
			t.Errorf("another trouble was said %d times", n)
		}
	})
}

func TestANodeThatDropsItsProxyAgainAndAgainFillsNoLog(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		attempts := 0
		for start := time.Now(); time.Since(start) < 50*time.Second; attempts++ {
			s := w.startWith("node", node.Config{})
			for !w.up.Joined() {
				w.pass(time.Millisecond)
			}
			s.stop()
			w.pass(time.Millisecond)
		}
		if n := strings.Count(w.log.String(), "\n"); n > 6 || attempts < 50 {
			t.Errorf("%d lines of %d attempts:\n%s", n, attempts, &w.log)
		}
		if attempts > 200 {
			t.Errorf("%d attempts in 50 s", attempts)
		}
	})
}
