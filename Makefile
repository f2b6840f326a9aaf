# Two commands matter: `make run` and `make test`. Both set themselves up in .venv/ and are quick the second time.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := run
.PHONY: run test lint types contracts tests bench torture snapshots docs clean

# The workbench on the sample namespace; without a terminal, the sample flow with its log on standard output.
run: .venv/base
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/podium sample_namespace; \
	else exec $(BIN)/podium run --workspace sample_namespace api_example; fi

# Everything that CI runs.
test: lint types contracts tests

lint: .venv/dev
	$(BIN)/ruff check app tests bench
	$(BIN)/ruff format --check app tests bench

types: .venv/dev
	$(BIN)/mypy

contracts: .venv/dev
	$(BIN)/lint-imports

tests: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

# The pages that are made from the declarations of the types: docs/reference/ and docs/diagnostics.md.
docs: .venv/base
	$(BIN)/python -m podium.tasks.reference docs

# Speed, as numbers and ratios; minutes, not seconds.
bench: .venv/dev
	@for program in bench/*.py; do echo "== $$program"; $(BIN)/python $$program || exit 1; done

# Kills runners at random points for a long time, and looks for examples that no test has seen yet.
torture: .venv/dev
	$(BIN)/python -m pytest tests/engine tests/model tests/expressions tests/base -n 2 -q --hypothesis-profile=searching
	$(BIN)/python -m pytest tests/torture -m "slow or not slow" -q --torture

# Draw the pictures of the screens anew; look at them before you commit them.
snapshots: .venv/dev
	$(BIN)/python -m pytest tests/workbench --snapshot-update -q

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/base: pyproject.toml
	@echo "Setting up Podium in .venv (once, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { \
	  echo "$(PYTHON) cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Podium needs Python 3.11 or newer. Name one: make PYTHON=python3.12 run"; rm -rf .venv; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/dev: .venv/base
	@echo "Installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
