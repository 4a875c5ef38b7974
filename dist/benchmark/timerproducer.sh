#!/bin/sh
# The official timer producer benchmark of 5.x, for which RocketMQ has no script, with its options; it runs beside the shell, shutdown.sh timerproducer ends it.
"$(CDPATH= cd -- "$(dirname -- "$0")/../bin" && pwd)/gantry" bench timerproducer "$@" &
