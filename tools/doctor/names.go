package doctor

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"
)

const (
	lookupBound = 5 * time.Second // of one name
	slowLookup  = time.Second
)

// lookup is net.Resolver.LookupHost.
type lookup func(ctx context.Context, host string) ([]string, error)

// names looks whether this host's own name and those of name servers resolve.
func names(ctx context.Context, find lookup, own string, nameServers []string) (f Findings) {
	if _, err := resolve(ctx, find, own); err != nil {
		f.add(Note, "names", "add it to /etc/hosts for them", "this host's name %q does not resolve: nothing here needs it, Java brokers and tools do", own)
	}
	seen := map[string]bool{own: true}
	for _, addr := range nameServers {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			f.add(Error, "names", "write HOST:PORT;HOST:PORT", "name server %q is not HOST:PORT", addr)
			continue
		}
		if _, err := netip.ParseAddr(host); err == nil || seen[host] {
			continue
		}
		seen[host] = true
		took, err := resolve(ctx, find, host)
		switch {
		case err != nil:
			f.add(Warning, "names", "add it to DNS or /etc/hosts, or write its address", "name server %s does not resolve: brokers start and try again, clients do not reach it", host)
		case took > slowLookup:
			f.add(Warning, "names", "look at the servers in /etc/resolv.conf", "name server %s took %s to resolve", host, took.Round(time.Millisecond))
		}
	}
	if len(f) == 0 {
		f.fine("names", "%s", strings.Join(append([]string{own}, nameServers...), ", "))
	}
	return f
}

func resolve(ctx context.Context, find lookup, host string) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookupBound)
	defer cancel()
	began := time.Now()
	_, err = find(ctx, host)
	return time.Since(began), err
}
