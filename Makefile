# Everything a developer types. `make` alone lists it.

PYTHON ?= python3
PYTEST_ARGS ?=
BIN := .venv/bin
LOCK := requirements/dev.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## say what every target does
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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
demo: setup ## show the stage at work: a real local Kafka, sample events in, records out
	@$(BIN)/python -m local.demo

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

.PHONY: unit
unit: setup ## run the tests that need no broker
	@$(BIN)/python -m pytest -m "not kafka" $(PYTEST_ARGS)

.PHONY: test
test: lint types ## lint, types and every test; REQUIRE_KAFKA=1 fails where no broker is to be had
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

## Kafka

.PHONY: kafka
kafka: setup ## run a local Kafka until Ctrl-C, and print its address
	@$(BIN)/python -m local

.PHONY: bench
bench: setup ## measure events a second against a local Kafka
	@$(BIN)/python -m bench

## What is generated

.PHONY: contract
contract: setup ## write topics/ anew (declarations, JSON Schemas, AsyncAPI), and the README's table of settings
	@$(BIN)/python -m correlator.topics.contract
	@$(BIN)/python -m local.readme

COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --quiet $(if $(UPGRADE),--upgrade) \
	--custom-compile-command "make lock"

.PHONY: lock
lock: setup ## write the locks in requirements/ anew from pyproject.toml; UPGRADE=1 takes newer versions
	@$(COMPILE) pyproject.toml --extra rocksdb --output-file requirements/runtime.txt
	@$(COMPILE) --group build --output-file requirements/build.txt
	@$(COMPILE) pyproject.toml --extra rocksdb --group dev --output-file $(LOCK) \
		--constraint requirements/runtime.txt --constraint requirements/build.txt

.PHONY: image
image: ## build the container image correlator:VERSION (needs a Docker engine)
	docker build --tag "correlator:$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' correlator/__init__.py)" .

.PHONY: clean
clean: ## remove what was made: .venv, caches, builds (the Kafka in your cache directory stays)
	@rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
