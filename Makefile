# The same commands here, in .ci/run and in the README.
#   make site           own virtual environment, install, atlas build -> site/
#   make site FRESH=1   the same, measuring everything again
#   make test           the tests; browser tests where a Chromium is found
#   make nightly        the tests that take too long for every submission
#   make check          format, lint, types (Python and JavaScript), workflows, and the atlas' own check
#   make serve          live preview on http://127.0.0.1:8000
#   make shell          a shell in which `atlas` and its Python are on the path
#   make clean          remove what was built; the environment stays

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: site test nightly check serve shell clean

site: $(VENV)/installed-profile
	$(BIN)/atlas build $(if $(FRESH),--fresh)
	@echo "Look at it: make serve. The command is $(BIN)/atlas; make shell puts it on your path."

serve: $(VENV)/installed-profile
	$(BIN)/atlas serve

shell: $(VENV)/installed-profile
	@echo "atlas is on the path in this shell; leave it with exit"
	@PATH="$(abspath $(BIN)):$$PATH" VIRTUAL_ENV="$(abspath $(VENV))" $${SHELL:-sh}

# A file of tests is one worker's, for its fixtures are dear; a thread each, or they wait for one another.
test: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

nightly: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m nightly $(ARGS)

check: $(VENV)/installed-dev node_modules/.package-lock.json
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet --no-progress .github
	node_modules/.bin/tsc --project .
	$(BIN)/atlas check

clean:
	rm -rf site .atlas dist .pytest_cache .mypy_cache .ruff_cache
	git clean -fdXq docs

# TypeScript, which checks the types of the site's JavaScript (JSDoc); needs npm.
node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed-profile: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) --editable '.[profile]'
	touch $@

$(VENV)/installed-dev: $(VENV)/installed-profile
	$(PIP) --editable '.[dev]'
	touch $@
