package remoting

import (
	"context"
	"log/slog"
	"net"
	"syscall"
	"testing"
)

// TestBothEndsNoticeAVanishedPeer looks at what the kernel was told: no test may wait so long for it to act.
func TestBothEndsNoticeAVanishedPeer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(slog.New(slog.DiscardHandler), Limits{}, 0)
	accepted := make(chan net.Conn, 1)
	server.Serve(l, func(c *Conn) FrameHandler {
		accepted <- c.raw
		return ignoring{}
	})
	defer server.Close(context.Background())
	dialled, err := DialTCP(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer dialled.Close()
	for end, raw := range map[string]net.Conn{"accepted": <-accepted, "dialled": dialled} {
		for name, o := range map[string]struct{ level, option, want int }{
			"keep alive":         {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
			"asked after":        {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 10},
			"asked again after":  {syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 2},
			"unanswered":         {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 3},
			"unacknowledged, ms": {syscall.IPPROTO_TCP, userTimeout, 30_000},
		} {
			if got := socketOption(t, raw, o.level, o.option); got != o.want {
				t.Errorf("%s connection: %s is %d, want %d", end, name, got, o.want)
			}
		}
	}
}

type ignoring struct{}

func (ignoring) Frame(_, _ []byte) error { return nil }
func (ignoring) Closed()                 {}

func socketOption(t *testing.T, raw net.Conn, level, option int) (value int) {
	t.Helper()
	socket, err := raw.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := socket.Control(func(fd uintptr) { value, failed = syscall.GetsockoptInt(int(fd), level, option) }); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	return value
}
