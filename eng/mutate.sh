#!/usr/bin/env bash
# Mutation run with Stryker: which changes of the code would no test notice?
#   eng/mutate.sh Cleanup [GLOB]    a package, or the files of it that match, for example '**/Retry/*.cs'
#   eng/mutate.sh --check           the planted fixture: one mutant that must be killed, one that must survive
# Reports go to artifacts/mutation/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
[ $# -ge 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }
export MSBUILDDISABLENODEREUSE=1 DOTNET_NOLOGO=1
dotnet tool restore > /dev/null

# By the VSTest adapter Stryker sees no coverage with xunit.v3 and calls every mutant a survivor.
stryker() { dotnet stryker --test-runner mtp --concurrency 2 --reporter json --reporter cleartext --skip-version-check "$@"; }

if [ "$1" = --check ]; then
  cd eng/mutation/Planted.Tests
  stryker --output "$root/artifacts/mutation/planted"
else
  cd "tests/Resilience.$1.Tests"
  stryker --project "Resilience.$1.csproj" --configuration Release --output "$root/artifacts/mutation/$1" ${2:+--mutate "$2"}
fi
