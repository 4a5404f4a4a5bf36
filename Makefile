# Needs Python 3.11 or newer (with venv), git and make. PYTHON=… chooses the interpreter.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo test test-all check format bench torture clean venv

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

demo: venv  ## the main job on real input, step by step
	@$(RUN) tools/demo.py

test: venv  ## the quick tests on the tree, and a trial of the built wheel (minutes)
	@$(RUN) tools/suite.py quick $(PASSES)

test-all: test  ## those, the slow tests, and the wheel on every CPython here
	@$(RUN) tools/suite.py full

check: venv  ## ruff, mypy --strict, and which module may import which
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy
	@$(RUN) tools/floors.py

format: venv  ## let ruff put the code in order
	@$(VENV)/bin/ruff check --fix
	@$(VENV)/bin/ruff format

bench: venv  ## compare with others on generated repositories (minutes)
	@$(RUN) benchmarks/run.py $(ARGS)

torture: venv  ## kill and race at length (ARGS=--short: for a minute)
	@$(RUN) tools/torture.py $(ARGS)

clean:  ## remove what the other targets made
	rm -rf .venv .venv-* build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv:
	@base=$$(sh tools/find-python.sh '$(PYTHON)') && "$$base" tools/environments.py
