"""Gather: a dataset file and foreign data in; checked canonical tables without names, quarantine, ledger and quality out."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import ibis
import pandas as pd

from segkit import home, privacy, studies
from segkit.errors import BadInput
from segkit.sources import databases, engine, files, gathering, quality, spark
from segkit.sources import dataset as datasets
from segkit.sources import use_cases as libraries
from segkit.sources.assemble import Place, wanted_columns
from segkit.sources.dataset import Dataset
from segkit.sources.places import Input
from segkit.sources.use_cases import UseCase


@dataclass(frozen=True)
class Gathered:
    """A dataset at rest: canonical Parquet tables in a folder named by the fingerprint of everything they were made from."""

    dataset: Dataset
    fingerprint: str
    folder: Path

    @cached_property
    def tables(self) -> dict[str, ibis.Table]:
        """Canonical tables as Ibis expressions over the gathered files, on the dataset's engine. customer_id is a pseudonym."""
        return self.tables_on(self.dataset.engine)

    def tables_on(self, which: str) -> dict[str, ibis.Table]:
        """The canonical tables on another engine; `duckdb` is the embedded one, which needs nothing else."""
        files = {name: self.folder / f"{name}.parquet" for name in self.dataset.tables}
        return engine.opened(which, files, spill=self.folder.parent / f".spill-{os.getpid()}")

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """The cleaning ledger (see `segkit.sources.ledger`)."""
        return pd.read_csv(
            self.folder / "ledger.csv",
            dtype={"amount_left": str, "customers_left": "Int64", "orders_left": "Int64"},
            keep_default_na=False,
            na_values={"customers_left": "", "orders_left": "", "amount_left": ""},
        )

    @cached_property
    def found(self) -> dict[str, pd.DataFrame]:
        """What was found out about the data (see `segkit.sources.quality`)."""
        return quality.read(self.folder)

    @property
    def quality(self) -> pd.DataFrame:
        """One line per column of every table: how much of it is filled, from when to when, what it means."""
        return self.found["quality"]

    @cached_property
    def use_cases(self) -> tuple[UseCase, ...]:
        """The library beside the dataset file, as it stands now (see `segkit.sources.use_cases`); none without one."""
        return libraries.load(self.dataset)

    def window(self, as_of: str, horizon_days: int) -> studies.Window | None:
        """Observation and outcome windows on this dataset's own span of orders and events; None when it is cross-sectional."""
        if not self.dataset.is_timed:
            return studies.no_window(as_of, horizon_days)
        spans = json.loads((self.folder / "gathered.json").read_text(encoding="utf-8"))["spans"]
        moments = [datetime.fromisoformat(moment) for name in ("orders", "events") for moment in spans.get(name, [])]
        return studies.window(as_of, horizon_days, min(moments), max(moments))

    def customer_ids(self) -> set[str]:
        """Every raw customer id and every pseudonym: what must not stand in a report."""
        known = pd.read_parquet(self.folder / "pseudonyms.parquet")
        return {*known.customer_id, *known.pseudonym}

    def identifier_digests(self) -> "privacy.Digests":
        """Keyed digests of the declared identifiers: neither must those."""
        return privacy.Digests.of(pd.read_parquet(self.folder / "identifiers.parquet"))

    def stamps(self, window: studies.Window | None) -> dict[str, str | bool]:
        """What every customer-level table of a run is stamped with, so that a reader can tell whether it fits."""
        as_of = f"{window.as_of:%Y-%m-%d}" if window else "none"
        encrypted = {"encrypted": True} if self.dataset.encrypted else {}
        use_cases = {"use_cases": libraries.digest(self.use_cases)} if self.use_cases else {}
        return {"dataset": self.dataset.dataset, "fingerprint": self.fingerprint, "as_of": as_of} | use_cases | encrypted


def gather(name: str) -> Gathered:
    """Gather a dataset, or find it already gathered from the same inputs, contracts, key and versions.

    Inside a run nothing is read again: what the runner gathered is what every notebook sees.
    """
    if os.environ.get("SEGKIT_FINGERPRINT"):
        return gathered(name)
    declared, shelf = datasets.load(name), home.out() / "data" / "gathered" / name
    with home.alone(shelf):
        spark.sweep(shelf)
        snapshots = shelf / ".partial-snapshots"
        try:
            places = {table: located(table, declared, snapshots) for table in declared.tables}
            fingerprint = fingerprint_of(declared, places)
            if not (shelf / fingerprint / "gathered.json").is_file():
                with home.whole_folder(shelf / fingerprint) as partial:
                    gathering.write(declared, places, partial)
        finally:
            shutil.rmtree(snapshots, ignore_errors=True)
        with home.whole_file(shelf / "latest") as partial:
            partial.write_text(fingerprint, encoding="utf-8")
    return Gathered(declared, fingerprint, shelf / fingerprint)


def gathered(name: str) -> Gathered:
    """What was gathered last: by the run this notebook belongs to, else by whoever ran 01_gather. Raises BadInput when nothing was."""
    shelf = home.out() / "data" / "gathered" / name
    latest = shelf / "latest"
    fingerprint = os.environ.get("SEGKIT_FINGERPRINT") or (latest.read_text(encoding="utf-8") if latest.is_file() else "")
    said = shelf / fingerprint / "gathered.json"
    if not fingerprint or not said.is_file():
        datasets.load(name)
        raise BadInput(f"dataset {name} has not been gathered", "", "run 01_gather first")
    declared = Dataset.model_validate(json.loads(said.read_text(encoding="utf-8"))["dataset"])
    return Gathered(declared, fingerprint, shelf / fingerprint)


def located(table: str, declared: Dataset, snapshots: Path) -> list[Place]:
    """Where the rows of a table are: its files, and for each database a copy taken now."""
    source = declared.tables[table]
    places = []
    for number, each in enumerate((*source.inputs, *source.join)):
        if each.is_database:
            copy = home.private(snapshots) / f"{table}-{number}.parquet"
            back = {new: old for old, new in each.rename.items()}
            wanted = [
                back.get(name, name)
                for name in sorted({*wanted_columns(source), *getattr(each, "keys", {}).values()} | {each.copies} - {""})
            ]
            columns = databases.snapshot(each, wanted, copy)
            plain = Input(file=copy.name, rename=each.rename, constants=each.constants, copies=each.copies)
            places.append(Place(plain, [copy], columns))
        else:
            places.append(Place(each, files.locate(each)))
    return places


def fingerprint_of(declared: Dataset, places: dict[str, list[Place]]) -> str:
    """12 hex digits over the dataset file, the bytes of its inputs, who is forgotten, the key's name, the code and the engine's version."""
    package = Path(__file__).parent.parent
    code = [
        package / "tables.py",
        package / "privacy" / "keys.py",
        *(path for path in sorted(Path(__file__).parent.rglob("*.py")) if path.parent.name != "authoring"),
    ]
    parts = [
        declared.model_dump_json(),
        *(
            f"{table}:{os.path.relpath(path, os.path.commonpath(place.paths))}:{home.sha256(path)}"  # year=2024/ says more than its bytes
            for table, each in sorted(places.items())
            for place in each
            for path in place.paths
        ),
        *sorted(privacy.suppressed(declared.dataset)),
        privacy.key_name(),
        *(home.sha256(path) for path in code),
        *(version(name) for name in ("duckdb", "ibis-framework", "pandas", "pyarrow")),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
