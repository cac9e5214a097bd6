#!/usr/bin/env bash
# Builds once and runs every check: formatting, page lint, all test projects against real servers, coverage per package.
#
#   ./test.sh            everything that CI runs
#   ./test.sh Queues     the test projects whose name contains "Queues", and the schedules of that package
#   ./test.sh --soak     the long runs as well
#
# Finds or installs Redis, PostgreSQL, Chromium and Node.js through the system's package manager; starts the servers on free ports
# in a temporary folder and stops them at the end, also when interrupted. Ends with a line "N passed, N failed".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source eng/lib/servers.sh

part=""
soak=0
for argument in "$@"; do
  case "$argument" in
    --soak) soak=1 ;;
    --help | -h) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "test.sh: unknown option $argument; see ./test.sh --help" >&2; exit 2 ;;
    *) part=$argument ;;
  esac
done

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 TZ=UTC
export RESILIENCE_SOAK=$soak
# 20,000 schedules a strategy become ten million.
[ "$soak" -eq 0 ] || export RESILIENCE_SCHEDULE_FACTOR=500
results=$PWD/artifacts/test-results
work=$(mktemp -d "${TMPDIR:-/tmp}/resilience-test.XXXXXX")
chmod 755 "$work"
trap 'stop_servers; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

passed=0
failed=0
problems=()

stage() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
pass() { passed=$((passed + 1)); }
fail() {
  failed=$((failed + 1))
  problems+=("$1")
  printf 'FAILED: %s\n' "$1"
}
finish() {
  if [ ${#problems[@]} -gt 0 ]; then
    printf '\nFailures:\n'
    printf '  %s\n' "${problems[@]}"
  fi
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

run_project() { # project name, filter
  local name=$1 filter=$2 trx collect=() begin=$SECONDS
  [ "$soak" -eq 1 ] || filter="(Category!=Soak)${filter:+&($filter)}"
  # Schedules are counted in tens of thousands: instrumented code would only slow them down. The gates on packages run no code of ours in process.
  case "$name" in
    Resilience.Systematic.Tests | Resilience.Packages.Tests | Messaging.Tests) ;;
    *) collect=(--collect "XPlat Code Coverage" --settings eng/coverage.runsettings) ;;
  esac
  dotnet test "tests/$name" -c Release --no-build --nologo -v q \
    --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" --results-directory "$results/$name" \
    --blame-hang-timeout "$([ "$soak" -eq 1 ] && echo 60m || echo 6m)" --blame-hang-dump-type none \
    ${filter:+--filter "$filter"} "${collect[@]}" > "$results/$name.log" 2>&1
  local code=$?
  trx=$results/$name/$name.trx
  local counters="" ok=0 bad=0 all=0
  [ -f "$trx" ] && counters=$(grep -o '<Counters [^>]*' "$trx" | tail -n 1)
  all=$(sed -n 's/.* total="\([0-9]*\)".*/\1/p' <<< "$counters")
  ok=$(sed -n 's/.* passed="\([0-9]*\)".*/\1/p' <<< "$counters")
  : "${all:=0}" "${ok:=0}"
  bad=$((all - ok))
  passed=$((passed + ok))
  printf '%-36s %5d passed %4d failed %5d s\n' "$name" "$ok" "$bad" $((SECONDS - begin))
  if [ "$bad" -gt 0 ]; then
    # Skipped or not executed counts as failed: a hole is no proof.
    failed=$((failed + bad))
    problems+=("$name: $bad of $all tests did not pass, see ${results#"$PWD"/}/$name.log")
    grep -vE '^\s*(at |$)|warning' "$results/$name.log" | tail -n 80
  elif [ "$all" -eq 0 ] || [ "$code" -ne 0 ]; then
    fail "$name: exit code $code after $all tests, see ${results#"$PWD"/}/$name.log"
    tail -n 40 "$results/$name.log"
  fi
}

stage "Tools and servers"
rm -rf "$results" && mkdir -p "$results"
if ensure_tools && start_servers "$work"; then pass; else fail "a server or a tool is missing"; finish; fi

stage "Build"
if dotnet build Resilience.sln -c Release --nologo -v q -nr:false > "$results/build.log" 2>&1; then
  pass
else
  grep -E 'error|warning' "$results/build.log" | sort -u | head -n 40
  tail -n 5 "$results/build.log"
  fail "build"
  finish
fi
grep -q 'warning' "$results/build.log" && grep 'warning' "$results/build.log" | sort -u | head -n 20

if [ -z "$part" ]; then
  stage "Formatting"
  if dotnet format whitespace . --folder --verify-no-changes --exclude artifacts > "$results/format.log" 2>&1; then pass; else
    head -n 20 "$results/format.log"
    fail "formatting: run 'dotnet format whitespace . --folder'"
  fi
  stage "Page: scripts, styles, HTML"
  if eng/web/lint.sh > "$results/web.log" 2>&1; then pass; else
    tail -n 40 "$results/web.log"
    fail "page lint, see artifacts/test-results/web.log"
  fi
fi

stage "Tests"
ran=0
for project in tests/*.Tests/; do
  name=$(basename "$project")
  [ "$name" = Resilience.Systematic.Tests ] && continue
  case "$name" in *"$part"*) run_project "$name" ""; ran=1 ;; esac
done
if [ -z "$part" ]; then
  run_project Resilience.Systematic.Tests ""
elif [ -d "tests/Resilience.Systematic.Tests/$part" ]; then
  run_project Resilience.Systematic.Tests "FullyQualifiedName~Resilience.Systematic.Tests.$part."
  ran=1
fi
[ -z "$part" ] || [ "$ran" -eq 1 ] || fail "no test project's name contains '$part'"

if [ -z "$part" ]; then
  stage "Coverage"
  if dotnet run eng/coverage.cs -- "$results" 80; then pass; else fail "line coverage of a package is below 80 %"; fi
fi

finish
