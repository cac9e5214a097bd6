#!/usr/bin/env bash
# Packs every package from the Release build that the tests ran on.
#   eng/pack.sh [FOLDER]     default: artifacts/packages
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-artifacts/packages}
export MSBUILDDISABLENODEREUSE=1 DOTNET_NOLOGO=1
# Times inside the package come from the commit, so that packing twice gives the same bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2> /dev/null || echo 0)
export SOURCE_DATE_EPOCH

rm -rf "$folder" && mkdir -p "$folder"
for project in src/*/*.csproj; do
  name=$(basename "$project" .csproj)
  if [ ! -f "artifacts/bin/$name/release/$name.dll" ]; then
    dotnet build "$project" -c Release --nologo -v q -nr:false
  fi
  dotnet pack "$project" -c Release --no-build --nologo -v q -nr:false -o "$folder" > /dev/null
done
ls "$folder"
