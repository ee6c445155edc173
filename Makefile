# Creditbook. `make` alone lists what can be made. Needs Python 3.11 or newer and make; everything else is installed.

VENV    := .venv
BIN     := $(VENV)/bin
RUNTIME := $(VENV)/.creditbook-runtime
DEV     := $(VENV)/.creditbook-dev
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK    := $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 \
           --no-emit-index-url --no-annotate --custom-compile-command "make lock"

HOST ?= 127.0.0.1
PORT ?= 8501
# Two workers: what a small machine has. `make test WORKERS=0` runs in one process.
WORKERS ?= 2
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install run test check format lock wheel bench bench-reading backtest interop soak fuzz-api faults-api mutants screenshots api-examples clean

help: ## list the targets
	@echo "Creditbook: make …"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | \
	  while IFS='|' read -r name does; do printf '  %-12s %s\n' "$$name" "$$does"; done

# Stamps: a second `make test` installs nothing; a changed lock installs what changed.
$(BIN)/python:
	@for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Creating $(VENV) with $$("$$candidate" --version)"; \
	    "$$candidate" -m venv $(VENV) && exit 0; \
	  fi; \
	done; \
	echo "Creditbook needs Python 3.11 or newer (with venv). Say which: make PYTHON=/path/to/python3.11 …" >&2; exit 1

$(RUNTIME): $(BIN)/python requirements.txt pyproject.toml
	@echo "Downloading and installing $$(grep -c == requirements.txt) packages that Creditbook runs on (requirements.txt)."
	@echo "The first time this takes a few minutes in which pip is quiet; later starts skip it."
	@$(PIP) --requirement requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.txt
	@echo "Installing what its tests and checks need (requirements-dev.txt): a few quiet minutes, once."
	@$(PIP) --requirement requirements-dev.txt
	@touch $@

install: $(DEV) ## install everything into .venv

run: $(RUNTIME) ## create data/demo.db, load the demo, serve dashboard and API (HOST=, PORT=)
	@mkdir -p data
	@test -s data/demo.db || echo "Filling data/demo.db with four months of sample usage: half a minute, once."
	@CREDITBOOK_DATABASE_URL=sqlite:///data/demo.db $(BIN)/creditbook demo
	@CREDITBOOK_DATABASE_URL=sqlite:///data/demo.db $(BIN)/creditbook serve --host $(HOST) --port $(PORT) || \
	  test $$? -eq 130 # Ctrl-C is how it ends

test: $(DEV) ## run every test: SQLite, a real PostgreSQL, a real browser (ARGS="-k grant")
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(DEV) ## ruff, mypy --strict, and the arrows between the parts of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest --quiet tests/test_house.py

format: $(DEV) ## let ruff lay the code out and mend what it safely can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(DEV) ## pin requirements*.txt anew from pyproject.toml and requirements*.in (ARGS="--upgrade")
	@$(LOCK) $(ARGS) pyproject.toml requirements.in --output-file requirements.txt
	@$(LOCK) $(ARGS) requirements-dev.in --output-file requirements-dev.txt

wheel: $(DEV) ## build dist/creditbook-….whl, which carries the whole site
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

bench: $(DEV) ## the complete path beside its floor, on both databases (ARGS="--quick")
	@$(BIN)/python -m benchmarks $(ARGS)

backtest: $(DEV) ## how far off the forecast was on the real traces, beside "the last seven days again"
	@$(BIN)/python -m benchmarks.backtest $(ARGS)

bench-reading: $(DEV) ## the page of usage on ten million transactions, beside DuckDB (ARGS="--transactions 100000")
	@$(BIN)/python -m benchmarks.reading $(ARGS)

soak: $(DEV) ## thousands of steps against the model, and eight busy years, on plain values and both databases
	@HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest --numprocesses $(WORKERS) tests/model tests/simulation $(ARGS)

fuzz-api: $(DEV) ## ten thousand made-up requests, each judged (ARGS="--cases 50000 --postgres"); stopped, it goes on
	@$(BIN)/python tests/fuzz/thousands.py $(ARGS)

faults-api: $(DEV) ## ten thousand lost answers and a server killed again and again, on both databases (ARGS="--only sqlite")
	@$(BIN)/python tests/faults/thousands.py $(ARGS)

mutants: $(DEV) ## does some test notice each deliberate fault? (ARGS="--only rollover")
	@$(BIN)/python scripts/mutants.py $(ARGS)

# Never in .venv: what this runs is not ours, and one of its releases stole credentials.
.venv-litellm/bin/litellm: scripts/interop.in scripts/interop-overrides.in | $(DEV)
	@$(BIN)/python -m uv venv --quiet --allow-existing .venv-litellm
	@$(BIN)/python -m uv pip install --quiet --python .venv-litellm/bin/python \
	  --override scripts/interop-overrides.in --requirement scripts/interop.in
	@touch $@

interop: .venv-litellm/bin/litellm ## LiteLLM and its proxy, in an environment of their own, post to a running server
	@$(BIN)/python -m pytest --quiet -n0 tests/integrations/litellm_for_real.py $(ARGS)

screenshots: $(DEV) ## every page, light, dark and phone, into docs/screenshots/
	@$(BIN)/python scripts/screenshots.py $(ARGS)

api-examples: $(DEV) ## OpenAPI's examples, recorded anew from real calls, and docs/api-routes.md
	@$(BIN)/python scripts/api_examples.py
	@$(BIN)/python scripts/api_routes.py

clean: ## remove the virtual environment and what the tools left; data/ stays
	@rm -rf $(VENV) .venv-litellm dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
