PYTHON ?= python3
INSTALL = $(PYTHON) -m venv $(1) && $(1)/bin/pip install --quiet --constraint constraints.txt --editable '.[$(2)]' && touch $@

.PHONY: report run test lint lab bench clean
report: .venv/run
	.venv/bin/segkit demo && .venv/bin/segkit run notebooks/studies/demo.yaml
run: .venv/run
	.venv/bin/segkit run $(STUDY)
test: .venv/test
	.venv/bin/python -m pytest
lint: .venv/test
	.venv/bin/ruff check && .venv/bin/ruff format --check segkit tests benchmarks
lab: .venv-lab/lab .venv/run
	.venv/bin/segkit demo && .venv-lab/bin/jupyter lab notebooks
bench: .venv/test
	.venv/bin/python -m benchmarks
clean:
	rm -rf .venv .venv-lab build *.egg-info .pytest_cache .ruff_cache
.venv/run: pyproject.toml constraints.txt
	$(call INSTALL,.venv,run)
.venv/test: pyproject.toml constraints.txt
	$(call INSTALL,.venv,run$(comma)test$(comma)spark) && touch .venv/run
.venv-lab/lab: pyproject.toml constraints.txt
	$(call INSTALL,.venv-lab,run$(comma)lab)
comma := ,
