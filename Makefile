# Everything a developer types. `make` alone lists it.

PYTHON ?= python3
PYTEST_ARGS ?=
# Tests wait more than they work: two at a time, each process with a broker of its own.
JOBS ?= 2
BIN := .venv/bin
LOCK := requirements/dev.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## say what every target does
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## Set-up: .venv holds what the lock says, no more, and the package itself in editable form.

.venv/.locked: $(LOCK)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: set PYTHON to one, as in make PYTHON=python3.12.")'
	@echo "setting up .venv from $(LOCK)"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	@touch $@

.venv/.installed: .venv/.locked pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: .venv/.installed ## make .venv from the lock (only when the lock changed)

.PHONY: demo
demo: setup ## show the stage at work: a real local Kafka, sample events in, records out; STAY=1 for its page, too
	@$(BIN)/python -m demo $(if $(STAY),--stay)

VERSION ?= 3.9.1

.PHONY: demo-prefect
demo-prefect: setup ## the same of a real Prefect server: what happens on it now, through the bridge; VERSION=3.9.1 STAY=1
	@$(BIN)/python -m sessions.demo $(VERSION) $(if $(STAY),--stay)

## Checks

.PHONY: lint
lint: setup ## check style and common mistakes (ruff)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: format
format: setup ## put the code into the project's style, and mend what ruff can
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: types
types: setup ## check types (mypy --strict)
	@$(BIN)/mypy

.PHONY: audit
audit: setup ## ask PyPI for known vulnerabilities of what is shipped (no part of `make test`: it wants pypi.org itself)
	@$(BIN)/uv tool run --quiet pip-audit --requirement requirements/runtime.txt --disable-pip --require-hashes --strict

.PHONY: unit
unit: setup ## run the tests that need no broker
	@$(BIN)/python -m pytest -m "not kafka" $(PYTEST_ARGS)

.PHONY: test
test: lint types ## lint, types and every test; REQUIRE_KAFKA=1 fails where no broker is available
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadgroup $(PYTEST_ARGS)

## Kafka

.PHONY: kafka
kafka: setup ## run a local Kafka until Ctrl-C, and print its address
	@$(BIN)/python -m local

.PHONY: brokers
brokers: setup ## try releases of Apache Kafka, two minutes each: the demo and some tests; RELEASES="2.5.1 4.0.0" WRITE=1
	@$(BIN)/python -m tools.brokers $(RELEASES) $(if $(WRITE),--write)

