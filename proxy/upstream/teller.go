package upstream

import (
	"errors"
	"log/slog"
	"net"
	"time"
)

// teller logs what befalls the connections to a node. What is tried twice a
// second fails twice a second: the same news are told once a minute. One
// goroutine at a time.
type teller struct {
	log  *slog.Logger
	told map[string]time.Time
}

const (
	repeatAfter = time.Minute
	toldBound   = 16 // different troubles remembered
)

func newTeller(log *slog.Logger) teller { return teller{log: log, told: map[string]time.Time{}} }

// trouble logs a warning, unless it told the same within the last minute.
func (t *teller) trouble(message string, why error, args ...any) {
	if t.due(message + gist(why)) {
		t.log.Warn(message, append(args, "reason", why)...)
	}
}

func (t *teller) joined(addr string, sessions int) {
	if t.due("joined " + addr) {
		t.log.Info("storage node joined", "addr", addr, "sessions", sessions)
	}
}

// forget lets everything be news again.
func (t *teller) forget() { clear(t.told) }

func (t *teller) due(key string) bool {
	now := time.Now()
	if last, ok := t.told[key]; ok && now.Sub(last) < repeatAfter {
		return false
	}
	if len(t.told) >= toldBound {
		clear(t.told)
	}
	t.told[key] = now
	return true
}

// gist is an error without the local port, which differs in every attempt.
func gist(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Op + op.Err.Error()
	}
	return err.Error()
}
