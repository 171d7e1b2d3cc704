"""What made a report: the id of a run, and the manifest published beside its pages."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

from segkit import __version__, home
from segkit.sources import Gathered
from segkit.store import clock
from segkit.studies import Study

NUMERIC = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "statsmodels", "duckdb", "ibis-framework")


def identity(resolved: Study, gathered: Gathered) -> str:
    """<as_of>-<8 hex of parameters, data, sources and numeric packages>: equal ids mean equal tables."""
    code = sorted(
        [
            *Path(__file__).parent.rglob("*.py"),
            *Path(__file__).parent.rglob("*.j2"),
            *Path(__file__).parent.rglob("*.css"),
            *(home.root() / "notebooks").glob("0*.ipynb"),
        ]
    )
    parts = [
        resolved.model_dump_json(exclude={"timeout_minutes", "fail_if"}),
        gathered.fingerprint,
        platform.python_version(),
        *(home.sha256(path) for path in code),
        *(version(name) for name in NUMERIC),
    ]
    return f"{resolved.as_of}-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:8]}"


def of_run(resolved: Study, gathered: Gathered, run_id: str, folder: Path) -> dict:
    """What made this report: parameters, data, versions, and the hash of every table."""
    return {
        "run_id": run_id,
        "study": resolved.study,
        "question": resolved.question,
        "dataset": resolved.dataset,
        "fingerprint": gathered.fingerprint,
        "synthetic": gathered.dataset.synthetic,
        "as_of": resolved.as_of,
        "parameters": resolved.model_dump(mode="json"),
        "versions": {"segkit": __version__, "python": platform.python_version(), **{name: version(name) for name in NUMERIC}},
        "tables": {path.name: home.sha256(path) for path in sorted((folder / "tables").glob("*.csv"))},
        "published_at": clock(),
    }


def shown(manifest: dict) -> dict:
    """What header and foot of every page say of the run."""
    packages = ("segkit", "python", "pandas", "scikit-learn", "duckdb")
    return {key: manifest[key] for key in ("run_id", "study", "dataset", "fingerprint", "synthetic", "as_of")} | {
        "horizon_days": manifest["parameters"]["horizon_days"],
        "seed": manifest["parameters"]["seed"],
        "versions": ", ".join(f"{name} {manifest['versions'][name]}" for name in packages),
    }
