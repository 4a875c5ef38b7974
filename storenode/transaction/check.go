package transaction

import (
	"errors"
	"strconv"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/topic"
)

// verdict is what a round of checks does with an open half message.
type verdict int

const (
	later   verdict = iota // it is left where it is
	fresh                  // it came after the round had begun, and so did all behind it
	giveUp                 // into TRANS_CHECK_MAX_TIME_TOPIC
	ask                    // put again, and its producer asked
	keep                   // put again, since it holds up progress
	isEnded                // committed, without its operation record, or a copy of it has one
	isMoved                // a newer copy is open, or it was given up before
)

// candidate is an open half message that a round does something with.
type candidate struct {
	*half
	verdict verdict
}

// batchHalves is how many half messages are looked at, and put again, together.
const batchHalves = 64

// round goes through the open half messages, for Config.RoundTime at most: the next one goes on where this one ended.
func (s *Service) round() {
	begun := time.Now()
	if err := s.config.MakeTopic(topic.TransHalfTopic, 1); err != nil {
		s.config.Log.Error("topic of half messages not made", "err", err)
	}
	_, high := s.bounds(topic.TransHalfTopic)
	at := s.next
	for s.next = 0; ; {
		opens := s.opensFrom(at, high)
		if len(opens) == 0 {
			return
		}
		more, err := s.checkSome(opens, high, begun)
		if err != nil {
			s.config.Log.Error("transactions are not checked", "offset", opens[0], "err", err)
		}
		if !more || err != nil {
			return
		}
		if at = opens[len(opens)-1] + 1; time.Since(begun) > s.config.RoundTime || s.urgent.Load() > 0 || s.stopped() {
			s.next = at
			return
		}
	}
}

func (s *Service) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

func (s *Service) opensFrom(at, end int64) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.opensFrom(at, end, make([]int64, 0, batchHalves))
}

// checkSome judges open half messages and acts; more is false where all behind them are fresh.
func (s *Service) checkSome(opens []int64, high int64, begun time.Time) (more bool, err error) {
	var due []*candidate
	for _, q := range opens {
		h, err := s.halfAt(q)
		if errors.Is(err, errLost) || errors.Is(err, errNoHalf) {
			s.lose(q, err)
			continue
		}
		if err != nil {
			return false, errors.Join(err, s.act(due))
		}
		switch v := s.judge(h, high, begun); v {
		case fresh:
			return false, s.act(due)
		case later:
		default:
			due = append(due, &candidate{h, v})
		}
	}
	return true, s.act(due)
}

// lose gives up a half message that cannot be read, and says so once.
func (s *Service) lose(q int64, err error) {
	s.config.Log.Error("a half message is passed over", "offset", q, "err", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger.move(q)
	s.changed()
}

// judge decides by the half message alone. Different from Java: what is not asked about is not written again in each
// round, and what nobody can be asked about does not count as asked.
func (s *Service) judge(h *half, high int64, begun time.Time) verdict {
	age := time.Duration(time.Now().UnixMilli()-h.BornTimestamp) * time.Millisecond
	switch {
	case h.checks >= s.config.CheckMax || age > s.config.FileReservedTime():
		return giveUp
	case h.StoreTimestamp >= begun.UnixMilli():
		return fresh
	case !s.immune(h, age) && s.config.Online(h.group):
		return ask
	case high-h.QueueOffset > s.config.Lag:
		return keep
	}
	return later
}

// immune says that a half message is too young to be asked about. By a producer's clock ahead of ours it is never too
// young, but where the message states its own time.
func (s *Service) immune(h *half, age time.Duration) bool {
	own, stated := h.Properties.Lookup(message.PropertyCheckImmunityTimeSeconds)
	if !stated {
		return 0 <= age && age < s.config.TimeOut
	}
	seconds, err := strconv.ParseInt(string(own), 10, 32)
	if err != nil || seconds == -1 {
		return age < s.config.TimeOut
	}
	return age < time.Duration(seconds)*time.Second
}

// act does what was decided, but for transactions that are ending just now.
func (s *Service) act(due []*candidate) error {
	claimed := s.claimOpen(due)
	err := s.correct(claimed)
	if err != nil {
		s.releaseAll(claimed)
		return err
	}
	var put []*candidate
	for _, c := range claimed {
		switch c.verdict {
		case isEnded:
			s.endCommitted(c)
		case isMoved:
			s.settle(c)
		default:
			put = append(put, c)
		}
	}
	return s.putAgain(put)
}

// claimOpen claims those that nobody has, and that are open still.
func (s *Service) claimOpen(due []*candidate) (claimed []*candidate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range due {
		if s.ledger.of(c.QueueOffset) == open && s.tryClaim(c.key()) {
			claimed = append(claimed, c)
		}
	}
	return claimed
}

func (s *Service) releaseAll(claimed []*candidate) {
	for _, c := range claimed {
		s.release(c.key())
	}
}

// correct asks the log about those of which it may hold more than the half message.
func (s *Service) correct(claimed []*candidate) error {
	var all []*found
	var doubtful []*candidate
	for _, c := range claimed {
		if s.doubtful(c.half) {
			all, doubtful = append(all, newFound(c.half)), append(doubtful, c)
		}
	}
	if err := s.find(all); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range all {
		if c := doubtful[i]; f.committed || f.ended(&s.ledger) {
			c.verdict = isEnded
		} else if f.discarded && c.verdict == giveUp || f.newerOpen(&s.ledger) {
			c.verdict = isMoved
		}
	}
	return nil
}

func (f *found) newerOpen(l *ledger) bool {
	for _, q := range f.opens(l) {
		if q > f.half.QueueOffset {
			return true
		}
	}
	return false
}

// endCommitted writes the operation record that a killed process has left out, here or of another copy.
func (s *Service) endCommitted(c *candidate) {
	nobody := &End{Written: func() {}, Done: func(_ commitlog.Offset, err error) {
		if err != nil {
			s.config.Log.Warn("operation record of a committed transaction not written", "offset", c.QueueOffset, "err", err)
		}
	}}
	s.write(ending{nobody, c.half}, c.key(), false, []int64{c.QueueOffset})
}

// settle ends what the service had to do with a half message: another record has taken its place.
func (s *Service) settle(c *candidate) {
	s.mu.Lock()
	s.ledger.move(c.QueueOffset)
	s.changed()
	s.mu.Unlock()
	s.release(c.key())
}
