# `make demo` shows the program, `make test` proves it, `make help` lists the rest.
# Everything is installed into .venv, from the hash-locked files of requirements/. GNU make 3.81 or later, bash.

SHELL := bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

# The first of these that is new enough and has the venv module; `make PYTHON=/path/to/python3.12 …` decides otherwise.
CANDIDATES := python3.13 python3.12 python3.11 python3
PYTHON ?=
# Extra arguments for the program that a target runs: make test ARGS="-k seal -x"
ARGS ?=
# On all cores, neighbours on the same one for as long as nobody is idle: they share what was prepared for them.
PARALLEL := -n auto --maxprocesses 4 --dist worksteal

VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --no-input

# What is set in the shell of whoever types make must not decide which code or which vault the tests see.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PIP_USER GOVERN_HOME GOVERN_VAULT GOVERN_KEY_FILE
# Nor make every run compile all of the tests anew.
unexport PYTHONDONTWRITEBYTECODE

# A .venv whose Python is gone, or that was moved or copied here with its folder, is made anew.
ifneq ($(shell test "$$(cat $(VENV)/.made 2>/dev/null)" = "$$(pwd -P)" && $(RUN) -c "" 2>/dev/null && echo sound),sound)
$(VENV)/.made: again
endif

# $(call install,LOCKS): one line per package that has to be fetched, silence for what is there; pip's own errors go to stderr.
install = set -o pipefail; PYTHONUNBUFFERED=1 $(PIP) install --require-hashes $(1) \
	| { grep --line-buffered -oE '^(Collecting [^ ]+|Installing)' || true; }

.PHONY: help demo test test-slow load test-platforms test-browser check bench lock clean again

help:
	@echo 'make demo       the whole story on a vault of its own, about a minute'
	@echo 'make test       the tests'
	@echo 'make test-slow  long attack, crash and load tests, and every property on all of its examples'
	@echo 'make load       eight members at once, with its figures (GOVERN_TEST_LOAD=25: fewer procedures than 500 each)'
	@echo 'make test-platforms  rotations on real servers, which it installs into .platforms (25 minutes at most the first time)'
	@echo 'make test-browser    pages on screen and on paper, in chromium, which it installs (Debian, as root, the first time)'
	@echo 'make check      style, types, import contracts; README, --help and docs agree'
	@echo 'make bench      measurements beside their floors (docs/performance.md)'
	@echo 'make lock       writes requirements/*.txt anew from pyproject.toml (UPGRADE=--upgrade for newer versions)'
	@echo 'make clean      removes .venv and caches'
	@echo
	@echo 'PYTHON=/path/to/python3.12 chooses the Python, ARGS="…" is handed on (make test ARGS="-k seal").'

demo: $(VENV)/.core $(VENV)/.project
	@echo '==> govern demo'
	@$(VENV)/bin/govern demo $(ARGS)

test: $(VENV)/.dev $(VENV)/.project
	@echo '==> tests'
	@$(VENV)/bin/pytest $(PARALLEL) $(ARGS)

test-slow: $(VENV)/.dev $(VENV)/.project
	@echo '==> slow tests'
	@$(VENV)/bin/pytest $(PARALLEL) -m "(slow or property) and not platforms and not browser" $(ARGS)

load: $(VENV)/.dev $(VENV)/.project
	@echo '==> eight members at once'
	@$(VENV)/bin/pytest -m slow tests/unit/register/test_load.py $(ARGS)

test-platforms: $(VENV)/.dev $(VENV)/.project
	@echo '==> tests on real servers'
	@$(VENV)/bin/pytest $(PARALLEL) --dist loadfile -m platforms tests/platforms $(ARGS)

test-browser: $(VENV)/.dev $(VENV)/.project
	@echo '==> pages in a browser'
	@$(VENV)/bin/pytest $(PARALLEL) --dist loadgroup -m browser tests/browser $(ARGS)

