package store

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"gantry/storenode/commitlog"
)

// checkpointBytes is the size of the checkpoint file.
const checkpointBytes = 4096

// marks are the small files that tell the next start where to begin.
type marks struct {
	table   tableFile
	nearest commitlog.Offset // of the mark found at start; 0 for none

	mu       sync.Mutex // one checkpoint at a time
	last     timestamps
	at       commitlog.Offset // of the last checkpoint
	lockTime int64            // ns; when a Java broker last opened the store
	missing  bool             // there was no checkpoint at start: nothing else is trusted
}

func (s *Store) abortPath() string      { return s.cfg.path("abort") }
func (s *Store) checkpointPath() string { return s.cfg.path("checkpoint") }
func (s *Store) recoveryPath() string   { return s.cfg.path("gantry", "recovery") }

// unclean says that the last stop was one.
func (s *Store) unclean() (bool, error) {
	_, err := s.fs.Stat(s.abortPath())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return true, err
}

func (m *marks) setAbort(s *Store) error {
	file, err := s.fs.Create(s.abortPath(), 0)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), s.fs.SyncDir(s.cfg.StorePathRootDir))
}

func (m *marks) clearAbort(s *Store) error {
	return errors.Join(s.fs.Remove(s.abortPath()), s.fs.SyncDir(s.cfg.StorePathRootDir))
}

// load reads the checkpoint and the recovery mark; what is missing or makes no sense counts as zeros.
func (m *marks) load(s *Store) error {
	lock, err := s.fs.Stat(s.cfg.path("lock"))
	if err != nil {
		return err
	}
	m.lockTime = lock.ModTime.UnixNano()
	b, err := s.readSmall(s.checkpointPath(), usedCheckpointBytes)
	if err != nil {
		return err
	}
	if m.missing = b == nil; m.missing {
		return nil
	}
	found, damage := ParseCheckpoint(b)
	if damage == nil {
		m.last = timestamps{found.PhysicMsgTimestamp, found.LogicsMsgTimestamp, found.IndexMsgTimestamp}
	}
	return m.loadMark(s, damage)
}

// loadMark finds the place nearer than the checkpoint's, and mends a checkpoint that is damaged: nobody but us has
// written it since the mark, if the file lock has not been written since.
func (m *marks) loadMark(s *Store, damage error) error {
	near, ok, err := m.readMark(s)
	if err != nil {
		return err
	}
	ours := ok && near.lockTime == m.lockTime
	if ours && m.last != near.next && m.last != near.previous {
		damage = errors.Join(damage, fmt.Errorf("it says %v, gantry/recovery %v", m.last, near.next))
	}
	switch {
	case damage != nil && ours:
		s.logger.Error("checkpoint is damaged and written again", "file", s.checkpointPath(), "offset", 0, "error", damage)
		m.last = near.next
		err = m.writeCheckpoint(s, near.next)
	case damage != nil:
		s.logger.Warn("checkpoint is damaged, the commit log is read from its beginning", "file", s.checkpointPath(), "offset", 0, "error", damage)
	case ours:
		m.last = near.next
	}
	if ok && near.next.logics == m.last.logics { // else another program has used the store since
		m.nearest = near.at
	}
	return err
}

func (m *marks) readMark(s *Store) (near mark, ok bool, err error) {
	b, err := s.readSmall(s.recoveryPath(), markBytes)
	if err != nil || b == nil {
		return mark{}, false, err
	}
	near, damage := decodeMark(b)
	if damage != nil {
		s.logger.Warn("recovery mark is damaged, the checkpoint alone counts", "file", s.recoveryPath(), "error", damage)
	}
	return near, damage == nil, nil
}

// reset has the next start, if it is an unclean one, trust nothing.
func (m *marks) reset(s *Store) error {
	before := m.last
	m.last = timestamps{}
	return errors.Join(m.table.drop(), m.write(s, before, 0))
}

// checkpoint makes log, queues and index durable and notes up to where. What is noted is taken before anything is
// synced.
func (m *marks) checkpoint(s *Store) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.table.structure.Load()
	last, logics := s.dispatcher.progress()
	at := last
	if s.cfg.MessageIndexEnable {
		at = min(at, s.indexer.position())
	}
	if err := errors.Join(s.queues.Write(0), s.queues.Sync(), s.log.Sync()); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	indexed, err := s.index.Flush()
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	_, physic := s.log.Flushed()
	before := m.last
	m.last = timestamps{max(m.last.physic, physic), max(m.last.logics, logics), max(m.last.index, indexed)}
	if err := m.write(s, before, at); err != nil {
		m.last = before
		return fmt.Errorf("checkpoint: %w", err)
	}
	m.at = at
	return m.table.write(s, tableHead{at: last, lockTime: m.lockTime}, seen)
}

// fewQueues is up to how many queues are written to their files at each note. Units of more stay in memory: the table
// holds them, and a checkpoint writes them.
const fewQueues = 1000

// note writes the table of the queues, with the units that are in memory, so that the start after a kill need not read
// what came before. Nothing of it is synced: it counts as long as the kernel runs.
func (m *marks) note(s *Store) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.table.structure.Load()
	last, _ := s.dispatcher.progress()
	if m.table.covers(last) {
		return nil
	}
	if s.queues.InMemory() <= fewQueues {
		if err := s.queues.Write(0); err != nil {
			return err
		}
	}
	return m.table.write(s, tableHead{at: last, lockTime: m.lockTime}, seen)
}

// end writes the table for the start after a clean stop, and syncs it.
func (m *marks) end(s *Store) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	last, _ := s.dispatcher.progress()
	return m.table.write(s, tableHead{at: last, clean: true, lockTime: m.lockTime}, m.table.structure.Load())
}

// write writes the mark, then the checkpoint it belongs to.
func (m *marks) write(s *Store, before timestamps, at commitlog.Offset) error {
	b := mark{at: at, next: m.last, previous: before, lockTime: m.lockTime}.append(make([]byte, 0, markBytes))
	if err := s.writeSmall(s.recoveryPath(), s.cfg.path("gantry"), b, markBytes); err != nil {
		return err
	}
	return m.writeCheckpoint(s, m.last)
}

func (m *marks) writeCheckpoint(s *Store, t timestamps) error {
	return s.writeSmall(s.checkpointPath(), s.cfg.StorePathRootDir, t.append(nil), checkpointBytes)
}
