package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"sync"

	"gantry/storenode/commitlog"
)

// checkpointBytes is the size of the checkpoint file; recoveryBytes that of gantry/recovery.
const (
	checkpointBytes = 4096
	recoveryBytes   = 32
	recoveryMagic   = "GRC1"
)

// timestamps are the checkpoint's: storeTimestamps (ms) up to which a part of the store is on the disk.
type timestamps struct {
	physic, logics, index int64
}

// marks are the small files that tell the next start where to begin.
type marks struct {
	mu   sync.Mutex // one checkpoint at a time
	last timestamps
	at   commitlog.Offset // of the last checkpoint
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

// load reads the checkpoint; what is missing or makes no sense counts as zeros.
func (m *marks) load(s *Store) error {
	b, err := s.readSmall(s.checkpointPath(), usedCheckpointBytes)
	if err != nil || b == nil {
		return err
	}
	found, err := ParseCheckpoint(b)
	if err != nil {
		s.logger.Warn("checkpoint is damaged, the commit log is read from its beginning", "file", s.checkpointPath(), "error", err)
		return nil
	}
	m.last = timestamps{found.PhysicMsgTimestamp, found.LogicsMsgTimestamp, found.IndexMsgTimestamp}
	return nil
}

// safe is the storeTimestamp up to which log and queues surely are on the disk.
func (t timestamps) safe() int64 { return max(min(t.physic, t.logics)-3000, 0) }

// nearest returns the offset of gantry/recovery, if it belongs to the checkpoint.
func (m *marks) nearest(s *Store) (commitlog.Offset, bool, error) {
	b, err := s.readSmall(s.recoveryPath(), recoveryBytes)
	if err != nil || b == nil {
		return 0, false, err
	}
	be := binary.BigEndian
	if string(b[:4]) != recoveryMagic || crc32.ChecksumIEEE(b[:28]) != be.Uint32(b[28:]) {
		s.logger.Warn("recovery mark is damaged, the checkpoint alone counts", "file", s.recoveryPath())
		return 0, false, nil
	}
	if int64(be.Uint64(b[16:])) != m.last.logics {
		return 0, false, nil // another program has used the store since
	}
	return commitlog.Offset(be.Uint64(b[8:])), true, nil
}

// readSmall reads the first bytes of a file; nil where it is missing or shorter.
func (s *Store) readSmall(path string, bytes int) ([]byte, error) {
	file, err := s.fs.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b := make([]byte, bytes)
	size, err := file.Size()
	if err == nil && size >= int64(bytes) {
		_, err = file.ReadAt(b, 0)
	} else {
		b = nil
	}
	return b, errors.Join(err, file.Close())
}

// reset has the next start, if it is an unclean one, trust nothing.
func (m *marks) reset(s *Store) error {
	m.last = timestamps{}
	return m.write(s, m.last, 0)
}

// checkpoint makes log, queues and index durable and notes up to where. What is noted is taken before anything is
// synced.
func (m *marks) checkpoint(s *Store) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, logics := s.dispatcher.progress()
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
	next := timestamps{max(m.last.physic, physic), max(m.last.logics, logics), max(m.last.index, indexed)}
	if err := m.write(s, next, at); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	m.last, m.at = next, at
	return nil
}

func (m *marks) write(s *Store, next timestamps, at commitlog.Offset) error {
	be := binary.BigEndian
	b := make([]byte, 0, 24)
	for _, millis := range []int64{next.physic, next.logics, next.index} {
		b = be.AppendUint64(b, uint64(millis))
	}
	if err := s.writeSmall(s.checkpointPath(), s.cfg.StorePathRootDir, b, checkpointBytes); err != nil {
		return err
	}
	b = append(make([]byte, 0, recoveryBytes), recoveryMagic+"\x00\x00\x00\x00"...)
	b = be.AppendUint64(b, uint64(at))
	b = be.AppendUint64(b, uint64(next.logics))
	b = be.AppendUint32(b, 0)
	b = be.AppendUint32(b, crc32.ChecksumIEEE(b))
	return s.writeSmall(s.recoveryPath(), s.cfg.path("gantry"), b, recoveryBytes)
}

// writeSmall overwrites the file in place: less than a sector, so that it is old or new after a crash.
func (s *Store) writeSmall(path, dir string, b []byte, size int64) error {
	file, err := s.fs.Open(path)
	created := errors.Is(err, fs.ErrNotExist)
	if created {
		if err := s.fs.MkdirAll(dir); err != nil {
			return err
		}
		file, err = s.fs.Create(path, size)
	}
	if err != nil {
		return err
	}
	_, err = file.WriteAt(b, 0)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil && created {
		err = s.fs.SyncDir(dir)
	}
	return err
}
