# Plywise needs Python 3.11 or later, make, and a network for the first run. `make` lists the targets.

PYTHON ?= python3
ARGS ?=
JOBS ?= 4
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --no-deps --no-build-isolation --retries 2
LOCKED := $(INSTALL) --require-hashes -r
OFFLINE = { echo "plywise: the pinned packages were not installed: is there a network? (pip's reason is above.)" >&2; exit 1; }
LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

# An environment that was moved with its checkout, or whose Python has gone, is made again in place.
ifneq ($(shell $(VENV)/bin/python -c 'print(open("$(VENV)/venv.stamp").read().strip())' 2>/dev/null),$(CURDIR))
$(shell rm -f $(VENV)/*.stamp)
endif

.PHONY: help play test quick check lock clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1  /p' Makefile

play: $(VENV)/run.stamp ## set up, then play real battles against a bot on a local Showdown server
	@$(VENV)/bin/plywise showdown $(ARGS)

test: check ## set up, then lint, types and all tests but the long ones
	$(VENV)/bin/python -m pytest -n $(JOBS) -m "not long" $(ARGS)

quick: $(VENV)/dev.stamp ## the quick tests, for daily work
	$(VENV)/bin/python -m pytest -n $(JOBS) -m "not slow and not server and not llm" $(ARGS)

check: $(VENV)/dev.stamp ## lint and types only
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

lock: $(VENV)/venv.stamp ## resolve the lock files again (ARGS=--upgrade for newer versions)
	$(PIP) install --quiet uv==0.13.9
	$(LOCK) $(ARGS) pyproject.toml --extra embedded --extra server -o requirements/run.txt
	$(LOCK) $(ARGS) pyproject.toml --extra embedded --extra server --extra data --group dev \
		-c requirements/run.txt -o requirements/dev.txt
	$(LOCK) $(ARGS) requirements/build.in -c requirements/dev.txt -o requirements/build.txt

clean: ## remove the environment and all caches of the checkout (results in outputs/ stay)
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache

# Stamps: a second run starts at once, a changed lock file or pyproject.toml installs again.

$(VENV)/venv.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "plywise: Python 3.11 or later is needed, and '$(PYTHON)' is not that. Name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "==> Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { \
		echo "plywise: '$(PYTHON) -m venv' failed. On Debian and Ubuntu, install the package python3-venv." >&2; exit 1; }
	@echo '$(CURDIR)' > $@

$(VENV)/run.stamp: $(VENV)/venv.stamp requirements/build.txt requirements/run.txt pyproject.toml
	@echo "==> Installing the pinned packages (about 280 MB to fetch, once)"
	@$(LOCKED) requirements/build.txt || $(OFFLINE)
	@$(LOCKED) requirements/run.txt || $(OFFLINE)
	@$(INSTALL) --quiet --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/venv.stamp requirements/build.txt requirements/dev.txt pyproject.toml
	@echo "==> Installing the pinned packages and the tools for development (about 320 MB to fetch, once)"
	@$(LOCKED) requirements/build.txt || $(OFFLINE)
	@$(LOCKED) requirements/dev.txt || $(OFFLINE)
	@$(INSTALL) --quiet --editable .
	@touch $@ $(VENV)/run.stamp
