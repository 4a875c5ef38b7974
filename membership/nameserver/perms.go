package nameserver

import (
	"maps"
	"slices"
	"time"

	"gantry/remoting/protocol"
)

// permChange is an operator's word on the write permission of a shard. It holds
// until the shard's next data version, as in Java; so another name server takes
// it over only for the data version that it met.
type permChange struct {
	Add         bool // else it was wiped
	Of          protocol.DataVersion
	StateMillis int64 // when it was said; 0: never
}

// WipeWritePerm takes the write permission off every queue of a shard and
// returns how many topics that concerned.
func (t *Table) WipeWritePerm(brokerName string, now time.Time) int {
	return t.changePerm(brokerName, permChange{StateMillis: now.UnixMilli()})
}

// AddWritePerm lets every queue of a shard be read and written.
func (t *Table) AddWritePerm(brokerName string, now time.Time) int {
	return t.changePerm(brokerName, permChange{Add: true, StateMillis: now.UnixMilli()})
}

func (t *Table) changePerm(brokerName string, c permChange) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.shards[brokerName]
	if s == nil {
		return 0
	}
	c.Of = s.believed().version
	c.StateMillis = max(c.StateMillis, t.perms[brokerName].StateMillis+1)
	t.perms[brokerName] = c
	return t.setPerm(brokerName, c.perm)
}

// mergePerm takes over what another name server was told of a shard's permission.
func (t *Table) mergePerm(brokerName string, told permChange) {
	s := t.shards[brokerName]
	if s == nil || told.StateMillis <= t.perms[brokerName].StateMillis || told.Of != s.believed().version {
		return
	}
	t.perms[brokerName] = told
	t.setPerm(brokerName, told.perm)
}

func (c permChange) perm(before int32) int32 {
	if c.Add {
		return protocol.PermRead | protocol.PermWrite
	}
	return withoutWrite(before)
}

func withoutWrite(perm int32) int32 { return perm &^ protocol.PermWrite }

// believed is the copy whose topics count, the one of the lowest brokerId.
func (s *shard) believed() *node { return s.nodes[slices.Min(slices.Collect(maps.Keys(s.nodes)))] }

func (t *Table) setPerm(brokerName string, change func(perm int32) int32) int {
	topics := 0
	for _, byShard := range t.topics {
		if q, ok := byShard[brokerName]; ok {
			q.Perm = change(q.Perm)
			byShard[brokerName] = q
			topics++
		}
	}
	return topics
}
