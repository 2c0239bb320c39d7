# `make` lists the targets. Only Python 3.11+ and make are needed; everything else lands in .venv.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first interpreter that runs (pyenv leaves dead shims behind), is new enough and can make
# a virtualenv (Debian packages that part as python3-venv).
CANDIDATES := python3.13 python3.12 python3.11 python3 python
PYTHON ?= $(shell for p in $(CANDIDATES); do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v $$p; break; }; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
INSTALLED := .venv/.requirements-sandbox.txt
INSTALLED_DEV := .venv/.requirements-dev.txt
UV_COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header \
	--no-strip-extras --no-emit-index-url --generate-hashes
API ?= $(or $(MX_API),platform)
PYTEST := MX_API=$(API) $(BIN)/python -m pytest --numprocesses 4 --dist loadfile
EXAMPLES ?= 10
SEEDS ?= 200
CLIENTS ?= 3
DAYS ?= 365
TIMES ?= 10
TEST_SETTINGS := DJANGO_SETTINGS_MODULE=tests.settings

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer (with venv) found. Install it (Debian:" \
	"apt-get install python3 python3-venv) or name one: make run PYTHON=/path/to/python3"; exit 1; }
	@echo "Creating .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv

$(INSTALLED): requirements.txt requirements-sandbox.txt | $(BIN)/python
	@echo "Installing requirements.txt and requirements-sandbox.txt"
	@$(INSTALL) -r requirements.txt -r requirements-sandbox.txt
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt | $(BIN)/python
	@echo "Installing requirements-dev.txt"
	@$(INSTALL) -r $<
	@touch $@ $(INSTALLED)

.PHONY: run
run: $(INSTALLED) ## Gateway, worker, MX sandbox and demo page together; API=atrium, API=platform/v20111101
	@$(BIN)/python -m devtools.dev_env
	@$(BIN)/python manage.py up --api $(API)

.PHONY: demo
demo: $(INSTALLED) ## The main job end to end; exit code 0 if every cent is right; API=atrium, API=platform/v20111101
	@$(BIN)/python -m demo.story --api $(API)

.PHONY: sandbox
sandbox: $(INSTALLED) ## The MX sandbox alone
	@mkdir -p var
	@DEBUG=true $(BIN)/python -m sandbox

.PHONY: test
test: $(INSTALLED_DEV) ## The whole default suite: SQLite, nothing external; API=atrium, API=platform/v20111101
	@env -u DATABASE_URL -u REDIS_URL -u BROKER_URL $(PYTEST) -m "not services and not faults and not life and not production" $(ARGS)

.PHONY: test-fast
test-fast: $(INSTALLED_DEV) ## The tests that use no sandbox, server, browser or process: under a minute
	@env -u DATABASE_URL -u REDIS_URL -u BROKER_URL $(PYTEST) -m "fast and not services and not faults and not life and not production" $(ARGS)

.PHONY: test-repeat
test-repeat: $(INSTALLED_DEV) ## The default suite TIMES=10 times, in random orders, both cores kept busy
	@env -u DATABASE_URL -u REDIS_URL -u BROKER_URL MX_API=$(API) $(BIN)/python -m tests.repeat --times $(TIMES) --busy -- \
	--numprocesses 4 --dist loadfile -m "not services and not faults and not life and not production" $(ARGS)

.PHONY: test-services
test-services: $(INSTALLED_DEV) ## The same on DATABASE_URL (PostgreSQL) and REDIS_URL, but for sandbox, pages and what stores nothing
	@test -n "$$DATABASE_URL" && test -n "$$REDIS_URL" || { echo "Set DATABASE_URL and REDIS_URL," \
	"e.g. postgres://postgres@127.0.0.1:5432/postgres and redis://127.0.0.1:6379/15"; exit 1; }
	@$(PYTEST) -m "not faults and not life and not production and not sandbox and not browser and not embedded and (services or not storeless)" $(ARGS)

.PHONY: test-faults
test-faults: $(INSTALLED_DEV) ## Kill, stop and break real processes; FAULTS=long for the full numbers; API
	@mkdir -p var && rm -f var/faults.txt
	@unset DATABASE_URL REDIS_URL BROKER_URL; $(PYTEST) --numprocesses 2 --dist load -m faults tests/faults \
	--ignore tests/faults/test_load.py $(ARGS) && MX_API=$(API) $(BIN)/python -m pytest tests/faults/test_load.py $(ARGS); \
	result=$$?; sort var/faults.txt; exit $$result

.PHONY: test-life
test-life: $(INSTALLED_DEV) ## A simulated year of bank events, compared with the banks; SEEDS, CLIENTS, DAYS, API
	@env -u DATABASE_URL -u REDIS_URL -u BROKER_URL LIFE_SEEDS=$(SEEDS) LIFE_CLIENTS=$(CLIENTS) LIFE_DAYS=$(DAYS) \
	MX_API=$(API) $(BIN)/python -m pytest --numprocesses 2 --dist load -m life tests/life $(ARGS)

.PHONY: test-production
test-production: $(INSTALLED_DEV) ## README's production commands in a new environment, on DATABASE_URL and REDIS_URL
	@test -n "$$DATABASE_URL" && test -n "$$REDIS_URL" || { echo "Set DATABASE_URL and REDIS_URL," \
	"e.g. postgres://postgres@127.0.0.1:5432/postgres and redis://127.0.0.1:6379/13"; exit 1; }
	@$(BIN)/python -m pytest -p no:randomly -m production tests/production $(ARGS)  # one story, in its order

