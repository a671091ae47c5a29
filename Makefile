# Two commands do everything: `make book` and `make test`. Both set up what they need on first use.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# With this set, packages would never be compiled and every import would stay several times slower.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONWARNINGS :=
# uv brings its own list of certificates; the machine's own also knows those of a proxy.
export UV_SYSTEM_CERTS := 1

# A file stays on one core: its fixtures are made once.
PARALLEL := -n auto --dist loadfile

# Percent of the lines of metalib that the tests must run through.
FLOOR := 95

.DEFAULT_GOAL := help
.PHONY: help book pdf test style types fresh coverage check test-browser notebooks recover describe validate golden bench corpus errors forests mutants lab format clean map

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-13s %s\n", $$1, $$2}'

$(READY): requirements.txt constraints.txt pyproject.toml
	@echo "== setting up $(VENV)"
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==0.13.9"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

book: $(READY)  ## set up, then build the HTML book from the stored notebooks: _build/html/index.html
	$(BIN)/python -m metalib notebooks --check
	rm -rf _build
	$(BIN)/jupyter-book build . --all -W -n --keep-going --quiet
	$(MAKE) --no-print-directory -C examples/bcg book BIN=$(abspath $(BIN)) READY=
	mkdir -p _build/html/examples && cp -r examples/bcg/_build/html _build/html/examples/bcg
	@echo "The book is at _build/html/index.html, the example at _build/html/examples/bcg/index.html"

pdf: $(READY)  ## print the whole report: _build/report.pdf (needs Chromium)
	rm -rf _build/singlehtml _build/report.pdf
	$(BIN)/jupyter-book build . --builder singlehtml --all -n --quiet
	$(BIN)/python tools/pdf.py _build/singlehtml _build/report.pdf

test: $(READY)  ## set up, then check everything: style, types, numbers, stored notebooks against a fresh run
	@echo "== style and types, and every notebook run again and compared with its stored outputs"
	$(MAKE) --no-print-directory --jobs 2 --output-sync=target style types fresh
	@echo "== checking the numbers, and that the checks notice altered outputs"
	$(MAKE) --no-print-directory -C examples/bcg test BIN=$(abspath $(BIN)) READY= ARGS="$(PARALLEL)"
	METALIB_FRESH=$(CURDIR)/_build/fresh $(BIN)/python -m pytest $(PARALLEL) tests metalib --doctest-modules

coverage: $(READY)  ## the same numbers with a floor under the share of lines that are run through (half as long again)
	$(BIN)/python -m pytest $(PARALLEL) tests metalib --doctest-modules --cov --cov-report=term:skip-covered --cov-fail-under=$(FLOOR)

check: $(READY)  ## style and types only, in seconds
	$(MAKE) --no-print-directory --jobs 2 --output-sync=target style types

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

fresh: $(READY)
	rm -rf _build/fresh && mkdir -p _build/fresh
	METALIB_FIGURES=$(CURDIR)/_build/fresh PYTHONPATH=tests $(BIN)/python -m pytest $(PARALLEL) \
	  --override-ini filterwarnings=default -p no:cacheprovider -p keep_outputs --keep-outputs $(CURDIR)/_build/fresh \
	  --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg notebooks

# Needs chromium (or another in CHROMIUM), nodejs and npm beside what the rest needs.
test-browser:  ## open every page of the built book in Chromium: offline, accessible, whole
	@command -v node >/dev/null && command -v npm >/dev/null || \
	  { echo "The browser tests need node and npm: apt-get install chromium nodejs npm" >&2; exit 2; }
	test -e _build/html/index.html || $(MAKE) book
	cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && node run.mjs

notebooks: $(READY)  ## run every notebook, store those that ran, say at the end what failed (NAME=one for a single one)
	$(BIN)/python -m metalib notebooks $(NAME)

recover: $(READY)  ## search for the tables behind the printed numbers and write them into data/ (minutes)
	$(BIN)/python tools/recover_tables.py

describe: $(READY)  ## write data/datapackage.json and the tables of data/README.md from what reading enforces
	$(BIN)/python tools/describe_data.py

bench: $(READY)  ## time everything, here and in other programs, on this machine (minutes); then make notebooks NAME=benchmarks
	$(BIN)/python -m benchmarks data/puzzle.yaml --output benchmarks/results.json

validate: $(READY)  ## compare with every other engine on every golden set and store how well they agree
	$(BIN)/python -m validation agreement

golden: $(READY)  ## make the golden numbers again and compare them with the stored ones (2 minutes; needs R with metafor)
	$(BIN)/python -m validation golden $(NAME)

corpus: $(READY)  ## compare with RevMan's own numbers on the corpus (CORPUS=FILE, which stays outside; seconds)
	$(BIN)/python -m benchmarks.corpus "$(CORPUS)" --output benchmarks/corpus.csv

errors: $(READY)  ## plant errors in the printed analyses of the corpus and count those noticed (CORPUS=FILE; minutes)
	$(BIN)/python -m benchmarks.errors "$(CORPUS)" --output benchmarks/errors.csv

forests: $(READY)  ## recover the studies of printed forest plots of the corpus and count the unique ones (CORPUS=FILE; 10 minutes)
	$(BIN)/python -m benchmarks.forests "$(CORPUS)" --output benchmarks/forests.csv

map: $(READY)  ## how often tables can be recovered, by what is printed (half an hour); then make notebooks NAME=identifiability
	nice -n 10 $(BIN)/python -m benchmarks.identifiability

mutants: $(READY)  ## change lines of the code and see whether the tests notice (20 minutes; NAME=one module)
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(VENV)/mutation
	$(BIN)/uv pip install --quiet --python $(VENV)/mutation/bin/python --requirement requirements.txt "mutmut==3.8.1"
	nice -n 10 $(VENV)/mutation/bin/python tools/mutants.py $(NAME)

# JupyterLab refuses to run as root unless told to, as in a container.
lab: $(READY)  ## open the notebooks in JupyterLab (ARGS="--no-browser --port 9000")
	cd notebooks && ../$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

format: $(READY)  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what was built and installed
	rm -rf _build build tests/browser/node_modules $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage*
	find . -name __pycache__ -prune -exec rm -rf {} +
