package bench

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// exactSleep sleeps by a timer of the kernel's that the runtime waits for as for a socket. The runtime's own timers come up to a
// millisecond late where a process is idle, which is more than a fast send takes; without the kernel's it is those.
func exactSleep() (sleep func(time.Duration), done func()) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return time.Sleep, func() {}
	}
	timer := os.NewFile(uintptr(fd), "timerfd")
	return func(d time.Duration) {
		var expired [8]byte
		at := unix.ItimerSpec{Value: unix.NsecToTimespec(d.Nanoseconds())}
		if unix.TimerfdSettime(fd, 0, &at, nil) != nil {
			time.Sleep(d)
			return
		}
		if _, err := timer.Read(expired[:]); err != nil {
			time.Sleep(d)
		}
	}, func() { timer.Close() }
}
