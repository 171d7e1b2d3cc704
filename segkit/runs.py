"""A run: validate, gather, execute the notebooks into partial folders, judge, publish whole or not at all."""

import errno
import json
import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segkit import errors, execute, features, home, manifest, privacy, publish, shelves, sources, studies
from segkit.errors import BadInput, GateFailed, SegkitError
from segkit.features import engines
from segkit.studies import Study

log = logging.getLogger("segkit")


@dataclass(frozen=True)
class Stage:
    """A notebook, what its kernel imports while it waits, and the files it owes."""

    notebook: str
    warm: tuple[str, ...]
    tables: tuple[str, ...]
    customers: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        return self.notebook.partition("_")[2]


STAGES = (
    Stage(
        "01_gather",
        ("segkit.sources", "segkit.figures", "segkit.prose", "segkit.privacy", "segkit.store", "duckdb", "ibis.backends.duckdb"),
        ("ledger", "quality"),
    ),
    Stage(
        "02_behavior",
        ("segkit.behavior", "segkit.figures", "segkit.prose", "segkit.privacy", "scipy.stats", "ibis.backends.duckdb", "seaborn"),
        ("distribution", "monthly", "cohorts"),
        ("customer_features",),
    ),
    Stage(
        "03_segments",
        (
            "segkit.compare",
            "segkit.figures",
            "segkit.prose",
            "segkit.sources",
            "sklearn.cluster",
            "sklearn.mixture",
            "sklearn.metrics",
            "scipy.cluster.hierarchy",
            "joblib",
            "seaborn",
            "ibis.backends.duckdb",
        ),
        ("structure", "scores", "stability", "profiles", "sizes"),
        ("assignments",),
    ),
    Stage(
        "04_kpis",
        (
            "segkit.verdicts",
            "segkit.targets",
            "segkit.figures",
            "segkit.prose",
            "statsmodels.stats.proportion",
            "statsmodels.duration.survfunc",
            "ibis.backends.duckdb",
        ),
        ("kpis", "lifts", "explained", "beyond", "origins", "hypotheses", "outlook"),
    ),
)


def run(
    study: str | Path,
    overrides: dict[str, Any] | None = None,
    out: Path | None = None,
    force: bool = False,
    wait: float = 0,
    progress: "execute.Callable | None" = None,
) -> Path:
    """Run a study and publish its report; returns the path of its index.html.

    `overrides` replace keys of the study; `out` is the root of data/ and reports/; `force` runs again what is already there; `wait`
    is how many seconds to wait for another run of the same study. Raises the SegkitError whose exit code says what happened.
    """
    declared = studies.load(study, overrides)
    with home.written_under(out):
        with folder_trouble_told():
            home.out().mkdir(parents=True, exist_ok=True)  # others read the reports in it; only data/ is private
            resolved, gathered = resolve(declared)
            run_id = manifest.identity(resolved, gathered)
            private, public = home.out() / "data" / "runs" / resolved.study, home.out() / "reports" / resolved.study
            make_writable(private, public)
        with home.locked(private, resolved.study, wait):
            shelves.heal(private, public)
            if force or not (public / run_id / "manifest.json").is_file():
                attempt(resolved, gathered, run_id, private, public, progress)
            else:
                log.info("%s: run %s is already there (--force runs it again)", resolved.study, run_id)
            with folder_trouble_told():
                (public / "FAILED.html").unlink(missing_ok=True)
                publish.write_index(public.parent)
    check_gates(resolved, public / run_id)
    return public / run_id / "index.html"


def resolve(declared: Study) -> tuple[Study, sources.Gathered]:
    """Gather, and settle as_of; refuse what cannot be clustered before any kernel starts."""
    dataset = sources.dataset.load(declared.dataset)
    features.check_names(declared.cluster_on, dataset.tables, dataset.attributes, sources.use_cases.load(dataset))
    features.check_sensitive(declared.cluster_on, dataset.attributes, declared.sensitive_why)
    engines.check_engine(dataset, sources.use_cases.load(dataset))
    gathered = sources.gather(declared.dataset)
    window = gathered.window(declared.as_of, declared.horizon_days)
    day = studies.day(window)
    active, least = features.n_active(gathered.tables_on("duckdb"), studies.cut_off(window)), 30 * declared.k_max
    if active < least:
        raise BadInput(
            f"too few customers: {active:,} {'in the data' if day == studies.UNDATED else f'active before as_of {day}'}",
            f"k_max is {declared.k_max}, and a segment needs 30 customers: at least {least:,}",
            f"choose a smaller k_max, {'' if day == studies.UNDATED else 'a later as_of, '}or bring more data",
        )
    return declared.model_copy(update={"as_of": day}), gathered


@contextmanager
def folder_trouble_told() -> Iterator[None]:
    """Put what the file system refuses, outside the notebooks, into words."""
    try:
        yield
    except Exception as error:
        if isinstance(error, SegkitError):
            raise
        if is_full(error):
            raise errors.NotebookFailed("the disk is full", str(home.out()), "make room and run again") from None
        if isinstance(error, OSError):
            raise BadInput(
                f"{error.filename or home.out()} cannot be used",
                error.strerror or type(error).__name__,
                "mend it, or choose another output folder with --out",
            ) from None
        raise