BENCH_OPTIONS = $(if $(QUICK),--quick) $(if $(PAIRS),--pairs $(PAIRS)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	$(foreach name,$(ONLY),--only $(name)) $(if $(WRITE),--write)

.PHONY: bench
bench: setup ## measure the stage and its peers on one local Kafka: QUICK=1 PAIRS=100000 ROUNDS=5 ONLY="stage-1 quix" WRITE=1
	@$(BIN)/python -m bench $(strip $(BENCH_OPTIONS))

LIVE_OPTIONS = $(foreach n,$(PARTITIONS),--partitions $(n)) $(foreach n,$(RATE),--rate $(n)) $(if $(WORKERS),--workers $(WORKERS)) \
	$(if $(BROKERS),--brokers $(BROKERS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(foreach name,$(ONLY),--only $(name)) \
	$(if $(BEFORE),--before $(BEFORE)) $(if $(WRITE),--write)

.PHONY: bench-live
bench-live: setup ## latency and CPU at a steady load, beside Kafka Streams: PARTITIONS="4 32" RATE=1000 WORKERS=2 BROKERS=3 WRITE=1
	@$(BIN)/python -m bench.live $(strip $(LIVE_OPTIONS))

CHAOS_OPTIONS = $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(BROKERS),--brokers $(BROKERS)) \
	$(if $(PARTITIONS),--partitions $(PARTITIONS)) $(if $(WORKERS),--workers $(WORKERS)) $(if $(RATE),--rate $(RATE)) $(if $(FAULTS),--faults "$(FAULTS)") \
	$(if $(STORE),--store $(STORE)) $(CHAOS_ARGS)

.PHONY: chaos
chaos: setup ## throw faults at the stage: MINUTES=30 SEED=1 BROKERS=3 PARTITIONS=32 WORKERS=3 RATE=300 FAULTS="a,b" STORE=rocksdb://
	@$(BIN)/python -m chaos $(strip $(CHAOS_OPTIONS))

KUBERNETES_OPTIONS = $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(RATE),--rate $(RATE)) \
	$(if $(ACTS),--acts "$(ACTS)") $(if $(BEFORE),--before $(BEFORE)) $(if $(WRITE),--write)

.PHONY: kubernetes
kubernetes: setup ## take deploy/ on a tour of a real one-node Kubernetes, made here: ACTS="a,b" BEFORE=COMMIT MINUTES=10 SEED=1 WRITE=1
	@$(BIN)/python -m chaos.kubernetes $(strip $(KUBERNETES_OPTIONS))

.PHONY: prefect-session
prefect-session: setup ## drive a session on a real Prefect server, and judge its records by what was done: VERSION=3.9.1 LONG=1
	@$(BIN)/python -m sessions drive $(VERSION) $(if $(LONG),--long)

KUBERNETES_SESSION_OPTIONS = $(if $(KUBECTL),--kubectl $(KUBECTL)) $(if $(ADDRESS),--address $(ADDRESS)) $(if $(IMAGE),--image $(IMAGE)) \
	--prefect $(VERSION) $(if $(WORKER),--worker $(WORKER)) $(ACTS)

.PHONY: kubernetes-session
kubernetes-session: setup ## drive a session on the Kubernetes that kubectl reaches, and judge its records: ACTS="evicted cancelled"
	@$(BIN)/python -m sessions.kubernetes drive $(strip $(KUBERNETES_SESSION_OPTIONS))

.PHONY: kubernetes-image
kubernetes-image: setup ## build the image of that session's pods, localhost/session-flows:VERSION, as `make image` does; BASE=… its base
	@$(BIN)/python -m sessions.kubernetes image --prefect $(VERSION) $(if $(IMAGE),--image $(IMAGE)) $(if $(BASE),--base $(BASE))

## What is generated

.PHONY: contract
contract: setup ## update topics/ (declarations, JSON Schemas, AsyncAPI), the README's table of settings, parts of docs/ and deploy/
	@$(BIN)/python -m contract.topics
	@$(BIN)/python -m contract.reference
	@$(BIN)/python -m tools.readme
	@$(BIN)/python -m tools.manifests

ASYNCAPI_PARSER := @asyncapi/parser@3.6.3

.PHONY: contract-check
contract-check: setup ## ask AsyncAPI's official parser whether topics/asyncapi.json is right (wants node and npm)
	@npm install --silent --no-fund --no-audit --ignore-scripts --no-save --prefix .venv/asyncapi $(ASYNCAPI_PARSER)
	@NODE_PATH=.venv/asyncapi/node_modules node tests/contracts/asyncapi.cjs topics/asyncapi.json

COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --quiet $(if $(UPGRADE),--upgrade) \
	--custom-compile-command "make lock"

.PHONY: lock
lock: setup ## update the locks in requirements/ and bench/peers/ from pyproject.toml; UPGRADE=1 takes newer versions
	@$(COMPILE) pyproject.toml --extra bridge --extra rocksdb --output-file requirements/runtime.txt
	@$(COMPILE) --group build --output-file requirements/build.txt
	@$(COMPILE) pyproject.toml --extra bridge --extra rocksdb --group dev --output-file $(LOCK) \
		--constraint requirements/runtime.txt --constraint requirements/build.txt
	@for peer in aiokafka confluent-kafka quixstreams bytewax; do \
		$(COMPILE) --group bench-$$peer --output-file bench/peers/requirements/$$peer.txt || exit; done

## A release

DIST ?= dist
# The date in what is built: with the commit's, the same commit gives the same bytes.
DATED = SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct)

.PHONY: dist
dist: setup ## build wheel and sdist into dist/, the same bytes from the same commit, and check what PyPI would
	@rm -f $(DIST)/*.whl $(DIST)/*.tar.gz
	@$(DATED) $(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir $(DIST)
	@$(BIN)/twine check --strict $(DIST)/*.whl $(DIST)/*.tar.gz

.PHONY: sbom
sbom: setup ## write dist/sbom.cdx.json, the Python packages in the image with licences and hashes (CycloneDX)
	@mkdir -p $(DIST)
	@$(DATED) $(BIN)/python -m tools.sbom $(DIST)/sbom.cdx.json

.PHONY: committed
committed:
	@git diff --quiet HEAD || { echo "Files differ from the last commit: commit them, as a release is built from a commit." >&2; exit 1; }

.PHONY: release
release: committed dist sbom ## make dist and sbom, then install the wheel into empty environments and try it there
	@DIST=$(abspath $(DIST)) REQUIRE_INDEX=1 $(BIN)/python -m pytest --quiet tests/release

## Where it runs

.PHONY: image
image: setup ## build the container image correlator:VERSION, with Docker (BuildKit) or else with buildah; BASE=… its base
	@BASE="$(BASE)" $(BIN)/python -m tools.image

.PHONY: deploy-check
deploy-check: setup ## render deploy/ and compose.yaml, and hold them against schemas and lint (wants Go and Maven)
	@$(BIN)/python -m tools.deploy_check
	@REQUIRE_KUSTOMIZE=1 $(BIN)/python -m pytest --quiet tests/deploy/test_side_by_side.py

.PHONY: clean
clean: ## remove what was made: .venv, caches, builds (the Kafka in your cache directory stays)
	@rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
