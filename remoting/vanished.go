package remoting

import (
	"net"
	"time"
)

// How long a peer whose host is gone without a word may keep its connection: the kernel asks one that says nothing, and
// gives up on one that acknowledges nothing of what it is sent.
const (
	askAfter       = 10 * time.Second
	askAgainAfter  = 2 * time.Second
	asksUnanswered = 3
	unacknowledged = 30 * time.Second
)

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: askAfter, Interval: askAgainAfter, Count: asksUnanswered}

// noticeVanished has the kernel end raw when its peer's host is gone. A peer that is merely stopped stays, since its kernel
// answers, unless bytes wait for it as long as that. Where the system refuses, the connection ends by its silence, later.
func noticeVanished(raw net.Conn) {
	tcp, ok := raw.(*net.TCPConn)
	if !ok {
		return
	}
	_ = tcp.SetKeepAliveConfig(keepAlive)
	if socket, err := tcp.SyscallConn(); err == nil {
		_ = socket.Control(func(fd uintptr) { boundUnacknowledged(fd, unacknowledged) })
	}
}
