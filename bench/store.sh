#!/bin/sh
# What a store costs: how long a start takes with much in it, and what many queues cost. Everything runs on loopback in a folder of
# its own, which goes at the end.
#   bench/store.sh recovery [GIB [TOPICS]]     starts with a log of so many GiB (10) in TOPICS (200) topics of 100 queues
#   bench/store.sh queues [ROUNDS [SECONDS]]   sends to 8 queues and to 50,000, in turn (3 rounds of 20 s)
set -eu
gantry=$(cd "$(dirname "$0")/.." && pwd)/bin/gantry
out=$(mktemp -d "${TMPDIR:-/tmp}/gantry-store-XXXXXX")
pids=
trap 'kill -9 $pids 2>/dev/null; wait 2>/dev/null || true; rm -rf "$out"' EXIT
trap 'exit 1' INT TERM

start() { # NAME PORT: starts standalone on a folder of that name and waits until it is ready; pid in $pid
	printf 'gatewayBasePort=%s\n' $(($2 + 100)) > "$out/$1.properties"
	: > "$out/$1.log"
	begun=$(date +%s%3N)
	"$gantry" standalone --data "$out/$1" --listen "127.0.0.1:$2" -c "$out/$1.properties" > "$out/$1.log" 2>&1 & pid=$!
	pids="$pids $pid"
	until grep -q 'is ready' "$out/$1.log"; do kill -0 $pid; sleep 0.002; done
	took=$(($(date +%s%3N) - begun))
}
stop() { kill "-$1" "$2"; wait "$2" 2> /dev/null || true; } # SIGNAL PID
resident() { awk '/^VmRSS/ {print int($2 / 1024)}' "/proc/$1/status"; } # PID, MiB
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }                   # PID, of 10 ms
report() { echo "$1: ready after $took ms; $(sed -n 's/.*\(clean=[a-z]*\).*\(queues=[0-9]*\) \(from_table=[a-z]*\) \(duration=[^ ]*\).*/\1 \2 \3 store \4/p' "$out/s.log")"; }

recovery() {
	topics=${2:-200} messages=$((${1:-10} * 104000))
	start s 29876
	"$gantry" bench producer -n 127.0.0.1:29876 -t Q --topics "$topics" --queues 100 -w 16 -s 10240 -q "$messages" | tail -2
	for round in 1 2 3; do
		stop TERM $pid; start s 29876; report "clean stop"
	done
	for round in 1 2 3; do
		"$gantry" bench producer -n 127.0.0.1:29876 -t Q --topics "$topics" -w 64 -s 1024 > /dev/null 2>&1 & load=$!
		sleep 12; stop KILL $pid; stop TERM $load
		start s 29876; report "kill -9 under load"
	done
	stop TERM $pid; sync
	if echo 3 2> /dev/null > /proc/sys/vm/drop_caches; then start s 29876; report "clean stop, nothing in memory"; stop TERM $pid; fi
	rm -rf "$out/s/gantry/queues"; start s 29876; report "clean stop, no table of queues"
	echo "resident $(resident $pid) MiB; $(du -sh --apparent-size "$out/s/commitlog" | cut -f1) of commit log files"
}

queues() {
	start few 29876; few=$pid
	start many 28876; many=$pid
	"$gantry" bench producer -n 127.0.0.1:29876 -t Q --topics 1 --queues 8 -w 64 -s 1024 -q 1000 > /dev/null
	"$gantry" bench producer -n 127.0.0.1:28876 -t Q --topics 500 --queues 100 -w 64 -s 1024 -q 400000 | grep Complete
	until [ "$(find "$out/many/consumequeue" -type f 2> /dev/null | wc -l)" -ge 49900 ]; do sleep 1; done # by chance a queue got nothing yet
	for round in $(seq "${1:-3}"); do
		for system in "8 queues:$few:29876:1" "50000 queues:$many:28876:500"; do
			IFS=: read -r name pid port topics <<- END
				$system
			END
			before=$(ticks "$pid")
			line=$("$gantry" bench producer -n "127.0.0.1:$port" -t Q --topics "$topics" -w 64 -s 1024 --seconds "${2:-20}" -ri 3000 | grep Complete)
			cpu=$(($(ticks "$pid") - before))
			echo "$line" | sed -n 's/.*Send Total: \([0-9]*\) Send TPS: \([0-9]*\).*Failed: \([0-9]*\) .*/\1 \2 \3/p' | while read -r total tps failed; do
				echo "$name: $tps/s, $(awk "BEGIN {printf \"%.1f\", $cpu * 10000 / $total}") us of CPU a message, resident $(resident "$pid") MiB," \
					"$(ls "/proc/$pid/fd" | wc -l) open files, $(wc -l < "/proc/$pid/maps") mappings, $failed failed"
			done
		done
	done
}

case "${1:-}" in
recovery | queues) what=$1; shift; $what "$@" ;;
*) sed -n 's/^# *//p' "$0" | head -4; exit 2 ;;
esac
