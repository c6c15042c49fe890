# make demo: see it work.  make test, make check: what CI runs.  make bench: hours, against other systems.
# PYTHON=/path/to/python3 chooses the interpreter of .venv.
BIN := .venv/bin
READY := .venv/.ready
export PYTHON

.PHONY: demo test check format bench pareto docs pictures constraints clean

demo: $(READY)
	@$(BIN)/reverie demo

test: $(READY)
	# Two workers on two cores: more threads would wait for each other.
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m "not slow"

check: $(READY)
	$(BIN)/ruff check src tests bench tools
	$(BIN)/ruff format --check src tests bench tools
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix src tests bench tools
	$(BIN)/ruff format src tests bench tools

bench: $(READY)
	$(BIN)/python bench/run.py $(BENCH)

# The picture of fidelity against time; after bench, whose peers it uses. A quarter of an hour a family.
pareto: $(READY)
	$(BIN)/python bench/pareto.py $(BENCH)

docs: $(READY)
	$(BIN)/python tools/make_docs.py

pictures: $(READY)
	$(BIN)/python tools/model_pictures.py

constraints: $(READY)
	$(BIN)/python tools/make_constraints.py

clean:
	rm -rf .venv build dist

$(READY): pyproject.toml constraints.txt tools/setup
	@tools/setup
