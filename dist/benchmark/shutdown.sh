#!/bin/sh
# Ends what the scripts beside it started on this host: shutdown.sh producer | consumer | tproducer | bproducer | timerproducer | timerconsumer
exec "$(CDPATH= cd -- "$(dirname -- "$0")/../bin" && pwd)/gantry" mqshutdown "benchmark-$1"
