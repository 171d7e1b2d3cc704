"""What made a report: the id of a run, and the manifest published beside its pages."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

from segkit import __version__, features, home
from segkit.sources import Gathered, use_cases
from segkit.store import clock
from segkit.studies import UNDATED, Study

NUMERIC = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "statsmodels", "duckdb", "ibis-framework")


def identity(resolved: Study, gathered: Gathered) -> str:
    """<as_of>-<8 hex of parameters, data, sources and numeric packages>: equal ids mean equal tables. `undated` stands for no as_of."""
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
        use_cases.digest(gathered.use_cases),
        platform.python_version(),
        *(home.sha256(path) for path in code),
        *(version(name) for name in NUMERIC),
    ]
    day = "undated" if resolved.as_of == UNDATED else resolved.as_of
    return f"{day}-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:8]}"


def of_run(resolved: Study, gathered: Gathered, run_id: str, folder: Path) -> dict:
    """What made this report: parameters, data, versions, and the hash of every table."""
    return {
        "run_id": run_id,
        "study": resolved.study,
        "question": resolved.question,
        "dataset": resolved.dataset,
        "fingerprint": gathered.fingerprint,
        "synthetic": gathered.dataset.synthetic,
        "use_cases": [case.name for case in gathered.use_cases],
        "as_of": resolved.as_of,
        "sensitive": features.check_sensitive(resolved.cluster_on, gathered.dataset.attributes, resolved.sensitive_why),
        "parameters": resolved.model_dump(mode="json"),
        "versions": {"segkit": __version__, "python": platform.python_version(), **{name: version(name) for name in NUMERIC}},
        "tables": {path.name: home.sha256(path) for path in sorted((folder / "tables").glob("*.csv"))},
        "published_at": clock(),
    }


def shown(manifest: dict) -> dict:
    """What header and foot of every page say of the run."""
    packages = ("segkit", "python", "pandas", "scikit-learn", "duckdb")
    as_of, days = manifest["as_of"], manifest["parameters"]["horizon_days"]
    outcome = f"{days} days from there" if days else "none"
    dated = as_of != UNDATED
    return {key: manifest[key] for key in ("run_id", "study", "dataset", "fingerprint", "synthetic", "as_of", "sensitive")} | {
        "when": f"as of {as_of}" if dated else "cross-sectional",
        "windows": f"observed before {as_of}; outcome {outcome}" if dated else "none, the data are cross-sectional",
        "horizon_days": days,
        "sensitive_why": manifest["parameters"]["sensitive_why"],
        "seed": manifest["parameters"]["seed"],
        "versions": ", ".join(f"{name} {manifest['versions'][name]}" for name in packages),
    }
