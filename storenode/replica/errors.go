package replica

import (
	"errors"
	"fmt"

	"gantry/storenode/commitlog"
)

// DivergedError says that a slave's log is not a beginning of its master's. The
// slave changes nothing until an operator has decided which log is right.
type DivergedError struct {
	What      string
	End       commitlog.Offset // of the slave's log
	MasterEnd commitlog.Offset
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("%s: the slave's log ends at %d, the master's at %d", e.What, e.End, e.MasterEnd)
}

// stopping says that trying again soon would meet the same.
func stopping(err error) bool {
	var diverged *DivergedError
	var corrupt *commitlog.CorruptError
	return errors.As(err, &diverged) || errors.As(err, &corrupt) || errors.Is(err, commitlog.ErrFileSize)
}

// lasting says that appending the same bytes again would fail again.
func lasting(err error) bool {
	for _, e := range []error{commitlog.ErrMalformed, commitlog.ErrNotAtEnd, commitlog.ErrClosed, commitlog.ErrTooLarge} {
		if errors.Is(err, e) {
			return true
		}
	}
	return stopping(err)
}
