package route

import (
	"encoding/binary"
	"hash/fnv"
	"net/netip"
	"slices"
)

// spread picks the proxy through which asker reaches a slot: by rendezvous
// hashing of (asker, slot, proxy), so that clients are spread, that every proxy
// gives the same answer, and that a proxy's end moves only those it served. Of
// neighbouring slots, as many as there are proxies, no two get the same one: a
// producer that tries another shard leaves a dead proxy as well. It is false
// where nobody serves the slot.
//
// Slots stand for brokerNames here, which they never change their meaning for.
func spread(asker netip.Addr, slot int, proxies []Peer) (Peer, bool) {
	if live := without(proxies, func(p Peer) bool { return p.Draining }); slices.ContainsFunc(live, serves(slot)) {
		proxies = live
	}
	if len(proxies) == 0 {
		return Peer{}, false
	}
	var taken []string
	for s := slot - slot%len(proxies); s < slot; s++ {
		if p, ok := highest(asker, s, proxies, taken); ok {
			taken = append(taken, p.ID)
		}
	}
	return highest(asker, slot, proxies, taken)
}

// highest is who of those that serve slot scores highest, one that is not taken
// where there is one.
func highest(asker netip.Addr, slot int, proxies []Peer, taken []string) (Peer, bool) {
	serving := without(proxies, func(p Peer) bool { return !p.Slots.Has(slot) })
	if free := without(serving, func(p Peer) bool { return slices.Contains(taken, p.ID) }); len(free) > 0 {
		serving = free
	}
	if len(serving) == 0 {
		return Peer{}, false
	}
	return slices.MaxFunc(serving, func(a, b Peer) int {
		if score(asker, slot, a.ID) < score(asker, slot, b.ID) {
			return -1
		}
		return 1
	}), true
}

func serves(slot int) func(Peer) bool {
	return func(p Peer) bool { return p.Slots.Has(slot) }
}

func without(all []Peer, leaveOut func(Peer) bool) []Peer {
	return slices.DeleteFunc(slices.Clone(all), leaveOut)
}

// score is the same in every process.
func score(asker netip.Addr, slot int, id string) uint64 {
	h := fnv.New64a()
	ip := asker.Unmap().As16()
	h.Write(ip[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(slot)))
	h.Write([]byte(id))
	return mix(h.Sum64())
}

// mix lets every bit of FNV's sum decide: its high ones depend on the last bytes
// too little (the finalizer of MurmurHash3).
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
