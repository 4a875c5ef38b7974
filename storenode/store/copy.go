package store

import (
	"errors"

	"gantry/storenode/commitlog"
)

// A slave's store is made from its master's log: what is appended comes from there, and is dispatched, indexed and
// recovered like what a master appends itself.

// Errors of a store that is not what the caller takes it for.
var (
	ErrSlave  = errors.New("the store is a slave's and grows by what its master has")
	ErrMaster = errors.New("the store is a master's and copies nothing")
)

// AppendCopy is Append for what a slave's master has at r.Offset: see commitlog.Log.AppendCopy. Further error: ErrMaster.
func (s *Store) AppendCopy(r *commitlog.Request) error {
	if !s.cfg.Slave {
		return ErrMaster
	}
	if err := s.disk.refusal(); err != nil {
		return err
	}
	if err := s.dispatcher.failure(); err != nil {
		return err
	}
	return s.log.AppendCopy(r)
}

// BeginAt has a slave's empty log begin at offset: see commitlog.Log.BeginAt. Further error: ErrMaster.
func (s *Store) BeginAt(offset commitlog.Offset) error {
	if !s.cfg.Slave {
		return ErrMaster
	}
	if err := s.log.BeginAt(offset); err != nil {
		return err
	}
	s.dispatcher.wake()
	s.indexer.wake()
	return nil
}
