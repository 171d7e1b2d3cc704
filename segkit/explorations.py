"""The multiverse of a published run, as a page of its own beside the run's: made by a notebook, published whole or not at all."""

import hashlib
import json
import logging
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from segkit import errors, execute, home, manifest, multiverse, privacy, publish, runs, shelves, sources, store, studies, verdicts
from segkit.errors import BadInput
from segkit.studies import Study

log = logging.getLogger("segkit")
NOTEBOOK = "multiverse.ipynb"
WARM = (
    "segkit.multiverse",
    "segkit.figures.multiverse",
    "segkit.prose.multiverse",
    "sklearn.cluster",
    "joblib",
    "seaborn",
    "ibis.backends.duckdb",
)
TABLES = ("specifications", "choices", "overlaps", "segments", "segments_by_choice", "consensus", "cores")
OF_CLAIMS = ("claims", "claims_held")


@dataclass(frozen=True)
class Published:
    """A published run whose customers are still at hand: its resolved study, id, data, and the folders of the study and of its
    multiverse."""

    study: Study
    run_id: str
    gathered: sources.Gathered
    private: Path
    public: Path

    @property
    def beside(self) -> Path:
        """Where the multiverse's own rows lie: with the run's, so that whatever becomes of those becomes of these."""
        return self.private / self.run_id / "multiverse"

    @property
    def pages(self) -> Path:
        """Where the multiverse of every run of the study is published."""
        return self.public / "multiverse"


def explore(
    study: str | Path,
    outcomes: bool = False,
    out: Path | None = None,
    force: bool = False,
    wait: float = 0,
    progress: Callable | None = None,
) -> Path:
    """Make and publish the multiverse of a study's last published run; returns the path of its index.html.

    `outcomes` tests the study's claims under every specification, at a price that is told (see `segkit.multiverse.outcomes`); the rest is
    as in `runs.run`. Raises BadInput without a published run, without its rows, and where there is nothing to explore.
    """
    name = studies.load(study).study
    with home.written_under(out):
        private, public = home.out() / "data" / "runs" / name, home.out() / "reports" / name
        if not (public / "latest" / "manifest.json").is_file():
            raise BadInput(f"{name} has no published run", str(public), f"run it first: segkit run {name}")
        with runs.folder_trouble_told():
            runs.make_writable(private, public)
        with home.locked(private, name, wait):
            shelves.heal(private, public)
            found = last_published(name, private, public)
            for folder in (found.beside.parent, found.pages):
                shelves.restore(folder)
            if force or not is_there(found, outcomes):
                refuse_or_price(found, outcomes)
                attempt(found, outcomes, progress)
            else:
                log.info("%s: the multiverse of run %s is already there (--force makes it again)", name, found.run_id)
            with runs.folder_trouble_told():
                publish.write_index(public.parent)
        return found.pages / found.run_id / "index.html"


def last_published(name: str, private: Path, public: Path) -> Published:
    """The study's last published run. Raises BadInput when its rows, or the data it was made from, are there no more."""
    run_id = os.readlink(public / "latest")
    made = json.loads((public / run_id / "manifest.json").read_text(encoding="utf-8"))
    folder = home.out() / "data" / "gathered" / made["dataset"] / made["fingerprint"]
    if not (private / run_id / "study.json").is_file() or not (folder / "gathered.json").is_file():
        facts = f"study {name}, run {run_id}: the report is there, its rows were purged or never made here"
        raise BadInput("there are no customers to explore", facts, f"segkit run {name} --force")
    said = json.loads((folder / "gathered.json").read_text(encoding="utf-8"))
    gathered = sources.Gathered(sources.dataset.Dataset.model_validate(said["dataset"]), made["fingerprint"], folder)
    resolved = Study.model_validate_json((private / run_id / "study.json").read_text(encoding="utf-8"))
    return Published(resolved, run_id, gathered, private, public)


def refuse_or_price(found: Published, outcomes: bool) -> None:
    """Raise BadInput when there is nothing to explore, or no claim to test; say what testing claims will cost, before any outcome is
    read."""
    study = found.study
    _, made = store.shelf(study.study, found.run_id).read_customers("assignments")
    own = multiverse.OwnChoices(study.scaling, studies.transforms_of(study.transforms), study.winsorise, made["method"], made["k"])
    specs = multiverse.specifications(own, study.methods, study.k_min, study.k_max)
    if outcomes:
        cost = multiverse.price(verdicts.lock(made, study.horizon_days, study.hypotheses), specs)
        said = f"grows from {cost.before} to {cost.after}" if cost.after > cost.before else f"stays at {cost.before}"
        log.info("%s: m, the number of tests that verdicts on this outcome window are adjusted for, %s", study.study, said)


