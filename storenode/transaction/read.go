package transaction

import (
	"errors"
	"fmt"

	"gantry/storenode/consumequeue"
	"gantry/storenode/topic"
)

// errLost is wrapped where a half message will not come back.
var errLost = errors.New("half message is lost")

// halfAt reads the half message at a queue offset. Errors: errLost, errNoHalf, the store's.
func (s *Service) halfAt(q int64) (*half, error) {
	var unit [1]consumequeue.Unit
	if low, _ := s.bounds(topic.TransHalfTopic); q < low {
		return nil, fmt.Errorf("%w: the queue begins at %d", errLost, low)
	}
	n, err := s.config.Store.Units(topic.TransHalfTopic, queueID, q, unit[:])
	switch u := unit[0]; {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, errNoUnits
	case u.Blank():
		return nil, fmt.Errorf("%w: the commit log has lost it", errLost)
	default:
		record, err := s.config.Store.RecordAt(u.Physical)
		if s.gone(u, err) {
			return nil, fmt.Errorf("%w: %w", errLost, err)
		}
		if err != nil {
			return nil, err
		}
		return parse(record)
	}
}
