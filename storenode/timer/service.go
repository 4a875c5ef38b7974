// Package timer is messages with a time of their own (TimerMessageStore 5.3.3): Rules leads a message that is not due yet
// to Topic, and the Service puts it into its own topic when it is, to the millisecond.
//
// The log alone says which messages there are. The service reads the queue of Topic once, keeps of each message when it is
// due, in bounded memory and in files of its own (FORMAT.md), and delivers in that order. Files that are damaged or gone
// are made again from the queue. It knows no commit log and no clients; what it reads and appends goes through two small
// interfaces.
package timer

import (
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/configfile"
	"gantry/storenode/vfs"
)

const (
	batchUnits  = 256 // messages read, or delivered, in one turn
	retryMillis = 100 // between attempts while something fails
	idle        = math.MaxInt64
)

var (
	// ErrGone is what Queue.Record wraps where the log no longer has the record.
	ErrGone = errors.New("record is gone")
	// ErrClosed is what PutAgain returns when the service is closed.
	ErrClosed = errors.New("delivery of timer messages is closed")
)

// Unit is where a message of Topic lies in the log.
type Unit struct {
	PhysicalOffset int64
	Bytes          int32
}

// Queue reads queue 0 of Topic.
type Queue interface {
	// Bounds are the offset of the first message and the one behind the last; both 0 where there is no queue.
	Bounds() (low, high int64)
	// Units fills dst from offset on with what there is, and says how many.
	Units(offset int64, dst []Unit) (int, error)
	// Record returns a message's record. The bytes are the caller's. Error: ErrGone.
	Record(u Unit) (message.Record, error)
}

// Log appends messages.
type Log interface {
	// Append appends the messages in their order, as they are, and says how many are in the log: all of them, or those
	// before the first that failed. The messages are not kept.
	Append(messages []*message.Message) (appended int, err error)
	// Sync returns when all that was appended is on the disk.
	Sync() error
}

// Config bounds and times a Service.
type Config struct {
	Rules         Rules
	Dir           string        // of its files
	FlushInterval time.Duration // timerFlushIntervalMs: how long progress may be in memory only
	MaxBatchBytes int           // records in memory at once; one larger record may be alone
	MaxYoung      int           // messages whose times are in memory only; 16 bytes each
	MaxRuns       int           // files of MaxYoung messages each, of which 4 KiB are in memory; sends are refused beyond
}

// DefaultConfig has Java's interval and room for a thousand million messages.
func DefaultConfig() Config {
	return Config{FlushInterval: time.Second, MaxBatchBytes: 1 << 20, MaxYoung: 1 << 18, MaxRuns: 4096}
}

// Service delivers timer messages. One goroutine reads, delivers and puts again in turns; it sleeps until the next
// message is due or one arrives. After a crash what was delivered since the progress was last saved is delivered again,
// and nothing is lost.
type Service struct {
	config Config
	queue  Queue
	log    Log
	logger *slog.Logger
	fs     vfs.FS
	saver  *configfile.Saver

	pending  pending
	read     int64 // the next ordinal to read
	kept     int64 // ordinals below it are in runs, or done with
	keptAt   int64 // s.read when kept was reckoned
	before   claim // of an earlier life: what is read again is compared with it
	putAgain int64 // ordinals below it are delivered or were put again
	again    []again
	failing  bool // the last turn failed and was logged
	units    [batchUnits]Unit

	mu     sync.Mutex // guards what follows
	young  int        // messages whose times are in memory only
	state  progress   // what is to be saved
	synced progress   // what the log has on the disk of it
	number int64      // of what is to be saved: how often it has changed

	asleep atomic.Bool // all is read: an arrival must wake the service
	full   atomic.Bool
	wake   chan struct{}
	asks   chan again
	stop   chan struct{}
	once   sync.Once
	loop   sync.WaitGroup
}

// Start reads the files and begins to deliver. Damaged files are made again from the queue. Error: the file system's.
func Start(config Config, queue Queue, log Log, fsys vfs.FS, logger *slog.Logger) (*Service, error) {
	s := &Service{
		config: config, queue: queue, log: log, logger: logger, fs: fsys,
		pending: pending{fs: fsys, dir: config.Dir, most: config.MaxYoung},
		wake:    make(chan struct{}, 1), asks: make(chan again), stop: make(chan struct{}),
	}
	file := configfile.New(configfile.On(fsys), filepath.Join(config.Dir, "progress.json"))
	if err := s.open(file); err != nil {
		return nil, err
	}
	s.note()
	s.synced = s.state
	s.saver = configfile.StartSaver(file, s.encode, config.FlushInterval, logger)
	s.loop.Go(s.run)
	return s, nil
}

// Status is where a service has come.
type Status struct {
	Read  int64 // messages of the queue before it are known
	Kept  int64 // a start reads on from it
	Young int   // messages whose times are in memory only
	Runs  int   // files with the times of others
}

// Status says where the service has come.
func (s *Service) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{Read: s.state.read, Kept: s.state.kept, Young: s.young, Runs: len(s.state.runs)}
}

// Full says that no more messages can be held (WHEEL_TIMER_FLOW_CONTROL).
func (s *Service) Full() bool { return s.full.Load() }

