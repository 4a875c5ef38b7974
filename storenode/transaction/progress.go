package transaction

import (
	"errors"

	"gantry/storenode/commitlog"
	"gantry/storenode/topic"
)

// progress is how far both queues are settled at one moment. It is committed when the disk has the log up to there: what
// has taken the place of the half messages before it then outlives a power loss, as they would have.
type progress struct {
	halves, ops int64
	end         commitlog.Offset
}

// save takes progress down, and commits what was taken down before.
func (s *Service) save() {
	flushed, _ := s.config.Store.Log().Flushed()
	s.mu.Lock()
	ready := s.taken
	if ready != nil && flushed < ready.end {
		s.mu.Unlock()
		s.poke()
		return
	}
	s.take()
	s.mu.Unlock()
	if err := s.commit(ready); err != nil {
		s.config.Log.Warn("progress of transactions not kept", "err", err)
	}
}

// take is for who holds mu.
func (s *Service) take() {
	s.taken = nil
	if s.dirty && s.isLoaded() {
		s.taken = &progress{s.ledger.low, s.ledger.opLow(), s.config.Store.End()}
		s.dirty = false
		s.poke()
	}
}

// saveAll syncs the log and commits all progress.
func (s *Service) saveAll() error {
	s.mu.Lock()
	s.dirty = s.dirty || s.taken != nil
	s.take()
	ready := s.taken
	s.taken = nil
	s.mu.Unlock()
	if ready == nil {
		return nil
	}
	if err := s.config.Store.Log().Sync(); err != nil {
		return err
	}
	return s.commit(ready)
}

// commit commits the half messages' progress first: a file written in between has operation records too many and none
// too few.
func (s *Service) commit(p *progress) error {
	if p == nil {
		return nil
	}
	return errors.Join(
		s.config.Progress.Commit([]byte(topic.TransHalfTopic), []byte(Group), queueID, p.halves),
		s.config.Progress.Commit([]byte(topic.TransOpHalfTopic), []byte(Group), queueID, p.ops))
}
