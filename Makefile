# What a developer runs; `make` lists it.

.DEFAULT_GOAL := help
.NOTPARALLEL:

install := scripts/install-packages.sh
# A database given by DATABASE_URL needs no PostgreSQL on this machine.
postgresql := $(if $(DATABASE_URL),,postgresql)

browser := tests/browser
ifneq ($(wildcard $(browser)/package.json),)
browser_tools := node chromium
browser_suite := test-browser
endif

clients := tests/clients
ifneq ($(wildcard $(clients)/package.json),)
clients_tools := node python
clients_suite := test-clients
endif

openapi := tests/openapi
ifneq ($(wildcard $(openapi)/run.py),)
openapi_tools := python
openapi_suite := test-openapi
endif

peers := crates/web/benches/peers

.PHONY: help
help: ## List these targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The dev profile: it builds in less than half the time of a release.
.PHONY: run
run: ## Start Countersign with a demo organization; installs PostgreSQL if it is missing
	@$(install) compiler $(postgresql)
	cargo run -p countersign -- dev

.PHONY: test
test: test-tools test-format test-lint test-rust $(browser_suite) $(clients_suite) $(openapi_suite) ## Run every check and test; installs what they need

.PHONY: bench
bench: bench-tools $(peers)/node_modules/.package-lock.json ## Measure the journal, and the endpoints beside a peer
	scripts/bench.sh

.PHONY: fmt
fmt: ## Format the code
	cargo fmt

.PHONY: lint
lint: ## Run clippy; a warning is an error
	cargo clippy --workspace --all-targets -- -D warnings

.PHONY: deny
deny: ## Check the dependencies: licenses, advisories, who may use what
	@cargo deny --version >/dev/null 2>&1 || { echo "cargo-deny is missing: cargo install cargo-deny --locked" >&2; exit 1; }
	cargo deny check

.PHONY: clean
clean: ## Remove everything that was built
	cargo clean
	rm -rf $(browser)/node_modules $(clients)/node_modules $(clients)/.venv $(openapi)/.venv $(peers)/node_modules

.PHONY: bench-tools
bench-tools:
	@$(install) compiler postgresql node

.PHONY: test-tools
test-tools:
	@printf '\n== Tools\n'
	@$(install) compiler postgresql nginx $(sort $(browser_tools) $(clients_tools) $(openapi_tools))

.PHONY: test-format
test-format:
	@printf '\n== Format\n'
	cargo fmt --check

.PHONY: test-lint
test-lint:
	@printf '\n== Lint\n'
	@$(MAKE) --no-print-directory lint

.PHONY: test-rust
test-rust:
	@printf '\n== Rust tests\n'
	cargo test --workspace

.PHONY: test-browser
test-browser: $(browser)/node_modules/.package-lock.json
	@printf '\n== Browser tests\n'
	cargo build -p countersign
	cd $(browser) && npm test

# Libraries in npm, Python and Rust; the Rust program is built where the product is, with what they share.
.PHONY: test-clients
test-clients: $(clients)/node_modules/.package-lock.json $(clients)/.venv/installed
	@printf '\n== Client library tests\n'
	cargo build -p countersign
	cargo build --locked --manifest-path $(clients)/rust/Cargo.toml --target-dir target
	cd $(clients) && npm test

# Longer, with other requests each time: make test-openapi OPENAPI_SECONDS=600
.PHONY: test-openapi
test-openapi: $(openapi)/.venv/installed
	@printf '\n== OpenAPI tests\n'
	cargo build -p countersign
	$(openapi)/.venv/bin/python -B $(openapi)/run.py

# npm writes this file last, so it is newer than the lock file exactly when the installed packages are the locked ones.
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci

%/.venv/installed: %/requirements.txt
	python3 -m venv --clear $*/.venv
	$*/.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	touch $@
