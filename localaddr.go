package main

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// The address that a process on this machine is told to others by. Which one, why
// and what else there is are one line of the log; host names play no part, so
// none need resolve. Java: RemotingUtil.getLocalAddress, which takes the first
// IPv4 address that does not begin with 192.168, also where nobody can reach it.

// identity is how a machine is known: told is the configured address, "" where one
// is to be found.
type identity struct {
	key, told   string // brokerIP1 and its value
	nameServers string // namesrvAddr
}

// address is what others are told; it logs the line.
func (id identity) address(log *slog.Logger) string {
	all := interfaceAddrs()
	if id.told != "" {
		id.check(log, all)
		return id.told
	}
	chosen, reason := choose(all, leaving(splitList(id.nameServers)))
	log.Info("own address chosen", "addr", chosen.String(), "reason", reason, "others", others(all, chosen), "set_another_by", id.key)
	return chosen.String()
}

// within is what a slave is told where the configured address is none of this
// machine: that one is for those beyond the NAT. "" where it serves slaves, too.
func (id identity) within() string {
	all := interfaceAddrs()
	ip, err := netip.ParseAddr(strings.Trim(id.told, "[]"))
	if err != nil || ip.IsLoopback() || slices.ContainsFunc(all, func(a interfaceAddr) bool { return a.ip == ip }) {
		return ""
	}
	chosen, _ := choose(all, leaving(splitList(id.nameServers)))
	return chosen.String()
}

// check says whether the configured address is this machine's: behind NAT it is
// not, and elsewhere nobody would reach the process at it.
func (id identity) check(log *slog.Logger, all []interfaceAddr) {
	ip, err := netip.ParseAddr(strings.Trim(id.told, "[]"))
	own := slices.ContainsFunc(all, func(a interfaceAddr) bool { return a.ip == ip })
	switch {
	case err != nil:
		log.Info("own address is a name, which those resolve who are told it", "addr", id.told, "by", id.key, "others", others(all, ip))
	case own || ip.IsLoopback():
		log.Info("own address as configured", "addr", id.told, "by", id.key, "others", others(all, ip))
	default:
		log.Warn("the configured address is none of this machine: right behind NAT or a port mapping that leads here, else nobody gets through",
			"addr", id.told, "by", id.key, "others", others(all, ip))
	}
}

// interfaceAddr is an address that an interface of this machine has.
type interfaceAddr struct {
	name string
	ip   netip.Addr
	kind interfaceKind
}

// interfaceKind says how likely others reach an address, the likeliest first.
type interfaceKind int

const (
	network interfaceKind = iota
	tunnel                // point to point, a VPN's for instance
	bridge                // a container or virtual machine host's
)

func (a interfaceAddr) String() string {
	return a.ip.String() + " (" + a.name + [...]string{network: "", tunnel: ", tunnel", bridge: ", bridge"}[a.kind] + ")"
}

// way is the address from which a name server is reached.
type way struct {
	nameServer string
	from       netip.Addr
}

// choose takes the address from which the first name server is reached: its
// clients mostly come the same way. Else IPv4 comes before IPv6, a network before
// a tunnel before a bridge, and the first of a kind first.
func choose(all []interfaceAddr, ways []way) (chosen netip.Addr, reason string) {
	for _, w := range ways {
		for _, a := range all {
			if a.ip == w.from {
				return a.ip, "the way to name server " + w.nameServer + " leaves by " + a.name
			}
		}
	}
	if len(all) == 0 {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), "no interface is up but the loopback: this machine alone can reach it"
	}
	best := slices.MinFunc(all, func(a, b interfaceAddr) int {
		return cmp.Or(cmp.Compare(a.ip.BitLen(), b.ip.BitLen()), cmp.Compare(a.kind, b.kind))
	})
	reason = "first address of " + best.name
	if best.kind != network {
		reason += ", there is none but of tunnels and bridges"
	}
	return best.ip, reason
}

func others(all []interfaceAddr, chosen netip.Addr) (rest []string) {
	for _, a := range all {
		if a.ip != chosen {
			rest = append(rest, a.String())
		}
	}
	return rest
}

// leavingBound is how long names of name servers may take to resolve.
const leavingBound = time.Second

// leaving asks the kernel from which address each name server is reached; nothing
// is sent.
func leaving(nameServers []string) (ways []way) {
	resolving, cancel := context.WithTimeout(context.Background(), leavingBound)
	defer cancel()
	for _, addr := range nameServers {
		ctx := resolving
		if _, err := netip.ParseAddrPort(addr); err == nil {
			ctx = context.Background() // takes no time
		}
		c, err := new(net.Dialer).DialContext(ctx, "udp", addr)
		if err != nil {
			continue
		}
		if from, err := netip.ParseAddrPort(c.LocalAddr().String()); err == nil {
			ways = append(ways, way{addr, from.Addr().Unmap()})
		}
		c.Close()
	}
	return ways
}

// interfaceAddrs are those of interfaces that are up, but the loopback and what
// is valid on one link only.
func interfaceAddrs() (found []interfaceAddr) {
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
			if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLinkLocalUnicast() {
				found = append(found, interfaceAddr{i.Name, p.Addr(), kindOf(i)})
			}
		}
	}
	return found
}

func kindOf(i net.Interface) interfaceKind {
	_, err := os.Stat("/sys/class/net/" + i.Name + "/bridge")
	switch {
	case err == nil, strings.HasPrefix(i.Name, "docker"), strings.HasPrefix(i.Name, "br-"), strings.HasPrefix(i.Name, "virbr"):
		return bridge
	case i.Flags&net.FlagPointToPoint != 0:
		return tunnel
	}
	return network
}
