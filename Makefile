# The commands of the book; "make" alone lists them.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
PORT ?= 8000
BIN := $(abspath $(VENV))/bin
READY := $(VENV)/.ready

export PATH := $(BIN):$(PATH)
export JOBS

.DEFAULT_GOAL := help
.PHONY: help setup book test serve lab site-test bench clean

# Several notebooks or tests run side by side: one BLAS thread each.
book test site-test: export OMP_NUM_THREADS ?= 1
book test site-test: export OPENBLAS_NUM_THREADS ?= 1

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18
	@echo
	@echo "  PYTHON=python3.12 chooses the Python of the environment, JOBS=4 how much runs side by side."

setup: $(READY)  ## make .venv and install the pinned packages and the library

# The stamp is written last: an interrupted set-up is taken up again.
$(READY): requirements.txt constraints.txt pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || \
	  { $(PYTHON) tools/python_version.py "$(PYTHON)" && $(PYTHON) -m venv --clear $(VENV); }
	@echo "installing the packages of requirements.txt (a few minutes the first time)"
	@$(BIN)/python -m pip install -r requirements.txt
	@$(BIN)/python -m pip install --no-deps --no-build-isolation -e .
	@$(BIN)/python -c "import matplotlib.font_manager"  # builds its cache here and not in a notebook
	@touch $@

book: setup  ## execute the notebooks and build the site, strictly
	@$(BIN)/python tools/build_book.py

test: setup  ## ruff, import rules, unit tests, doctests, exercise checkers, notebooks
	@failed=; \
	echo "1 of 3: ruff"; $(BIN)/ruff check . || failed="$$failed ruff"; \
	echo "2 of 3: import-linter"; $(BIN)/lint-imports --no-logo || failed="$$failed import-linter"; \
	echo "3 of 3: pytest on the library, its doctests, the exercise checkers and every notebook"; \
	$(BIN)/pytest lib tests chapters --ignore=tests/site --doctest-modules \
	  --nbval --nbval-current-env --nbval-cell-timeout=120 -n $(JOBS) --dist loadfile || failed="$$failed pytest"; \
	if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

serve: book  ## show the built site on a local web server
	@echo "http://127.0.0.1:$(PORT)/ serves the book; Ctrl-C ends it"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lab: setup  ## open the notebooks in JupyterLab
	@cd chapters && $(BIN)/jupyter lab

site-test: book  ## check the built site in a browser
	@$(BIN)/pytest tests/site -n $(JOBS) --dist load

bench: setup  ## run every benchmark
	@for file in benchmarks/*.py; do echo "$$file"; $(BIN)/python "$$file" || exit 1; done

clean:  ## remove what the commands made, but keep .venv
	rm -rf _build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
