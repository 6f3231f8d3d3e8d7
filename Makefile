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
# ARGS goes to the verb's own program and to no other: make conformance ARGS='--tags @profile.mesh'
ARGS ?=
# Which values platform and services get: dev, staging or prod.
VALUES ?= dev
# Where the runbooks are published, for the links in alerts; without it they point to this project's own pages.
RUNBOOKS ?=
# A folder with a record per image, for clusters whose images are rebuilt under the same tag.
IMAGE_RECORDS ?=

# Programs are built as parts of the whole workspace: asked for alone, a crate's dependencies would have fewer features and compile
# once more for it.
BUILD := cargo build --quiet --locked --workspace
FEATURES := cargo test --quiet --locked --workspace --test features
# A program to run now, and programs optimised for images.
program = $(BUILD) --bin $(1) && "$$CARGO_TARGET_DIR/debug/$(1)"
optimised = $(BUILD) --release $(addprefix --bin ,$(1))
EMBEDDED := $(call program,embedded)
PLATFORM := $(call program,platform)
CLI := $(call program,conformance)
SERVICES := user-service product-service order-service payment-service notification-service provider-sandbox
IMAGES := $(SERVICES) conformance-probe
# Services and harness compile with what the cluster leaves idle: on a new machine each takes many minutes.
COMPILE := nice $(call optimised,$(IMAGES)) && nice $(FEATURES) --no-run
# In a process group of its own, so that whatever cargo started ends with it when there will be no cluster; in a session of its own
# the kernel would give it half the machine, nice or not.
CLUSTER_WHILE_COMPILING = set -m; ( $(COMPILE) ) & compiler=$$!; set +m; trap 'kill -- -$$compiler 2>/dev/null || true' EXIT; $(MAKE) cluster-up ARGS= && wait $$compiler
CONTEXT_FLAG := $(if $(CONTEXT),--context $(CONTEXT))
DEPLOY = $(PLATFORM) services deploy $(CONTEXT_FLAG) --values $(VALUES) $(if $(IMAGE_RECORDS),--image-records $(IMAGE_RECORDS)) $(if $(RUNBOOKS),--runbooks $(RUNBOOKS))

.PHONY: help setup machine conformance test bench stack cluster-up cluster-down services heal load lint fmt report doctor prove node-life

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what is missing (as root), or print the line that does
	@.ci/setup

# Whether this machine can do it: for the embedded cluster much must be there, for a cluster of one's own only Rust.
machine:
	@.ci/setup $(if $(CONTEXT),client,host)

# What must be there before features can run: nothing is installed or deployed into a named cluster unasked.
READY := $(if $(CONTEXT),machine,services)

conformance: $(READY) ## bring up a cluster with the services (or take CONTEXT= as it is), run every feature, write the report
	@$(FEATURES) -- $(CONTEXT_FLAG) $(ARGS)

prove: $(READY) ## turn every integration off once and see its scenarios go red (negative controls)
	@$(FEATURES) -- $(CONTEXT_FLAG) --prove $(ARGS)

test: setup ## every test that needs no cluster, and how many lines of the services they ran
	@.ci/setup cargo-llvm-cov
	@$(EMBEDDED) build helm prometheus
	@.ci/test

bench: setup ## performance ratios, measured side by side in one run; short with ARGS=--smoke
	@$(call optimised,$(SERVICES))
	@cargo bench --quiet --locked --workspace --bench services -- $(ARGS)

stack: setup ## the services as processes here: ARGS='up', 'race', 'crash', 'crash-points', 'planted' or 'fuzz'
	@$(call optimised,$(SERVICES))
	@$(call program,stack) $(or $(ARGS),up)

cluster-up: machine ## the embedded cluster with its platform, idempotent; with CONTEXT= the platform on that cluster
	@$(if $(CONTEXT),$(PLATFORM) install $(CONTEXT_FLAG) --values $(VALUES),$(EMBEDDED) up --values $(VALUES) $(ARGS))

cluster-down: ## stop the embedded cluster and leave nothing behind
	@$(if $(CONTEXT),echo "cluster-down stops the embedded cluster only; $(CONTEXT) is yours (kind: deploy/kind/down)" >&2; exit 2,$(EMBEDDED) down $(ARGS))

services: machine ## build the services and deploy what changed; with CONTEXT= only deploy them, from images it can pull
	@$(if $(CONTEXT),,$(CLUSTER_WHILE_COMPILING) && $(EMBEDDED) images --services-only $(IMAGES))
	@$(DEPLOY)

heal: machine ## deploy the services anew though nothing changed here: puts back what was changed or deleted by hand
	@$(DEPLOY) --anew

load: $(READY) ## bounded load inside the cluster; the SLO decides the exit code
	@$(if $(CONTEXT),,$(call optimised,loadtest) && $(EMBEDDED) images --services-only loadtest)
	@$(call program,loadtest) run $(CONTEXT_FLAG) $(ARGS)

lint: setup ## formatting, clippy, licences and duplicate versions; warnings are errors
	@.ci/setup cargo-deny
	@cargo fmt --all --check
	@cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
	@cargo clippy --quiet --locked --workspace --test features -- -D warnings
	@cargo deny --log-level error check bans licenses sources

fmt: ## format everything
	@cargo fmt --all

report: ## where the last report is, and what it said
	@$(CLI) report $(ARGS)

doctor: ## what this machine and this cluster have and lack
	@$(if $(CONTEXT),,$(EMBEDDED) doctor || true)
	@$(CLI) doctor $(CONTEXT_FLAG) $(ARGS)

node-life: machine ## the embedded cluster through kill -9, up and down; nothing of it may be left (ends every pod)
	@$(BUILD) --bin embedded
	@.ci/node-life
