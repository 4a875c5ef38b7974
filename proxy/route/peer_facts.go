package route

import (
	"encoding/binary"
	"errors"
	"math"
)

// A Peer as gossip carries it, but for the ID, which gossip knows: flags, base
// port, host, slots, each text with its length before it.

const flagDraining = 1

var errFacts = errors.New("not the facts of a proxy")

// AppendFacts appends p to dst.
func (p Peer) AppendFacts(dst []byte) []byte {
	var flags byte
	if p.Draining {
		flags |= flagDraining
	}
	dst = binary.AppendUvarint(append(dst, flags), uint64(p.BasePort))
	for _, text := range [][]byte{[]byte(p.Host), p.Slots} {
		dst = append(binary.AppendUvarint(dst, uint64(len(text))), text...)
	}
	return dst
}

// DecodeFacts reads what AppendFacts wrote into all of p but ID.
func (p *Peer) DecodeFacts(b []byte) error {
	if len(b) == 0 {
		return errFacts
	}
	flags := b[0]
	port, n := binary.Uvarint(b[1:])
	if n <= 0 || port > math.MaxUint16 {
		return errFacts
	}
	host, b, ok := cutText(b[1+n:])
	if !ok {
		return errFacts
	}
	slots, _, ok := cutText(b)
	if !ok {
		return errFacts
	}
	p.Draining, p.BasePort, p.Host, p.Slots = flags&flagDraining != 0, int(port), string(host), append(Slots(nil), slots...)
	return nil
}

func cutText(b []byte) (text, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	return b[n : n+int(size)], b[n+int(size):], true
}
