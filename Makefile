# Two commands matter: `make demo` and `make test`. Both create what they need in .venv, once.
.DEFAULT_GOAL := help
.PHONY: help demo test soak distributed test-matrix test-python-matrix test-airflow-matrix test-lab-matrix corpus lint format extension chromium pictures bench pins clean venv

BIN := .venv/bin
# Test processes side by side. A file's tests stay on one of them (an example's cells share a kernel, an integration
# module its Airflow); the integration modules are the longest and start first.
JOBS ?= 2
DIR ?= notebooks
# `make distributed`: runs of the DAG of sixty tasks, and the size of its largest handoff in MiB.
RUNS ?= 1
LARGEST ?= 200
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --max-worker-restart 0 --dist loadfile --no-loadscope-reorder -q --nbval-lax --ignore tests/soak --ignore tests/distributed --ignore tests/collaboration

help:  ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: venv  ## turn an example notebook into a DAG and run it in a real Airflow (about 1 minute)
	@$(BIN)/python tools/demo.py

test: lint extension chromium  ## run the lints and every test, the example notebooks included
	@echo "· tests: browser, integration (real kernels, real Airflow), unit, spec, golden, property, server, packaging, notebooks"
	@$(PYTEST) tests/browser tests/integration tests src notebooks/examples

soak: venv  ## run what takes long or much room: a handoff of 1 GiB, many attempts in a row (some minutes, 4 GB)
	@$(BIN)/python -m pytest -q tests/soak

distributed:  ## run DAGs on Celery workers that share no disk (10 minutes; RUNS=20 repeats, FAULTS=1 runs the faults)
	@tools/postgresql-redis
	@VENV=.venv-distributed EXTRAS=airflow,s3,test DEPENDENCY_GROUPS=distributed tools/venv
ifdef FAULTS
	@.venv-distributed/bin/python -m pytest -q tests/distributed
else
	@PYTHONPATH=tools .venv-distributed/bin/python -m cluster --runs $(RUNS) --largest $(LARGEST)
endif

test-matrix: test-python-matrix test-airflow-matrix  ## both of the next two

test-python-matrix: venv  ## run the tests on every declared Python (some minutes each; PATHS="tests src" for all of them)
	@$(BIN)/python tools/matrix.py --jobs $(JOBS) $(PATHS)

test-airflow-matrix: venv  ## try the wheel in Airflow 3.0 to 3.3, and on the papermill provider (ten minutes or more)
	@$(BIN)/python tools/airflow_matrix.py

test-lab-matrix: extension chromium  ## try the wheel in JupyterLab 4.2, 4.4, the newest, Notebook 7, with collaboration
	@$(BIN)/python tools/lab_matrix.py

corpus: venv  ## try the compiler on every notebook below a folder: make corpus DIR=notebooks
	@$(BIN)/python tools/corpus.py --jobs $(JOBS) $(DIR)

lint: venv  ## check style, types and the floor plan
	@echo "· lint: ruff, mypy, import-linter"
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

format: venv  ## let ruff mend what it can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

extension: venv  ## build the JupyterLab extension and link it into .venv (needs Node)
	@tools/extension

chromium:
	@tools/chromium

pictures: extension chromium  ## take the guides' pictures anew (JupyterLab, Airflow): look at each of them
	@NB2DAG_RENEW_PICTURES=1 $(BIN)/python -m pytest -q tests/browser

bench: venv  ## measure compile and parse cost beside Kale's and Airflow's own (some minutes)
	@$(BIN)/python benchmarks/run.py

pins: venv  ## resolve constraints.txt anew, keeping what still fits
	@$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --group distributed --universal --python-version 3.10 \
		--no-annotate --no-header --no-emit-index-url --no-emit-find-links --strip-extras --quiet -o constraints.txt

clean:  ## remove everything that make and the tools left behind
	rm -rf .venv .venv-3.* .venv-lab-* .venv-airflow-* .venv-distributed .demo .nb2dag .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	rm -rf benchmarks/.venv-kale src/nb2dag/labextension labextension/node_modules labextension/lib labextension/.built
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv:
	@tools/venv
