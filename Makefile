# The short front door. `make` alone lists what there is.

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
PAGE_SOURCES := $(shell find web/src web/public -type f 2>/dev/null) \
  $(wildcard web/*.html web/*.ts web/*.json web/dev/budget.mjs)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-web test-rust test-api test-browser check check-rust check-web audit soak fuzz-api bench page \
  install-tools install-test-tools web-packages

help: ## This list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

run: install-tools page ## Build the page and the program, and start `bellwether up` (ARGS="--listen 0.0.0.0:8080").
	@echo "make: building the program (the first time takes some minutes)"
	cargo run --locked --release --package app --bin bellwether -- up $(ARGS)

test: install-test-tools test-web test-rust test-api test-browser ## Everything, as CI does: page, program, API, browser.
	@echo "make: all tests passed"

test-web: web-packages ## The page's unit tests and types.
	cd web && npm run typecheck && npm test

test-rust: page ## All tests of the workspace.
	scripts/test-rust.sh

test-api: install-test-tools page ## What schemathesis makes of the API document, against a server: about a minute.
	@# The same build as the tests', which has the program: another one would compile everything anew.
	cargo test --locked --workspace --no-run --quiet
	scripts/fuzz-api.sh 5

test-browser: page ## The page in Chromium, against the program that the tests have built.
	@# The same build as the tests', which has the program: another one would compile everything anew.
	cargo test --locked --workspace --no-run --quiet
	BELLWETHER_BIN="$(abspath $(TARGET_DIR))/debug/bellwether" scripts/test-browser.sh

check: install-tools check-rust check-web audit ## Format, lint, documentation, types, licences, tidiness, advisories.
	@echo "make: all checks passed"

check-rust:
	scripts/need.sh rustfmt clippy
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items --quiet
	cargo test --locked --quiet --package xtask

check-web: web-packages
	cd web && npm run check

audit: web-packages ## What advisory databases know of the packages, where they can be asked; see scripts/audit.sh.
	@scripts/audit.sh

fuzz-api: install-test-tools page ## The same as test-api with many new requests (EXAMPLES=30): looks for faults, minutes.
	cargo test --locked --workspace --no-run --quiet
	scripts/fuzz-api.sh $(or $(EXAMPLES),30) random

soak: ## New stories for every property test, many of each (PROPTEST_CASES=2000): looks for faults, minutes.
	PROPTEST_CASES=$(or $(PROPTEST_CASES),2000) cargo test --locked --workspace --no-fail-fast --lib --tests -- \
	  --skip it::

bench: install-test-tools page ## Measure speed on this machine, beside other servers; see docs/performance.md.
	cargo build --locked --release --workspace --bins
	$(TARGET_DIR)/release/bench run $(ARGS)
	$(TARGET_DIR)/release/bench desk
	cargo bench --locked --package bench --bench tape
	cargo bench --locked --package ledger --bench engine
	cargo bench --locked --package signals --bench alerts
	cargo bench --locked --package store --bench journal
	cargo bench --locked --package desk --bench durable
	cargo bench --locked --package notify --bench delivery
	cargo bench --locked --package server --bench alerts
	cargo bench --locked --package server --bench sign_in

page: web/dist/index.html ## Build the page into web/dist.

web/dist/index.html: $(PAGE_SOURCES) | web-packages
	cd web && npm run build

web-packages: install-tools
	@scripts/web-packages.sh

install-tools: ## What building needs: looks, and installs what Debian has.
	@scripts/need.sh rust node cc

install-test-tools: install-tools ## What the tests need besides: nats-server, PostgreSQL, Chromium, Python, xmllint.
	@scripts/need.sh nats-server postgresql chromium python-venv xmllint
