package doctor

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"

	"gantry/remoting/protocol"
)

// ports looks whether a broker gets its ports, and whether this machine reaches
// them under the address that others are told. It holds those that are free for
// that moment.
func ports(ctx context.Context, s *Subject) (f Findings) {
	running := s.runs(ctx)
	for _, p := range s.ports() {
		held, err := net.Listen("tcp", s.bind(p.number))
		switch {
		case err == nil:
			f = append(f, reach(ctx, s, p, held)...)
			held.Close()
		case running && errors.Is(err, syscall.EADDRINUSE):
			f = append(f, reach(ctx, s, p, nil)...)
		default:
			f.add(Error, "ports", remedyOf(err, p), "%s: the %s port %d: %v", s.place(p.key), p.what, p.number, err)
		}
	}
	return f
}

// runs says whether the subject itself is who has its ports.
func (s *Subject) runs(ctx context.Context) bool {
	if s.Proxy == nil {
		_, held := lockHolder(s.root())
		return held
	}
	at := s.Proxy.BindAddress
	if ip := net.ParseIP(at); ip == nil || ip.IsUnspecified() {
		at = "127.0.0.1"
	}
	_, err := ask(ctx, net.JoinHostPort(at, strconv.Itoa(s.Proxy.ListenPort)), protocol.GetBrokerClusterInfo)
	return err == nil
}

func remedyOf(err error, p port) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "ss -ltnp 'sport = :" + strconv.Itoa(p.number) + "' names who has it; end that, or choose another " + p.key
	case errors.Is(err, syscall.EACCES):
		return "ports below 1024 are root's; choose another " + p.key
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "bindAddress is none of this machine; write one that is, or 0.0.0.0"
	}
	return "choose another " + p.key
}
