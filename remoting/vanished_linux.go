package remoting

import (
	"syscall"
	"time"
)

// userTimeout is TCP_USER_TIMEOUT of tcp(7).
const userTimeout = 18

func boundUnacknowledged(fd uintptr, bound time.Duration) {
	_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, userTimeout, int(bound.Milliseconds()))
}
