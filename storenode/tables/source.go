package tables

import (
	"crypto/rand"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
)

// SourceConfig bounds a Source.
type SourceConfig struct {
	Tables  Tables
	Hold    time.Duration // an answer is held so long at most
	Look    time.Duration // between two looks whether something has changed
	Changes int           // offsets in one answer
	Held    int           // questions; more are answered at once
}

// DefaultSourceConfig lacks the tables.
func DefaultSourceConfig() SourceConfig {
	return SourceConfig{Hold: 2 * time.Second, Look: 20 * time.Millisecond, Changes: 100_000, Held: 64}
}

// Source answers a master's slaves.
type Source struct {
	config SourceConfig
	run    string // of this process

	came    chan struct{} // holds one: a question is held
	stop    chan struct{}
	once    sync.Once
	running sync.WaitGroup

	mu     sync.Mutex // guards held
	held   []held
	closed bool
}

type held struct {
	question question
	to       remoting.Responder
	until    time.Time
}

// StartSource begins to answer; Close must follow.
func StartSource(config SourceConfig) *Source {
	s := &Source{config: config, run: rand.Text(), came: make(chan struct{}, 1), stop: make(chan struct{})}
	s.running.Go(s.watch)
	return s
}

// Answer answers a question with this body, now or later.
func (s *Source) Answer(body []byte, to remoting.Responder) {
	var q question
	err := decode("what a slave has", body, &q)
	if err == nil {
		err = s.config.Tables.Offsets.TakeBack(q.Own)
	}
	if err != nil {
		to.Reply(&remoting.Response{Code: protocol.SystemError, Remark: err.Error()})
		return
	}
	if q.Own = nil; !s.hold(q, to) {
		s.reply(&q, to)
	}
}

func (s *Source) hold(q question, to remoting.Responder) bool {
	wait := min(time.Duration(q.WaitMillis)*time.Millisecond, s.config.Hold)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.held) >= s.config.Held {
		return false
	}
	s.held = append(s.held, held{q, to, time.Now().Add(wait)})
	select {
	case s.came <- struct{}{}:
	default:
	}
	return true
}

// due says whether the slave lacks anything.
func (s *Source) due(q *question) bool {
	t := &s.config.Tables
	delays, _ := t.Delays()
	timers, _ := t.timers()
	return q.Run != s.run || t.Offsets.Changed(q.Offsets) || q.Topics != t.Topics.Version() || q.Groups != t.Groups.Version() ||
		q.Subscriptions != t.Subscriptions.KeptVersion() || q.Delays != delays || q.Timers != timers
}

// timers is Timers, where there are any.
func (t *Tables) timers() (version int64, text []byte) {
	if t.Timers == nil {
		return 0, nil
	}
	return t.Timers()
}

func (s *Source) reply(q *question, to remoting.Responder) {
	to.Reply(&remoting.Response{Body: encode(s.compose(q))})
}

func (s *Source) compose(q *question) answer {
	t, known := &s.config.Tables, q.Run == s.run
	a := answer{Run: s.run, SavedAgeMillis: t.Offsets.SavedAge().Milliseconds(), Subscribed: t.Subscriptions.KeptVersion()}
	if !known {
		q.Offsets = group.Everything
	}
	a.Changes, a.Offsets, a.More = t.Offsets.Since(q.Offsets, s.config.Changes)
	if q.Topics != t.Topics.Version() {
		a.Topics = t.Topics.JSON()
	}
	if q.Groups != t.Groups.Version() {
		a.Groups = t.Groups.JSON()
	}
	if !known || a.Subscribed != q.Subscriptions {
		a.Subscribed, a.Subscriptions = t.Subscriptions.Kept()
	}
	delayed, text := t.Delays()
	if a.Delayed = delayed; !known || delayed != q.Delays {
		a.Delays = string(text)
	}
	timed, text := t.timers()
	if a.Timed = timed; !known || timed != q.Timers {
		a.Timers = string(text)
	}
	a.LogEnd = t.LogEnd() // behind all that stands on it
	return a
}

// restFactor keeps answers from taking more than a fifth of a core, however large
// the tables.
const restFactor = 4

// watch answers what is held once there is something to say, or its time is over.
func (s *Source) watch() {
	for {
		select {
		case <-s.came:
		case <-s.stop:
			return
		}
		for s.some() {
			began := time.Now()
			for _, h := range s.take(began) {
				s.reply(&h.question, h.to)
			}
			if !s.sleep(max(s.config.Look, restFactor*time.Since(began))) {
				return
			}
		}
	}
}

func (s *Source) some() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held) > 0
}

// take returns what is to be answered now.
func (s *Source) take(now time.Time) (ready []held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var stay []held
	for _, h := range s.held {
		if s.closed || !h.until.After(now) || s.due(&h.question) {
			ready = append(ready, h)
		} else {
			stay = append(stay, h)
		}
	}
	s.held = stay
	return ready
}

func (s *Source) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-s.stop:
		return false
	}
}

// Close answers what is held and ends the goroutine; the tables must be open.
func (s *Source) Close() error {
	s.once.Do(func() { close(s.stop) })
	s.running.Wait()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, h := range s.take(time.Now()) {
		s.reply(&h.question, h.to)
	}
	return nil
}
