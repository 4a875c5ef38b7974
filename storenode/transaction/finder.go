package transaction

import "sync"

// finder is the line of transactions of which the log must be asked what it holds. All that have gathered are looked for
// at once.
type finder struct {
	mu      sync.Mutex // guards waiting and closed
	waiting []ending
	closed  bool
	filled  chan struct{}
}

func (f *finder) init() { f.filled = make(chan struct{}, 1) }

// put takes in a claimed transaction, unless the finder is closed. How many wait is bounded by Config.Ends.
func (f *finder) put(e ending) (ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.waiting = append(f.waiting, e)
	select {
	case f.filled <- struct{}{}:
	default:
	}
	return true
}

func (f *finder) take() []ending {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.waiting
	f.waiting = nil
	return all
}

// close takes no more and returns what is left.
func (f *finder) close() []ending {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	return f.take()
}

// search reads the operation records from ops on, and then decides what waits, until the service stops.
func (s *Service) search(ops int64) {
	if s.load(ops) {
		for s.awaitFilled() {
			s.decideAll(s.finder.take())
		}
	}
	for _, e := range s.finder.close() {
		s.refuse(e, ErrClosed)
	}
}

func (s *Service) awaitFilled() bool {
	select {
	case <-s.stop:
		return false
	case <-s.finder.filled:
		return true
	}
}

func (s *Service) decideAll(waiting []ending) {
	all := make([]*found, len(waiting))
	for i, e := range waiting {
		all[i] = newFound(e.half)
	}
	err := s.find(all)
	for i, e := range waiting {
		if err != nil {
			s.refuse(e, err)
		} else {
			s.decide(e, all[i])
		}
	}
}

func (s *Service) refuse(e ending, err error) {
	s.release(e.half.key())
	e.Done(0, err)
}
