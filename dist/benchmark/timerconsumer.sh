#!/bin/sh
# The official timer consumer benchmark of 5.x, for which RocketMQ has no script, with its options; it runs beside the shell, shutdown.sh timerconsumer ends it.
"$(CDPATH= cd -- "$(dirname -- "$0")/../bin" && pwd)/gantry" bench timerconsumer "$@" &
