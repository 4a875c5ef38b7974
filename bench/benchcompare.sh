#!/bin/sh
# The Go benchmarks of this tree, as it stands, against those of another commit: both in turn, COUNT times each, and what benchstat
# says of the difference. The other commit lies in a worktree in .bench-compare, which goes afterwards; the figures stay there.
#   bench/benchcompare.sh REF          BENCH=PATTERN PACKAGES='./storenode ./remoting/...' COUNT=6 BENCHTIME=1s in the environment
set -eu
cd "$(dirname "$0")/.."
[ $# -eq 1 ] && [ -n "$1" ] || { echo "usage: bench/benchcompare.sh REF (make bench-compare REF=…)" >&2; exit 2; }
ref=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "bench/benchcompare.sh: there is no commit $1" >&2; exit 2; }
out=$PWD/.bench-compare
rm -rf "$out/base" "$out/old.txt" "$out/new.txt"
git worktree prune
git worktree add --quiet --detach "$out/base" "$ref"
trap 'git worktree remove --force "$out/base"' EXIT
trap 'exit 130' INT TERM

# measure FOLDER FILE runs the benchmarks of the packages that the folder has.
measure() (
	cd "$1"
	set -- "$2" $(${GO:-go} list -e -f '{{if not .Error}}{{.ImportPath}}{{end}}' ${PACKAGES:-./...})
	to=$1
	shift
	${GO:-go} test -run '^$' -bench "${BENCH:-.}" -benchtime "${BENCHTIME:-1s}" -benchmem -count 1 -timeout 60m "$@" >>"$to"
)

round=0
while [ "$round" -lt "${COUNT:-6}" ]; do
	round=$((round + 1))
	echo "round $round of ${COUNT:-6}" >&2
	measure "$out/base" "$out/old.txt"
	measure "$PWD" "$out/new.txt"
done
${GO:-go} run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da "$1=$out/old.txt" "tree=$out/new.txt"
