"""Where runs live: customer-level tables under data/runs, aggregates under reports, both stamped with what made them; and looks.

A run is written into partial folders and published whole (`segkit.runs`). The run called `draft` is an analyst's own: it lies
under data/runs/<study>/draft, aggregates included, and never reaches reports/. Only its looks at the outcome window do.
"""

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import ibis
import pandas as pd

from segkit import home, studies
from segkit.errors import BadInput
from segkit.home import clock
from segkit.studies import NAME, Study

MADE_BY = {"customer_features": "02_behavior", "assignments": "03_segments"}
log = logging.getLogger("segkit")


@dataclass(frozen=True)
class Shelf:
    """The tables of one run of one study: `customers` holds a row per person and is private, `aggregates` is what readers see."""

    study: str
    run: str
    customers: Path
    aggregates: Path

    def write(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        """Write an aggregate as CSV (ten significant digits) and hand it back."""
        self.aggregates.mkdir(parents=True, exist_ok=True)
        with home.whole_file(self.aggregates / f"{name}.csv") as partial:
            table.to_csv(partial, index=False, float_format="%.10g", lineterminator="\n")
        return table

    def write_verdict(self, verdict: dict) -> None:
        """verdict.json, beside the aggregate tables."""
        self.aggregates.mkdir(parents=True, exist_ok=True)
        with home.whole_file(self.aggregates.parent / "verdict.json") as partial:
            partial.write_text(json.dumps(verdict, indent=1, allow_nan=False) + "\n", encoding="utf-8")

    def write_text(self, name: str, text: str) -> None:
        """A text beside the customer-level tables, such as what it takes to assign a new customer."""
        with home.whole_file(home.private(self.customers) / name) as partial:
            partial.write_text(text, encoding="utf-8")

    def read(self, name: str) -> pd.DataFrame:
        """An aggregate of this run."""
        return pd.read_csv(self.aggregates / f"{name}.csv")

    def write_customers(self, name: str, table: "pd.DataFrame | ibis.Table", **stamps) -> pd.DataFrame:
        """Write a customer-level table as Parquet, in the order of customer_id, with its stamps inside; and hand it back.

        With the stamp `encrypted` nothing of it, stamps included, can be read without the workbench's key (see `segkit.privacy.sealed`).
        """
        import pyarrow as pa
        from pyarrow import parquet

        from segkit.privacy import sealed

        if isinstance(table, ibis.Table):
            rows = table.order_by("customer_id").to_pyarrow()
        else:
            rows = pa.Table.from_pandas(table.sort_values("customer_id"), preserve_index=False)
        home.private(self.customers)
        with home.whole_file(self.customers / f"{name}.parquet") as partial:
            stamped = rows.replace_schema_metadata({b"segkit": json.dumps(stamps, sort_keys=True).encode()})
            parquet.write_table(stamped, partial, encryption_properties=sealed.seal() if stamps.get("encrypted") else None)
        return rows.to_pandas()

    def table(self, name: str) -> ibis.Table:
        """A customer-level table of this run as one that the embedded engine reads where it lies; decrypted in memory where it is encrypted."""
        from segkit.privacy import sealed

        path = self._path(name)
        return ibis.memtable(sealed.rows(path)) if sealed.is_sealed(path) else ibis.read_parquet(path)

    def read_customers(self, name: str, **stamps) -> tuple[pd.DataFrame, dict]:
        """A customer-level table and all its stamps; refused when a stamp given here disagrees with the one inside.

        A draft that lacks the table takes the last published run's, if its stamps agree, and says so.
        """
        from segkit.privacy import sealed

        rows = sealed.rows(self._path(name))
        found = json.loads((rows.schema.metadata or {}).get(b"segkit", b"{}"))
        for key, wanted in stamps.items():
            if found.get(key) != wanted:
                raise BadInput(f"{name} was made with {key} {found.get(key)}, this notebook says {wanted}", do=f"rerun {MADE_BY[name]}")
        return rows.replace_schema_metadata(None).to_pandas(), found

    def declared(self) -> Study:
        """The study behind this run: as resolved by the runner, else the file in notebooks/studies."""
        if (self.customers / "study.json").is_file():
            return Study.model_validate_json((self.customers / "study.json").read_text())
        return studies.load(self.study)

    def _path(self, name: str) -> Path:
        """Where a customer-level table lies: in this run, or for a draft that lacks it in the last published one."""
        path, latest = self.customers / f"{name}.parquet", self._latest() if self.run == "draft" else None
        if not path.is_file() and latest and (latest / path.name).is_file():
            path = latest / path.name
            log.warning("%s: no draft yet, the last published run's (%s) is used.", name, latest.name)
        if not path.is_file():
            raise self._missing(name, latest)
        return path

    def _missing(self, name: str, latest: Path | None) -> BadInput:
        """A table is not there: not made yet; or its report is, and then its rows were purged, or made elsewhere."""
        facts, do = f"study {self.study}, run {self.run}", f"run {MADE_BY[name]} first"
        if (home.out() / "reports" / self.study / self.run / "manifest.json").is_file():
            facts, do = f"{facts}: the report is there, its rows were purged or never made here", "run the study again with --force"
        elif latest:
            facts = f"{facts}; those of the last published run ({latest.name}) were purged or never made"
        return BadInput(f"{name} is not there", facts, do)

    def _latest(self) -> Path | None:
        link = home.out() / "reports" / self.study / "latest"
        return home.out() / "data" / "runs" / self.study / os.readlink(link) if link.is_symlink() else None


def shelf(study: str, run: str = "draft") -> Shelf:
    """Open a run's tables. The runner names the attempt (SEGKIT_ATTEMPT) whose partial folders its notebooks fill."""
    for name in (study, run):
        if not NAME.fullmatch(name):
            raise BadInput(f"{name!r} cannot name a study or a run", "lower-case letters, digits, - and _")
    private, public = home.out() / "data" / "runs" / study, home.out() / "reports" / study
    if run == "draft":
        return Shelf(study, run, private / run, private / run / "tables")
    folder = f".partial-{os.environ['SEGKIT_ATTEMPT']}" if os.environ.get("SEGKIT_ATTEMPT") else run
    return Shelf(study, run, private / folder, public / folder / "tables")


def add_look(look: dict, study: str) -> None:
    """Append one look to reports/<study>/looks.jsonl, before the outcomes are read."""
    path = home.out() / "reports" / study / "looks.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    torn = path.is_file() and not path.read_bytes().endswith(b"\n")
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n" * torn + json.dumps({"when": clock(), "study": study} | look, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())


def looks(window: dict) -> list[dict]:
    """Every look at one outcome window (dataset, as_of, horizon_days), by any study, oldest first."""
    found = []
    for path in sorted((home.out() / "reports").glob("*/looks.jsonl")):
        for line in filter(str.strip, path.read_text(encoding="utf-8").splitlines()):
            try:
                look = json.loads(line)
            except ValueError:
                log.warning("%s: a look that could not be written to its end is left out; no outcome was read after it", path)
                continue
            found += [look] if look["window"] == window else []
    return sorted(found, key=lambda look: look["when"])
