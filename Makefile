# Everything one can do here, self-installing: `make help`.
#
# A target installs what it needs first and does so once: stamps in .venv and node_modules remember.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PORT ?= 8000
DATA ?= $(CURDIR)/demo-data
ENGINE ?= both
T ?= tests
CASE ?= long

PY := .venv/bin/python
SOURCES := portal cases viewer realtime tests bench scripts
existing = $(wildcard $(SOURCES))

RUNTIME := .venv/.runtime
DEV := .venv/.dev
NODE_MODULES := node_modules/.installed
CLIENT := static/manifest.json
CATALOGUES := locale/build/.built

.PHONY: help demo serve test test-fast fuzz kill lint format build bench lock setup-tests migrations clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: build ## Run the portal with a demo world: make demo PORT=8123 DATA=/some/folder
	@$(PY) -m compileall -q portal cases viewer realtime migrations
	@PYTHONDONTWRITEBYTECODE=1 $(PY) -m portal demo --data "$(DATA)" --port $(PORT)

ifndef HDS_CONFIG
serve: export HDS_DATA ?= $(CURDIR)/data
serve: export HDS_PORT ?= $(PORT)
endif
serve: build ## Run the portal without demo data; settings are HDS_* variables
	@$(PY) -m portal init
	@$(PY) -m portal migrate
	@exec $(PY) -m portal serve

test: $(DEV) build setup-tests ## Run every test, on SQLite and on PostgreSQL
	$(PY) -m pytest $(T) --engine $(ENGINE) -n auto --dist worksteal

test-fast: $(DEV) build ## Run the tests without browser, on SQLite only
	$(PY) -m pytest $(T) --engine sqlite -n auto --dist worksteal -m "not browser"

fuzz: $(DEV) build setup-tests ## Spoil 120,000 files and upload them; again one of them: make fuzz CASE=dicom/4711
	FUZZ=$(CASE) $(PY) -m pytest tests/fuzzing -n auto --dist worksteal

kill: $(DEV) build setup-tests ## Kill servers and cut lines in large uploads, as often as the goals say
	FUZZ=long $(PY) -m pytest tests/studies/test_surviving.py tests/carrying/test_cut_lines.py

lint: $(DEV) $(NODE_MODULES) ## Look for faults without running anything
	.venv/bin/ruff check $(existing)
	.venv/bin/ruff format --check $(existing)
	.venv/bin/mypy
	.venv/bin/lint-imports
	scripts/node node_modules/typescript/bin/tsc --noEmit

format: $(DEV) ## Bring the Python sources into the one form
	.venv/bin/ruff check --fix $(existing)
	.venv/bin/ruff format $(existing)

build: $(CLIENT) $(CATALOGUES) ## Build the front end and the translations

bench: $(DEV) build ## Measure, beside the named thing, in one run
	$(PY) -m bench

lock: $(DEV) ## Resolve the requirements anew
	scripts/lock

migrations: $(DEV) ## Write what the tables lack: make migrations NAME="what it does"
	$(PY) -m portal makemigrations $(if $(NAME),--name "$(NAME)")

setup-tests: ## Install the browser and the servers that tests need
	@scripts/install-for-tests

clean: ## Remove what was installed and built; demo data stays
	rm -rf .venv node_modules static locale/build

$(RUNTIME): requirements.lock requirements-build.lock | .venv/pyvenv.cfg
	scripts/install-packages requirements.lock requirements-build.lock
	@touch $@

$(DEV): requirements-dev.lock | .venv/pyvenv.cfg
	scripts/install-packages requirements-dev.lock
	@touch $@ $(RUNTIME)

.venv/pyvenv.cfg:
	scripts/make-venv

$(NODE_MODULES): package.json package-lock.json .npmrc | $(RUNTIME)
	@echo "installing browser packages ..."
	scripts/node npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(CLIENT): $(NODE_MODULES) $(shell find client viewer/web -type f 2>/dev/null)
	scripts/node client/build.mjs
	@touch $@

$(CATALOGUES): $(wildcard locale/de/*.po) scripts/catalogues.py | $(RUNTIME)
	$(PY) scripts/catalogues.py build
	@touch $@
