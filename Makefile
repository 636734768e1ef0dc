# make demo and make test are each enough on a fresh machine with Python 3.11 or later.
PYTHON ?= python3
BIN := .venv/bin
CORPUS ?=
# a corpus of one's own does not mix with the sample
HOME_FOLDER ?= recommender-data/demo$(if $(CORPUS),-own)
# address of an index that has the small CPU build of PyTorch, where pip's own would bring CUDA
TORCH_INDEX ?=

.PHONY: demo test check format bench bench-full serve clean

# One marker for what is installed, made again when the pins or the declared needs change.
.venv/installed: constraints.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

demo: .venv/installed  ## both slots of an article page, from the sample or from CORPUS=file-or-address
	$(BIN)/recommender demo --home $(HOME_FOLDER) $(CORPUS)

test: .venv/installed
	$(BIN)/python -m pytest -n 2

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Those that are large or want a compiler; the report says which of them could not be measured.
.venv/contestants: .venv/installed
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[contestants]"
	touch $@

bench: .venv/contestants
	$(BIN)/python benchmarks/run.py

bench-full: bench  ## the million as well: some two hours, 30 GB of disk
	$(BIN)/python benchmarks/run.py million contestants_million

serve: .venv/installed
	$(BIN)/recommender serve --home $(HOME_FOLDER)

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
