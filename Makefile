# What can be done here. Only Python 3.11 or later with venv, and make, are assumed; the rest goes into .venv.

PYTHON = python3
PORT = 8000
DATA =

venv = .venv/bin
pip = $(venv)/python -m pip --disable-pip-version-check
lock = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url
# A file of data has a store of its own, named for it and for where it lies.
folder = $$(CDPATH= cd "$$(dirname "$(DATA)")" 2>/dev/null && pwd -P)
place = $$(printf %s "$(folder)/$$(basename "$(DATA)")" | cksum | cut -d' ' -f1)
name = $(if $(DATA),$$(basename "$(DATA)" | sed -e 's/\.gz$$//' -e 's/\.[^.]*$$//')-$(place),demo)
with_store = COMPUTECAST_DATABASE_URL="sqlite:///.computecast/$(name).db" $(venv)/computecast

.PHONY: run test test-long bench-accuracy lock openapi clean

# The service on the demo fleet, or on your own: make run DATA=file.csv PORT=9000
run: .venv/.project
	@mkdir -p .computecast
	@$(if $(DATA),$(with_store) ingest "$(DATA)" && $(with_store) retrain --if-needed,$(with_store) demo)
	@$(with_store) serve --port $(PORT) || test $$? -eq 130 # which is how Ctrl-C ends it

# Everything that must hold before a change goes in.
test: .venv/.dev-packages .venv/.project
	$(venv)/ruff check
	$(venv)/ruff format --check
	$(venv)/mypy
	$(venv)/lint-imports
	$(venv)/pytest

# The tests that take minutes.
test-long: .venv/.dev-packages .venv/.project
	$(venv)/pytest -m long

# Accuracy on real demand, by the protocol in benchmarks/; rewrites the committed results.
bench-accuracy: .venv/.dev-packages .venv/.project
	$(venv)/python -m benchmarks.accuracy

# Pin what pyproject.toml asks for. UPGRADE=--upgrade moves every pin to the newest that is allowed.
lock: .venv/.dev-packages
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(venv)/$(lock) $(UPGRADE) pyproject.toml --group build -o requirements.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(venv)/$(lock) $(UPGRADE) pyproject.toml --group build --extra dev \
		-c requirements.lock -o requirements-dev.lock

# The description of the HTTP interface, for those who generate clients from it.
openapi: .venv/.project
	@mkdir -p build
	$(venv)/computecast openapi --output build/openapi.json

# Forget the environment and what the tools remember; the data in .computecast stays.
clean:
	rm -rf .venv .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist

# One stamp a step, each after the one before it, so that `make -j` never runs two installers at once.

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "computecast needs Python 3.11 or later, and '$(PYTHON)' is not; name another: make PYTHON=python3.12" >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.packages: requirements.lock .venv/.made
	$(pip) install --require-hashes -r requirements.lock
	@touch $@

.venv/.project: pyproject.toml .venv/.packages
	$(pip) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev-packages: requirements-dev.lock .venv/.packages | .venv/.project
	$(pip) install --require-hashes -r requirements-dev.lock
	@touch $@
