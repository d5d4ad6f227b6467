# Waybill. `make` alone prints what there is.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The binary is always at target/release/waybill, whatever the user's own settings for cargo are.
export CARGO_TARGET_DIR := $(CURDIR)/target

# The lock file is fixed in CI; a developer may change dependencies and build at once.
LOCKED := $(if $(CI),--locked)
SECTION := scripts/section
# More arguments for the program that `run` and `bench` start: make run ARGS=--no-run.
ARGS :=
# Acts of the cluster story; none: all.
ACTS :=

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build, then start the whole system; plans stay in ./waybill-data
	@echo "waybill: keeps rosters, runs and plans in ./waybill-data; remove that folder to start afresh; Ctrl-C drains and stops"
	@exec target/release/waybill up --data ./waybill-data $(ARGS)

.PHONY: build
build: page ## build target/release/waybill with the page inside
	@scripts/tools system
	cargo build --release --package waybill $(LOCKED)

.PHONY: test
test: ## everything that CI runs: tools, lint, page, documentation, tests
	@$(SECTION) tools scripts/tools
	@$(MAKE) --no-print-directory lint
	@$(SECTION) page scripts/page check
	@$(SECTION) "page in a browser" scripts/page browser
	@$(SECTION) documentation env RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps $(LOCKED)
	@$(SECTION) image scripts/image check
	@$(SECTION) tests scripts/with-tools cargo test --workspace --no-fail-fast $(LOCKED)
	@$(SECTION) cluster scripts/e2e/run

.PHONY: lint
lint: page ## format, clippy, layers, licences and bans, the contract, the chart, alerts
	@scripts/tools system deny buf chart promtool
	@$(SECTION) format cargo fmt --all --check
	@$(SECTION) layers scripts/layers
	@$(SECTION) clippy cargo clippy --workspace --all-targets $(LOCKED) -- -D warnings
	@$(SECTION) deny scripts/with-tools scripts/deny
	@$(SECTION) "proto lint" scripts/with-tools scripts/proto-lint
	@$(SECTION) "proto breaking" scripts/with-tools scripts/proto-breaking
	@$(SECTION) chart scripts/chart check
	@$(SECTION) monitoring scripts/monitoring check

.PHONY: bench
bench: build ## run all benchmarks and print a table of each
	@$(SECTION) parts cargo bench --workspace --bench '*' $(LOCKED)
	@$(SECTION) system target/release/waybill bench $(ARGS)

.PHONY: image
image: ## build target/waybill-image.tar: localhost/waybill:dev, one static binary, without a Docker engine
	@scripts/image

.PHONY: e2e
e2e: ## play the cluster story: on $KUBECONFIG, or a cluster that can be started here; ACTS="install restart" for some of it
	@scripts/e2e/run $(ACTS)

.PHONY: page
page: ## build the page into crates/analytics/web/dist when it changed
	@scripts/page build

.PHONY: tools
tools: ## install the pinned tools of lint and test into target/tools
	@scripts/tools

.PHONY: sbom
sbom: ## write target/waybill-image.cdx.json: what the image is made of, as CycloneDX
	@scripts/sbom
