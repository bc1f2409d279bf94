# Countersign. `make help` lists the targets; `make demo` and `make test` install what they need and say so.
.DEFAULT_GOAL := help
.PHONY: help setup demo test unit unit-floors unit-rooms fuzz lint clean lock schema bench
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: ## Install what is missing: Debian packages, uv, Python packages
	@.ci/setup

demo: ## Run the main job on an embedded forge; AUTO=1 approves as a second person and ends by itself
	@.ci/setup demo
	@$(PYTHON) -m tests.stage.demo $(if $(filter 1,$(AUTO)),--auto)

test: setup lint ## Check style and types, then run all tests
	@.venv/bin/pytest

unit: setup ## Run the pure tests in seconds; the laws among them are left to `make test` and `make fuzz`
	@$(MAKE) -j 2 --output-sync=target unit-floors unit-rooms

# Two runs beside one another. Workers of one run would each import every test and what it imports, which takes longer than the tests.
FLOORS := tests/unit/domain tests/unit/attestation
UNIT := PYTHONDONTWRITEBYTECODE= .venv/bin/pytest -q -p no:xdist -p no:logging -p no:cacheprovider -m "not hypothesis"

unit-floors:
	@$(UNIT) $(FLOORS)

unit-rooms:
	@$(UNIT) tests/unit $(FLOORS:%=--ignore=%)

fuzz: setup ## Run the property tests on thousands of new cases
	@.venv/bin/pytest -n auto -m hypothesis --hypothesis-profile=fuzz tests/unit tests/contract tests/integration

lint: setup ## Check style, types and import contracts
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@said=$$(.venv/bin/lint-imports --no-cache --no-logo 2>&1) || { echo "$$said"; exit 1; }
	@.venv/bin/mypy

bench: setup ## Print benchmark figures
	@.venv/bin/pytest tests/bench -s -p no:cacheprovider

schema: setup ## Write policy-schema/ and docs/record.md anew from the types
	@$(PYTHON) -m countersign.cli.main policy schema --write policy-schema
	@$(PYTHON) -m countersign.cli.main audit schema --write policy-schema
	@$(PYTHON) -m countersign.cli.main audit schema --fields --write docs

clean: ## Stop demo and container host, remove their files, images and all caches; tools and packages stay installed
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m tests.stage.clean; fi
	@rm -rf .demo .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

lock: setup ## Resolve the dependencies anew
	@.ci/lock
