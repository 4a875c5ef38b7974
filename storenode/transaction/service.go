// Package transaction is transactional messages (TransactionalMessageServiceImpl): half messages, which nobody sees, and
// what becomes of each: committed into its topic, rolled back, asked about, given up.
//
// Everything lies in the log, in Java's form. A half message lies in RMQ_SYS_TRANS_HALF_TOPIC; that it has ended says an
// operation record in RMQ_SYS_TRANS_OP_HALF_TOPIC, whose body is its queue offset. How far both queues are settled are
// two consumer offsets of the group CID_RMQ_SYS_TRANS. In memory are two bits for each half message from the first that
// has not ended on (ledger), made again at the start from the operation records.
//
// A transaction is committed once. A half message of this process that has not been put again is known by its bits; of
// any other the log is searched, by its unique key, for what was committed, and for its other copies: see find.
//
// The package stands on store. It knows no commands, no sessions and no clients; whom to ask is the caller's.
package transaction

import (
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/delay"
	"gantry/storenode/store"
	"gantry/storenode/topic"
)

// Group is the consumer group under which progress is kept.
const Group = "CID_RMQ_SYS_TRANS"

// queueID is the only queue of the half topic that half messages go to, and of their operation records.
const queueID = 0

// Errors of End and PutAgain; match them with errors.Is.
var (
	ErrClosed = errors.New("transactions are closed")
	ErrBusy   = errors.New("too many transactions are ending")
)

// Progress keeps consumer offsets (group.Offsets).
type Progress interface {
	Commit(topic, group []byte, queueID int32, offset int64) error
	Query(topic, group []byte, queueID int32) (offset int64, found bool)
}

// Config is what a Service is made of. All fields must be set but those with a default.
type Config struct {
	Store     *store.Store
	Progress  Progress
	StoreHost func() netip.AddrPort // of operation records
	Levels    delay.Levels          // a committed message may ask for one
	Log       *slog.Logger
	SyncFlush bool           // flushDiskType: answers wait for the disk
	Indexed   bool           // messageIndexEnable: the log can be searched by key
	Beside    func(f func()) // runs f soon on a goroutine of its own

	TimeOut          time.Duration        // transactionTimeOut: younger ones are not asked about
	CheckInterval    time.Duration        // transactionCheckInterval
	CheckMax         int                  // transactionCheckMax: who was asked about so often is given up
	FileReservedTime func() time.Duration // and who is older than that

	// Online says that a member of the producer group can be asked.
	Online func(group string) bool
	// Ask asks one. The half message has its own topic and queue, and the offsets at which it lies now. It must not block.
	Ask func(group string, half *message.Message)
	// Hold leads a committed message that has a time of its own (TIMER_DELAY_SEC and the like) to where it waits; others
	// stay as they are. Default: all do.
	Hold func(m *message.Message) error
	// MakeTopic makes the row of a topic with so many queues, where it is missing.
	MakeTopic func(name string, queues int32) error

	Ends      int           // transactions ending at once, default 10,000
	Pages     int           // of the ledger that are ended in part, 1 KiB each for 4096 half messages; default 16,384
	Lag       int64         // half messages behind an open one after which it is put again, default 1,000,000
	RoundTime time.Duration // of checking at a time, default 60 s
}

func (c Config) withDefaults() Config {
	if c.Hold == nil {
		c.Hold = func(*message.Message) error { return nil }
	}
	c.Ends, c.Pages = positive(c.Ends, 10_000), positive(c.Pages, 16_384)
	c.Lag, c.RoundTime = positive(c.Lag, 1_000_000), positive(c.RoundTime, time.Minute)
	return c
}

func positive[N int | int64 | time.Duration](n, otherwise N) N {
	if n > 0 {
		return n
	}
	return otherwise
}

const (
	saveEvery  = time.Second // progress may be so old in memory already
	retryEvery = time.Second // between attempts while the log or a queue fails
)

// Service decides transactions. Its methods may be called concurrently.
type Service struct {
	config    Config
	inherited int64 // half messages before it were there when the service started

	loaded chan struct{} // closed when the operation records are read
	wake   chan struct{} // something is to be saved, or owed
	again  chan putAgain
	urgent atomic.Int32 // calls of PutAgain that wait
	stop   chan struct{}
	once   sync.Once
	loops  sync.WaitGroup
	finder finder
	next   int64 // where the next round of checks begins; the loop's

	mu     sync.Mutex // guards the rest; held for a few instructions, never while calling out
	ledger ledger
	claims map[string]*claim
	ends   int         // under way
	owed   []*opRecord // of committed messages, not in the log yet
	dirty  bool        // there is progress that has not been taken down
	taken  *progress   // it waits for the disk; nil without
	closed bool
}

// Start begins where the kept progress says. Close must follow.
func Start(config Config) *Service {
	s := &Service{
		config: config.withDefaults(), claims: map[string]*claim{}, loaded: make(chan struct{}), wake: make(chan struct{}, 1),
		again: make(chan putAgain), stop: make(chan struct{}),
	}
	s.finder.init()
	ops := s.resume()
	s.loops.Go(s.run)
	s.loops.Go(func() { s.search(ops) })
	return s
}

// resume sets the ledger's beginning and returns where the operation records begin that belong to it. Kept progress that
// is ahead of the queue is of another log than this one, one that has lost its end for instance: all is looked at again.
func (s *Service) resume() (ops int64) {
	low, high := s.bounds(topic.TransHalfTopic)
	s.inherited = high
	halves, ops := s.kept(topic.TransHalfTopic), s.kept(topic.TransOpHalfTopic)
	if halves > high {
		s.config.Log.Warn("progress of transactions is ahead of their queue, all of it is read", "from", halves, "to", low)
		halves, ops = low, 0
	}
	s.ledger.init(max(low, halves))
	return ops
}

// kept is the progress in a topic, 0 where there is none.
func (s *Service) kept(name string) int64 {
	at, _ := s.config.Progress.Query([]byte(name), []byte(Group), queueID)
	return max(0, at)
}

func (s *Service) bounds(name string) (low, high int64) { return s.config.Store.Bounds(name, queueID) }

// Room says whether one more half message can be taken; the error says why not.
func (s *Service) Room() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.room(s.config.Pages)
}

// Close returns when its goroutines have; what is appended meanwhile is still ended.
func (s *Service) Close() error {
	s.once.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		close(s.stop)
	})
	s.loops.Wait()
	return s.saveAll()
}

// run checks, saves progress and writes what is owed.
func (s *Service) run() {
	check := time.NewTicker(s.config.CheckInterval)
	defer check.Stop()
	var save <-chan time.Time
	for {
		select {
		case <-s.stop:
			return
		case <-s.wake:
			if save == nil {
				save = time.After(saveEvery)
			}
		case <-save:
			save = nil
			s.writeOwed()
			s.save()
		case request := <-s.again:
			s.urgent.Add(-1)
			request.done <- s.putAllAgain(request.before)
		case <-check.C:
			if s.isLoaded() {
				s.round()
			}
		}
	}
}

func (s *Service) isLoaded() bool {
	select {
	case <-s.loaded:
		return true
	default:
		return false
	}
}

// changed has progress saved soon; mu is held.
func (s *Service) changed() {
	s.dirty = true
	s.poke()
}

func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
