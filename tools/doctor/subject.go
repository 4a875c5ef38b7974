package doctor

import (
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"gantry/remoting/properties"
	"gantry/storenode"
)

// Subject is a broker or a proxy as its configuration file describes it.
type Subject struct {
	File    string // as typed; empty: defaults
	Config  storenode.Config
	Proxy   *Proxy              // nil: a broker
	Entries []properties.Entry  // of the file
	Found   properties.Findings // what is odd about it
	Err     error               // why it cannot start
}

func (s *Subject) name() string {
	if s.File == "" {
		return "defaults"
	}
	return s.File
}

// place is file and line of a key, the file alone where it does not stand there.
func (s *Subject) place(key string) string {
	line := 0
	for _, e := range s.Entries {
		if e.Key == key {
			line = e.Line
		}
	}
	if line == 0 {
		return s.name()
	}
	return s.name() + ":" + strconv.Itoa(line)
}

func (s *Subject) root() string { return filepath.Clean(s.Config.StorePathRootDir) }

func (s *Subject) commitLog() string {
	if s.Config.StorePathCommitLog == "" {
		return filepath.Join(s.root(), "commitlog")
	}
	return filepath.Clean(s.Config.StorePathCommitLog)
}

// port is one that a broker takes.
type port struct {
	number int
	what   string
	key    string // that decides it
}

// haPort is the one that slaves copy from.
const haPort = "HA"

func (s *Subject) ports() []port {
	if s.Proxy != nil {
		return s.Proxy.ports()
	}
	c := s.Config
	all := []port{{c.ListenPort, "broker", "listenPort"}, {c.ListenPort - 2, "VIP", "listenPort"}}
	if c.HAListenPort != 0 {
		return append(all, port{c.HAListenPort, haPort, "haListenPort"})
	}
	return append(all, port{c.ListenPort + 1, haPort, "listenPort"})
}

// bind is the address that one of its ports is listened at.
func (s *Subject) bind(number int) string {
	host := s.Config.BindAddress
	if s.Proxy != nil {
		host = s.Proxy.BindAddress
	}
	if host == "0.0.0.0" {
		host = ""
	}
	return net.JoinHostPort(host, strconv.Itoa(number))
}

// told is the address that others are given for one of its ports; "" where each is
// told the one that he has asked.
func (s *Subject) told(number int) string {
	if s.Proxy != nil && s.Proxy.AdvertiseAddr == "" {
		return ""
	}
	if s.Proxy != nil {
		return net.JoinHostPort(strings.Trim(s.Proxy.AdvertiseAddr, "[]"), strconv.Itoa(number))
	}
	return net.JoinHostPort(strings.Trim(s.Config.BrokerIP1, "[]"), strconv.Itoa(number))
}

// configuration is what the files themselves show.
func configuration(subjects []*Subject) (f Findings) {
	for _, s := range subjects {
		before := len(f)
		for _, err := range unjoined(s.Err) {
			f.add(Error, "configuration", "", "%v", err)
		}
		for _, one := range s.Found {
			if one.Severity == properties.Error {
				continue // part of Err
			}
			f.add(severities()[one.Severity], "configuration", "", "%v", one)
		}
		if len(f) == before {
			f.fine("configuration", "%s: %d keys, nothing odd", s.name(), len(s.Entries))
		}
	}
	return f
}

func severities() map[properties.Severity]Severity {
	return map[properties.Severity]Severity{properties.Notice: Note, properties.Warning: Warning}
}

// unjoined are the errors that err is made of.
func unjoined(err error) []error {
	var joined interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &joined):
		return joined.Unwrap()
	}
	return []error{err}
}