check: $(VENV)/.dev $(VENV)/.project
	@echo '==> ruff check'
	@$(VENV)/bin/ruff check .
	@echo '==> ruff format --check'
	@$(VENV)/bin/ruff format --check .
	@echo '==> mypy --strict'
	@$(VENV)/bin/mypy
	@echo '==> import contracts'
	@$(VENV)/bin/lint-imports --no-logo --no-cache
	@echo '==> README, --help and docs agree'
	@$(VENV)/bin/pytest $(PARALLEL) tests/docs

bench: $(VENV)/.core $(VENV)/.project
	@echo '==> benchmarks'
	@$(RUN) benchmarks/run.py $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist

# --- what the targets stand on -------------------------------------------------------------------------------------------------------

$(VENV)/.made:
	@here="$$(pwd -P)"; wanted="$(PYTHON)"; \
	if $(RUN) -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && grep -qF "$$here/$(VENV)/bin/" $(VENV)/bin/pip; then \
		echo '==> using the .venv that is there'; printf '%s\n' "$$here" > $@; exit 0; \
	fi; \
	if [ -n "$$wanted" ]; then set -- "$$wanted"; else set -- $(CANDIDATES); fi; \
	chosen=; old=; bare=; \
	for one in "$$@"; do \
		version="$$("$$one" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)" || continue; \
		if ! "$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then old="$$old$$one is $$version; "; continue; fi; \
		if ! "$$one" -c 'import venv, ensurepip' 2>/dev/null; then bare="$$one"; continue; fi; \
		chosen="$$one"; break; \
	done; \
	if [ -z "$$chosen" ] && [ -n "$$bare" ]; then \
		echo "govern needs the venv module of Python, which $$bare lacks (on Debian and Ubuntu: apt install python3-venv); or set PYTHON=…" >&2; exit 1; \
	elif [ -z "$$chosen" ]; then \
		echo "govern needs Python 3.11 or newer; $${old:-none of these runs: $$*; }set PYTHON=/path/to/python3.11" >&2; exit 1; \
	fi; \
	echo "==> making .venv with $$chosen ($$version)"; \
	rm -rf $(VENV) && "$$chosen" -m venv $(VENV) && printf '%s\n' "$$here" > $@

$(VENV)/.core: requirements/core.txt requirements/build.txt $(VENV)/.made
	@echo '==> installing what govern needs, from requirements/core.txt'
	@$(call install,-r requirements/core.txt)
	@$(call install,-r requirements/build.txt)
	@touch $@

# The development lock holds the other two at the same versions, so nothing is fetched twice.
$(VENV)/.dev: requirements/dev.txt $(VENV)/.core
	@echo '==> installing what tests and checks need, from requirements/dev.txt'
	@$(call install,-r requirements/dev.txt)
	@touch $@

# Checksums of all that goes into the wheel: the project is installed again when one of them changed, or a file came or went.
$(VENV)/.sources: again | $(VENV)/.made
	@find govern policies docs/verify.py pyproject.toml README.md LICENSE -type f ! -name '*.pyc' -exec cksum {} + 2>/dev/null | LC_ALL=C sort > $@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(VENV)/.project: $(VENV)/.sources $(VENV)/.core
	@echo '==> installing govern itself'
	@$(PIP) install --quiet --no-index --no-deps --no-build-isolation --force-reinstall .
	@touch $@

# --- locks ---------------------------------------------------------------------------------------------------------------------------

UPGRADE ?=
COMPILE = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' $(UPGRADE)

$(VENV)/.lock: requirements/lock.txt $(VENV)/.made
	@echo '==> installing uv, from requirements/lock.txt'
	@$(call install,-r requirements/lock.txt)
	@touch $@

lock: $(VENV)/.lock
	@echo '==> locking dev, core, build, lock'
	@$(COMPILE) pyproject.toml --extra dev -o requirements/dev.txt
	@$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/core.txt
	@$(COMPILE) --group build -c requirements/dev.txt -o requirements/build.txt
	@$(COMPILE) --group lock -o requirements/lock.txt
