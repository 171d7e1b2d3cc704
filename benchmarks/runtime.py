"""What a run costs: the demo study from the command line, and its notebooks by plain papermill side by side."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ("01_gather", "02_behavior", "03_segments", "04_kpis")


def new_home(folder: Path) -> dict[str, str]:
    """A fresh workbench in `folder`; returns the environment that points at it."""
    for name in ("notebooks", "data/datasets"):
        shutil.copytree(PROJECT / name, folder / name)
    shutil.copy(PROJECT / "environment.yml", folder)
    return {**os.environ, "SEGKIT_HOME": str(folder), "PYTHONPATH": str(PROJECT)}


def measured(words: list[str], env: dict[str, str], cwd: Path) -> tuple[float, float]:
    """Seconds, and the largest resident memory in GB of the command with all its children together (sampled ten times a second)."""
    began, largest, running = (
        time.monotonic(),
        0,
        subprocess.Popen(words, env=env, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE),
    )

    def watch():
        nonlocal largest
        while running.poll() is None:
            total = 0
            for process in [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            largest = max(largest, total)
            time.sleep(0.1)

    watcher = threading.Thread(target=lambda: _quiet(watch))
    watcher.start()
    _, told = running.communicate()
    watcher.join()
    if running.returncode:
        raise RuntimeError(told.decode())
    return time.monotonic() - began, largest / 1e9


def _quiet(watch) -> None:
    """The command may end between two looks at it."""
    try:
        watch()
    except psutil.NoSuchProcess:
        return


def empty(folder: Path) -> None:
    """Replace the notebooks by ones whose cells only import: what is left is the fixed cost of four kernels."""
    import nbformat

    for name in NOTEBOOKS:
        path = folder / "notebooks" / f"{name}.ipynb"
        book = nbformat.read(path, as_version=4)
        book.cells = [cell for cell in book.cells if cell.cell_type == "code" and cell.source.startswith("from segkit")]
        nbformat.write(book, path)


def rows() -> list[dict]:
    """Seconds and memory of the demo run; fixed cost; the ratio to plain papermill on the same notebooks."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        env = new_home(folder)
        subprocess.run([sys.executable, "-m", "segkit.cli", "demo"], env=env, check=True, stdout=subprocess.DEVNULL)
        run = [sys.executable, "-m", "segkit.cli", "run", "demo", "--force"]
        first, _ = measured(run, env, folder)
        ours, memory = measured(run, env, folder)
        plain = 0.0
        for name in NOTEBOOKS:
            plain += measured(
                [sys.executable, "-m", "papermill", f"{name}.ipynb", str(folder / "out.ipynb"), "-k", "python3"], env, folder / "notebooks"
            )[0]
        empty(folder)
        job = "execute.Job(s.word, Path('notebooks') / f'{s.notebook}.ipynb', Path('out') / f'{s.notebook}.ipynb', {}, s.warm)"
        code = f"from pathlib import Path; from segkit import execute, runs; execute.notebooks([{job} for s in runs.STAGES], {{}}, 300)"
        fixed, _ = measured([sys.executable, "-c", code], env, folder)
    return [
        {"name": "demo run with gathering", "value": round(first, 1), "unit": "s", "target": None, "holds": True},
        {"name": "demo run", "value": round(ours, 1), "unit": "s", "target": 75, "holds": ours <= 75},
        {
            "name": "demo run, resident memory of all processes",
            "value": round(memory, 2),
            "unit": "GB",
            "target": 1.5,
            "holds": memory <= 1.5,
        },
        {"name": "fixed cost of four notebooks", "value": round(fixed, 1), "unit": "s", "target": 25, "holds": fixed <= 25},
        {
            "name": "plain papermill over ours, same notebooks",
            "value": round(plain / ours, 2),
            "unit": "ratio",
            "target": 1.0,
            "holds": plain >= ours,
        },
    ]
