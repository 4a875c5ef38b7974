package gossip

import (
	"bytes"
	"log"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"
)

// newLogger is memberlist's way into to: what concerns an operator, each matter
// once per peer and minute; the rest is for debugging.
func newLogger(to *slog.Logger) *log.Logger {
	return log.New(&translator{log: to, told: map[matter]*telling{}}, "", 0)
}

// translator takes memberlist's lines, one a Write.
type translator struct {
	log *slog.Logger

	mu   sync.Mutex // guards told
	told map[matter]*telling
}

// matter is what is told once in a while.
type matter struct{ text, peer string }

type telling struct {
	at    time.Time
	since int // lines not told since
}

const (
	tellAgain  = time.Minute
	matterMost = 1024 // matters remembered; all beyond count as one
)

// sayings are the lines of memberlist that mean something else to us, by a part
// of theirs; the first that fits counts.
var sayings = []struct {
	part string
	text string // "": for debugging
}{
	{"could decrypt", otherKey},
	{"unsupported encryption version", otherKey},
	{"too small to decrypt", otherKey},
	{"encryption is not configured", otherKey},
	{"remote state is not encrypted", otherKey},
	{"unacceptable label", "gossip refused, the peer is not Gantry's"},
	{"over TCP but UDP probes failed", "gossip reaches a member by TCP but not by UDP: is its port open for both?"},
	{"Refuting", ""},                 // this process was slow or stopped; others log that they suspected it
	{"unexpected node", ""},          // a run that is over is still looked for at this address
	{"Failed fallback TCP ping", ""}, // the member is suspected next
	{"Push/Pull with", ""},           // likewise
	{"Failed to send", ""},           // likewise
	{"Failed to push local state", ""},
	{"public address without encryption", "gossip is not encrypted on a public address: set gossipKey"},
}

const otherKey = "gossip refused, the peer's gossipKey is another"

func isOtherKey(text string) bool { return meaning(text) == otherKey }

// meaning is how a line is told; "" where it is not, except for debugging.
func meaning(line string) string {
	for _, s := range sayings {
		if strings.Contains(line, s.part) {
			return s.text
		}
	}
	return line
}

// Write implements io.Writer.
func (t *translator) Write(line []byte) (int, error) {
	level, text := cutLevel(string(bytes.TrimSpace(line)))
	text, peer, _ := strings.Cut(strings.TrimPrefix(text, "memberlist: "), " from=")
	if host, _, err := net.SplitHostPort(peer); err == nil {
		peer = host
	}
	told := meaning(text)
	if told == "" || level < slog.LevelWarn {
		t.log.Debug("memberlist", "says", text, "remote_addr", peer)
		return len(line), nil
	}
	if times := t.due(matter{kind(told), peer}, time.Now()); times > 0 {
		t.log.Warn(told, "remote_addr", peer, "times", times)
	}
	return len(line), nil
}

// levels of memberlist's lines.
var levels = map[string]slog.Level{"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERR": slog.LevelError}

func cutLevel(line string) (slog.Level, string) {
	word, text, bracketed := strings.Cut(strings.TrimPrefix(line, "["), "] ")
	if level, known := levels[word]; bracketed && known {
		return level, text
	}
	return slog.LevelError, line
}

// kind is what lines about the same matter have in common: their first words.
func kind(text string) string {
	words := strings.Fields(text)
	return strings.Join(words[:min(len(words), 4)], " ")
}

// due returns how often m was to be told since it was, or 0 while that is less
// than a minute ago.
func (t *translator) due(m matter, now time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.of(m, now)
	of.since++
	if now.Sub(of.at) < tellAgain {
		return 0
	}
	times := of.since
	of.at, of.since = now, 0
	return times
}

func (t *translator) of(m matter, now time.Time) *telling {
	if t.told[m] == nil && len(t.told) >= matterMost {
		for old, of := range t.told {
			if now.Sub(of.at) >= tellAgain {
				delete(t.told, old)
			}
		}
	}
	if t.told[m] == nil && len(t.told) >= matterMost {
		m = matter{}
	}
	if t.told[m] == nil {
		t.told[m] = &telling{}
	}
	return t.told[m]
}
