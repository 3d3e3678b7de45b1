# The one door. Every target is one line of help; `make` alone prints them.
SHELL  := /bin/sh
PYTHON ?= python3
PORT   ?= 8000
PAGES  ?= .pages
VENV   := .venv
BIN    := $(VENV)/bin
DRILLS := tests/access tests/bench/test_smoke.py tests/browser tests/contracts/test_replay_command.py tests/contracts/test_schemathesis.py tests/domains/test_trail_tampering.py tests/journeys/test_file_claim.py tests/journeys/test_machine.py tests/races tests/recovery/test_defects.py tests/recovery/test_away.py tests/recovery/test_kills.py tests/recovery/test_leftover.py tests/recovery/test_over_live.py tests/recovery/test_recover.py tests/rules/test_access_mutants.py
UP     := --port $(PORT) --demo $(if $(DATA),--data "$(DATA)")

# Compiled once, not by each of the hundreds of processes that tests start, wherever Python was told to keep nothing.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install shop test check pages bench drill docs lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.shop ## prepare .venv with what the shop needs

shop: install ## start the shop with a demo catalogue (PORT=8000, DATA=folder)
	@exec $(BIN)/evertill up $(UP)

test: $(VENV)/.dev ## install what the tests need and run them (ARGS="-k name" for some)
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.dev ## lint, types, and the contracts between rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

pages: $(VENV)/.dev ## look at every page in a browser and keep its pictures in a folder (PAGES=.pages)
	@mkdir -p "$(PAGES)" && rm -f "$(PAGES)"/*.png && printf 'Pictures of every page come into %s\n' "$$(cd "$(PAGES)" && pwd)"
	@$(BIN)/python -m pytest tests/browser/test_pages.py tests/browser/test_account.py -n 0 -q --pages "$(PAGES)" $(ARGS)

bench: $(VENV)/.dev ## measure the shop against its floors; writes bench/results/latest.json
	@$(BIN)/python -m bench $(ARGS)

drill: $(VENV)/.dev ## the long exams, with a printed seed (SEED=, ROUNDS=, ORDERS=)
	@$(BIN)/python -m pytest $(DRILLS) --drill $(if $(SEED),--seed $(SEED)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ORDERS),--orders $(ORDERS)) -n 0 $(ARGS)

docs: $(VENV)/.dev ## rewrite the generated pages of docs/reference
	@$(BIN)/evertill docs

lock: $(VENV)/.dev ## pin the newest allowed versions in the two lock files
	@deploy/lock.sh $(BIN)

clean: ## remove .venv and caches (never a shop's data)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/.shop: requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" deploy/install.sh $(VENV) requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.shop
	@deploy/tools.sh curl wrk age zstd sshd=openssh-server chromium fonts-wqy-microhei
	@PYTHON="$(PYTHON)" deploy/install.sh $(VENV) requirements-dev.lock
	@touch $@
