package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"gantry/remoting/properties"
	"gantry/remoting/protocol"
)

// dialBound is how long a connection may take, and what is said over it.
const dialBound = 2 * time.Second

// errElsewhere says that an address leads to another process than it should.
var errElsewhere = errors.New("somebody else answers there")

// reach tries what others are told for a port: whether it leads to who holds the
// port. held is the doctor's own listener there, nil where the subject runs.
func reach(ctx context.Context, s *Subject, p port, held net.Listener) (f Findings) {
	told, key := s.told(p.number), "brokerIP1"
	if told == "" {
		f.fine("ports", "%s: %d (%s)", s.name(), p.number, p.what)
		return f
	}
	if s.Proxy != nil {
		key = "advertiseAddr"
	}
	var err error
	if held != nil {
		err = leadsTo(ctx, told, held)
	} else {
		err = leadsToRunning(ctx, told, s, p)
	}
	forward := "let the NAT or firewall in front of it forward port " + strconv.Itoa(p.number) + " here"
	switch {
	case err == nil:
		f.fine("addresses", "%s: %s leads here (%s)", s.name(), told, p.what)
	case errors.Is(err, errElsewhere):
		f.add(Error, "addresses", "set "+key+" to an address of this machine, or "+forward, "%s: others are told %s, and it does not lead here: %v", s.place(key), told, err)
	case ofThisMachine(ctx, told):
		f.add(Error, "addresses", "look at the firewall, and at bindAddress", "%s: others are told %s, where this machine itself does not get through: %v", s.place(key), told, err)
	default:
		f.add(Warning, "addresses", forward+", and run gantry doctor -n on a host beyond it; where there is no NAT, set "+key+" to an address of this machine",
			"%s: others are told %s, which is none of this machine's addresses, and it gets no answer there itself, as behind a NAT that turns nothing back: %v", s.place(key), told, err)
	}
	return f
}

// leadsTo dials an address, and says whether the connection arrives at held.
func leadsTo(ctx context.Context, addr string, held net.Listener) error {
	ctx, cancel := context.WithTimeout(ctx, dialBound)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	deadline, _ := ctx.Deadline()
	sign := []byte(rand.Text())
	c.SetDeadline(deadline)
	if _, err := c.Write(sign); err != nil {
		return err
	}
	if l, can := held.(*net.TCPListener); can {
		l.SetDeadline(deadline)
	}
	for {
		arrived, err := held.Accept()
		if err != nil {
			return fmt.Errorf("%w, or nobody", errElsewhere)
		}
		same := carries(arrived, sign, deadline)
		arrived.Close()
		if same {
			return nil
		}
	}
}

func carries(c net.Conn, sign []byte, deadline time.Time) bool {
	c.SetReadDeadline(deadline)
	got := make([]byte, len(sign))
	_, err := io.ReadFull(c, got)
	return err == nil && bytes.Equal(got, sign)
}

// leadsToRunning asks at an address who is there, where that port answers questions.
func leadsToRunning(ctx context.Context, addr string, s *Subject, p port) error {
	if s.Proxy != nil || p.what == haPort {
		return dial(ctx, addr)
	}
	answer, err := ask(ctx, addr, protocol.GetBrokerConfig)
	if err != nil {
		return err
	}
	entries, err := properties.Parse(answer.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", errElsewhere, err)
	}
	name, _ := properties.Get(entries, "brokerName")
	id, _ := properties.Get(entries, "brokerId")
	if name != s.Config.BrokerName || id != strconv.FormatInt(s.Config.BrokerID, 10) {
		return fmt.Errorf("%w: broker %s/%s", errElsewhere, name, id)
	}
	return nil
}

// ofThisMachine reports whether an address, HOST:PORT, is one of an interface here.
func ofThisMachine(ctx context.Context, addr string) bool {
	host, _, _ := net.SplitHostPort(addr)
	ctx, cancel := context.WithTimeout(ctx, dialBound)
	defer cancel()
	told, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	own, _ := net.InterfaceAddrs()
	for _, ip := range told {
		for _, a := range own {
			if n, is := a.(*net.IPNet); is && (n.IP.Equal(ip.IP) || ip.IP.IsLoopback()) {
				return true
			}
		}
	}
	return err != nil // a name that nobody knows is no NAT's
}

func dial(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, dialBound)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err == nil {
		c.Close()
	}
	return err
}
