# A fresh machine needs Python (3.11 or newer) and make; every target does its own set-up.
#   make search   set up, then run the main job
#   make test     set up, then linters, types, import rules and tests
#   make test-oldest   the tests with the lowest versions that pyproject.toml admits
#   make docs     build the documentation site into build/site
#   make wheel-check   does the wheel work in a fresh environment of each Python?
#   make lock     write requirements.lock anew from pyproject.toml
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OLDEST := $(VENV)-oldest
PYTHONS ?= 3.11 3.12 3.13

.PHONY: setup search test test-oldest lint docs wheel-check lock clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

search: $(READY)
	$(BIN)/python -m nas.search --strategy evolution

# Many tests wait for processes that they start, so there is one more of them than cores (two).
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder

test: lint
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --durations=40

# What is installed with them is as new as it can be. Tests that look at a page in a browser or start
# a cluster of two machines say nothing about versions and are left out.
test-oldest: $(OLDEST)/.ready
	$(OLDEST)/bin/python -m pytest $(SIDE_BY_SIDE) -m "not browser and not cluster" $(TESTS)

$(OLDEST)/.ready: pyproject.toml
	rm -rf $(OLDEST)
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet uv
	$(OLDEST)/bin/uv pip install --quiet --python $(OLDEST)/bin/python \
		--resolution lowest-direct --editable ".[dev]"
	touch $@

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The variable silences what the theme says of another project.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Each environment takes some 7 GB while it is there. uv finds the Pythons, or fetches them.
wheel-check:
	.ci/wheel-check $(PYTHONS)

# A fresh environment, so that nothing installed by hand finds its way into the lock.
lock:
	rm -rf $(VENV)-lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --editable ".[dev]"
	$(VENV)-lock/bin/python -m pip freeze --exclude-editable > requirements.lock
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) $(OLDEST)