// Arrive tells of a message of Topic that can be read now. It never waits, and costs one atomic load where the service
// does not sleep.
func (s *Service) Arrive() {
	if s.asleep.Load() && s.asleep.CompareAndSwap(true, false) {
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
	for _, a := range s.again {
		a.done <- ErrClosed
	}
	s.again = nil
	return s.saver.Close()
}

func (s *Service) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.stop:
			s.spillLast()
			return
		case <-s.wake:
		case a := <-s.asks:
			s.again = append(s.again, a)
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

// round is a turn of each kind of work; it returns when the next round is.
func (s *Service) round() (nextMillis int64) {
	more, err := s.work()
	s.note()
	if err != nil {
		if !s.failing {
			s.logger.Error("timer messages wait", "read", s.read, "err", err)
		}
		s.failing = true
		return time.Now().UnixMilli() + retryMillis
	}
	if s.failing {
		s.logger.Info("timer messages are delivered again")
		s.failing = false
	}
	if more {
		return time.Now().UnixMilli()
	}
	return s.pending.head().due
}

// work says whether there is more to do at once.
func (s *Service) work() (more bool, err error) {
	unread, err := s.enqueue()
	due, deliverErr := s.deliver()
	if err = errors.Join(err, deliverErr); errors.Is(err, errDamaged) {
		return true, s.rebuild(err)
	}
	left := s.putSomeAgain()
	return unread || due || left, err
}

// note makes what is known what is saved.
func (s *Service) note() {
	s.advanceKept()
	now := progress{claim: claim{s.read, s.pending.head()}, kept: s.kept, again: s.putAgain}
	if s.read < s.before.read { // what was delivered in an earlier life is not read again yet
		now.claim = s.before
		if s.pending.head().before(now.done) {
			now.done = s.pending.head()
		}
	}
	for _, r := range s.pending.runs {
		now.runs = append(now.runs, runEntries{r.number, r.entries})
	}
	s.full.Store(len(s.pending.runs) >= s.config.MaxRuns)
	s.mu.Lock()
	changed := now.claim != s.state.claim || now.kept != s.state.kept || now.again != s.state.again || len(now.runs) != len(s.state.runs)
	s.state, s.young = now, len(s.pending.young)
	if changed {
		s.number++
	}
	s.mu.Unlock()
	if changed && s.saver != nil {
		s.saver.Changed()
	}
}

// encode is called by the saver. What is said to be delivered must not be lost with the power, so the log goes first;
// where it cannot, the progress stays what it was.
func (s *Service) encode() []byte {
	s.mu.Lock()
	state := s.state
	s.mu.Unlock()
	err := s.log.Sync()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.logger.Error("progress of timer messages is not saved, the log does not reach the disk", "err", err)
		return s.synced.encode()
	}
	s.synced = state
	return state.encode()
}

// Progress is what a copy of the store needs in its progress.json to go on here, and a number that is another after it has
// changed. The copy's log must have all that this one's has when Progress is called.
func (s *Service) Progress() (number int64, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number, progress{claim: s.state.claim, again: s.state.again}.encode()
}

// open takes up where an earlier life ended.
func (s *Service) open(file *configfile.File) error {
	var kept progress
	_, err := file.Load(func(text []byte) (err error) {
		kept, err = decodeProgress(text)
		return err
	})
	var corrupt *configfile.CorruptError
	if errors.As(err, &corrupt) {
		s.logger.Warn("progress of timer messages is lost, all are read again", "err", err)
		kept = progress{}
	} else if err != nil {
		return err
	}
	low, high := s.queue.Bounds()
	if kept.read > high {
		s.logger.Warn("timer messages that the log has lost are forgotten", "read", kept.read, "high", high)
		kept.runs, kept.kept = nil, 0
		kept.read = high
	}
	s.before, s.putAgain = kept.claim, min(kept.again, high)
	s.read, s.kept = kept.kept, kept.kept
	if err := s.openRuns(kept.runs); errors.Is(err, errDamaged) {
		s.logger.Warn("files of timer messages are made again from their queue", "err", err)
		s.pending.clear()
		s.read, s.kept = 0, 0
	} else if err != nil {
		return err
	}
	s.read, s.kept = max(s.read, low), max(s.kept, low)
	return s.removeOthers()
}

func (s *Service) openRuns(list []runEntries) error {
	for _, r := range list {
		opened := &run{number: r.Number, entries: r.Entries}
		s.pending.number = max(s.pending.number, r.Number+1)
		if err := opened.skipTo(s.fs, s.config.Dir, s.before.done); err != nil {
			return err
		}
		if opened.exhausted() {
			continue
		}
		if err := s.pending.add(opened); err != nil {
			return err
		}
	}
	return nil
}

// removeOthers deletes runs that the progress does not name.
func (s *Service) removeOthers() error {
	names, err := s.fs.List(s.config.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	known := map[string]bool{}
	for _, r := range s.pending.runs {
		known[filepath.Base(runPath(s.config.Dir, r.number))] = true
	}
	for _, one := range names {
		if isRun(one.Name) && !known[one.Name] {
			if err := s.fs.Remove(filepath.Join(s.config.Dir, one.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// rebuild forgets the files, as one of them is damaged, and reads the queue again.
func (s *Service) rebuild(why error) error {
	s.logger.Warn("files of timer messages are made again from their queue", "err", why)
	s.note()
	s.mu.Lock()
	s.before = s.state.claim
	s.mu.Unlock()
	s.pending.clear()
	low, _ := s.queue.Bounds()
	s.read, s.kept = low, low
	s.note()
	if err := s.saver.Flush(); err != nil {
		return err
	}
	return s.removeOthers()
}
