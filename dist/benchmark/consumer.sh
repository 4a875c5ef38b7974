#!/bin/sh
# The official benchmark's consumer, with its options; it runs beside the shell, shutdown.sh consumer ends it.
"$(CDPATH= cd -- "$(dirname -- "$0")/../bin" && pwd)/gantry" bench consumer "$@" &
