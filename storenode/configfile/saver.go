package configfile

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// retryDelay is how long a Saver waits after a failed save.
const retryDelay = time.Second

// complainInterval is the least time between two log entries about a file that cannot be saved.
const complainInterval = time.Minute

// restFactor: after a save that took t a Saver rests restFactor×t, so that a storm of changes to a large table does
// not keep a core and the disk busy. The first change after a rest is saved without delay.
const restFactor = 4

// Saver writes a table to its file some time after it changed, and when it is closed. It owns one goroutine.
type Saver struct {
	file   *File
	encode func() []byte
	delay  time.Duration
	log    *slog.Logger

	dirty atomic.Bool
	wake  chan struct{}
	stop  chan struct{}
	loop  sync.WaitGroup
	once  sync.Once
	mu    sync.Mutex // held while the file is written: one save at a time
}

// StartSaver begins to keep file. encode returns the table's whole text and may be called at any time. While the disk
// works a change stays unsaved for delay, or for the rest after the save before it where that is longer.
func StartSaver(file *File, encode func() []byte, delay time.Duration, log *slog.Logger) *Saver {
	s := &Saver{
		file: file, encode: encode, delay: delay, log: log,
		wake: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	s.loop.Go(s.run)
	return s
}

// Changed says that the table differs from its file. It never waits and costs one atomic load where that was known.
func (s *Saver) Changed() {
	if !s.dirty.Load() && !s.dirty.Swap(true) {
		s.signal()
	}
}

func (s *Saver) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Flush saves now if there is something to save. After a failure the table stays to be saved later.
func (s *Saver) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dirty.Swap(false) {
		return nil
	}
	err := s.file.Save(s.encode())
	if err != nil {
		s.dirty.Store(true)
		s.signal()
	}
	return err
}

// Close ends the loop and saves a last time. Changes after it are not saved.
func (s *Saver) Close() error {
	s.once.Do(func() { close(s.stop) })
	s.loop.Wait()
	return s.Flush()
}

func (s *Saver) run() {
	var rested, complained time.Time
	for {
		select {
		case <-s.wake:
		case <-s.stop:
			return
		}
		if !s.sleep(max(s.delay, time.Until(rested))) {
			return
		}
		began := time.Now()
		err := s.Flush()
		rested = time.Now().Add(restFactor * time.Since(began))
		if err != nil {
			rested = began.Add(retryDelay)
			if time.Since(complained) >= complainInterval {
				complained = time.Now()
				s.log.Error("a config file could not be saved, it is tried again", "path", s.file.Path(), "err", err)
			}
		}
	}
}

// sleep says whether it slept to the end.
func (s *Saver) sleep(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.stop:
		return false
	}
}
