# What can be done here. Only Python 3.11 or later with venv, and make, are assumed; the rest goes into .venv.

PYTHON = python3
PORT = 8000
DATA =

venv = .venv/bin
pip = $(venv)/python -m pip --disable-pip-version-check
peers = .venv-peers/bin
# What fracast runs on. Any build of this version does; a machine whose index holds several names its own.
TORCH = torch==2.13.0
lock = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url
# A file of data has a store of its own, named for it and for where it lies.
folder = $$(CDPATH= cd "$$(dirname "$(DATA)")" 2>/dev/null && pwd -P)
place = $$(printf %s "$(folder)/$$(basename "$(DATA)")" | cksum | cut -d' ' -f1)
name = $(if $(DATA),$$(basename "$(DATA)" | sed -e 's/\.gz$$//' -e 's/\.[^.]*$$//')-$(place),demo)
with_store = COMPUTECAST_DATABASE_URL="sqlite:///.computecast/$(name).db" $(venv)/computecast

.PHONY: run test test-long bench-accuracy bench-speed accuracy-report peers lock lock-peers openapi clean

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
	$(venv)/pytest -n 2

# The tests that take minutes.
test-long: .venv/.dev-packages .venv/.project
	$(venv)/pytest -m long

# Accuracy on real demand beside the peers, by the protocol in benchmarks/; rewrites the committed results and their page.
bench-accuracy: .venv/.dev-packages .venv/.project peers
	$(venv)/python -m benchmarks.accuracy
	$(venv)/python -m benchmarks.report

# Processor time of one series, and of one in a batch of a thousand; rewrites the committed results and their page.
bench-speed: .venv/.dev-packages .venv/.project peers
	$(venv)/python -m benchmarks.speed
	$(venv)/python -m benchmarks.report

# The page about accuracy, from the committed results.
accuracy-report: .venv/.dev-packages .venv/.project
	$(venv)/python -m benchmarks.report

# The methods we are compared with, in an environment of their own. Their lock lists everything they use, so pip is to
# add nothing; torch follows because its builds have different hashes, and without it fracast is left out by name.
peers: .venv-peers/.packages

# Pin what pyproject.toml asks for. UPGRADE=--upgrade moves every pin to the newest that is allowed.
lock: .venv/.dev-packages
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(venv)/$(lock) $(UPGRADE) pyproject.toml --group build -o requirements.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(venv)/$(lock) $(UPGRADE) pyproject.toml --group build --extra dev \
		-c requirements.lock -o requirements-dev.lock

# Pin what the peers need, where we ship the same package in the version that we ship.
lock-peers: .venv/.dev-packages
	UV_CUSTOM_COMPILE_COMMAND="make lock-peers" $(venv)/$(lock) $(UPGRADE) benchmarks/peers/requirements.in \
		--override benchmarks/peers/overrides.txt -c requirements.lock -o benchmarks/peers/requirements.lock

# The description of the HTTP interface, for those who generate clients from it.
openapi: .venv/.project
	@mkdir -p build
	$(venv)/computecast openapi --output build/openapi.json

# Forget the environment and what the tools remember; the data in .computecast stays.
clean:
	rm -rf .venv .venv-peers .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist

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

.venv-peers/.packages: benchmarks/peers/requirements.lock
	$(PYTHON) -m venv .venv-peers
	$(peers)/python -m pip --disable-pip-version-check install --no-deps --require-hashes -r benchmarks/peers/requirements.lock
	-$(peers)/python -m pip --disable-pip-version-check install "$(TORCH)"
	@touch $@
