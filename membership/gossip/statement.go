package gossip

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Role is what a process is for.
type Role string

const (
	Proxy Role = "proxy"
	Node  Role = "node"
)

// Statement is what a process says about itself to all others. All of it but ID
// must fit MaxStatementBytes when encoded.
type Statement struct {
	ID   string // stays through restarts and changes of address
	Role Role

	// Addr is host:port where the role's requests are taken: a proxy's name
	// server, a node's broker port. Where the host is left out (":9876") it is the
	// one that gossip reaches the process at.
	Addr string

	Cluster    string // of a node
	BrokerName string
	BrokerID   int64

	Facts []byte // what else the role says, in an encoding of its own
}

// MaxStatementBytes is what memberlist carries per member.
const MaxStatementBytes = 512

// maxIDBytes bounds an id, which travels in every message about its member.
const maxIDBytes = 255

const statementVersion = 1

// Bits of an encoded statement.
const (
	flagLeaving = 1 << iota // the last word of an orderly stop
	flagShares              // it has a state to exchange
)

var errStatement = errors.New("gossip statement")

// encode leaves out the id, which is in the run's name.
func (s Statement) encode(flags byte) ([]byte, error) {
	b := []byte{statementVersion, flags}
	for _, text := range []string{string(s.Role), s.Addr, s.Cluster, s.BrokerName} {
		b = appendText(b, text)
	}
	b = binary.AppendVarint(b, s.BrokerID)
	b = appendText(b, string(s.Facts))
	if len(b) > MaxStatementBytes {
		return nil, fmt.Errorf("%w of %s: %d bytes, %d of them facts: %d is the bound", errStatement, s.ID, len(b), len(s.Facts), MaxStatementBytes)
	}
	return b, nil
}

// decode reads over what a later version may have added at the end.
func (s *Statement) decode(b []byte) (flags byte, err error) {
	if len(b) < 2 || b[0] != statementVersion {
		return 0, fmt.Errorf("%w of %q: not of version %d", errStatement, s.ID, statementVersion)
	}
	flags, b = b[1], b[2:]
	var role, facts string
	for _, text := range []*string{&role, &s.Addr, &s.Cluster, &s.BrokerName} {
		if *text, b, err = cutText(b); err != nil {
			return 0, fmt.Errorf("%w of %q: %w", errStatement, s.ID, err)
		}
	}
	id, n := binary.Varint(b)
	if n <= 0 {
		return 0, fmt.Errorf("%w of %q: %w", errStatement, s.ID, errCutShort)
	}
	if facts, _, err = cutText(b[n:]); err != nil {
		return 0, fmt.Errorf("%w of %q: %w", errStatement, s.ID, err)
	}
	s.Role, s.BrokerID, s.Facts = Role(role), id, []byte(facts)
	return flags, nil
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

var errCutShort = errors.New("cut short")

func cutText(b []byte) (text string, rest []byte, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return "", nil, errCutShort
	}
	end := n + int(size)
	return string(b[n:end]), b[end:], nil
}
