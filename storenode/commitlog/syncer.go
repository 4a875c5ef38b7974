package commitlog

import "sync"

// syncer is the one goroutine that syncs for requests that wait for the disk: one sync for all that gathered during the
// one before it, while the appender goes on writing. Requests come to it written and published, so that a sync of
// everything before the log's end covers them.
type syncer struct {
	log *Log

	mu      sync.Mutex // guards the rest
	filled  sync.Cond
	waiting []*Request
	closed  bool
}

func (s *syncer) init(l *Log) { s.log, s.filled.L = l, &s.mu }

// put has the requests answered when the disk has them.
func (s *syncer) put(requests []*Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, requests...)
	s.filled.Signal()
}

// run ends when the syncer is closed and nobody waits.
func (s *syncer) run() {
	var spent []*Request
	for {
		requests, ok := s.take(spent)
		if !ok {
			return
		}
		err := s.log.Sync()
		s.log.queue.synced(requests)
		for _, r := range requests {
			r.Err = err
			r.Done(r)
		}
		spent = requests
	}
}

// take waits for requests and returns all of them; spent is the slice returned before, to be filled again.
func (s *syncer) take(spent []*Request) (taken []*Request, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) == 0 {
		if s.closed {
			return nil, false
		}
		s.filled.Wait()
	}
	clear(spent)
	taken, s.waiting = s.waiting, spent[:0]
	return taken, true
}

// close comes behind the last put.
func (s *syncer) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.filled.Signal()
}
