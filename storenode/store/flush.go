package store

import (
	"time"

	"gantry/storenode/commitlog"
)

const pageBytes = 4096

// flushLoop writes units out of memory and makes checkpoints.
func (s *Store) flushLoop() {
	ticker := time.NewTicker(s.cfg.FlushIntervalConsumeQueue)
	defer ticker.Stop()
	last, failing := time.Now(), false
	for {
		select {
		case <-s.stop:
			return
		case now := <-ticker.C:
			err := s.flush(now.Sub(last) >= s.cfg.FlushConsumeQueueThoroughInterval, &last)
			if err != nil && !failing {
				s.logger.Error("queues and index cannot be flushed", "error", err)
			}
			failing = err != nil
		}
	}
}

func (s *Store) flush(thorough bool, last *time.Time) error {
	if !thorough && int64(s.dispatcher.position()-s.marks.lastAt()) < s.cfg.CheckpointBytes {
		return s.queues.Write(s.cfg.FlushConsumeQueueLeastPages * pageBytes)
	}
	*last = time.Now()
	return s.marks.checkpoint(s)
}

// lastAt is where the last checkpoint of this run stands.
func (m *marks) lastAt() commitlog.Offset {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}
