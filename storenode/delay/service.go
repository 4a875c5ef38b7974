package delay

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/configfile"
)

const (
	batchEntries = 64  // entries of a level read in one turn
	retryMillis  = 100 // between attempts while the log or the queue fails
)

// ErrGone is what Schedule.Record wraps where the log no longer has the record.
var ErrGone = errors.New("record is gone")

// Entry is a consume-queue entry of SCHEDULE_TOPIC_XXXX.
type Entry struct {
	PhysicalOffset int64
	Bytes          int32
	DueMillis      int64 // its tagsCode: ms since 1970
}

// Schedule reads SCHEDULE_TOPIC_XXXX.
type Schedule interface {
	// Bounds are the offset of the queue's first entry and the one behind its last; both 0 where there is no queue.
	Bounds(queueID int32) (low, high int64)
	// Entries fills dst from offset on with what there is, and says how many.
	Entries(queueID int32, offset int64, dst []Entry) (int, error)
	// Record returns the entry's record. The bytes are the caller's. Error: ErrGone.
	Record(e Entry) ([]byte, error)
}

// Log appends messages.
type Log interface {
	// Append appends the messages in their order, as they are, and says how many are in the log: all of them, or those
	// before the first that failed. It does not wait for flush or copies. The messages are not kept.
	Append(messages []*message.Message) (appended int, err error)
	// Sync returns when all that is in the log is on the disk.
	Sync() error
}

// Config bounds and times a Service.
type Config struct {
	FlushInterval time.Duration // flushDelayOffsetInterval: how long progress may be in memory only
	MaxBatchBytes int           // records in memory at once; one larger record may be alone
}

// DefaultConfig has Java's interval.
func DefaultConfig() Config {
	return Config{FlushInterval: 10 * time.Second, MaxBatchBytes: 1 << 20}
}

// Service delivers delayed messages. One goroutine serves all levels in turns; it sleeps until the next message is due
// or one arrives in an empty queue. Progress lies in config/delayOffset.json: after a crash what was delivered since
// it was last saved is delivered again, and nothing is lost: the log is synced before progress is saved.
type Service struct {
	config   Config
	schedule Schedule
	log      Log
	logger   *slog.Logger
	saver    *configfile.Saver
	saved    []byte        // the saver's: the last progress whose messages the disk has
	others   map[int]int64 // progress of levels that the table lacks, kept in the file

	levels  []*level
	entries [batchEntries]Entry
	wake    chan struct{}
	again   chan putAgain
	stop    chan struct{}
	once    sync.Once
	loop    sync.WaitGroup
}

// Start reads the file, config/delayOffset.json of the store, and begins to deliver. Error: *configfile.CorruptError,
// or that of the file system.
func Start(
	config Config, levels Levels, schedule Schedule, log Log, fsys configfile.FS, path string, logger *slog.Logger,
) (*Service, error) {
	s := &Service{
		config: config, schedule: schedule, log: log, logger: logger,
		others: map[int]int64{}, wake: make(chan struct{}, 1), again: make(chan putAgain), stop: make(chan struct{}),
	}
	for n := 1; n <= levels.Max(); n++ {
		s.levels = append(s.levels, &level{number: n, delayMillis: levels.DelayMillis(n)})
	}
	file := configfile.New(fsys, path)
	if _, err := file.Load(s.decode); err != nil {
		return nil, err
	}
	s.saved = s.encode()
	s.saver = configfile.StartSaver(file, s.encodeSynced, config.FlushInterval, logger)
	for _, l := range s.levels {
		s.correct(l)
	}
	s.loop.Go(s.run)
	return s, nil
}

// correct brings kept progress between the queue's bounds, as when the queue lost its tail in a crash.
func (s *Service) correct(l *level) {
	low, high := s.schedule.Bounds(QueueID(l.number))
	kept := l.next.Load()
	if right := max(low, min(kept, high)); right != kept {
		s.logger.Warn("progress of delayed messages is corrected", "level", l.number, "from", kept, "to", right)
		s.advance(l, right)
	}
}

// Arrive tells of an entry in a level's queue that can be read now. It never waits, and costs one atomic load where
// the service does not sleep on that queue.
func (s *Service) Arrive(queueID int32) {
	if queueID < 0 || int(queueID) >= len(s.levels) {
		return
	}
	if l := s.levels[queueID]; l.asleep.Load() && l.asleep.CompareAndSwap(true, false) {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// Close returns when the goroutine has ended its turn and the progress is saved.
func (s *Service) Close() error {
	s.once.Do(func() { close(s.stop) })
	s.loop.Wait()
	return s.saver.Close()
}

func (s *Service) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-s.wake:
		case request := <-s.again:
			request.done <- s.putAllAgain(request.before)
		case <-timer.C:
		}
		next := s.round()
		if next == idle {
			timer.Stop()
			continue
		}
		timer.Reset(time.Duration(next-time.Now().UnixMilli()) * time.Millisecond)
	}
}

// round gives each level that has something due one turn and returns when the next round is.
func (s *Service) round() (nextMillis int64) {
	nextMillis = idle
	for _, l := range s.levels {
		now := time.Now().UnixMilli()
		if l.dueMillis == idle && !l.asleep.Load() {
			l.dueMillis = now // something arrived
		}
		if l.dueMillis <= now {
			s.turn(l, now)
		}
		nextMillis = min(nextMillis, l.dueMillis)
	}
	return nextMillis
}
