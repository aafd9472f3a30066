# One line a target. Everything is installed into .venv (the SAM CLI and checkov: .venv-sam, .venv-checkov) from pinned
# hashes; nothing else on the machine is touched.
PYTHON := $(or $(PYTHON),$(shell sh tools/python.sh))
VENV := .venv
RUN := $(VENV)/bin/python
PIP := -m pip install -q -q --disable-pip-version-check

.PHONY: run reset ingest test check lint-template openapi screens lighthouse build build-host bench deploy help
.DEFAULT_GOAL := help

help:            ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*##/\t/'

$(VENV)/.ready: requirements-dev.txt layers/shared/pyproject.toml pyproject.toml
	@test -n "$(PYTHON)"
	@echo "Setting up $(VENV) with $(PYTHON) ..."
	@rm -rf $(VENV) && "$(PYTHON)" -m venv $(VENV)
	@$(RUN) $(PIP) --require-hashes -r requirements-dev.txt
	@$(RUN) $(PIP) --no-deps --no-build-isolation -e layers/shared -e .
	@touch $@

.venv-%/.ready: requirements-%.txt
	@test -n "$(PYTHON)"
	@echo "Setting up .venv-$* ..."
	@rm -rf .venv-$* && "$(PYTHON)" -m venv .venv-$*
	@.venv-$*/bin/python $(PIP) --require-hashes -r requirements-$*.txt
	@touch $@

run: $(VENV)/.ready   ## the portal with sample data on one port (PORT, default 3000)
	@exec $(RUN) -m local

reset:                ## forget the local run's state
	@"$(PYTHON)" -m local reset

# FILE as the shell has it, for make hands on what it was given: a name may hold blanks and quotes.
ingest: $(VENV)/.ready ## FILE=… put a file of the ERP's in and watch it, into the local run or into STAGE
	@$(RUN) -m tools.ingest $${FILE:+"$$FILE"} $(STAGE)

test: $(VENV)/.ready  ## every test
	@sh tools/test.sh $(RUN)

check: $(VENV)/.ready ## format, lint, types, import contracts, security lint, the template
	@$(VENV)/bin/ruff format --check . && $(VENV)/bin/ruff check . && $(VENV)/bin/mypy && $(VENV)/bin/lint-imports && $(VENV)/bin/bandit -q -c pyproject.toml -r layers functions
	@$(MAKE) -s lint-template

lint-template: $(VENV)/.ready .venv-sam/.ready .venv-checkov/.ready ## cfn-lint, sam validate --lint, checkov
	@$(VENV)/bin/cfn-lint template.yaml
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .venv-sam/bin/sam validate --lint
	@mkdir -p .aws-sam && $(RUN) -m tools.translate > .aws-sam/template.json
	@.venv-checkov/bin/checkov --config-file .checkov.yaml

openapi: $(VENV)/.ready ## docs/openapi.json anew, from what the functions declare
	@$(RUN) -m tools.openapi

screens: $(VENV)/.ready ## docs/screens/: a picture of each page, on a desktop and on a phone
	@$(RUN) -m tests.browser.screens

lighthouse: $(VENV)/.ready ## Lighthouse over each page, logged out and in: medians, and what is below its bar (PAGES= for some)
	@$(RUN) -m tests.browser.lighthouse $(PAGES)

build: $(VENV)/.ready .venv-sam/.ready ## what is deployed, into .aws-sam/build (arm64)
	@$(RUN) -m tools.build

build-host: $(VENV)/.ready .venv-sam/.ready ## the same for this machine, into .aws-sam/host
	@$(RUN) -m tools.build --host

bench: build build-host .venv-engines/.ready ## speed and size, side by side with peers: one table of ratios (OPTIONS=--help)
	@$(RUN) -m bench $(OPTIONS)

deploy: build         ## STAGE=dev|test|prod into AWS (OPTIONS=--rotate: a new secret for the edge)
	@$(RUN) -m tools.deploy $(STAGE) $(OPTIONS)
