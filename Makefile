# Every verb of the project; `make help` lists them. CI and people run the same ones.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Caches live outside the checkout, so that a fresh clone is warm. Cargo's is one per checkout: it tells files of the same name by
# their time alone, and would run one checkout's programs for another's sources.
export ECOTRACK_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ecotrack
export CARGO_TARGET_DIR ?= $(ECOTRACK_CACHE)/target/$(subst /,-,$(CURDIR:/%=%))
export CARGO_TERM_COLOR ?= auto
export PATH := $(ECOTRACK_CACHE)/tools/bin:$(PATH)

# CONTEXT names a kubeconfig context of your own (kind, EKS …), taken as it is; without it the embedded cluster is brought up.
CONTEXT ?=
# ARGS goes to the verb's program: make conformance ARGS='--tags @profile.mesh'
ARGS ?=

EMBEDDED := cargo run --quiet --locked -p ecotrack-embedded --
PLATFORM := cargo run --quiet --locked -p ecotrack-platform --
CLI := cargo run --quiet --locked -p conformance --bin conformance --
SERVICES := user-service product-service order-service payment-service notification-service provider-sandbox
IMAGES := $(SERVICES) conformance-probe
# Services and harness compile with what the cluster leaves idle: on a new machine each takes many minutes.
COMPILE := nice cargo build --quiet --locked --release $(addprefix -p ,$(IMAGES)) && nice cargo test --quiet --locked -p conformance --test features --no-run
CLUSTER_WHILE_COMPILING = { $(COMPILE); } & compiler=$$!; trap 'kill $$compiler 2>/dev/null || true' EXIT; $(MAKE) cluster-up && wait $$compiler
CONTEXT_FLAG := $(if $(CONTEXT),--context $(CONTEXT))

.PHONY: help setup conformance test bench stack cluster-up cluster-down services load lint fmt report doctor prove

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what is missing (as root), or print the line that does
	@.ci/setup

# What must be there before features can run: nothing is installed or deployed into a named cluster unasked.
READY := $(if $(CONTEXT),setup,services)

conformance: $(READY) ## bring up a cluster with the services (or take CONTEXT= as it is), run every feature, write the report
	@cargo test --quiet --locked -p conformance --test features -- $(CONTEXT_FLAG) $(ARGS)

prove: $(READY) ## turn every integration off once and see its scenarios go red (negative controls)
	@cargo test --quiet --locked -p conformance --test features -- $(CONTEXT_FLAG) --prove $(ARGS)

test: setup ## every test that needs no cluster
	@$(EMBEDDED) build helm prometheus
	@cargo test --locked --workspace

bench: setup ## performance ratios, measured side by side in one run
	@cargo build --quiet --locked --release $(addprefix -p ,$(SERVICES))
	@cargo bench --quiet --locked -p ecotrack-stack -- $(ARGS)

stack: setup ## the services as processes here: ARGS='up', 'race', 'crash', 'crash-points', 'planted' or 'fuzz'
	@cargo build --quiet --locked --release $(addprefix -p ,$(SERVICES))
	@cargo run --quiet --locked -p ecotrack-stack -- $(or $(ARGS),up)

cluster-up: setup ## the embedded cluster with its platform, idempotent; with CONTEXT= the platform on that cluster
	@$(if $(CONTEXT),$(PLATFORM) install $(CONTEXT_FLAG),$(EMBEDDED) up $(ARGS))

cluster-down: ## stop the embedded cluster and leave nothing behind
	@$(EMBEDDED) down $(ARGS)

services: setup ## build the services and deploy them
	@$(if $(CONTEXT),$(MAKE) cluster-up,$(CLUSTER_WHILE_COMPILING) && $(EMBEDDED) images --services-only $(IMAGES))
	@$(PLATFORM) services deploy $(CONTEXT_FLAG) --values dev

load: $(READY) ## bounded load inside the cluster; the SLO decides the exit code
	@$(if $(CONTEXT),,cargo build --quiet --locked --release -p loadtest && $(EMBEDDED) images --services-only loadtest)
	@cargo run --quiet --locked -p loadtest -- run $(CONTEXT_FLAG) $(ARGS)

lint: setup ## formatting, clippy, licences and duplicate versions; warnings are errors
	@.ci/setup cargo-deny
	@cargo fmt --all --check
	@cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
	@cargo clippy --quiet --locked -p conformance --test features -- -D warnings
	@cargo deny --log-level error check bans licenses sources

fmt: ## format everything
	@cargo fmt --all

report: ## where the last report is, and what it said
	@$(CLI) report $(ARGS)

doctor: ## what this machine and this cluster have and lack
	@$(EMBEDDED) doctor || true
	@$(CLI) doctor $(CONTEXT_FLAG)
