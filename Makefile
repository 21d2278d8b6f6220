# One place for everything one does with the portal. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
OURS := accounts aftersales attachments billing core devices history jobs logistics notifications \
	parts repairshops scopes sla workorders

export DEMO ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-fast coverage check fmt demo shots walk workflows requirements messages migrations clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
		while IFS="$$(printf '\t')" read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: .venv/.runtime $(CATALOGUES) ## Make .venv and install what the portal runs on

setup-dev: .venv/.dev $(CATALOGUES)

.venv/.runtime: requirements.txt tools/install
	@PYTHON=$(PYTHON) tools/install requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt requirements.txt tools/install
	@PYTHON=$(PYTHON) tools/install requirements-dev.txt
	@touch .venv/.runtime $@

%.mo: %.po | .venv/.runtime
	@$(BIN)/python tools/messages.py --compile

run: setup ## Start the portal: web, worker and clock, with demo people (PORT=8000)
	@$(BIN)/python manage.py serve

test: setup-dev ## Run all tests: SQLite, PostgreSQL with Redis, browser, as far as they are installed
	@$(BIN)/python tools/test.py

test-fast: setup-dev ## Run the quick tests only, on SQLite
	@$(BIN)/python tools/test.py --fast

coverage: setup-dev ## Run the tests on SQLite and show which branches they never took
	@$(BIN)/python tools/test.py --cov

check: setup-dev ## Run every check that needs no test: lint, format, types, floors, Django's own
	@$(BIN)/python tools/check.py

fmt: setup-dev ## Format Python and the tags in templates
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .
	@find templates $(OURS) -name '*.html' -print0 | xargs -0 -r $(BIN)/djade --target-version 5.2

demo: setup ## Load the demo people and orders
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo

shots: setup-dev ## Photograph every page of every role: wide, narrow, dark, Chinese (var/shots)
	@$(BIN)/python tools/shots.py

walk: setup-dev ## Walk an order of 5 and one of 5,000 miners through the pages, time both (var/walk.json)
	@$(BIN)/python tools/walk.py $(ARGS)

workflows: setup ## Write docs/workflows.md from the declared steps
	@$(BIN)/python manage.py workflows

requirements: setup ## Write docs/requirements.md from the marks of the tests
	@$(BIN)/python tools/requirements.py

messages: setup ## Collect the words to translate into locale/, compile them
	@$(BIN)/python tools/messages.py

migrations: setup ## Write migrations for changed models (name them: ARGS="accounts --name add_title")
	@$(BIN)/python manage.py makemigrations $(ARGS)

clean: ## Remove what was generated: virtual environment, catalogues, caches; keeps var/
	@rm -rf .venv .cache htmlcov locale/*/LC_MESSAGES/*.mo
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
