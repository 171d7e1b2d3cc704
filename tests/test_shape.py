"""The house keeps its shape: floors, small files, no clocks, no printing, no pickles, words for what is public."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from segkit.studies import Study

PACKAGE = Path(__file__).resolve().parent.parent / "segkit"
# A module imports only from modules above it.
FLOORS = (
    "errors",
    "home",
    "tables",
    "declared",
    "studies",
    "demo",
    "privacy",
    "sources",
    "store",
    "features",
    "behavior",
    "kpis",
    "matrix",
    "baselines",
    "mixture",
    "segments",
    "rules",
    "compare",
    "verdicts",
    "targets",
    "multiverse",
    "show",
    "figures",
    "prose",
    "publish",
    "kernels",
    "execute",
    "shelves",
    "manifest",
    "erase",
    "runs",
    "explorations",
    "cli",
)
IBIS = {"sources", "store", "features", "kpis", "rules"}
FILES = sorted(PACKAGE.rglob("*.py"))


def floor(path: Path) -> str:
    """The word of the module a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Full names of everything a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_every_module_has_its_floor():
    assert {floor(path) for path in FILES} - {"__init__"} == set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_above(path):
    if floor(path) == "__init__":
        return
    used = {name.split(".")[1] for name in imports(path) if name.startswith("segkit.")} & set(FLOORS)
    below = [name for name in used - {floor(path)} if FLOORS.index(name) > FLOORS.index(floor(path))]
    assert not below, f"{floor(path)} imports {below}"


def test_ibis_is_imported_only_where_the_engine_seam_is():
    assert {floor(path) for path in FILES if any(name.split(".")[0] == "ibis" for name in imports(path))} <= IBIS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_pickles_clocks_prints_or_global_seeds(path):
    called = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    forbidden = {
        name for name in called if re.search(r"^print$|(datetime|date|Timestamp|time)\.(now|today|utcnow)$|_pickle$|random\.seed$", name)
    }
    clocks = {name for name in called if name in ("time.time", "time.gmtime", "time.localtime")}
    assert not forbidden
    assert not clocks or floor(path) == "home", "the clock is read in home.clock alone"
    assert not {"pickle", "joblib.dump", "joblib.load", "shelve"} & imports(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_are_small(path):
    lines = path.read_text().splitlines()
    assert 1 < len(lines) <= 260
    assert max(map(len, lines)) <= 170


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_public_says_what_it_is(path):
    name = ".".join(("segkit", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    module = import_module(name)
    assert (module.__doc__ or "").strip()
    for word, member in vars(module).items():
        if not word.startswith("_") and (inspect.isfunction(member) or inspect.isclass(member)) and member.__module__ == name:
            assert (member.__doc__ or "").strip(), f"{name}.{word} has no docstring"


def test_no_study_key_shadows_a_module():
    assert not set(Study.model_fields) & set(FLOORS)


def test_tests_mirror_the_modules():
    there = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    missing = [name for name in FLOORS if name not in ("kernels",) and not any(test.startswith(f"test_{name}") for test in there)]
    assert not missing, f"no test file for {missing}"