def is_full(error: BaseException) -> bool:
    """Does an exception, of Python or of the engine, say that the disk or the quota is full?"""
    return any(os.strerror(number) in str(error) for number in (errno.ENOSPC, errno.EDQUOT))


def make_writable(private: Path, public: Path) -> None:
    """Make the folders a run writes to, and try them."""
    home.private(private)
    public.mkdir(parents=True, exist_ok=True)
    for folder in (private, public):
        probe = folder / f".probe-{uuid.uuid4().hex[:8]}"
        probe.touch()
        probe.unlink(missing_ok=True)  # another run of the study may sweep it


def attempt(resolved: Study, gathered: sources.Gathered, run_id: str, private: Path, public: Path, progress) -> None:
    """Execute into partial folders and publish; on failure keep the executed notebooks under data/runs/<study>/failed."""
    token = uuid.uuid4().hex[:8]
    partial = f".partial-{token}"
    inside, outside = private / partial, public / partial
    at = {"stage": "gather"}
    try:
        home.private(inside)
        (outside / "tables").mkdir(parents=True)
        (inside / "study.json").write_text(resolved.model_dump_json(indent=1))
        env = {"SEGKIT_HOME": str(home.root()), "SEGKIT_OUT": str(home.out()), "SEGKIT_ATTEMPT": token}
        env["SEGKIT_FINGERPRINT"] = gathered.fingerprint  # every notebook sees what was gathered for this run
        env["SEGKIT_USE_CASES"] = sources.use_cases.digest(gathered.use_cases)  # and refuses a library that was changed meanwhile
        todo = jobs(resolved, run_id, inside, outside)

        def done(job: execute.Job, seconds: float) -> None:
            log.info("%s: %s done in %.0f s", resolved.study, job.stage, seconds)

        def on_cell(job: execute.Job, cells: int, of: int) -> None:
            at["stage"] = job.stage
            if progress:
                progress(job, cells, of)

        execute.notebooks(todo, env, resolved.timeout_minutes * 60, on_cell, done)
        at["stage"] = "publish"
        made = manifest.of_run(resolved, gathered, run_id, outside)
        (outside / "manifest.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        publish.write_pages([job.output for job in todo], outside, resolved.question, manifest.shown(made))
        publish.refuse_leaks(outside, gathered.customer_ids(), gathered.identifier_digests())
        recorded(resolved, gathered, run_id, "published")
        shelves.publish(private, public, partial, run_id)
    except BaseException as error:
        shelves.set_aside(inside, outside, keep=not isinstance(error, KeyboardInterrupt), encrypted=gathered.dataset.encrypted)
        if isinstance(error, SegkitError):
            error = type(error)(error.what, error.facts, error.do.replace(str(inside), str(private / "failed")))
        elif is_full(error):
            error = errors.NotebookFailed("the disk is full", f"stage {at['stage']}", "make room and run again")
        if isinstance(error, Exception) and getattr(error, "exit_code", 1) in (1, 3, 6):
            tell_failure(resolved.study, public, at["stage"], error)
        with suppress(OSError):  # what stopped the run is the news
            recorded(resolved, gathered, run_id, "failed", stage=at["stage"], exit_code=getattr(error, "exit_code", 1))
        raise error from None


def recorded(resolved: Study, gathered: sources.Gathered, run_id: str, outcome: str, **facts) -> None:
    """The run in the record of what was done with customers' data."""
    made_of = {"dataset": resolved.dataset, "fingerprint": gathered.fingerprint}
    privacy.record("run", study=resolved.study, run=run_id, outcome=outcome, **made_of, **facts)


def tell_failure(study: str, public: Path, stage: str, error: Exception) -> None:
    """FAILED.html, as far as the disk allows. Of an exception that is not ours only the class is told: its text may quote a row."""
    what, code = (error.what, error.exit_code) if isinstance(error, SegkitError) else (type(error).__name__, 1)
    try:
        publish.write_failed(public, study, stage, what, code)
        publish.write_index(public.parent)
    except OSError as trouble:
        log.warning("%s: no FAILED page could be written (%s)", study, trouble.strerror)


def jobs(resolved: Study, run_id: str, inside: Path, outside: Path) -> list[execute.Job]:
    """One job per stage. Each notebook's parameters cell says which of the study's parameters it takes."""
    given = resolved.model_dump(exclude={"question", "hypotheses"}) | {"run": run_id}
    found = []
    for stage in STAGES:
        notebook = home.root() / "notebooks" / f"{stage.notebook}.ipynb"
        parameters = {name: given[name] for name in execute.parameters_of(notebook) if name in given}
        writes = (
            *(outside / "tables" / f"{name}.csv" for name in stage.tables),
            *(inside / f"{name}.parquet" for name in stage.customers),
            *([outside / "verdict.json"] if stage is STAGES[-1] else []),
        )
        found.append(execute.Job(stage.word, notebook, inside / notebook.name, parameters, stage.warm, writes))
    return found


def check_gates(resolved: Study, folder: Path) -> None:
    """Raise GateFailed when a finding named in `fail_if` came true. The report stays published."""
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    findings = {f"structure {verdict['structure']['verdict']}", *(f"{row['verdict']} {row['name']}" for row in verdict["hypotheses"])}
    if true := [gate for gate in resolved.fail_if if gate in findings]:
        raise GateFailed(f"{resolved.study}: {', '.join(true)}", "the report is published", f"see {folder / 'index.html'}")
