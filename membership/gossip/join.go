package gossip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// keepJoined reaches the seeds, and again where one of them is not among the
// members, and looks for members that fell silent: what was cut in two grows
// together without anybody's help.
func (g *Gossip) keepJoined() {
	pause := g.config.FirstJoinMillis
	var quiet seedLog
	for first := true; ; first = false {
		missing := g.join()
		if first {
			close(g.joined)
		}
		quiet.say(g, missing)
		select {
		case <-time.After(millis(pause)):
			pause = min(2*pause, g.config.JoinMillis)
		case <-g.lost:
			pause = g.config.FirstJoinMillis
		case <-g.ctx.Done():
			return
		}
	}
}

// join makes one attempt with every seed that is missing and every member that
// does not answer. It returns the seeds that are missing still, and why.
func (g *Gossip) join() map[string]error {
	missing := map[string]error{}
	wanted := map[netip.AddrPort][]string{} // and the seeds it was named by
	for i, found := range g.resolveAll() {
		seed := g.config.Seeds[i]
		if found.err != nil {
			missing[seed] = found.err
		}
		for _, addr := range found.addrs {
			wanted[addr] = append(wanted[addr], seed)
		}
	}
	reached := map[string]bool{}
	for addr, err := range g.reachAll(wanted) {
		for _, seed := range wanted[addr] {
			if err == nil {
				reached[seed] = true
			} else {
				missing[seed] = err
			}
		}
	}
	for seed := range reached { // one address of several is enough
		delete(missing, seed)
	}
	return missing
}

// reachAll makes sure of all of wanted and of those that are silent. An address
// of a member that lives, or of this process, is reached.
func (g *Gossip) reachAll(wanted map[netip.AddrPort][]string) map[netip.AddrPort]error {
	outcome := map[netip.AddrPort]error{}
	state := map[netip.AddrPort]State{}
	for _, m := range g.Members() {
		if state[m.Gossip] != Alive {
			state[m.Gossip] = m.State
		}
	}
	var attempts []netip.AddrPort
	for addr := range wanted {
		if state[addr] == Alive || g.isSelf(addr) {
			outcome[addr] = nil
		} else {
			attempts = append(attempts, addr)
		}
	}
	for addr, s := range state {
		if _, seed := wanted[addr]; s == Suspect && !seed {
			attempts = append(attempts, addr)
		}
	}
	attempts = attempts[:min(len(attempts), g.config.MaxSeeds)]
	for i, err := range g.exchangeWith(attempts) {
		outcome[attempts[i]] = err
	}
	return outcome
}

// joinsAtOnce bounds the exchanges that this process begins at a time.
const joinsAtOnce = 8

// exchangeWith exchanges all that is known with the processes at addrs.
func (g *Gossip) exchangeWith(addrs []netip.AddrPort) []error {
	outcome := make([]error, len(addrs))
	turns := make(chan struct{}, joinsAtOnce)
	var all sync.WaitGroup
	for i, addr := range addrs {
		turns <- struct{}{}
		all.Go(func() {
			outcome[i] = g.exchangeOne(addr)
			<-turns
		})
	}
	all.Wait()
	return outcome
}

func (g *Gossip) exchangeOne(addr netip.AddrPort) error {
	if g.ctx.Err() != nil {
		return errClosed
	}
	_, err := g.list.Join([]string{addr.String()})
	if err != nil {
		return plain(err)
	}
	return nil
}

// isSelf: a list of seeds is the same everywhere, so each finds itself in it.
func (g *Gossip) isSelf(addr netip.AddrPort) bool {
	if addr == g.local {
		return true
	}
	bind, _ := netip.ParseAddr(g.config.BindAddr)
	return addr.Port() == g.local.Port() && (addr.Addr() == bind || bind.IsUnspecified() && isOwn(addr.Addr()))
}

// isOwn reports whether ip is an address of this machine.
func isOwn(ip netip.Addr) bool {
	if ip.IsLoopback() {
		return true
	}
	own, _ := net.InterfaceAddrs()
	return slices.ContainsFunc(own, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr() == ip
	})
}

// resolveBound is what a look-up may take.
const resolveBound = 5 * time.Second

type resolved struct {
	addrs []netip.AddrPort
	err   error
}

// resolveAll looks every seed up, all at once: a name server that is away takes
// its time with each.
func (g *Gossip) resolveAll() []resolved {
	all := make([]resolved, len(g.config.Seeds))
	var looking sync.WaitGroup
	for i, seed := range g.config.Seeds {
		looking.Go(func() { all[i].addrs, all[i].err = g.resolve(seed) })
	}
	looking.Wait()
	return all
}

// resolve returns where a seed is now.
func (g *Gossip) resolve(seed string) ([]netip.AddrPort, error) {
	host, port, err := splitSeed(seed, g.config.SeedPort)
	if err != nil {
		return nil, err
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(ip.Unmap(), port)}, nil
	}
	ctx, cancel := context.WithTimeout(g.ctx, resolveBound)
	defer cancel()
	ips, err := g.config.Resolve(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("host name %s: %w", host, err)
	}
	var addrs []netip.AddrPort
	for _, ip := range ips[:min(len(ips), g.config.MaxSeeds)] {
		addrs = append(addrs, netip.AddrPortFrom(ip.Unmap(), port))
	}
	return addrs, nil
}

func splitSeed(seed string, standard int) (host string, port uint16, err error) {
	if ip, err := netip.ParseAddr(strings.Trim(seed, "[]")); err == nil {
		return ip.String(), uint16(standard), nil
	}
	if !strings.Contains(seed, ":") {
		return seed, uint16(standard), nil
	}
	host, text, err := net.SplitHostPort(seed)
	if err != nil {
		return "", 0, fmt.Errorf("%s is neither a host nor host:port", seed)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("%s has no port from 1 to 65535", seed)
	}
	return host, uint16(n), nil
}

func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

var errOtherKey = errors.New("its gossipKey is another")

// plain is memberlist's error for one address on one line.
func plain(err error) error {
	text := err.Error()
	if isOtherKey(text) {
		return errOtherKey
	}
	text = strings.TrimSpace(text[strings.LastIndex(text, "* ")+1:])
	return errors.New(strings.TrimPrefix(text, "* "))
}

// seedLog tells an outage of the seeds once.
type seedLog struct{ missing map[string]bool }

func (l *seedLog) say(g *Gossip, missing map[string]error) {
	if g.ctx.Err() != nil {
		return
	}
	var news []string
	for seed, err := range missing {
		if !l.missing[seed] {
			news = append(news, fmt.Sprintf("%s: %v", seed, err))
		}
	}
	slices.Sort(news)
	switch {
	case len(news) > 0:
		g.log.Log(g.ctx, g.missingLevel(), "gossip does not reach its seeds, trying again; registrations work without it", "reasons", strings.Join(news, "; "))
	case len(missing) == 0 && len(l.missing) > 0:
		g.log.Info("gossip reaches its seeds")
	}
	l.missing = map[string]bool{}
	for seed := range missing {
		l.missing[seed] = true
	}
}

func (g *Gossip) missingLevel() slog.Level {
	if g.config.SeedsGuessed {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}
