.DEFAULT_GOAL := help
.PHONY: help install demo test check bench soak docs screenshots lock clean

BIN := .venv/bin
ARGS ?=
export PYTHON

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install:  ## make .venv with Mercato, the demo's data and what tests need
	@scripts/setup dev

demo:  ## build and serve a real supermarket at http://localhost:8000 (ARGS="--port 8001")
	@scripts/setup demo
	@$(BIN)/mercato demo $(ARGS)

test: install  ## all checks and all tests, at most 10 minutes (ARGS="tests/search")
	@scripts/test $(ARGS)

check: install  ## style, types, floors of the house, dependencies, known vulnerabilities
	@scripts/check
	@$(BIN)/python scripts/audit.py

soak: install  ## the long tests: thousands of crashes, millions of requests
	@$(BIN)/pytest -m soak $(ARGS)

bench: install  ## measure again what the documents claim, and write their tables
	@$(BIN)/python -m bench.all $(ARGS)
	@$(BIN)/python -m bench.capacity
	@$(BIN)/python -m bench.tables

docs: install  ## write the generated parts of the documents again
	@$(BIN)/python scripts/docs.py
	@$(BIN)/python -m bench.capacity
	@$(BIN)/python -m bench.tables

screenshots: install  ## photograph storefront, console, InstantSearch into docs/screenshots (after make demo)
	@MERCATO_SCREENSHOTS=var/demo $(BIN)/pytest -q -n0 -k "photographs or instantsearch" \
		tests/e2e/test_storefront.py tests/e2e/test_console.py tests/e2e/test_instantsearch.py

lock: install  ## pin the newest versions that fit pyproject.toml in constraints.txt
	@$(BIN)/python scripts/lock.py

clean:  ## remove .venv, var and every cache
	rm -rf .venv var dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
