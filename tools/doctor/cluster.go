package doctor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"gantry/remoting"
	"gantry/remoting/properties"
	"gantry/remoting/protocol"
	"gantry/tools/admin"
)

// askBound is how long a name server or broker may take for an answer.
const askBound = 3 * time.Second

// clusterView is what the name servers know, and what their brokers answer from
// here. Where routes are a proxy's, a broker is asked through it: its answer shows
// that the proxy reaches it.
type clusterView struct {
	nameServers []string
	known       map[string]protocol.ClusterInfo // by name server, of those that answered
	versions    map[string][]string             // who answers as which
}

// cluster asks every name server and every broker that one of them knows.
func cluster(ctx context.Context, nameServers []string) (f Findings) {
	v := &clusterView{nameServers: nameServers, known: map[string]protocol.ClusterInfo{}, versions: map[string][]string{}}
	f = v.askNameServers(ctx)
	f = append(f, v.differences()...)
	for _, b := range v.brokers() {
		f = append(f, v.askBroker(ctx, b)...)
	}
	f = append(f, v.shards()...)
	if len(v.versions) > 1 {
		f.add(Warning, "versions", "bring all to one release, brokers before proxies", "%s", v.told())
	} else if len(v.versions) == 1 {
		f.fine("versions", "%s", v.told())
	}
	return f
}

func (v *clusterView) askNameServers(ctx context.Context) (f Findings) {
	for _, addr := range v.nameServers {
		answer, err := ask(ctx, addr, protocol.GetBrokerClusterInfo)
		var info protocol.ClusterInfo
		if err == nil {
			err = info.Decode(answer.Body)
		}
		if err != nil {
			f.add(Warning, "cluster", "start it, or take it out of namesrvAddr", "name server %s does not answer: %v", addr, err)
			continue
		}
		v.known[addr] = info
		v.note(ctx, "name server "+addr, addr, protocol.GetNamesrvConfig, answer)
		f.fine("cluster", "name server %s knows %d shards", addr, len(info.BrokerAddrTable))
	}
	if len(v.known) == 0 && len(v.nameServers) > 0 {
		f.add(Error, "cluster", "start one", "no name server answers")
	}
	return f
}

// registered is a broker that a name server knows.
type registered struct {
	name string
	id   int64
	addr string
}

func (b registered) String() string { return fmt.Sprintf("%s/%d (%s)", b.name, b.id, b.addr) }

func brokersOf(info protocol.ClusterInfo) map[registered]bool {
	all := map[registered]bool{}
	for name, shard := range info.BrokerAddrTable {
		for id, addr := range shard.BrokerAddrs {
			all[registered{name, id, addr}] = true
		}
	}
	return all
}

// brokers are those that any name server knows, in order.
func (v *clusterView) brokers() []registered {
	all := map[registered]bool{}
	for _, info := range v.known {
		maps.Copy(all, brokersOf(info))
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b registered) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id), cmp.Compare(a.addr, b.addr))
	})
}

// differences are brokers that some name servers know and others do not. Proxies
// give addresses of their own, so only who is there is compared.
func (v *clusterView) differences() (f Findings) {
	type copy struct {
		name string
		id   int64
	}
	with := map[copy][]string{}
	for _, addr := range slices.Sorted(maps.Keys(v.known)) {
		seen := map[copy]bool{}
		for b := range brokersOf(v.known[addr]) {
			if c := (copy{b.name, b.id}); !seen[c] {
				seen[c] = true
				with[c] = append(with[c], addr)
			}
		}
	}
	for c, addrs := range with {
		if len(addrs) < len(v.known) {
			f.add(Warning, "cluster", "give its broker all name servers in namesrvAddr", "%s/%d is registered with %s only", c.name, c.id, strings.Join(addrs, ", "))
		}
	}
	slices.SortFunc(f, func(a, b Finding) int { return cmp.Compare(a.Text, b.Text) })
	return f
}

func (v *clusterView) askBroker(ctx context.Context, b registered) (f Findings) {
	answer, err := ask(ctx, b.addr, protocol.GetBrokerRuntimeInfo)
	if err != nil {
		f.add(Error, "addresses", "start it, or see its brokerIP1 and the firewall between", "broker %v does not answer from here: %v", b, err)
		return f
	}
	v.note(ctx, "broker "+b.String(), b.addr, protocol.GetBrokerConfig, answer)
	f.fine("addresses", "broker %v answers from here", b)
	if vip := below(b.addr); vip != "" && b.id == 0 {
		if err := dial(ctx, vip); err != nil {
			f.add(Warning, "addresses", "open it, or set com.rocketmq.sendMessageWithVIPChannel=false in clients before 4.5.1", "broker %v: its VIP port is closed: %v", b, err)
		}
	}
	return append(f, askSlave(ctx, b)...)
}

// below is the VIP address beside addr.
func below(addr string) string {
	host, text, _ := net.SplitHostPort(addr)
	n, err := strconv.Atoi(text)
	if err != nil || n < 3 {
		return ""
	}
	return net.JoinHostPort(host, strconv.Itoa(n-2))
}

// shards are what is wrong with a shard as a whole.
func (v *clusterView) shards() (f Findings) {
	clusters, masters := map[string]map[string]bool{}, map[string]bool{}
	for _, info := range v.known {
		for name, shard := range info.BrokerAddrTable {
			masters[name] = masters[name] || shard.BrokerAddrs[0] != ""
		}
		for of, names := range info.ClusterAddrTable {
			for name := range slices.Values(names) {
				if clusters[name] == nil {
					clusters[name] = map[string]bool{}
				}
				clusters[name][of] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(masters)) {
		if !masters[name] {
			f.add(Warning, "cluster", "start the broker with brokerId=0", "shard %s has no master: it is read and not written", name)
		}
		if of := slices.Sorted(maps.Keys(clusters[name])); len(of) > 1 {
			f.add(Error, "cluster", "write one brokerClusterName into all of its brokers", "brokers of shard %s are in the clusters %s", name, strings.Join(of, " and "))
		}
	}
	return f
}

// note takes down the version of who answered: RocketMQ's, and Gantry's release,
// which is among the settings of one of ours.
func (v *clusterView) note(ctx context.Context, who, addr string, settings int32, answer *remoting.Command) {
	version := "RocketMQ " + admin.VersionName(answer.Version)
	if answer, err := ask(ctx, addr, settings); err == nil {
		if entries, err := properties.Parse(answer.Body); err == nil {
			if release, is := properties.Get(entries, ReleaseKey); is {
				version = "Gantry " + release
			}
		}
	}
	v.versions[version] = append(v.versions[version], who)
}

// ReleaseKey is the setting of a node or proxy that names its release.
const ReleaseKey = "gantryRelease"

func (v *clusterView) told() string {
	var lines []string
	for _, version := range slices.Sorted(maps.Keys(v.versions)) {
		lines = append(lines, version+": "+strings.Join(v.versions[version], ", "))
	}
	return strings.Join(lines, "; ")
}

// ask is one question; an answer other than success is an error, but for those
// that do not know the code.
func ask(ctx context.Context, addr string, code int32) (*remoting.Command, error) {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	c, err := remoting.Dial(ctx, remoting.DialTCP, addr, remoting.Limits{}, nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	answer, err := c.Invoke(ctx, &remoting.Request{Code: code})
	switch {
	case err != nil:
		return nil, err
	case answer.Code != protocol.Success && answer.Code != protocol.RequestCodeNotSupported:
		return nil, fmt.Errorf("%s: code %d %s", protocol.RequestName(code), answer.Code, answer.Remark)
	}
	return answer, nil
}
