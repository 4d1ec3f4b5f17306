# The whole relay with one command, its tests with another. `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?= -n 2 --dist worksteal
.DEFAULT_GOAL := help
.PHONY: help run demo test lint style types walls contracts schemas lock bench score faults fuzz docs clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

run: $(VENV)/.run ## the whole relay on real servers, with the example networks
	@exec $(BIN)/relay up $(ARGS)

demo: $(VENV)/.run ## the relay, and the evening of 14 May 2022 in Dalston played through it
	@RELAY_HOME=$${RELAY_HOME:-.relay-demo} exec $(BIN)/relay demo --ports auto $(ARGS)

test: lint ## everything that must hold: lint, types, walls, contracts, and all tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: style types walls contracts ## style, types, import walls, and drift of generated contracts

style: $(VENV)/.dev
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .

types: $(VENV)/.dev
	$(BIN)/mypy --no-error-summary .

walls: $(VENV)/.dev
	$(BIN)/lint-imports --no-cache

contracts: $(VENV)/.dev
	$(BIN)/python -m alert_relay.schemas --check

schemas: $(VENV)/.dev ## write the generated contracts anew (JSON Schema, OpenAPI)
	$(BIN)/python -m alert_relay.schemas

lock: $(VENV)/.dev ## pin all dependencies anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev \
	  -c requirements.lock pyproject.toml -o requirements-dev.lock

bench: $(VENV)/.dev ## measure the relay beside its peers; last line is JSON
	$(BIN)/python -m bench $(ARGS)

score: $(VENV)/.dev ## the judgement on the part of the corpus that it is not tuned on (ARGS="--geodata DIR")
	$(BIN)/python -m tests.corpus unseen $(ARGS)

faults: $(VENV)/.dev ## 5,000 reports under 30 kills; last line is JSON
	$(BIN)/python -m tests.faults.campaign $(ARGS)

fuzz: $(VENV)/.dev ## every parser of what strangers send, for ten minutes (ARGS="--target NAME --seconds N")
	$(BIN)/python -m tests.fuzz $(ARGS)

docs: $(VENV)/.dev ## generate the plug-in pages and check every link in the documents
	$(BIN)/python -m alert_relay.pages $(ARGS)

clean: ## remove what was generated here (never .relay/)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
