#!/bin/sh
# The official benchmark's transaction producer, with its options; it runs beside the shell, shutdown.sh tproducer ends it.
"$(CDPATH= cd -- "$(dirname -- "$0")/../bin" && pwd)/gantry" bench tproducer "$@" &
