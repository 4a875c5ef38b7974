package store

import "gantry/storenode/consumequeue"

// verifyQueues looks at the names and lengths of all queues' files, which a start from their table has not done, and has
// those mended that are not whole. Who reads such a queue earlier finds it out by that.
func (s *Store) verifyQueues() {
	for _, q := range s.queues.All() {
		if !s.running() {
			return
		}
		if err := q.CheckFiles(); err != nil {
			s.mendQueueFiles(q, err)
		}
	}
}

// followLog has each queue begin where the log does, in case files of the log went since the table was written.
func (s *Store) followLog() error {
	return s.queues.Each(func(q *consumequeue.Queue) error {
		_, err := q.Expire(s.log.Min())
		return err
	})
}
