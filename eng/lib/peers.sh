# Prepares the servers of other ecosystems that load tests are set against: benchmarks/peers/NAME -> artifacts/peers/NAME. Sourced by bench.sh.

prepare_peers() {
  local source folder packages root=()
  for source in benchmarks/peers/*/; do
    folder=artifacts/peers/$(basename "$source")
    mkdir -p "$folder"
    cp -a "$source." "$folder/"
    if [ -f "$folder/debian-packages" ]; then
      packages=$(while read -r name; do dpkg -s "$name" > /dev/null 2>&1 || echo "$name"; done < "$folder/debian-packages")
      if [ -n "$packages" ]; then
        [ "$(id -u)" -eq 0 ] || root=(sudo -n)
        # shellcheck disable=SC2086
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages > /tmp/resilience-install.log 2>&1 || {
          echo "Could not install: $(echo $packages)" >&2
          tail -n 5 /tmp/resilience-install.log >&2
          return 1
        }
      fi
    fi
    if [ -f "$folder/package-lock.json" ] && [ "$folder/package-lock.json" -nt "$folder/node_modules/.package-lock.json" ]; then
      # Not "npm ci": it refuses a lock file that was written beside a mirror without the optional binaries of other platforms.
      (cd "$folder" && npm install --no-save --no-audit --no-fund --loglevel=error) || return 1
      touch "$folder/node_modules/.package-lock.json"
    fi
  done
  export RESILIENCE_PEERS=$PWD/artifacts/peers
}
