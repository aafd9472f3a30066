# One line a target. Everything is installed into .venv from pinned hashes; nothing else on the machine is touched.
PYTHON := $(or $(PYTHON),$(shell sh tools/python.sh))
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: run test check reset help
.DEFAULT_GOAL := help

help:            ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*##/\t/'

$(VENV)/.ready: requirements-dev.txt layers/shared/pyproject.toml
	@test -n "$(PYTHON)"
	@echo "Setting up $(VENV) with $(PYTHON) ..."
	@rm -rf $(VENV) && "$(PYTHON)" -m venv $(VENV)
	@$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(RUN) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e layers/shared
	@touch $@

run: $(VENV)/.ready   ## the portal with sample data on one port (PORT, default 3000)
	@exec $(RUN) -m local

reset:                ## forget the local run's state
	@"$(PYTHON)" -m local reset

test: $(VENV)/.ready  ## every test
	@$(RUN) -m pytest

check: $(VENV)/.ready ## format, lint, types, import contracts
	@$(VENV)/bin/ruff format --check . && $(VENV)/bin/ruff check . && $(VENV)/bin/mypy && $(VENV)/bin/lint-imports
