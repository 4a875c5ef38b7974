package bench

import (
	"strings"
	"time"
)

// raceJVM is what the real servers are started with: a heap that is large enough and not what decides.
const raceJVM = "-Xms2g -Xmx2g -Xmn1g -XX:+UseG1GC -XX:G1HeapRegionSize=16m -XX:MaxDirectMemorySize=2g"

// What systems take to start and stop, about.
const (
	ownStarts   = 1 * time.Second
	realStarts  = 10 * time.Second
	proxyStarts = 16 * time.Second
)

const (
	async = "ASYNC_FLUSH"
	sync_ = "SYNC_FLUSH"
)

// roleScript runs Gantry's roles until it is told to stop: MODE DIR PORT PROGRAM FLUSH [PROXIES [SHARDS]]. standalone is one process,
// gateway and direct are proxies, or name servers, and a node for each shard. It says what the name servers' addresses are.
const roleScript = `set -eu
mode=$1 dir=$2 port=$3 gantry=$4 flush=$5 proxies=${6:-1} shards=${7:-1} namesrv= pids=
if [ "$mode" = standalone ]; then
	printf 'gatewayBasePort=%s\nflushDiskType=%s\n' $((port + 100)) "$flush" > "$dir/standalone.properties"
	exec "$gantry" standalone --data "$dir/data" --listen "127.0.0.1:$port" -c "$dir/standalone.properties"
fi
for i in $(seq "$proxies"); do
	namesrv="$namesrv${namesrv:+;}127.0.0.1:$((port + i - 1))"
	printf 'routeMode=%s\ngatewayBasePort=%s\ngossipPort=%s\n' "$mode" $((port + 80 + i * 20)) $((port + 49 + i)) > "$dir/proxy-$i.properties"
	"$gantry" proxy --listen "127.0.0.1:$((port + i - 1))" -c "$dir/proxy-$i.properties" & pids="$pids $!"
done
for i in $(seq "$shards"); do
	printf 'namesrvAddr=%s\nbrokerName=broker-%s\nbrokerIP1=127.0.0.1\nlistenPort=%s\nstorePathRootDir=%s\nflushDiskType=%s\ngossipPort=%s\n' \
		"$namesrv" "$i" $((port + 50 + i * 10)) "$dir/store-$i" "$flush" $((port + 53 + i)) > "$dir/node-$i.properties"
	"$gantry" node -c "$dir/node-$i.properties" & pids="$pids $!"
done
trap 'kill $pids; wait' TERM INT
echo "ready namesrv=$namesrv"
wait $pids`

// systems are all that take part.
func (r race) systems() []System {
	all := []System{
		r.roles("standalone", "gantry standalone: proxy and node in one process", async),
		r.roles("gateway", "gantry proxy and gantry node, two processes, through the proxy", async),
		r.roles("direct", "gantry node reached directly, gantry proxy as its name server", async),
		r.roles("direct-sync", "gantry node reached directly, SYNC_FLUSH", sync_),
		{Name: "null", Title: "a server that answers and stores nothing", Addr: "127.0.0.1:{port}", Starts: ownStarts,
			Start:  []string{r.self, "bench", "null", "--listen", "127.0.0.1:{port}"},
			Stated: Facts{Version: "gantry bench null", FlushDiskType: "stores nothing", BrokerRole: "none"}},
		{Name: "null-sync", Title: "a server that writes and syncs each send by itself", Addr: "127.0.0.1:{port}", Starts: ownStarts,
			Start:  []string{r.self, "bench", "null", "--listen", "127.0.0.1:{port}", "--sync", "{dir}"},
			Stated: Facts{Version: "gantry bench null", FlushDiskType: "one fdatasync a send", BrokerRole: "none", Copies: 1}},
	}
	if r.real == "" {
		return all
	}
	return append(all,
		r.realSystem("real-4.9.7", "Apache RocketMQ 4.9.7, name server and broker", "4.9.7", async),
		r.realSystem("real-4.9.7-sync", "Apache RocketMQ 4.9.7, SYNC_FLUSH", "4.9.7", sync_),
		r.realSystem("real-5.3.3", "Apache RocketMQ 5.3.3, name server and broker", "5.3.3", async),
		r.realSystem("real-5.3.3-proxy", "Apache RocketMQ 5.3.3, name server, broker and, before it, proxy", "5.3.3", async, "-proxy"))
}

func (r race) roles(name, title, flush string) System {
	mode := strings.TrimSuffix(name, "-sync")
	return System{Name: name, Title: title, Addr: "127.0.0.1:{port}", Starts: ownStarts,
		Start:  []string{"sh", "-c", roleScript, "gantry", mode, "{dir}", "{port}", r.self, flush},
		Stated: Facts{Version: "gantry " + r.release, FlushDiskType: flush, BrokerRole: "ASYNC_MASTER", Copies: 1}}
}

func (r race) realSystem(name, title, release, flush string, more ...string) System {
	starts := realStarts
	if len(more) > 0 {
		starts = proxyStarts
	}
	argv := append([]string{r.real, "-dir", "{dir}", "-jvm", r.jvm, "-release", release}, more...)
	return System{Name: name, Title: title, Addr: toldAddr, Start: append(argv, "flushDiskType="+flush), Starts: starts,
		Stated: Facts{Version: "Apache RocketMQ " + release, FlushDiskType: flush, BrokerRole: "ASYNC_MASTER", Copies: 1}}
}
