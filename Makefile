# `make app` and `make test` set themselves up on a fresh machine; a second call skips what is done.
# The environment lives in .venv; pip's own settings (index, proxy, certificates) apply as usual.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PORT ?= 8501
STREAMLIT_ARGS ?=
PYTEST_ARGS ?=
# Files of tests run side by side, one a core; one that waits for a browser leaves room for another.
TEST_JOBS ?= 2
JOB ?= extrapolation
DATA ?=

VENV := .venv
RUN := $(VENV)/bin/python
# What numba compiles for librosa stays inside the environment.
export NUMBA_CACHE_DIR := $(CURDIR)/$(VENV)/numba
HAS_BROWSER := command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null
# Succeeds for a Python that this project supports (pyproject.toml, requires-python).
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# Packages from Debian's archive, as root or through sudo; fails where there is no apt.
APT := sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); apt() { command -v apt-get >/dev/null && \
  { [ -z "$$sudo" ] || command -v sudo >/dev/null; } && $$sudo apt-get -qq update && \
  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$$@" \
  >/dev/null; }

.PHONY: help
help:
	@echo "make app                   start Encore on port $(PORT)"
	@echo "make test                  lint, types, tests (PYTEST_ARGS=... for some of them)"
	@echo "make benchmark DATA=DIR    measure the engines (JOB=$(JOB)) into benchmarks/results/"
	@echo "make gallery               make the finished examples again (DATA=DIR: the excerpts too)"
	@echo "make pictures              take the README's pictures again (needs Chromium)"
	@echo "make container             run the Dockerfile's steps without Docker (as root, Linux)"
	@echo "make lock                  compile requirements*.in into requirements*.txt"

.PHONY: app
app: $(VENV)/warm.stamp
	$(RUN) -m streamlit run app.py --server.port $(PORT) $(STREAMLIT_ARGS)

.PHONY: test
test: $(VENV)/dev.stamp $(VENV)/warm.stamp browser
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(HAS_BROWSER) || marks="not browser"; \
	jobs=(-n $(TEST_JOBS) --dist loadfile); [ -z "$(PYTEST_ARGS)" ] || jobs=(); \
	$(RUN) -m pytest -q --durations=15 -m "$${marks:-}" "$${jobs[@]}" $(PYTEST_ARGS)

.PHONY: benchmark
benchmark: need-data $(VENV)/app.stamp
	$(RUN) -m benchmarks $(JOB) --data "$(DATA)" --json benchmarks/results/$(JOB).json

.PHONY: gallery
gallery: $(VENV)/app.stamp
	$(RUN) -m benchmarks.gallery $(if $(DATA),--data "$(DATA)")
	$(RUN) -m benchmarks.gallery --job compose
	$(RUN) -m benchmarks.gallery_sample
	$(RUN) -m benchmarks.gallery_compare
	$(RUN) -m benchmarks.gallery_remix $(if $(DATA),--data "$(DATA)")
	$(if $(DATA),$(RUN) -m benchmarks.gallery_notes --data "$(DATA)")

.PHONY: pictures
pictures: $(VENV)/dev.stamp $(VENV)/warm.stamp browser
	$(RUN) -m benchmarks.pictures

.PHONY: lock
lock: $(VENV)/dev.stamp
	for name in requirements requirements-dev; do \
	  $(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
	    $$name.in -o $$name.txt; \
	done

.PHONY: need-data
need-data:
	@[ -n "$(DATA)" ] || { echo "Say where the data is: DATA=DIR (see training/README.md)"; exit 2; }

# tests/browser drives a real Chromium. CI must have one; elsewhere its tests are left out without.
.PHONY: browser
browser:
	@$(HAS_BROWSER) && exit 0; $(APT); \
	echo "Installing Chromium for the browser tests"; \
	apt chromium || { echo "No Chromium here: the browser tests are left out"; [ -z "$${CI:-}" ]; }

$(VENV)/app.stamp: requirements.txt $(VENV)/python.stamp
	$(RUN) -m pip install --quiet -r requirements.txt
	@touch $@

# librosa compiles some of itself at the first use, half a minute that no visitor should wait for.
$(VENV)/warm.stamp: $(VENV)/app.stamp
	@echo "Warming up (once)"
	@$(RUN) -m core.warm
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/python.stamp
	$(RUN) -m pip install --quiet -r requirements-dev.txt
	@touch $@ $(VENV)/app.stamp

# A sound environment is kept; a missing, half-made or too old one is made anew.
$(VENV)/python.stamp:
	@if ! $(RUN) -c '$(SUPPORTED)' 2>/dev/null || ! $(RUN) -m pip --version >/dev/null 2>&1; then \
	  $(APT); \
	  find_python() { for name in python3 python3.13 python3.12 python3.11; do \
	    if $$name -c '$(SUPPORTED)' 2>/dev/null; then echo $$name; return; fi; done; return 1; }; \
	  if ! python=$$(find_python); then \
	    apt python3 python3-venv && python=$$(find_python) || \
	      { echo "Encore needs Python 3.11, 3.12 or 3.13: install one and try again"; exit 1; }; \
	  fi; \
	  echo "Making $(VENV) with $$($$python --version)"; \
	  $$python -m venv --clear $(VENV) 2>/dev/null || \
	    { apt python3-venv && $$python -m venv --clear $(VENV); }; \
	fi
	@touch $@

.PHONY: container
container: $(VENV)/app.stamp
	$(RUN) .ci/container.py $(if $(REUSE),--venv $(VENV))
