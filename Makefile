# Two commands: make demo, make test. Both make .venv first if it is not there.
# make quick leaves out the tests that are marked slow.
PYTHON ?= python3.11
VENV = .venv
BIN = $(VENV)/bin
# Processes that tests are divided among: a file's tests stay together, the slow files come first.
WORKERS ?= 2
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: demo test quick check clean

demo: $(VENV)/ready
	$(BIN)/harness study run studies/demo-part.toml --workers 2
	$(BIN)/harness leaderboard build --study studies/demo-part.toml --output results/demo-part-board
	@echo "the page: results/demo-part-board/index.html"

test: $(VENV)/ready check
	$(PYTEST)

quick: $(VENV)/ready
	$(PYTEST) -m "not slow"

check: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# torch first and by itself: where pip is set up for a CPU build it takes that one; the exact
# version in the constraints file keeps a later resolution from replacing it.
$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[demo,dev]"
	$(BIN)/python -c "import torch; print('torch', torch.__version__)"
	touch $@

clean:
	rm -rf $(VENV) results
