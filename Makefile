# Everything a person types. `make` lists it; every target works from any state and a second time in seconds.

.DEFAULT_GOAL := help
.PHONY: help run test lint format lock

BIN := .venv/bin
UV := $(BIN)/uv --quiet --no-progress
SUITE := -n logical --maxprocesses 8 --dist worksteal

help: ## list the targets
	@awk -F ': .*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

run: .venv/.run ## install what is missing, then start the page (http://127.0.0.1:8000) and the engine
	@exec $(BIN)/incident-clock run

test: .venv/.dev ## install what is missing, then check style, layers and types and run the whole suite
	@sh scripts/test-packages.sh
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/python -m pytest $(SUITE)

lint: .venv/.dev ## style, layers and types
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/mypy

format: .venv/.dev ## mend what the style check can mend by itself
	@$(BIN)/ruff check --fix .

lock: .venv/.tools ## choose the newest fitting versions and write the hashed requirements files
	$(UV) lock --upgrade
	$(UV) export --frozen --no-emit-project --no-header --only-group install -o requirements-uv.txt
	$(UV) export --frozen --no-emit-project --no-header --no-dev -o requirements.txt
	$(UV) export --frozen --no-emit-project --no-header -o requirements-dev.txt

# The stamps: what they stand for is installed. The test tools include everything the product needs.

.venv/.tools: requirements-uv.txt scripts/venv.sh
	@echo "Making .venv …"
	@sh scripts/venv.sh
	@touch $@

.venv/.run: .venv/.tools requirements.txt pyproject.toml
	@echo "Installing the product …"
	@$(UV) pip sync --python $(BIN)/python --require-hashes $(if $(wildcard .venv/.dev),requirements-dev.txt,requirements.txt)
	@$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.tools requirements-dev.txt requirements.txt pyproject.toml
	@echo "Installing the product and its test tools …"
	@$(UV) pip sync --python $(BIN)/python --require-hashes requirements-dev.txt
	@$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@ .venv/.run
