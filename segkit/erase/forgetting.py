"""Forget: one person is taken out of everything gathered and of every run, and is not gathered again."""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from segkit import home, privacy, shelves
from segkit.erase import places, rows, texts
from segkit.erase.person import MAP, Person, person
from segkit.errors import BadInput, Busy, SegkitError
from segkit.sources import dataset as datasets

log = logging.getLogger("segkit")
KINDS = {MAP: "pseudonym maps", "identifiers.parquet": "identifiers"}


@dataclass
class Forgotten:
    """What forgetting took away: rows by kind, and what went whole because it quoted the person. `already`: there was nothing left to do."""

    dataset: str
    raw: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    already: bool = False
    rows: Counter = field(default_factory=Counter)
    removed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        total = sum(self.rows.values())
        counts = [f"  {kind:<16}{count:>10,}" for kind, count in sorted(self.rows.items()) if count]
        nothing = "already forgotten, nothing of this customer is left" if self.already else "no row of this customer was found"
        return "\n".join(
            [
                f"{self.dataset}: " + (f"forgotten; rows taken out: {total:,}" if total or self.removed else nothing),
                *counts,
                *(f"  removed, since it quoted the customer: {name}" for name in self.removed),
                *([f"searched: {', '.join(self.roots)}"] if len(self.roots) > 1 else []),
                "kept out of later gatherings by data/suppressed.csv; reports are aggregates and stay",
                f"your own and not touched: {', '.join(self.raw) or 'what the dataset was gathered from'}; backups; open notebooks",
            ]
        )


def forget(customer_id: str, dataset: str = "", wait: float = 0.0) -> Forgotten:
    """Take a customer out of pseudonym maps, identifiers, gathered tables, quarantine, and the tables of all runs, drafts and failures.

    `customer_id` is the id as the dataset's own files write it; `dataset` may be left out when just one dataset knows it; `wait` is how
    many seconds to wait for a run that is under way. The suppression list comes first and the pseudonym maps come last: whatever
    interrupts this, the same command finishes it. In the end everything is searched.

    Raises BadInput for an id or dataset that nobody knows, Busy while a run is under way (all else is done then), SegkitError when
    something is left.
    """
    with places.trouble_told("forgetting"):
        roots = places.roots()
        who = person(customer_id.strip(), dataset, roots)
        done = Forgotten(who.dataset, raw_files(who.dataset), tuple(map(str, roots)))
        is_new = privacy.suppress(who.dataset, who.pseudonym)
        with audited(who, done):
            for root in roots:
                forget_gathered(root, who, done)
            if busy := [study for root in roots for study in forget_runs(root, who, done, wait)]:
                raise Busy(
                    f"a run of {', '.join(busy)} is under way",
                    "all else of this customer is forgotten",
                    "give the same command when it is over",
                )
            refuse_traces(who, [(root, path) for root, path in everything(roots, who) if path.name != MAP])
            for root in roots:
                forget_maps(root, who, done)
            refuse_traces(who, [(root, path) for root, path in everything(roots, who) if path.name == MAP])
    done.already = not (is_new or done.removed or sum(done.rows.values()))
    return done


def raw_files(dataset: str) -> tuple[str, ...]:
    """Where a dataset's rows come from, by its own file."""
    try:
        tables = datasets.load(dataset).tables.values()
    except BadInput:
        return ()
    return tuple(sorted({f"data/raw/{each.file}" if each.file else each.name for table in tables for each in (*table.inputs, *table.join)}))


@contextmanager
def audited(who: Person, done: Forgotten) -> Iterator[None]:
    """Record the act, however it ends."""
    complete = False
    try:
        yield
        complete = True
    finally:
        privacy.record("forget", dataset=who.dataset, pseudonym=who.pseudonym, rows=sum(done.rows.values()), complete=complete)


def forget_gathered(root: Path, who: Person, done: Forgotten) -> None:
    """Clean a dataset's gatherings, all but the maps. One whose own notes quote the customer goes as a whole: it can be gathered anew."""
    if not (parent := root / "data" / "gathered" / who.dataset).is_dir():
        return
    with home.alone(parent):
        for folder in places.folders(parent):
            if any(texts.quotes(path, [who.id], who.words) for path in places.files(folder) if path.suffix != ".parquet"):
                places.discard(folder)
                done.removed.append(str(folder.relative_to(root)))
                continue
            for path in places.files(folder):
                if path.suffix == ".parquet" and path.name != MAP:
                    kind = "quarantine" if path.name.endswith(".quarantine.parquet") else "gathered tables"
                    done.rows[KINDS.get(path.name, kind)] += taken_out(path, who.ids(who.dataset))
            restamp(folder / "gathered.json", folder)


