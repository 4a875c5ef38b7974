#!/bin/sh
# All benchmark loads against Gantry, the real servers 4.9.7 and 5.3.3 and a server that stores nothing, in turn; the results are
# index.html (one page with tables and plots), report.json, runs.csv and a histogram of each run.
#   tools/compat/bench-report.sh DIR [--quick | --full] [OPTIONS of `gantry bench compare`]
# It needs bin/gantry, Java and Maven. --quick, which it is without either, takes up to 20 minutes, --full up to 120.
set -eu
[ $# -ge 1 ] || { sed -n 's/^# *//p' "$0" | tail -n +2 >&2; exit 2; }
mkdir -p "$1"
results=$(cd "$1" && pwd)
shift
case " $* " in *" --quick "* | *" --full "*) ;; *) set -- --quick "$@" ;; esac
cd "$(dirname "$0")" # where realbroker looks for what Maven has fetched
classpath=$(sh setup.sh benchmark)
program=$(mktemp -d "${TMPDIR:-/tmp}/gantry-bench-XXXXXX")
trap 'rm -rf "$program"' EXIT
go build -o "$program/realbroker" ./cmd/realbroker
status=0
../../bin/gantry bench compare "$@" --real "$program/realbroker" --official "$classpath" --out "$results" || status=$?
echo "the page: $results/index.html"
exit $status
