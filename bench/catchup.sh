#!/bin/sh
# How fast a wiped slave copies its master's log, beside what the same disk and the loopback give a plain copy of the same bytes.
# Everything runs on loopback in a folder of its own, which goes at the end.
#   bench/catchup.sh [MIB [ROUNDS]]   a log of so many MiB (2048), ROUNDS (3) in turn, while nobody sends
#   LOAD=1 bench/catchup.sh …         the same while 8 threads send
set -eu
gantry=$(cd "$(dirname "$0")/.." && pwd)/bin/gantry
mib=${1:-2048} rounds=${2:-3} namesrv=127.0.0.1:27876
out=$(mktemp -d "${TMPDIR:-/tmp}/gantry-catchup-XXXXXX")
pids=
trap 'kill -9 $pids 2>/dev/null; wait 2>/dev/null || true; rm -rf "$out"' EXIT
trap 'exit 1' INT TERM

run() { # NAME ARGUMENT…: starts gantry with the properties of that name; pid in $pid
	name=$1; shift
	"$gantry" "$@" -c "$out/$name.properties" > "$out/$name.log" 2>&1 & pid=$!
	pids="$pids $pid"
}
node() { # NAME PORT ROLE ID
	printf 'brokerName=a\nbrokerIP1=127.0.0.1\nlistenPort=%s\nbrokerRole=%s\nbrokerId=%s\nmappedFileSizeCommitLog=134217728\nstorePathRootDir=%s\n' "$2" "$3" "$4" "$out/$1" > "$out/$1.properties"
	run "$1" node -n $namesrv
}
end() { "$gantry" admin haStatus -n $namesrv 2> /dev/null | awk -v role="$1" '$3 == role {print $8}'; } # ROLE: where its log ends
since() { awk "BEGIN {printf \"%.2f\", ($(date +%s%3N) - $1) / 1000}"; }                                # MILLISECONDS, seconds
rate() { awk "BEGIN {printf \"%.0f\", $1 / 1048576 / $2}"; }                                            # BYTES SECONDS, MiB/s

printf 'gatewayBasePort=27910\n' > "$out/proxy.properties"
run proxy proxy --listen $namesrv
node master 27811 ASYNC_MASTER 0
until [ -n "$(end ASYNC_MASTER)" ]; do sleep 0.1; done
"$gantry" bench producer -n $namesrv -t Q --topics 1 --queues 8 -w 64 -s 10240 -q $((mib * 101)) | grep Complete
[ -z "${LOAD:-}" ] || { "$gantry" bench producer -n $namesrv -t Q --topics 1 --queues 8 -w 8 -s 1024 > /dev/null 2>&1 & pids="$pids $!"; }
for round in $(seq "$rounds"); do
	begun=$(date +%s%3N)
	node slave 27831 SLAVE 1; slave=$pid
	while sleep 0.05; do
		want=$(end ASYNC_MASTER); has=$(end SLAVE)
		case "$want$has" in *[!0-9]* | '') continue ;; esac
		[ -z "$has" ] || [ "$has" -lt "$want" ] || break
		kill -0 "$slave"
		[ $(($(date +%s%3N) - begun)) -lt 600000 ] || { echo "the slave has $has of $want after 10 minutes"; exit 1; }
	done
	took=$(since "$begun")
	echo "round $round: a wiped slave has $((has / 1048576)) MiB after $took s, $(rate "$has" "$took") MiB/s, its start included"
	kill -9 "$slave"; wait "$slave" 2> /dev/null || true
	rm -rf "$out/slave"
	echo "round $round: $("$gantry" bench tcp --from "$out/master/commitlog" --to "$out")"
	echo "round $round: with the disk: $("$gantry" bench tcp --sync --from "$out/master/commitlog" --to "$out")"
	for sync in "" fsync; do
		begun=$(date +%s%3N)
		for file in "$out"/master/commitlog/*; do dd if="$file" of="$out/copy.${file##*/}" bs=256k ${sync:+conv=$sync} 2> /dev/null; done
		took=$(since "$begun") bytes=$(cat "$out"/copy.* | wc -c)
		echo "round $round: dd ${sync:+conv=$sync }of $((bytes / 1048576)) MiB in $took s, $(rate "$bytes" "$took") MiB/s"
		rm -f "$out"/copy.*
	done
done