.PHONY: test-contract
test-contract: $(INSTALLED_DEV) ## schemathesis over openapi.yaml; EXAMPLES=300 of each operation, DATABASE_URL
	@$(BIN)/python -m tests.contract --examples $(EXAMPLES) $(ARGS)

.PHONY: test-mx-openapi
test-mx-openapi: $(INSTALLED_DEV) ## Adapter and sandbox against MX's OpenAPI documents in the directory MX_OPENAPI
	@test -n "$$MX_OPENAPI" || { echo "Set MX_OPENAPI to a directory with v20111101.yml and v20250224.yml" \
	"of https://github.com/mxenabled/openapi"; exit 1; }
	@$(BIN)/python -m pytest tests/integrations/vendors/mx/test_openapi_requests.py \
	tests/integrations/vendors/mx/test_openapi_answers.py \
	tests/sandbox/test_platform_openapi.py $(ARGS)

.PHONY: test-mx-client
test-mx-client: $(INSTALLED_DEV) ## MX's Python client of the Platform API, in an environment of its own, against the sandbox
	@$(BIN)/python -m tests.mx_platform_client $(ARGS)

.PHONY: bench
bench: $(INSTALLED_DEV) ## Measure requests, lists, writing, merging and raw SQL, each against baselines
	@$(BIN)/python -m benchmarks.serving
	@$(BIN)/python -m benchmarks.writes $(ARGS)
	@$(BIN)/python -m benchmarks.listing
	@$(BIN)/python -m benchmarks.merges
	@$(BIN)/python -m benchmarks.queries
	@$(BIN)/python -m benchmarks.growth

.PHONY: lint
lint: $(INSTALLED_DEV) ## Style, types, import directions, missing migrations, OpenAPI drift
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint-types lint-others

.PHONY: lint-types
lint-types: $(INSTALLED_DEV)
	@$(BIN)/mypy

.PHONY: lint-others
lint-others: $(INSTALLED_DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/bandit --quiet --configfile pyproject.toml --severity-level medium --recursive .
	@$(BIN)/lint-imports
	@$(TEST_SETTINGS) $(BIN)/python manage.py makemigrations --check --dry-run
	@DJANGO_SETTINGS_MODULE=sandbox.settings SANDBOX_DATABASE=:memory: PYTHONPATH=. \
	$(BIN)/django-admin makemigrations --check --dry-run
	@mkdir -p var
	@$(TEST_SETTINGS) $(BIN)/python manage.py spectacular --validate --fail-on-warn \
	--file var/openapi.yaml
	@diff -u openapi.yaml var/openapi.yaml || { echo "openapi.yaml is stale: make openapi"; exit 1; }

.PHONY: format
format: $(INSTALLED_DEV) ## Sort imports, mend what ruff can mend, format
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

.PHONY: check
check: ## Everything that has to hold before a merge, as CI runs it (installs Debian packages; 15 minutes)
	@.ci/run

.PHONY: coverage
coverage: $(INSTALLED_DEV) ## Branch coverage of both suites together; DATABASE_URL and REDIS_URL as for test-services
	@$(BIN)/coverage erase
	@$(MAKE) test ARGS="--cov --cov-report= $(ARGS)"
	@$(MAKE) test-services ARGS="--cov --cov-append --cov-report= $(ARGS)"
	@$(BIN)/coverage report

.PHONY: audit
audit: $(INSTALLED_DEV) ## Compare the pinned versions with PyPI's advisories (needs the internet)
	@$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.txt

.PHONY: openapi
openapi: $(INSTALLED_DEV) ## Write openapi.yaml from the code
	@$(TEST_SETTINGS) $(BIN)/python manage.py spectacular --validate --fail-on-warn \
	--file openapi.yaml

.PHONY: requirements
requirements: $(INSTALLED_DEV) ## Pin requirements*.txt anew, with hashes, from requirements*.in
	@$(UV_COMPILE) -o requirements.txt requirements.in
	@$(UV_COMPILE) -o requirements-sandbox.txt requirements-sandbox.in
	@$(UV_COMPILE) -o requirements-dev.txt requirements-dev.in
	@$(UV_COMPILE) -o requirements-docs.txt requirements-docs.in

.PHONY: docs
docs: | $(BIN)/python ## The documentation as a site with search, in var/docs; warnings are errors
	@test -x .venv-docs/bin/sphinx-build -a .venv-docs -nt requirements-docs.txt || { \
	$(PYTHON) -m venv .venv-docs && .venv-docs/bin/python -m pip install --quiet --disable-pip-version-check \
	--require-hashes -r requirements-docs.txt && touch .venv-docs; }
	@.venv-docs/bin/sphinx-build --quiet --fail-on-warning --keep-going -b dirhtml docs var/docs
	@echo "var/docs/index.html"

.PHONY: clean
clean: ## Remove .venv and caches; var/ and .env hold data and stay
	@rm -rf .venv .venv-docs .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: test-clients
test-clients: $(INSTALLED_DEV) ## openapi.yaml linted; TypeScript and Python clients generated and run (needs npm)
	@$(BIN)/python -m tests.clients
