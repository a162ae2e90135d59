# The short front door. `make` alone lists what there is.

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
PAGE_SOURCES := $(shell find web/src web/public -type f 2>/dev/null) \
  $(wildcard web/*.html web/*.ts web/*.json web/dev/budget.mjs)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-web test-rust test-browser check check-rust check-web bench page \
  install-tools install-test-tools web-packages

help: ## This list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

run: install-tools page ## Build the page and the program, and start `bellwether up` (ARGS="--listen 0.0.0.0:8080").
	@echo "make: building the program (the first time takes some minutes)"
	cargo run --locked --release --package app --bin bellwether -- up $(ARGS)

test: install-test-tools test-web test-rust test-browser ## Everything, as CI does: page, program, browser.
	@echo "make: all tests passed"

test-web: web-packages ## The page's unit tests and types.
	cd web && npm run typecheck && npm test

test-rust: page ## All tests of the workspace.
	cargo test --locked --workspace

test-browser: page ## The page in Chromium, against the program that the tests have built.
	@# The same build as the tests', which has the program: another one would compile everything anew.
	cargo test --locked --workspace --no-run --quiet
	cd web && BELLWETHER_BIN="$(abspath $(TARGET_DIR))/debug/bellwether" npm run e2e

check: install-tools check-rust check-web ## Format, lint, documentation, types, licences, tidiness.
	@echo "make: all checks passed"

check-rust:
	scripts/need.sh rustfmt clippy
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items --quiet
	cargo test --locked --quiet --package xtask

check-web: web-packages
	cd web && npm run check

bench: install-test-tools page ## Measure speed on this machine, beside other servers; see docs/performance.md.
	cargo build --locked --release --workspace --bins
	$(TARGET_DIR)/release/bench run $(ARGS)

page: web/dist/index.html ## Build the page into web/dist.

web/dist/index.html: $(PAGE_SOURCES) | web-packages
	cd web && npm run build

web-packages: install-tools
	@scripts/web-packages.sh

install-tools: ## What building needs: looks, and installs what Debian has.
	@scripts/need.sh rust node cc

install-test-tools: install-tools ## What the tests need besides: nats-server, Chromium, Python.
	@scripts/need.sh nats-server chromium python-venv
