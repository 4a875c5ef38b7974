//go:build !race

package storenode

import (
	"runtime"
	"testing"
)

// The whole process is counted: the connection, the handler, the log, dispatch, the
// indexer, the reply, and what runs beside them. Not under the race detector, which
// has pools forget what they are given.
func TestASendAndAPullAllocateNoMoreThanTheyDid(t *testing.T) {
	h := openHotPath(t).ready()
	for name, c := range map[string]struct {
		frame []byte
		most  float64
	}{"send": {hotSend(), 2}, "pull of 32 messages": {hotPull(), 12}} {
		const n, slack = 20_000, 0.9 // what runs beside, and pools that were emptied; one allocation more is always seen
		h.repeat(c.frame, 1000)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		h.repeat(c.frame, n)
		runtime.ReadMemStats(&after)
		if got := float64(after.Mallocs-before.Mallocs) / n; got > c.most+slack {
			t.Errorf("a %s allocates %.2f times, want %v", name, got, c.most)
		}
	}
}
