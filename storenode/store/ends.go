package store

import (
	"sync/atomic"

	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
)

// loadQueues finds the queues on disk without a table. damaged is how many are to be made again from the whole log.
func (s *Store) loadQueues(bounds consumequeue.Bounds) (damaged int, err error) {
	if damaged, err = s.queues.Load(bounds); err != nil {
		return 0, err
	}
	misled, err := s.checkEnds()
	return damaged + misled, err
}

// checkEnds looks whether the last unit of each queue leads to its message, where no table says so: how far the queues go
// in the log is taken from it. One that is damaged is mended behind the start; where the one before it is wrong, too, the
// queue is emptied, to be made again from the whole log. misled is how many are. Error: the file system's.
func (s *Store) checkEnds() (misled int, err error) {
	var count atomic.Int64
	err = s.queues.Each(func(q *consumequeue.Queue) error {
		emptied, err := s.checkEnd(q)
		if emptied {
			count.Add(1)
		}
		return err
	})
	return int(count.Load()), err
}

func (s *Store) checkEnd(q *consumequeue.Queue) (emptied bool, err error) {
	low, high := q.Range()
	if low == high {
		return false, nil
	}
	found, why, _, err := s.judgeAt(q, high-1)
	if err != nil || found != wrong || why == errBlankUnit {
		return false, err
	}
	var end commitlog.Offset
	if high-1 > low {
		before, _, u, err := s.judgeAt(q, high-2)
		if err != nil {
			return false, err
		}
		if before == wrong {
			s.logger.Warn("consume queue is damaged and will be made again from the commit log", "topic", q.Topic(), "queue_id", q.ID(), "error", why)
			return true, q.Reset()
		}
		end = u.Physical + commitlog.Offset(u.Size)
	}
	q.SetEnd(end)
	s.mender.add(q, high-1, high, why)
	return false, nil
}

func (s *Store) judgeAt(q *consumequeue.Queue, at consumequeue.Offset) (found worth, why error, u consumequeue.Unit, err error) {
	u, _, err = q.Unit(at)
	if err != nil {
		return wrong, nil, u, err
	}
	var record []byte
	found, why = s.judge(q, at, u, &record)
	return found, why, u, nil
}
