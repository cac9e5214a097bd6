#!/usr/bin/env bash
# Checks a running instance from outside, as a user would use it. It leaves a user and a channel with random names behind.
#
#   eng/smoke.sh http://localhost:5080              every step
#   eng/smoke.sh http://localhost:5080 send health  some of: send delayed attachment health (signing in and the stream always run)
#
# Needs curl. Ends with 0 when every step worked, 1 when one failed, 2 on wrong use. Each step waits at most SMOKE_TIMEOUT seconds (15).
set -uo pipefail

if [[ $# -lt 1 || $1 != http*://* ]]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi

url=${1%/}
shift
steps=("${@:-all}")
timeout=${SMOKE_TIMEOUT:-15}
work=$(mktemp -d)
stream_pid=""
failures=0
trap '[[ -z $stream_pid ]] || kill "$stream_pid" 2> /dev/null; rm -rf "$work"' EXIT

ok() { printf 'ok      %s\n' "$1"; }
failed() {
  printf 'FAILED  %s\n' "$1"
  failures=$((failures + 1))
}
wanted() { [[ " ${steps[*]} " == *" all "* || " ${steps[*]} " == *" $1 "* ]]; }

token=""
call() { # method, path, then arguments of curl; sets $status and $body
  local method=$1 path=$2
  shift 2
  # The token goes through a file: arguments are visible to every user of the machine.
  printf 'header = "Authorization: Bearer %s"\n' "$token" > "$work/auth"
  status=$(curl --silent --show-error --max-time "$timeout" --config "$work/auth" --request "$method" \
    --output "$work/body" --write-out '%{http_code}' "$@" "$url$path" 2> "$work/error") || status="no answer: $(cat "$work/error")"
  body=$(tr -d '\000' < "$work/body" 2> /dev/null) # a file has bytes that no variable can hold
}
post() { call POST "$1" --header 'Content-Type: application/json' --data-binary "$2"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<< "${2:-$body}" | head -n 1; }
expect() { # name, statuses
  local name=$1 one
  shift
  for one in "$@"; do
    [[ $status == "$one" ]] && return 0
  done
  failed "$name: expected $*, got $status ${body:0:200}"
  return 1
}
arrives() { # text
  local _
  for _ in $(seq 1 $((timeout * 5))); do
    grep -q -- "$1" "$work/stream" && return 0
    sleep 0.2
  done
  return 1
}
stop() {
  failed "$1"
  exit 1
}

mark="smoke-$$-$RANDOM$RANDOM"

call GET /health/ready
expect "ready" 200 || stop "the instance is not ready"
ok "ready"

password="$RANDOM-$RANDOM-$RANDOM-pass"
post /api/users "{\"name\":\"$mark\",\"password\":\"$password\"}"
expect "register" 201 || exit 1
post /api/session "{\"name\":\"$mark\",\"password\":\"$password\"}"
expect "sign in" 200 || exit 1
token=$(field token)
ok "register and sign in"

post /api/channels "{\"name\":\"$mark\"}"
expect "create a channel" 201 || exit 1
channel=$(sed -n 's/^{"id":"\([^"]*\)".*/\1/p' <<< "$body")
ok "create a channel"

printf 'header = "Authorization: Bearer %s"\n' "$token" > "$work/stream-auth"
curl --silent --no-buffer --config "$work/stream-auth" --output "$work/stream" "$url/api/events?channels=$channel" &
stream_pid=$!
for _ in $(seq 1 $((timeout * 5))); do
  [[ -s $work/stream ]] && break
  sleep 0.2
done
[[ -s $work/stream ]] || stop "the stream does not open"
ok "open the stream"

if wanted send; then
  message="{\"text\":\"$mark now\",\"clientId\":\"$mark\"}"
  post "/api/channels/$channel/messages" "$message"
  if expect "send" 201; then
    if arrives "$mark now"; then ok "a message arrives on the stream"; else failed "the message does not arrive within $timeout s"; fi
  fi
  post "/api/channels/$channel/messages" "$message"
  expect "send again" 200 && ok "the same message again is one message"
fi

if wanted delayed; then
  post "/api/channels/$channel/messages" "{\"text\":\"$mark later\",\"delaySeconds\":1}"
  if expect "delayed message" 202; then
    if arrives "$mark later"; then ok "a delayed message arrives"; else failed "the delayed message does not arrive within $timeout s"; fi
  fi
fi

if wanted attachment; then
  head -c 100000 /dev/urandom > "$work/file.bin"
  call POST "/api/channels/$channel/attachments" --form "file=@$work/file.bin;type=application/octet-stream"
  if expect "upload" 201; then
    attachment=$(sed -n 's/^{"id":"\([^"]*\)".*/\1/p' <<< "$body")
    call GET "/api/attachments/$attachment"
    if expect "download" 200; then
      if cmp -s "$work/body" "$work/file.bin"; then ok "an attachment comes back as it was"; else failed "the attachment that came back is another"; fi
    fi
    call DELETE "/api/attachments/$attachment"
    expect "delete the attachment" 204 && ok "the attachment is deleted"
    call GET "/api/attachments/$attachment"
    expect "download after deletion" 404 && ok "the deleted attachment is gone"
  fi
fi

if wanted health; then
  call GET /health
  if expect "health" 200; then
    if [[ $body == *'"status":"Healthy"'* ]]; then ok "healthy"; else failed "health: ${body:0:300}"; fi
  fi
fi

call DELETE /api/session
expect "sign out" 204 && ok "sign out"
if arrives TOKEN_REVOKED; then ok "the stream ends with the session"; else failed "the stream outlives the session"; fi
token=""

if [[ $failures -eq 0 ]]; then
  echo "All steps worked."
else
  echo "$failures of the steps failed."
  exit 1
fi
