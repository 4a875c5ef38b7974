package route

// Peer is one proxy as it states itself to the others: all that a route to it is
// made of.
type Peer struct {
	ID       string // one running proxy
	Host     string // told to clients; where it is empty none is sent there by others
	BasePort int    // its gatewayBasePort
	Draining bool   // it serves who is there and wants nobody new
	Slots    Slots  // the slots whose ports are open there
}

// Slots is a set of slots, a bit each: gossip has little room.
type Slots []byte

// Has reports whether slot is in the set.
func (s Slots) Has(slot int) bool {
	return slot >= 0 && slot/8 < len(s) && s[slot/8]&(1<<(slot%8)) != 0
}

// With is s and slot; s is used no more.
func (s Slots) With(slot int) Slots {
	for slot/8 >= len(s) {
		s = append(s, 0)
	}
	s[slot/8] |= 1 << (slot % 8)
	return s
}
