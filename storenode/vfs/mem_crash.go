package vfs

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
)

// ErrHalted is what every operation on a halted Mem returns.
var ErrHalted = errors.New("file system is halted")

// memSectorBytes is the smallest piece a power loss tears a page into.
const memSectorBytes = 512

// Halt fails every operation from now on, as if the process were dead; what it did before stays for Survivor.
func (m *Mem) Halt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.halted = true
}

// AfterKill returns what is left when the process is killed: everything it had written. Call Halt first and stop
// whoever writes through mappings.
func (m *Mem) AfterKill() *Mem {
	return m.survivor(func(node *memNode) *memNode {
		left := newMemNode(node.size)
		for _, number := range node.numbers() {
			left.keep(number, node.page(number))
		}
		left.modified = node.modified
		return left
	}, m.files)
}

// AfterPowerLoss returns what may be left when the machine stops: names and bytes that were synced, and of each page
// and length that was not, the old or the new state or a mixture of sectors, as random says. Call Halt first.
func (m *Mem) AfterPowerLoss(random *rand.Rand) *Mem {
	after := m.survivor(func(node *memNode) *memNode { return node.powerLoss(random) }, m.durable)
	after.boots++
	return after
}

func (m *Mem) survivor(left func(*memNode) *memNode, names map[string]*memNode) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := NewMem()
	after.boots = m.boots
	for dir := range m.dirs {
		after.dirs[dir] = true
	}
	paths := make([]string, 0, len(names))
	for path := range names {
		paths = append(paths, path)
	}
	slices.Sort(paths) // so that one seed gives one outcome
	for _, path := range paths {
		node := left(names[path])
		node.sync()
		after.files[path] = node
		after.durable[path] = node
	}
	return after
}

// numbers lists the pages that may hold data, in order.
func (n *memNode) numbers() []int64 {
	var all []int64
	if n.flat != nil {
		for number := int64(0); number*memPageBytes < int64(len(n.flat)); number++ {
			all = append(all, number)
		}
		return all
	}
	for number := range n.pages {
		all = append(all, number)
	}
	slices.Sort(all)
	return all
}

// unsynced lists the pages that differ, or may differ, from what was synced.
func (n *memNode) unsynced() []int64 {
	var all []int64
	if n.flat == nil {
		for number := range n.dirty {
			all = append(all, number)
		}
		slices.Sort(all)
		return all
	}
	for _, number := range n.numbers() {
		if !bytes.Equal(padded(n.page(number)), padded(n.synced[number])) {
			all = append(all, number)
		}
	}
	return all
}

func (n *memNode) keep(number int64, page []byte) {
	if page != nil {
		n.pages[number] = padded(page)
		n.dirty[number] = true
	}
}

func padded(page []byte) []byte {
	full := make([]byte, memPageBytes)
	copy(full, page)
	return full
}

func (n *memNode) powerLoss(random *rand.Rand) *memNode {
	left := newMemNode(n.syncedSize)
	if n.size != n.syncedSize && random.IntN(2) == 0 {
		left.size = n.size
	}
	left.modified = n.modified
	for number, page := range n.synced {
		left.keep(number, page)
	}
	for _, number := range n.unsynced() {
		left.keep(number, tear(random, padded(n.synced[number]), padded(n.page(number))))
	}
	left.zeroFrom(left.size)
	return left
}

// tear mixes the sectors of a page before and after a write that was under way.
func tear(random *rand.Rand, before, after []byte) []byte {
	switch random.IntN(3) {
	case 0:
		return before
	case 1:
		return after
	}
	for at := 0; at < memPageBytes; at += memSectorBytes {
		if random.IntN(2) == 0 {
			copy(before[at:at+memSectorBytes], after[at:])
		}
	}
	return before
}
