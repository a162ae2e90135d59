#!/usr/bin/env bash
# Asks the advisory databases about everything that is built in: the page's packages, and the program's crates.
#
# Where a tool or its database is not at hand, one line says what was not checked and how to have it checked; that is no
# failure, since a machine without that network can do nothing about it. A finding is one (exit status 1). What can be
# known without any database (yanked crates, two versions of what keeps secrets, packages without a checksum) is checked
# by `cargo test -p xtask`, always.
#
# ADVISORY_DB may name a folder with a copy of https://github.com/RustSec/advisory-db: then nothing is fetched.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=0
said=$(mktemp)
trap 'rm -f "$said"' EXIT

unchecked() {
  echo "audit: NOT CHECKED: $1"
}

# The page. npm answers with the same status where it found something and where nobody answered it: only a report has
# `auditReportVersion`.
(cd web && npm audit --omit=dev --json 2>/dev/null) >"$said"
if ! grep -q '"auditReportVersion"' "$said"; then
  unchecked "advisories of npm, since this registry does not answer; run where npm has its own: cd web && npm audit --omit=dev"
elif node -e '
  const report = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
  for (const found of Object.values(report.vulnerabilities ?? {})) console.log(`audit: ${found.name}: ${found.severity}`);
  process.exit((report.metadata?.vulnerabilities?.total ?? 0) > 0 ? 1 : 0);
' "$said"; then
  echo "audit: npm knows of nothing"
else
  echo "audit: run: cd web && npm audit --omit=dev" >&2
  failed=1
fi

# The program.
how="install cargo-audit (cargo install cargo-audit --locked) where github.com answers, or set ADVISORY_DB to a copy of its database"
if cargo audit --version >/dev/null 2>&1; then
  options=()
  if [ -n "${ADVISORY_DB:-}" ]; then
    options=(--db "$ADVISORY_DB" --no-fetch)
  fi
  if cargo audit "${options[@]}" >"$said" 2>&1; then
    echo "audit: RustSec knows of nothing"
  elif grep -qiE "couldn't fetch|failed to (prepare )?fetch|no such file|not a git repo|unable to (open|load)|io error|git operation failed" "$said"; then
    unchecked "advisories of RustSec, since their database cannot be read here; $how"
  else
    cat "$said" >&2
    failed=1
  fi
elif cargo deny --version >/dev/null 2>&1; then
  if cargo deny check advisories >"$said" 2>&1; then
    echo "audit: RustSec knows of nothing"
  elif grep -qiE 'failed to (fetch|update|load|open)' "$said"; then
    unchecked "advisories of RustSec, since their database cannot be read here; $how"
  else
    cat "$said" >&2
    failed=1
  fi
else
  unchecked "advisories of RustSec, since there is neither cargo-audit nor cargo-deny; $how"
fi
exit "$failed"
