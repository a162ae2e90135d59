#!/usr/bin/env bash
# Makes sure that tools are there: scripts/need.sh rust node cc nats-server postgresql chromium python-venv xmllint
# What Debian packages have is installed, when we may; for the rest one line says what to do.
set -euo pipefail

rust_wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")
node_wanted=20.19
packages=()
missing=0

# Version $1 is $2 or newer.
is_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

by_hand() {
  echo "need: $1" >&2
  missing=1
}

for tool in "$@"; do
  case $tool in
    rust)
      if ! command -v cargo >/dev/null; then
        by_hand "Rust $rust_wanted or newer is missing; install it as https://rustup.rs says"
      else
        found=$(rustc --version | cut -d ' ' -f 2)
        is_at_least "$found" "$rust_wanted" || by_hand "Rust $found is too old; run: rustup update (at least $rust_wanted)"
      fi
      ;;
    node)
      if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        by_hand "Node $node_wanted or newer with npm is missing; install it from https://nodejs.org"
      else
        found=$(node --version | tr -d v)
        is_at_least "$found" "$node_wanted" || by_hand "Node $found is too old; install $node_wanted or newer from https://nodejs.org"
      fi
      ;;
    rustfmt) cargo fmt --version >/dev/null 2>&1 || by_hand "rustfmt is missing; run: rustup component add rustfmt" ;;
    clippy) cargo clippy --version >/dev/null 2>&1 || by_hand "clippy is missing; run: rustup component add clippy" ;;
    cc) command -v cc >/dev/null || packages+=(gcc libc6-dev) ;;
    # Debian puts it where an ordinary user's path does not lead.
    nats-server) command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || packages+=(nats-server) ;;
    # Debian keeps the server of each version in a folder of its own. Its package starts a server of its own,
    # which nothing here uses.
    postgresql)
      command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || packages+=(postgresql)
      ;;
    chromium) [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || packages+=(chromium) ;;
    xmllint) command -v xmllint >/dev/null || packages+=(libxml2-utils) ;;
    python-venv) python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3 python3-venv) ;;
    *) by_hand "nobody knows how to get $tool" ;;
  esac
done

if [ ${#packages[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
  fi
  if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
    echo "need: installing Debian packages: ${packages[*]}"
    install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${packages[@]}")
    "${install[@]}" </dev/null || {
      echo "need: reading the package lists anew"
      "${as_root[@]}" apt-get update --quiet </dev/null
      "${install[@]}" </dev/null
    }
  else
    by_hand "please install: ${packages[*]} (Debian: sudo apt-get install ${packages[*]})"
  fi
fi
exit "$missing"
