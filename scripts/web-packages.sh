#!/usr/bin/env bash
# Installs the page's packages when they are not those of the lock file.
set -euo pipefail
cd "$(dirname "$0")/../web"

installed=node_modules/.installed-lock
if [ -d node_modules ] && cmp -s package-lock.json "$installed"; then
  exit 0
fi
echo "web-packages: installing what web/package-lock.json names"
npm ci --no-progress </dev/null
cp package-lock.json "$installed"
