#!/usr/bin/env bash
# Benchmarks, side by side with what a user would write or pick instead. Results go to benchmarks/results/ as ratios, with machine and commit.
#
#   ./bench.sh                  lists the benchmarks
#   ./bench.sh NAME...          runs them
#   ./bench.sh all              runs every one
#   ./bench.sh peers            runs those whose name begins with Peers: beside servers of other ecosystems (benchmarks/peers/)
#   ./bench.sh compare [NAME]   runs what has a stored result (or NAME) and fails on a loss above 20 % of a stored ratio (requests 50 %, a p95 100 %)
#
# One run at a time (a lock), and none on a busy machine; --force runs anyway and says so in the result.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source eng/lib/servers.sh
source eng/lib/peers.sh

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
micro=artifacts/bin/Resilience.Benchmarks/release/Resilience.Benchmarks
load=artifacts/bin/Resilience.LoadTests/release/Resilience.LoadTests

force=0
names=()
for argument in "$@"; do
  case "$argument" in
    --force) force=1 ;;
    --help | -h) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "bench.sh: unknown option $argument; see ./bench.sh --help" >&2; exit 2 ;;
    *) names+=("$argument") ;;
  esac
done

mkdir -p artifacts
exec 9> artifacts/bench.lock
flock -n 9 || { echo "Another benchmark run holds the lock artifacts/bench.lock; wait for it to end." >&2; exit 3; }

for project in Resilience.Benchmarks Resilience.LoadTests; do
  dotnet build "benchmarks/$project" -c Release --nologo -v q -nr:false 9>&- || exit 1
done

if [ ${#names[@]} -eq 0 ]; then
  "$micro"
  "$load"
  exit 0
fi

busy_percent() { # over two seconds, all processors
  local idle1 all1 idle2 all2
  read -r idle1 all1 < <(awk '/^cpu /{print $5+$6, $2+$3+$4+$5+$6+$7+$8}' /proc/stat)
  sleep 2
  read -r idle2 all2 < <(awk '/^cpu /{print $5+$6, $2+$3+$4+$5+$6+$7+$8}' /proc/stat)
  echo $((100 - 100 * (idle2 - idle1) / (all2 - all1)))
}

if [ -r /proc/stat ]; then
  busy=$(busy_percent)
  if [ "$busy" -gt 15 ]; then
    if [ "$force" -eq 0 ]; then
      echo "The machine is busy ($busy % of all processors over two seconds; the limit is 15 %): figures would lie. Stop other work, or use --force." >&2
      exit 4
    fi
    export RESILIENCE_BENCH_BUSY=1
  fi
fi

mode=run
if [ "${names[0]}" = compare ]; then
  mode=compare
  names=("${names[@]:1}")
  export RESILIENCE_BENCH_OUTPUT=$PWD/artifacts/bench-compare
  rm -rf "$RESILIENCE_BENCH_OUTPUT" && mkdir -p "$RESILIENCE_BENCH_OUTPUT"
  if [ ${#names[@]} -eq 0 ]; then
    for file in benchmarks/results/*.md; do names+=("$(basename "$file" .md)"); done
  fi
elif [ "${names[0]}" = all ]; then
  mapfile -t names < <("$micro"; "$load")
elif [ "${names[0]}" = peers ]; then
  mapfile -t names < <("$load" | grep '^Peers')
fi
if printf '%s\n' "${names[@]}" | grep -q '^Peers'; then
  prepare_peers || exit 1
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/resilience-bench.XXXXXX")
chmod 755 "$work"
trap 'stop_servers; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
ensure_tools && start_servers "$work" || exit 1

failures=0
for name in "${names[@]}"; do
  "$micro" "$name" 9>&-
  code=$?
  if [ "$code" -eq 2 ]; then
    "$load" "$name" 9>&-
    code=$?
  fi
  [ "$code" -ne 2 ] || echo "No benchmark is called $name; ./bench.sh lists them." >&2
  [ "$code" -eq 0 ] || failures=$((failures + 1))
done

if [ "$mode" = compare ]; then
  "$micro" compare "$RESILIENCE_BENCH_OUTPUT" || failures=$((failures + 1))
fi
[ "$failures" -eq 0 ]
