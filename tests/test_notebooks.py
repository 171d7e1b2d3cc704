"""Notebooks are essays: names and calls, documented parameters, no stored outputs but the checked ones; and they run in order."""

import ast
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import PROJECT, workbench

from segkit import execute, studies

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("0*.ipynb"))
by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str = "code") -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def tagged(path: Path, tag: str) -> list:
    return [cell for cell in cells(path) if tag in cell.metadata.get("tags", [])]


@by_name
def test_code_cells_are_names_and_calls(path):
    sources = [cell.source for cell in cells(path) if "parameters" not in cell.metadata.get("tags", [])]
    lengths = [len(source.splitlines()) for source in sources]
    assert statistics.median(lengths) <= 3 and max(lengths) <= 8
    for source in sources:
        machinery = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.With, ast.Try, ast.Lambda)
        assert not any(isinstance(node, machinery) for node in ast.walk(ast.parse(source)))
    assert sum("import" in source for source in sources) == 1


@by_name
def test_there_is_prose_before_every_section(path):
    prose = cells(path, "markdown")
    assert prose[0].source.startswith("# ") and len(prose) >= 3
    assert all(len(cell.source.split()) > 15 for cell in prose)
    assert not re.search(r"\d[\d,.]{3,}", " ".join(cell.source for cell in prose)), "a number in prose is typed, not computed"


@by_name
def test_every_parameter_is_plain_typed_and_explained(path):
    [cell] = tagged(path, "parameters")
    for line in cell.source.splitlines():
        assert re.fullmatch(r"[a-z_]+: (str|int|bool|float|list) = .+?  +# \S.*", line), line
    defaults = execute.parameters_of(path)
    demo = studies.load(PROJECT / "notebooks" / "studies" / "demo.yaml").model_dump()
    assert {name: value for name, value in defaults.items() if name != "run"} == {name: demo[name] for name in defaults if name != "run"}, (
        "defaults run the demo"
    )


@by_name
def test_only_checked_cells_store_an_output(path):
    kept = tagged(path, "keep_output")
    assert kept, "nbval checks nothing here"
    for cell in cells(path):
        if cell in kept:
            assert cell.source.startswith("# NBVAL_CHECK_OUTPUT") and len(cell.outputs) == 1
            assert re.fullmatch(r"[^\n]{1,60}", cell.outputs[0]["data"]["text/plain"])
        else:
            assert not cell.outputs and cell.execution_count is None


def test_notebooks_run_in_order_as_an_analyst_would(tmp_path, monkeypatch, demo_files):
    """nbval from 01 to 04 on a demo of 1,000 customers, in the notebooks' own folder, with the kept outputs compared."""
    home = workbench(tmp_path / "bench", monkeypatch, demo_files[1000])
    monkeypatch.delenv("SEGKIT_HOME")  # JupyterLab starts kernels in the notebook's folder: the home must be found from there
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "JUPYTER_DATA_DIR": str(tmp_path / "jupyter")}
    nbval = [
        "--nbval-lax",
        "--nbval-current-env",
        "--nbval-cell-timeout",
        "300",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-o",
        "addopts=",
    ]
    words = [sys.executable, "-m", "pytest", *nbval, "-q", "--rootdir", str(home), *(path.name for path in NOTEBOOKS)]
    done = subprocess.run(words, cwd=home / "notebooks", env=env, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:]
    draft = home / "data" / "runs" / "demo" / "draft"
    assert {"customer_features.parquet", "assignments.parquet", "solution.json", "verdict.json"} <= {path.name for path in draft.iterdir()}
    assert sorted(path.name for path in (home / "reports" / "demo").iterdir()) == ["looks.jsonl"], (
        "a draft leaves nothing in reports/ but its look"
    )
    shutil.rmtree(home)
