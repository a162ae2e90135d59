#!/usr/bin/env bash
# Runs the browser's tests, a file at a time. A file that fails runs once more, for the reason that test-rust.sh
# gives; what passes only then is named at the end.
set -uo pipefail
cd "$(dirname "$0")/../web"

unsteady=()
for file in e2e/*.spec.mjs; do
  if node --test "$file"; then continue; fi
  echo "test-browser: once more: $file"
  if ! node --test "$file"; then
    echo "test-browser: failed twice: $file" >&2
    exit 1
  fi
  unsteady+=("$file")
done
if ((${#unsteady[@]} > 0)); then
  echo "test-browser: UNSTEADY, passed only the second time: ${unsteady[*]}"
fi
