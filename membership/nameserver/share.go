package nameserver

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"time"
)

// Account is what this name server knows, in a form that another merges. Its
// size is a few hundred bytes, about 40 a topic and shard, and as much a node.
func (s *Server) Account() []byte {
	a := s.table.account(time.Now())
	a.KV = s.kv.account()
	return a.encode()
}

// Merge takes over what another name server's Account tells and this one does
// not know better: registrations as second-hand ones, KV configuration, wiped
// permissions. What ended there and is known here only second-hand is asked
// itself.
func (s *Server) Merge(told []byte) error {
	var a account
	if err := a.decode(told); err != nil {
		return err
	}
	merged := s.table.merge(a, s.usual(), time.Now())
	for _, n := range merged.Taken {
		s.log.Info("broker heard of from another name server", "broker_name", n.BrokerName, "broker_id", n.BrokerID, "broker_addr", n.Addr)
	}
	s.doubt(merged.Doubtful)
	if merged.ShardsChanged {
		s.config.OnShardsChanged()
	}
	return s.kv.merge(a.KV)
}

// usual is how long a registration lasts without renewal.
func (s *Server) usual() time.Duration {
	return time.Duration(s.config.ExpireMillis) * time.Millisecond
}

func (a account) encode() []byte {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(a); err != nil {
		panic("BUG: an account cannot be encoded: " + err.Error())
	}
	return b.Bytes()
}

func (a *account) decode(b []byte) error {
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(a); err != nil {
		return fmt.Errorf("another name server's account of %d bytes: %w", len(b), err)
	}
	return nil
}
