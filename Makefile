# Each target is a line or two that calls cargo or a script; `make help` lists them.
# One profile (release) and one selection (the whole workspace) serve the demo, the tests
# and the benchmarks, so that a clean machine compiles everything once (`scripts/build`).

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
GAUNTLET := $(TARGET)/release/gauntlet

# A DATABASE_URL of something else must not be asked about our queries.
export SQLX_OFFLINE := true

.DEFAULT_GOAL := help
.PHONY: help setup build methods everything demo test test-histories test-hostile test-api figures figures-engine-outside test-shell bench bench-engine exactness fuzz-ops openapi sqlx-prepare sqlx-check check-cuda compiled-twice deny fmt lint

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-23s %s\n", $$1, $$2 }'

setup: ## find or install what a run needs
	@scripts/setup

build: setup ## build the programs
	@scripts/build host

methods: setup ## build the programs and, with them, the methods of the demo
	@scripts/build

everything: setup ## build every program, and every example method for the sandbox
	@scripts/build everything

demo: methods ## two real tournaments of the example methods, from nothing to two champions
	@$(GAUNTLET) demo $(ARGS)

test: everything ## every test there is; ARGS for cargo-nextest
	@scripts/setup --tests
	@$(CARGO) nextest run --release --workspace $(ARGS)
	@$(CARGO) test --release --workspace --doc --quiet

test-histories: ## 10,000 random histories against a reference that knows every answer: target/figures/engine.json
	@scripts/setup --tests
	@GAUNTLET_HISTORIES=$${GAUNTLET_HISTORIES:-10000} $(CARGO) test --release --workspace --test it --quiet -- histories --nocapture

test-hostile: ## hostile methods, workers taken over, each defence taken away: target/figures/hostile.json
	@scripts/setup --tests
	@scripts/test-hostile $(ARGS)

test-api: build ## the running server against its description, by generated requests: target/figures/shell.json
	@scripts/setup --api
	@scripts/test-api $(ARGS)

figures: everything ## measure what docs/PERFORMANCE.md reports, into target/figures/
	@scripts/figures

figures-engine-outside: everything ## the engine and its building site seen from outside: target/figures/outside.json
	@scripts/setup --tests
	@scripts/figures-engine-outside $(ARGS)

test-shell: everything ## hostile uploads, failing runners, fail-overs, images of every builder: target/figures/shell.json
	@scripts/setup --tests
	@scripts/test-shell $(ARGS)

bench: everything ## what the sandbox costs: the table, into docs/PERFORMANCE.md and target/figures/lane.json
	@scripts/bench $(ARGS)

bench-engine: setup ## how fast the engine is, and whether it stays so: target/figures/engine.json
	@scripts/bench-engine $(ARGS)

exactness: everything ## does the same run give the same model? repeats, threads, CPU models
	@scripts/setup --exactness
	@scripts/exactness

fuzz-ops: ## 100,000 hostile tensor programs against validator and backend
	@mkdir -p target/figures
	@scripts/build fuzz
	@$(TARGET)/release/gauntlet-fuzz --streams 100000 --json target/figures/op-streams.json $(ARGS)

openapi: ## write docs/openapi.json anew, after a change of the API
	@GAUNTLET_WRITE_OPENAPI=1 $(CARGO) nextest run --release --workspace -E 'test(the_committed_description_is_what_is_served)'

sqlx-prepare: ## write .sqlx anew, after a change of SQL or migrations
	@scripts/sqlx prepare

sqlx-check: ## does .sqlx fit the queries and the migrations?
	@scripts/sqlx check

check-cuda: ## does the CUDA worker compile? (a build of its own, needs no GPU)
	@$(CARGO) check --manifest-path sandbox-runner/worker-cuda/Cargo.toml

compiled-twice: ## would any crate be compiled twice, because two commands ask for it differently?
	@scripts/compiled-twice

deny: ## licences, sources and who may depend on what
	@scripts/deny

fmt: ## format the code
	@$(CARGO) fmt --all && $(CARGO) fmt --manifest-path examples/methods/Cargo.toml --all

lint: ## formatting and clippy, warnings are errors
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --release --workspace --all-targets -- -D warnings
