#!/usr/bin/env bash
# Packs every package from the Release build that the tests ran on, in two sets that differ in the Redis packages alone (docs/decisions/0003-redis-client.md):
#   FOLDER/run       against the client that tests, benchmarks and package gates run on
#   FOLDER/publish   against the client that users get; this is the set to publish
#
#   eng/pack.sh [FOLDER]     default: artifacts/packages
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-artifacts/packages}
export MSBUILDDISABLENODEREUSE=1 DOTNET_NOLOGO=1
# Times inside the package come from the commit, so that packing twice gives the same bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2> /dev/null || echo 0)
export SOURCE_DATE_EPOCH

pack() { # project, folder, properties
  dotnet pack "$1" -c Release --no-build --nologo -v q -nr:false -o "$2" "${@:3}" > /dev/null
}

rm -rf "$folder" && mkdir -p "$folder/run" "$folder/publish"
for project in src/*/*.csproj; do
  name=$(basename "$project" .csproj)
  built=artifacts/bin/$name/release/$name.dll
  published=artifacts/bin/$name/release_publish/$name.dll
  if [ ! -f "$built" ]; then
    dotnet build "$project" -c Release --nologo -v q -nr:false
  fi
  pack "$project" "$folder/run"
  if ! grep -q RedisClient.props "$project"; then
    cp "$folder/run/$name".[0-9]* "$folder/publish/"
    continue
  fi
  if [ ! -f "$published" ] || [ "$built" -nt "$published" ]; then
    dotnet build "$project" -c Release --no-restore --nologo -v q -nr:false -p:RedisClient=Publish -p:BuildProjectReferences=false
  fi
  pack "$project" "$folder/publish" -p:RedisClient=Publish
done
ls "$folder/run" "$folder/publish"
