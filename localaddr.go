package main

import (
	"log/slog"
	"net"
	"net/netip"
	"strings"
)

// localAddress is the address that a process on this machine is told to others
// by, where nobody said: the first IPv4 address that is no loopback's and no
// container bridge's, else a loopback address. What was chosen is one log line;
// host names play no part, so none need resolve. key is what sets another.
func localAddress(log *slog.Logger, key string) string {
	var chosen string
	var others []string
	for _, a := range interfaceAddrs() {
		if chosen == "" && !a.bridge {
			chosen = a.ip.String()
		} else {
			others = append(others, a.ip.String()+" ("+a.name+")")
		}
	}
	if chosen == "" {
		chosen = "127.0.0.1"
	}
	log.Info("own address chosen", "addr", chosen, "reason", "first IPv4 address of an interface that is up; "+key+" sets another", "others", others)
	return chosen
}

type interfaceAddr struct {
	name   string
	ip     netip.Addr
	bridge bool
}

func interfaceAddrs() []interfaceAddr {
	var found []interfaceAddr
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
				bridge := strings.HasPrefix(i.Name, "docker") || strings.HasPrefix(i.Name, "br-") || strings.HasPrefix(i.Name, "virbr")
				found = append(found, interfaceAddr{i.Name, p.Addr(), bridge})
			}
		}
	}
	return found
}
