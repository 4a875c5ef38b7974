#!/bin/sh
# What waiting for a copy costs: a master and its slave with brokerRole=SYNC_MASTER and with ASYNC_MASTER, in turn, reached through
# direct routes on loopback, under 64 senders of 1 KiB of Gantry's own load. A third system has no slave.
#   bench/copies.sh [ROUNDS [SECONDS]]            5 rounds of 15 s
#   OFFICIAL=CLASSPATH bench/copies.sh 5 22       the official Java producer instead; `sh tools/compat/setup.sh benchmark` prints its class path
set -eu
self=$(cd "$(dirname "$0")" && pwd)/copies.sh
gantry=$(dirname "$self")/../bin/gantry

# serve SYNC_MASTER|ASYNC_MASTER|alone DIR PORT: name server, master and slave, until it is told to stop.
if [ "${1:-}" = serve ]; then
	role=$2 dir=$3 port=$4 pids=
	mkdir -p "$dir"
	node() { # ID ROLE PORT
		printf '%s\n' "namesrvAddr=127.0.0.1:$port" brokerName=broker-a brokerIP1=127.0.0.1 brokerIP2=127.0.0.1 "brokerId=$1" \
			"brokerRole=$2" "listenPort=$3" "haListenPort=$(($3 + 1))" "storePathRootDir=$dir/store-$1" > "$dir/node-$1.properties"
		"$gantry" node -c "$dir/node-$1.properties" & pids="$pids $!"
	}
	printf 'routeMode=direct\n' > "$dir/proxy.properties"
	"$gantry" proxy --listen "127.0.0.1:$port" -c "$dir/proxy.properties" & pids="$pids $!"
	case $role in
	alone) node 0 ASYNC_MASTER $((port + 60)) ;;
	*) node 0 "$role" $((port + 60)); node 1 SLAVE $((port + 70)) ;;
	esac
	trap 'kill $pids; wait' TERM INT
	wait
	exit
fi

load="$gantry bench producer"
if [ "${OFFICIAL:-}" ]; then
	load="java --add-opens java.base/java.nio=ALL-UNNAMED -Xmx1g -Duser.home=${TMPDIR:-/tmp} -cp $OFFICIAL org.apache.rocketmq.example.benchmark.Producer"
fi
"$gantry" bench compare --rounds "${1:-5}" --seconds "${2:-15}" --warmup \
	--start "sync=127.0.0.1:29876=sh $self serve SYNC_MASTER {dir} 29876" \
	--start "async=127.0.0.1:28876=sh $self serve ASYNC_MASTER {dir} 28876" \
	--start "alone=127.0.0.1:27876=sh $self serve alone {dir} 27876" \
	--load "$load -n {addr} -t BenchmarkTest -w 64 -s 1024"
