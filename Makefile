# Two commands matter: `make study` runs the main job on embedded data, `make test` runs all tests. Both set up first.
PYTHON ?= python3.11
# A GPU user's pip chooses torch: make ... LOCK= TORCH=torch
LOCK ?= -c constraints.txt
TORCH ?= torch==2.13.0
BIN := .venv/bin
WORKERS ?= 2

.PHONY: study test check lock clean
study: .venv/study
	$(BIN)/sharewise study digits --out runs/digits

test: .venv/test
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) -q

check: .venv/check
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

# torch first and pinned: any other request for it may fetch gigabytes of another build.
.venv/torch:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q $(LOCK) $(TORCH)
	touch $@

.venv/study: .venv/torch pyproject.toml constraints.txt
	$(BIN)/pip install -q $(LOCK) -e '.[study,tensorboard]'
	touch $@

.venv/test: .venv/study
	$(BIN)/pip install -q $(LOCK) -e '.[study,tensorboard,test]'
	touch $@

.venv/check: .venv/test
	$(BIN)/pip install -q $(LOCK) -e '.[study,tensorboard,test,check]'
	touch $@

lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install -q $(TORCH)
	.venv-lock/bin/pip install -q '.[study,tensorboard,test,check]'
	.venv-lock/bin/pip freeze --exclude sharewise | sed 's/+cpu//' | grep -v '^sharewise' > constraints.txt
	rm -rf .venv-lock

clean:
	rm -rf .venv build dist
