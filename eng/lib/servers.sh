# Finds or installs what the tests need, starts Redis and PostgreSQL, stops them again. Sourced by test.sh and bench.sh.

server_pids=()
postgres_data=""

# The folder of the newest PostgreSQL server binaries, which Debian keeps out of PATH.
postgres_bin() {
  local initdb
  initdb=$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2> /dev/null | sort -V | tail -n 1)
  [ -n "$initdb" ] && dirname "$initdb"
}

chromium_bin() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

missing_packages() {
  command -v redis-server > /dev/null || echo redis-server
  [ -n "$(postgres_bin)" ] || echo postgresql
  [ -n "$(chromium_bin)" ] || echo chromium
  command -v node > /dev/null || echo nodejs
  command -v npm > /dev/null || echo npm
}

ensure_tools() {
  if ! command -v dotnet > /dev/null; then
    echo "The .NET 10 SDK is missing: install it and put 'dotnet' on the PATH." >&2
    return 1
  fi
  local missing root=()
  missing=$(missing_packages)
  if [ -n "$missing" ]; then
    echo "Installing: $(echo $missing)"
    [ "$(id -u)" -eq 0 ] || root=(sudo -n)
    if command -v apt-get > /dev/null; then
      "${root[@]}" apt-get update -qq > /dev/null 2>&1
      # shellcheck disable=SC2086
      "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing > /tmp/resilience-install.log 2>&1 ||
        tail -n 5 /tmp/resilience-install.log >&2
    elif command -v brew > /dev/null; then
      brew install redis postgresql node chromium > /dev/null
    fi
    missing=$(missing_packages)
  fi
  if [ -n "$missing" ]; then
    echo "Missing, and could not be installed here. Install: $(echo $missing)" >&2
    return 1
  fi
}

free_port() { # asks the kernel
  node -e 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'
}

as_postgres() { # initdb and postgres refuse to run as root
  if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

start_servers() { # folder
  local folder=$1 port bin try
  port=$(free_port)
  redis-server --port "$port" --bind 127.0.0.1 --dir "$folder" --save '' --appendonly no --maxclients 15000 > "$folder/redis.log" 2>&1 &
  server_pids+=($!)
  export RESILIENCE_REDIS=127.0.0.1:$port

  bin=$(postgres_bin)
  postgres_data=$folder/postgres
  mkdir -p "$postgres_data"
  [ "$(id -u)" -eq 0 ] && chown postgres "$postgres_data"
  # Durability is switched off here; the tests that prove it start a server of their own.
  as_postgres "$bin/initdb" -D "$postgres_data" -U resilience --auth=trust --no-sync -E UTF8 --locale=C > "$folder/initdb.log" 2>&1 || {
    tail -n 5 "$folder/initdb.log" >&2
    return 1
  }
  port=$(free_port)
  as_postgres "$bin/pg_ctl" -D "$postgres_data" -w -t 60 -l "$postgres_data/server.log" \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$postgres_data -c max_connections=300 -c fsync=off -c synchronous_commit=on -c full_page_writes=off -c shared_buffers=128MB" \
    start > "$folder/pg_ctl.log" 2>&1 || {
    tail -n 5 "$postgres_data/server.log" >&2
    return 1
  }
  export RESILIENCE_POSTGRES="Host=127.0.0.1;Port=$port;Username=resilience;Database=postgres"

  for try in $(seq 1 100); do
    redis-cli -p "${RESILIENCE_REDIS##*:}" ping > /dev/null 2>&1 && return 0
    sleep 0.1
  done
  echo "Redis did not answer on $RESILIENCE_REDIS:" >&2
  tail -n 5 "$folder/redis.log" >&2
  return 1
}

stop_servers() {
  local pid bin
  for pid in "${server_pids[@]}"; do kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null; done
  server_pids=()
  if [ -n "$postgres_data" ] && [ -f "$postgres_data/postmaster.pid" ]; then
    bin=$(postgres_bin)
    as_postgres "$bin/pg_ctl" -D "$postgres_data" -m immediate -w stop > /dev/null 2>&1
  fi
  postgres_data=""
}
