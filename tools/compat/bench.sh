#!/bin/sh
# The official Java producer (classes of rocketmq-example 4.6.0 on the 4.9.7 client) against Gantry standalone through its gateway,
# the real 4.9.7 broker without one, and a server that stores nothing, in turn; with FLUSH=SYNC_FLUSH in the environment also that
# server with one write and one fdatasync before each answer.
#   tools/compat/bench.sh [ROUNDS [SECONDS]]    default 5 rounds of 40 s; CSV files and stores in a folder of its own, which it names
set -eu
cd "$(dirname "$0")"
rounds=${1:-5} seconds=${2:-40}
out=$(mktemp -d "${TMPDIR:-/tmp}/gantry-bench-XXXXXX")
classpath=$(sh setup.sh benchmark)
root=$(cd ../.. && pwd)
gantry=$root/bin/gantry
jvm="-Xms4g -Xmx4g -Xmn2g -XX:+UseG1GC -XX:G1HeapRegionSize=16m -XX:MaxDirectMemorySize=4g"

go build -o "$out/realbroker" ./cmd/realbroker
begun=$(date +%s%3N)
"$out/realbroker" -dir "$out/real" -jvm "$jvm" flushDiskType="${FLUSH:-ASYNC_FLUSH}" > "$out/real.out" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null || true; rm -rf "$out/real" "$out/home"' EXIT
trap 'exit 1' INT TERM
until grep -q '^ready ' "$out/real.out"; do kill -0 $pid; sleep 0.02; done
echo "real broker 4.9.7: name server and broker ready after $(($(date +%s%3N) - begun)) ms"
namesrv=$(sed -n 's/^ready namesrv=\([^ ]*\).*/\1/p' "$out/real.out")
broker=$(sed -n 's/^ready .* pid=\([0-9]*\).*/\1/p' "$out/real.out")
echo "flushDiskType=${FLUSH:-ASYNC_FLUSH}" > "$out/gantry.properties"
set --
if [ "${FLUSH:-}" = SYNC_FLUSH ]; then
	set -- --start "null-synced=127.0.0.1:30076=$gantry bench null --listen 127.0.0.1:30076 --sync $out"
fi

for threads in 64 1; do
	echo "== official Java producer, $threads threads, 1 KiB =="
	"$gantry" bench compare --rounds "$rounds" --seconds "$seconds" --warmup --csv "$out/threads-$threads.csv" \
		--running "real=$namesrv=$broker" \
		--start "gantry=127.0.0.1:29876=$gantry standalone --data {dir} --listen 127.0.0.1:29876 -c $out/gantry.properties" \
		--start "null=127.0.0.1:29976=$gantry bench null --listen 127.0.0.1:29976" \
		"$@" \
		--load "java --add-opens java.base/java.nio=ALL-UNNAMED -Xmx1g -Duser.home=$out/home -cp $classpath org.apache.rocketmq.example.benchmark.Producer -n {addr} -t BenchmarkTest -w $threads -s 1024"
done
echo "runs: $out/threads-64.csv $out/threads-1.csv"
