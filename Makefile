# make demo     set up what is needed and diagnose a real capture
# make test     everything: format, lint, types, import law, tests (as CI does)
# make lab      real nodes in network namespaces, and what distscope says of them, live and from file (tests/lab/README.md);
#               make lab SCENARIO=cookie-mismatch-25-28 plays one, and says where its capture is
# make check    format, lint, types and import law alone
# make lowest   the core of the tests with the oldest releases of every dependency that pyproject.toml allows
# make wheel    build and install what a user gets, and let it work
# make lock     write the versions and hashes of requirements-*.lock anew (with uv)
# make golden   write the golden reports anew; read the diff before you commit it
# make mutation change the code in small ways and see whether the tests notice (an hour or so; see docs/mutation.md)
# make bench    measure speed and memory against tcpdump, tshark and dpkt (minutes; see tests/benchmarks/README.md)
# make samples  write the synthetic captures, and the table of samples/README.md, anew
# make docs     write docs/rules.md, docs/verdicts/, docs/states.md, docs/cli.md and the page of --help anew
# make clean    remove what make made
#
# Needs python3 (3.11 or newer). Whatever else is missing is installed: Python packages into .venv, Debian packages
# with apt-get where you are root; where you are not, .ci/need says what to install.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOWEST := $(VENV)/lowest
EDITABLE := --config-settings editable_mode=compat
# As pip does it with a wheel: else every start would, where PYTHONDONTWRITEBYTECODE is set, as it is in many containers.
COMPILED := $(BIN)/python -m compileall -q analyzer dissectors
CORE   := tests/dissectors/test_scapy_layers.py tests/analyzer/capture tests/analyzer/decode tests/analyzer/sessions \
          tests/analyzer/sieve tests/analyzer/report tests/analyzer/cli tests/analyzer/attach tests/analyzer/service \
          tests/test_samples.py
LOCK   := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras \
          --custom-compile-command 'make lock' pyproject.toml
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Set WITHOUT_TSHARK=1 to run the tests on a machine where tshark can't be had: the second opinion is then left out, loudly.
# WITHOUT_BROWSER=1 does the same for chromium, which looks at the HTML reports, and WITHOUT_LAB=1 for the lab, which takes
# minutes.
export WITHOUT_TSHARK WITHOUT_BROWSER WITHOUT_LAB

.PHONY: demo test lab check golden samples docs bench fuzz mutation lowest wheel lock clean
.DELETE_ON_ERROR:

demo: $(VENV)/.runtime
	@echo '$$ distscope analyze samples/handshake/cookie-mismatch.pcap'
	@$(BIN)/distscope analyze samples/handshake/cookie-mismatch.pcap || [ $$? -eq 1 ]

test: check
	@.ci/wheel $(BIN)/python
	$(if $(WITHOUT_TSHARK),,@.ci/need tshark tshark && .ci/need tcpdump tcpdump)
	@[ "$$(id -u)" -ne 0 ] || .ci/need ip iproute2
	@.ci/need rt-setup-database-5 request-tracker5 rt5-db-sqlite rt5-standalone || \
	  { [ -z "$$CI" ] && echo 'Going on all the same: what needs a real Request Tracker is left out of the tests.' >&2; }
	$(if $(WITHOUT_BROWSER),,@.ci/need chromium chromium && .ci/need chromedriver chromium-driver)
	$(if $(WITHOUT_LAB),,@.ci/lab $(BIN)/pip)
	$(BIN)/pytest

# SCENARIO: a name, or several, or patterns: SCENARIO="'tls-*' 'cookie-*'".
lab: $(VENV)/.dev
	@.ci/lab $(BIN)/pip
	@$(BIN)/python -m tests.lab $(SCENARIO)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: $(VENV)/.dev
	$(BIN)/pytest -q tests/test_samples.py tests/test_docs.py -k 'golden_report or real_report' --update-golden

# BENCH='unrelated --size 200M' measures less; see --help.
bench: $(VENV)/.dev
	@.ci/need tshark tshark && .ci/need tcpdump tcpdump
	@$(BIN)/python -m tests.benchmarks.compare $(BENCH)

# FUZZ='epmd tls --seconds 600' fuzzes less, and longer; see docs/fuzzing.md.
fuzz: $(VENV)/.dev
	@$(BIN)/python -m tests.fuzz $(FUZZ)

# MUTATION='dissectors/epmd.py analyzer/rules/link --most 200' tries more of less; see docs/mutation.md.
mutation: $(VENV)/.dev
	@$(BIN)/pip install --quiet --upgrade 'pip>=25.1'  # for dependency groups (PEP 735)
	@$(BIN)/pip install --quiet --group mutation
	@$(BIN)/python -m tests.mutation $(MUTATION)

samples: $(VENV)/.dev
	$(BIN)/python -m samples.recipes
	$(BIN)/python -m samples.provenance

docs: $(VENV)/.dev
	$(BIN)/python -m docs.generate

# The oldest releases that pyproject.toml allows, in a venv of their own, and the core of the tests with them.
lowest: $(LOWEST)/.installed
	$(LOWEST)/bin/pytest -q -p no:cacheprovider $(CORE)

# What a user gets: a wheel of this tree with what it declares, and no more, at work.
wheel: | $(BIN)/python
	@.ci/wheel $(BIN)/python

# The newest releases, and the oldest ones. Needs uv; read the diff, and docs/dependencies.md.
lock:
	$(LOCK) --upgrade --group dev --output-file requirements-dev.lock
	$(LOCK) --upgrade --group tests --resolution lowest-direct --output-file requirements-lowest.lock

clean:
	rm -rf $(VENV) .bench .lab build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: made once, and again when pyproject.toml changes.
$(BIN)/python:
	@.ci/need $(PYTHON) python3
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'distscope needs Python 3.11 or newer, and $(PYTHON) is older. Try: make PYTHON=python3.12' >&2; exit 1; }
	@.ci/need --module $(PYTHON) ensurepip python3-venv
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.runtime: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable . $(EDITABLE)
	@$(COMPILED)
	@touch $@

# Nothing that its hash does not vouch for: the backend that builds distscope itself is in the lock, too.
$(VENV)/.dev: pyproject.toml requirements-dev.lock | $(BIN)/python
	$(BIN)/pip install --quiet --no-deps --require-hashes --requirement requirements-dev.lock
	PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --no-deps --no-build-isolation --editable . $(EDITABLE)
	@$(COMPILED)
	@touch $(VENV)/.runtime $@

$(LOWEST)/.installed: pyproject.toml requirements-lowest.lock | $(BIN)/python
	$(BIN)/python -m venv --clear $(LOWEST)
	$(LOWEST)/bin/pip install --quiet --no-deps --require-hashes --requirement requirements-lowest.lock
	$(LOWEST)/bin/pip install --quiet --no-deps --no-build-isolation --editable . $(EDITABLE)
	@touch $@
