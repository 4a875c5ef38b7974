package replica

import (
	"fmt"

	"gantry/storenode/commitlog"
)

// plan is how a slave begins with a master.
type plan struct {
	ask     commitlog.Offset // what it reports, and is sent the log from
	supply  int              // zero bytes in front of what comes, which no master can be asked for
	compare bool             // what comes first is in the slave's log already
}

// planFor decides it. An empty log begins where the master's does: a Java master
// that is told 0 begins at its last file, so who needs all from 0 on asks from 1,
// as the first byte of a log is the highest one of a record's length. Any other
// is compared: its last record is asked for once more. Errors: *DivergedError,
// the log's.
func (s *Slave) planFor(master Bounds) (plan, error) {
	log := s.cfg.Store.Log()
	low, end := log.Min(), log.End()
	if end == low {
		return s.planEmpty(master)
	}
	switch {
	case end > master.Max:
		return plan{}, &DivergedError{"the slave is ahead of its master", end, master.Max}
	case end < master.Min:
		return plan{}, &DivergedError{fmt.Sprintf("the slave is too far behind, the master's log begins at %d", master.Min), end, master.Max}
	}
	last, ok, err := log.LastRecord()
	if err != nil {
		return plan{}, fmt.Errorf("find the last record: %w", err)
	}
	if !ok || last < master.Min {
		return plan{ask: end}, nil
	}
	return plan{ask: max(last, 1), compare: true}, nil
}

func (s *Slave) planEmpty(master Bounds) (plan, error) {
	begin := master.Min
	if master.Max == 0 {
		begin = 0
	}
	if err := s.cfg.Store.BeginAt(begin); err != nil {
		return plan{}, err
	}
	if master.Max > 0 && begin == 0 {
		return plan{ask: 1, supply: 1}, nil
	}
	return plan{ask: begin}, nil
}
