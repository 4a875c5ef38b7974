#!/bin/sh
# The official benchmark's batch producer, with its options; it runs beside the shell, shutdown.sh bproducer ends it.
"$(CDPATH= cd -- "$(dirname -- "$0")/../bin" && pwd)/gantry" bench batchproducer "$@" &
