"""What tests share: a small workbench of its own for each test that needs one, and the real data where they lie."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

os.environ["SEGKIT_KEY"] = "the key of the tests, which hides nobody"  # for the processes that tests start, too

PROJECT = Path(__file__).resolve().parent.parent
REAL_DATA = PROJECT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets beside the project."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real data are not beside the project")
    return REAL_DATA


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory) -> dict[int, Path]:
    """Raw demo files of 200 and of 1,000 customers, made once: customers -> folder of CSV files."""
    from segkit import demo

    made = {}
    for customers in (200, 1000):
        folder = tmp_path_factory.mktemp(f"demo{customers}")
        demo.write(folder / "demo", folder / "truth.csv", customers)
        made[customers] = folder / "demo"
    return made


@pytest.fixture
def bench(tmp_path, monkeypatch, demo_files):
    """A workbench of its own with 200 demo customers: SEGKIT_HOME points at it, nothing of the real one is touched."""
    return workbench(tmp_path / "bench", monkeypatch, demo_files[200])


@pytest.fixture
def ticking_home(tmp_path, monkeypatch):
    """An empty workbench whose clock ticks once a look, so that looks have an order and the same times in every run."""
    from segkit import store

    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.delenv("SEGKIT_OUT", raising=False)
    ticks = iter(range(100))
    monkeypatch.setattr(store, "clock", lambda: f"2026-01-01T00:00:{next(ticks):02d}Z")
    return tmp_path


def workbench(folder: Path, monkeypatch, raw: Path) -> Path:
    """Notebooks, datasets and studies of the project and some raw demo data in a new home."""
    for name in ("notebooks", "data/datasets"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copy(PROJECT / "environment.yml", folder)
    shutil.copytree(raw, folder / "data" / "raw" / "demo")
    monkeypatch.setenv("SEGKIT_HOME", str(folder))
    for name in ("SEGKIT_OUT", "SEGKIT_DATA", "SEGKIT_ATTEMPT", "SEGKIT_FINGERPRINT"):
        monkeypatch.delenv(name, raising=False)
    return folder


def write_study(folder: Path, name: str = "small", **keys) -> Path:
    """A study of the demo that 200 customers can answer, with some keys replaced."""
    study = (
        yaml.safe_load((PROJECT / "notebooks" / "studies" / "demo.yaml").read_text()) | {"study": name, "k_max": 3, "hypotheses": []} | keys
    )
    path = folder / "notebooks" / "studies" / f"{name}.yaml"
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    return path


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes, links as their target: to tell whether anything was touched."""
    return {
        str(path.relative_to(folder)): os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
