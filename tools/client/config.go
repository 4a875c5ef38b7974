package client

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gantry/remoting"
)

// Config says where a client belongs and how long it waits. Zero values mean the
// defaults named, which are those of the Java client.
type Config struct {
	Namesrv  []string            // name servers, host:port; at least one
	ClientID string              // default ip@pid#n, unique on this machine
	Kind     remoting.HeaderKind // of every request
	Dial     remoting.DialFunc   // default remoting.DialTCP
	Log      *slog.Logger        // default: none

	// Sign gives a request, whole but for that, its signature; nil: none.
	Sign func(*remoting.Request)

	RequestMillis   int // answer awaited by default, 3,000
	HeartbeatMillis int // between heartbeats, 30,000
	RouteMillis     int // between polls of the routes in use, 30,000
}

// ErrNoNamesrv says that a Config names nobody to ask for routes.
var ErrNoNamesrv = errors.New("no name server address")

func (c Config) withDefaults() (Config, error) {
	if len(c.Namesrv) == 0 {
		return c, ErrNoNamesrv
	}
	if c.ClientID == "" {
		c.ClientID = newClientID()
	}
	if c.Dial == nil {
		c.Dial = remoting.DialTCP
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	setDefault(&c.RequestMillis, 3000)
	setDefault(&c.HeartbeatMillis, 30_000)
	setDefault(&c.RouteMillis, 30_000)
	return c, nil
}

func setDefault(field *int, standard int) {
	if *field == 0 {
		*field = standard
	}
}

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// ParseNamesrv splits a list as clients are given it: host:port;host:port.
func ParseNamesrv(list string) ([]string, error) {
	var addrs []string
	for _, addr := range strings.FieldsFunc(list, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
		host, port, err := net.SplitHostPort(addr)
		if n, notNumber := strconv.Atoi(port); err != nil || host == "" || notNumber != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("name server address %q is not HOST:PORT", addr)
		}
		addrs = append(addrs, addr)
	}
	if len(addrs) == 0 {
		return nil, ErrNoNamesrv
	}
	return addrs, nil
}

// newClientID differs between processes and between clients of one process.
func newClientID() string {
	return localIP().String() + "@" + strconv.Itoa(os.Getpid()) + "#" + strconv.FormatInt(time.Now().UnixNano(), 36)
}

// localIP is the first IPv4 address that is not the loopback's, else 127.0.0.1.
func localIP() net.IP {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.To4()
		}
	}
	return net.IPv4(127, 0, 0, 1).To4()
}

// sticky is the place in a list that is used until it fails.
type sticky struct{ at atomic.Int32 }

func (s *sticky) start() int { return int(s.at.Load()) }
func (s *sticky) set(at int) { s.at.Store(int32(at)) }