def identity(found: Published) -> str:
    """16 hex digits of all that decides what a multiverse says, whether or not claims are tested."""
    now = manifest.identity(found.study, found.gathered)
    parts = [found.run_id, now, home.sha256(home.root() / "notebooks" / NOTEBOOK), str(found.gathered.fingerprint)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def is_there(found: Published, outcomes: bool) -> bool:
    """Has this very multiverse been published, with claims tested if they are asked for?"""
    path = found.pages / found.run_id / "manifest.json"
    said = json.loads(path.read_text(encoding="utf-8"))["multiverse"] if path.is_file() else {}
    whole = (found.beside / "consensus.parquet").is_file()  # the run may have been made again meanwhile, and its rows with it
    return whole and said.get("identity") == identity(found) and said["outcomes"] >= outcomes


def attempt(found: Published, outcomes: bool, progress: Callable | None) -> None:
    """Execute the notebook into partial folders and publish; on failure the executed notebook stays under data/runs/<study>/failed."""
    study, token = found.study, uuid.uuid4().hex[:8]
    inside, outside = found.private / f".partial-{token}", found.pages / f".partial-{token}"
    try:
        home.private(inside)
        (outside / "tables").mkdir(parents=True)
        (inside / "study.json").write_text(study.model_dump_json(indent=1), encoding="utf-8")
        env = {"SEGKIT_HOME": str(home.root()), "SEGKIT_OUT": str(home.out()), "SEGKIT_EXPLORATION": token}
        env |= {"SEGKIT_FINGERPRINT": found.gathered.fingerprint, "SEGKIT_USE_CASES": sources.use_cases.digest(found.gathered.use_cases)}
        job = the_job(found, outcomes, inside, outside)

        def done(job: execute.Job, seconds: float) -> None:
            log.info("%s: %s done in %.0f s", study.study, job.stage, seconds)

        execute.notebooks([job], env, study.timeout_minutes * 60, progress, done)
        made = manifest.of_run(study, found.gathered, found.run_id, outside)
        made |= {"multiverse": {"identity": identity(found), "outcomes": outcomes}}
        (outside / "manifest.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        publish.write_multiverse(job.output, outside, manifest.shown(made))
        publish.refuse_leaks(outside, found.gathered.customer_ids(), found.gathered.identifier_digests())
        recorded(found, "published", outcomes=outcomes)
        shelves.replace(inside, found.beside)
        shelves.replace(outside, found.pages / found.run_id)
    except BaseException as error:
        shelves.set_aside(inside, outside, keep=not isinstance(error, KeyboardInterrupt), encrypted=found.gathered.dataset.encrypted)
        if isinstance(error, errors.SegkitError):
            error = type(error)(error.what, error.facts, error.do.replace(str(inside), str(found.private / "failed")))
        elif runs.is_full(error):
            error = errors.NotebookFailed("the disk is full", "multiverse", "make room and try again")
        with suppress(OSError):  # what stopped it is the news
            recorded(found, "failed", outcomes=outcomes, exit_code=getattr(error, "exit_code", 1))
        raise error from None


def the_job(found: Published, outcomes: bool, inside: Path, outside: Path) -> execute.Job:
    """The notebook with the parameters of the run's own study, and what it owes."""
    notebook = home.root() / "notebooks" / NOTEBOOK
    given = found.study.model_dump(exclude={"question", "hypotheses"}) | {"run": found.run_id, "outcomes": outcomes}
    parameters = {name: given[name] for name in execute.parameters_of(notebook) if name in given}
    tables = (*TABLES, *(OF_CLAIMS if outcomes else ()))
    writes = (*(outside / "tables" / f"{name}.csv" for name in tables), inside / "consensus.parquet")
    return execute.Job("multiverse", notebook, inside / NOTEBOOK, parameters, WARM, writes)


def recorded(found: Published, outcome: str, **facts) -> None:
    """The multiverse in the record of what was done with customers' data."""
    of = {"study": found.study.study, "run": found.run_id, "dataset": found.study.dataset, "fingerprint": found.gathered.fingerprint}
    privacy.record("multiverse", outcome=outcome, **of, **facts)
