#!/bin/sh
# Five systems in turn under one load: the real broker 4.9.7 without a proxy, the real proxy and broker 5.3.3, Gantry's proxy and node
# as two processes, Gantry's node reached directly, and a server that stores nothing. CPU and memory are those of all processes of
# a system, name servers included.
#   tools/compat/bench-gateway.sh [ROUNDS [SECONDS]]    default 5 rounds of 25 s; CSV files in a folder of its own, which it names
# With 64 threads the load is the official Java producer (classes of rocketmq-example 4.6.0 on the 4.9.7 client), with one thread
# Gantry's own, which knows its 99th percentile.
set -eu
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
self=$root/tools/compat/bench-gateway.sh
gantry=$root/bin/gantry

# serve gateway|direct DIR PORT: a proxy (or name server) and a node, until it is told to stop.
if [ "${1:-}" = serve ]; then
	mode=$2 dir=$3 port=$4
	mkdir -p "$dir"
	printf 'routeMode=%s\ngatewayBasePort=%s\n' "$mode" $((port + 100)) > "$dir/proxy.properties"
	printf 'namesrvAddr=127.0.0.1:%s\nbrokerName=broker-a\nbrokerIP1=127.0.0.1\nlistenPort=%s\nstorePathRootDir=%s\n' \
		"$port" $((port + 60)) "$dir/store" > "$dir/node.properties"
	"$gantry" node -c "$dir/node.properties" & node=$!
	"$gantry" proxy --listen "127.0.0.1:$port" -c "$dir/proxy.properties" & proxy=$!
	trap 'kill $node $proxy; wait' TERM INT
	wait $node $proxy
	exit
fi

rounds=${1:-5} seconds=${2:-25}
out=$(mktemp -d "${TMPDIR:-/tmp}/gantry-bench-XXXXXX")
classpath=$(sh setup.sh benchmark)
jvm="-Xms2g -Xmx2g -Xmn1g -XX:+UseG1GC -XX:G1HeapRegionSize=16m -XX:MaxDirectMemorySize=2g"

go build -o "$out/realbroker" ./cmd/realbroker
"$out/realbroker" -dir "$out/real" -jvm "$jvm" > "$out/real.out" 2>&1 & real=$!
"$out/realbroker" -proxy -dir "$out/proxied" -jvm "$jvm" > "$out/proxied.out" 2>&1 & proxied=$!
trap 'kill $real $proxied 2>/dev/null; wait $real $proxied 2>/dev/null || true; rm -rf "$out/real" "$out/proxied" "$out/home"' EXIT
trap 'exit 1' INT TERM
for system in real proxied; do
	until grep -q '^ready ' "$out/$system.out"; do kill -0 $real && kill -0 $proxied; sleep 0.1; done
done
real_addr=$(sed -n 's/^ready namesrv=\([^ ]*\).*/\1/p' "$out/real.out")
proxied_addr=$(sed -n 's/^ready proxy=\([^ ]*\).*/\1/p' "$out/proxied.out")

compare() { # NAME LOAD
	echo "== $1 =="
	"$gantry" bench compare --rounds "$rounds" --seconds "$seconds" --warmup --csv "$out/$1.csv" \
		--start "gateway=127.0.0.1:29876=sh $self serve gateway {dir} 29876" \
		--running "real=$real_addr=$real" \
		--running "real-proxy=$proxied_addr=$proxied" \
		--start "direct=127.0.0.1:29676=sh $self serve direct {dir} 29676" \
		--start "null=127.0.0.1:30076=$gantry bench null --listen 127.0.0.1:30076" \
		--load "$2"
}
official="java --add-opens java.base/java.nio=ALL-UNNAMED -Xmx1g -Duser.home=$out/home -cp $classpath org.apache.rocketmq.example.benchmark.Producer"
compare 64-threads-128B "$official -n {addr} -t BenchmarkTest -w 64 -s 128"
compare 64-threads-1KiB "$official -n {addr} -t BenchmarkTest -w 64 -s 1024"
compare 1-thread-1KiB "$gantry bench producer -n {addr} -t BenchmarkTest -w 1 -s 1024"
ls "$out"/*.csv
