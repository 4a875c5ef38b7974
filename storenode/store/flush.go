package store

import (
	"time"

	"gantry/storenode/commitlog"
)

const pageBytes = 4096

// markRest is how many times as long as the last note of the queues took the rest behind it is at least.
const markRest = 10

// checkpointRest is the same of a checkpoint that comes before its time: one that writes very many queues is worth more log.
const checkpointRest = 50

// flusher is what flushLoop knows between two rounds.
type flusher struct {
	store                    *Store
	checkpointed, marked     time.Time
	markedAt                 commitlog.Offset
	checkpointTook, markTook time.Duration
}

// flushLoop writes units out of memory, notes the queues and makes checkpoints.
func (s *Store) flushLoop() {
	ticker := time.NewTicker(s.cfg.FlushIntervalConsumeQueue)
	defer ticker.Stop()
	f, failing := flusher{store: s, checkpointed: time.Now(), marked: time.Now(), markedAt: s.log.End()}, false
	for {
		select {
		case <-s.stop:
			return
		case now := <-ticker.C:
			err := f.round(now)
			if err != nil && !failing {
				s.logger.Error("queues and index cannot be flushed", "error", err)
			}
			failing = err != nil
		}
	}
}

func (f *flusher) round(now time.Time) error {
	cfg, at := &f.store.cfg, f.store.dispatcher.position()
	switch {
	case f.checkpointDue(now, at):
		err := f.marking(at, f.store.marks.checkpoint)
		f.checkpointed, f.checkpointTook = now, f.markTook
		return err
	case f.markDue(now, at):
		return f.marking(at, f.store.marks.note)
	}
	least := cfg.FlushConsumeQueueLeastPages * pageBytes
	if 2*f.store.queues.BufferedBytes() >= cfg.MaxBufferedUnitBytes {
		least = 0 // before the dispatcher has to wait for it
	}
	return f.store.queues.Write(least)
}

// checkpointDue says that it is time for one, or that the log has grown by enough.
func (f *flusher) checkpointDue(now time.Time, at commitlog.Offset) bool {
	cfg, passed := &f.store.cfg, now.Sub(f.checkpointed)
	enough := int64(at-f.store.marks.lastAt()) >= cfg.CheckpointBytes
	return passed >= cfg.FlushConsumeQueueThoroughInterval || enough && passed >= checkpointRest*f.checkpointTook
}

// markDue says that enough has come, or enough time has passed, since the queues were noted; many queues are noted less
// often.
func (f *flusher) markDue(now time.Time, at commitlog.Offset) bool {
	cfg, passed := &f.store.cfg, now.Sub(f.marked)
	enough := passed >= cfg.MarkInterval || int64(at-f.markedAt) >= cfg.MarkBytes
	return enough && passed >= markRest*f.markTook
}

func (f *flusher) marking(at commitlog.Offset, mark func(*Store) error) error {
	begun := time.Now()
	err := mark(f.store)
	f.marked, f.markedAt, f.markTook = time.Now(), at, time.Since(begun)
	return err
}

// lastAt is where the last checkpoint of this run stands.
func (m *marks) lastAt() commitlog.Offset {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}
