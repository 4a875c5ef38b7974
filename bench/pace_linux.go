package bench

import (
	"syscall"
	"time"
)

// sleepExactly sleeps for d, to some ten microseconds, or less where a signal comes: the runtime's own timers come up to a millisecond
// late where a process is idle, which is more than a fast send takes.
func sleepExactly(d time.Duration) {
	left := syscall.NsecToTimespec(d.Nanoseconds())
	_ = syscall.Nanosleep(&left, nil) // who asks looks at the clock
}
