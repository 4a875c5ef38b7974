#!/bin/sh
# The official benchmark's producer, with its options; it runs beside the shell, shutdown.sh producer ends it.
"$(CDPATH= cd -- "$(dirname -- "$0")/../bin" && pwd)/gantry" bench producer "$@" &
