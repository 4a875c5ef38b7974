package store

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
)

// damageLogInterval is the least time between two entries about the same file by who reads it.
const damageLogInterval = time.Minute

// damages are the messages that were left out because the disk has changed them.
type damages struct {
	count atomic.Int64

	mu     sync.Mutex           // guards logged
	logged map[string]time.Time // files, those of the last interval
}

// DamagedReads counts how often a message was not served because the disk has changed its bytes.
func (s *Store) DamagedReads() int64 { return s.damages.count.Load() }

// IsDamage says that an error of RecordAt means a message that the disk has changed, so that it is lost here.
func IsDamage(err error) bool {
	return errors.Is(err, commitlog.ErrBlockSum) || errors.Is(err, message.ErrBodyCRC)
}

// noteDamage counts a message that was left out and names file and offset, once a file and minute.
func (s *Store) noteDamage(err error) {
	var corrupt *commitlog.CorruptError
	if !IsDamage(err) || !errors.As(err, &corrupt) {
		return
	}
	if s.damages.count.Add(1); s.damages.due(corrupt.File) {
		s.logger.Error("commit log is damaged, what lies there is not served", "file", corrupt.File, "offset", int64(corrupt.Offset), "error", corrupt.Err)
	}
}

// due says that an entry about the file may be logged now.
func (d *damages) due(file string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for other, at := range d.logged {
		if now.Sub(at) >= damageLogInterval {
			delete(d.logged, other)
		}
	}
	if _, found := d.logged[file]; found {
		return false
	}
	if d.logged == nil {
		d.logged = map[string]time.Time{}
	}
	d.logged[file] = now
	return true
}
