#!/usr/bin/env bash
# Sends what schemathesis makes of the API document, good and bad, to a server of its own, and wants no answer that the
# document does not have and none that says the server failed. Three times: as the user of this machine, while there is
# nobody; as the operator; and as nobody, once there is somebody.
#
#   scripts/fuzz-api.sh [EXAMPLES] [SEED]
#
# EXAMPLES are those of each operation in each phase (20); with SEED `random` each run makes others. Without a package
# registry there is nothing to run; that is said, and is no failure. BELLWETHER_BIN is the program, as tests build it.
#
# Nothing is left out. What has no end, the stream at `/ws`, is not in the paths of the document; its frames are fuzzed
# by `fuzz/`. No notices leave the machine: there is no mail server, and the addresses made up here lead nowhere.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.32.5
examples=${1:-20}
seed=${2:-20260105}
mkdir -p "${CARGO_TARGET_DIR:-target}"
target=$(realpath "${CARGO_TARGET_DIR:-target}")
document=$PWD/crates/server/openapi.json
folder=$target/schemathesis
program=${BELLWETHER_BIN:-$target/debug/bellwether}
key=the-key-that-is-fuzzed

if [ ! -x "$program" ]; then
  echo "fuzz-api: there is no $program; run: cargo build --package app" >&2
  exit 1
fi

if [ "$("$folder/bin/python" -c 'import importlib.metadata as m; print(m.version("schemathesis"))' 2>/dev/null)" != "$version" ]; then
  python3 -m venv --clear "$folder"
  if ! said=$("$folder/bin/python" -m pip install --quiet --disable-pip-version-check "schemathesis==$version" 2>&1); then
    # What pip says when it gets no answer, or an empty one.
    if grep -qE '[Cc]onnection|No matching distribution|timed out|resolution' <<<"$said"; then
      echo "fuzz-api: SKIPPED: pip cannot reach a package registry, so schemathesis cannot be installed"
      exit 0
    fi
    echo "$said" >&2
    exit 1
  fi
fi

work=$(mktemp -d)
server=
stop() {
  if [ -n "$server" ]; then
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
  fi
}
trap 'stop; rm -rf "$work"' EXIT

# Settings of whoever runs this are not the server's.
for name in $(compgen -e BELLWETHER_ || true); do unset "$name"; done
BELLWETHER_OPERATOR_KEY=$key "$program" up --listen 127.0.0.1:0 --data "$work/data" --log warn \
  >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 600); do
  grep -q 'bellwether is ready' "$work/out" && break
  kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done
url=$(sed -n 's/^bellwether is ready at //p' "$work/out")
[ -n "$url" ] || { echo "fuzz-api: the server does not start" >&2; exit 1; }

checks=not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance
options=(--checks "$checks" --phases examples,coverage,fuzzing --max-examples "$examples" --workers 1
  --request-timeout 15 --suppress-health-check all --warnings off
  --max-redirects 0 --continue-on-failure --no-color)
if [ "$seed" != random ]; then
  options+=(--seed "$seed" --generation-deterministic)
else
  options+=(--generation-database none)
fi

failed=0
run() {
  echo "fuzz-api: as $1"
  shift
  # It keeps notes where it is started.
  if ! (cd "$work" && NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 "$folder/bin/schemathesis" run "${options[@]}" "$@" \
    --url "$url" "$document"); then
    failed=1
  fi
}

run "the user of this machine"
run "the operator" --header "Authorization: Bearer $key"
# A person ends the local user.
curl --silent --show-error --output /dev/null --noproxy '*' -H "Authorization: Bearer $key" \
  -H 'Content-Type: application/json' -d '{"user":"somebody","password":"correct horse battery","role":"user"}' \
  "$url/api/v1/admin/users"
run "nobody"

kill -0 "$server" 2>/dev/null || { echo "fuzz-api: the server has ended" >&2; failed=1; }
stop
if grep -n 'panicked' "$work/log" >&2; then failed=1; fi
if [ "$failed" -ne 0 ]; then
  echo "---- the end of what the server said ----" >&2
  tail -n 40 "$work/log" >&2
  echo "fuzz-api: failed" >&2
  exit 1
fi
echo "fuzz-api: no failures"