def forget_runs(root: Path, who: Person, done: Forgotten, wait: float) -> list[str]:
    """Clean the runs of every study, drafts and failures too; returns the studies of which a run is under way."""
    busy = []
    for private in places.folders(root / "data" / "runs"):
        try:
            with home.locked(private, private.name, wait):
                shelves.heal(private, root / "reports" / private.name)
                for path in places.files(private):
                    ids = who.ids(places.dataset_of(root, path))
                    if path.suffix == ".parquet":
                        done.rows["tables of runs"] += taken_out(path, ids)
                    elif texts.quotes(path, ids - who.words, who.words):
                        path.unlink()
                        done.removed.append(str(path.relative_to(root)))
                for folder in places.folders(private):
                    restamp(root / "reports" / private.name / folder.name / "manifest.json", folder)
        except Busy:
            busy.append(private.name)
    return busy


def forget_maps(root: Path, who: Person, done: Forgotten) -> None:
    """Clean the pseudonym maps."""
    if (parent := root / "data" / "gathered" / who.dataset).is_dir():
        with home.alone(parent):
            for path in sorted(parent.glob(f"*/{MAP}")):
                done.rows[KINDS[MAP]] += taken_out(path, [who.id])


def taken_out(path: Path, ids: Iterable[str]) -> int:
    """Rows taken out of a Parquet file. What a killed process left half written goes; what cannot be read is told in the end."""
    if path.name.startswith(".partial-"):
        path.unlink(missing_ok=True)
        return 0
    try:
        return rows.without(path, ids)
    except BadInput:
        return 0


def restamp(path: Path, folder: Path) -> None:
    """Bring the `forgotten` list of a JSON file up to the rows that have gone from a folder's tables, by the tables' own stamps."""
    if not path.is_file():
        return
    for left in path.parent.glob(f".partial-*-{path.name}"):  # by a process that was killed
        left.unlink()
    total = 0
    for table in places.files(folder):
        if table.suffix == ".parquet" and table.name != MAP:
            try:
                total += rows.gone(table)
            except BadInput:
                continue
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        log.warning("%s/%s is damaged: it does not say that rows were taken out", path.parent.name, path.name)
        return
    said = made.get("forgotten", [])
    if (more := total - sum(entry["rows"] for entry in said)) > 0:
        with places.as_old_as_before(path) as partial:
            text = json.dumps(made | {"forgotten": [*said, {"when": home.clock(), "rows": more}]}, indent=1) + "\n"
            partial.write_text(text, encoding="utf-8")


def everything(roots: list[Path], who: Person) -> list[tuple[Path, Path]]:
    """Every file in which the customer could stand, and its root; what another process is writing just now is left out."""
    tops = [(root, top) for root in roots for top in (root / "data" / "gathered" / who.dataset, root / "data" / "runs")]
    found = [(root, path) for root, top in tops for path in places.files(top)]
    return [(root, path) for root, path in found if not any(part.startswith(".partial-") for part in path.relative_to(root).parts)]


def refuse_traces(who: Person, paths: list[tuple[Path, Path]]) -> None:
    """Raise SegkitError when the customer still stands in one of these files, or when one cannot be read. Only files are named."""
    left, unreadable = [], []
    for root, path in paths:
        ids = who.ids(places.dataset_of(root, path))
        try:
            if path.suffix == ".parquet":
                found = rows.quotes(path, ids, who.words)
            else:
                found = texts.quotes(path, ids - who.words, who.words)
            left += [str(path.relative_to(root))] * found
        except FileNotFoundError:
            continue
        except BadInput as error:
            unreadable.append(f"{path.relative_to(root)} ({error.facts})")
    again = "and give the same command again"
    if left:
        raise SegkitError(f"this customer still stands in {len(left)} files", ", ".join(left), f"remove these files, {again}")
    if unreadable:
        raise SegkitError(
            f"{len(unreadable)} files cannot be read, so nobody can tell whether the customer stands in them",
            ", ".join(unreadable),
            f"bring the key they were encrypted with, restore them or remove them, {again}",
        )
