"""Purge: gathered tables and runs that are older than they may be. Reports stay, and so does the list of who was forgotten."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from segkit import home, privacy, shelves
from segkit.erase import places
from segkit.errors import BadInput, Busy


@dataclass(frozen=True)
class Purged:
    """What purging removed: folders below data/ with their bytes."""

    days: float
    removed: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        total = sum(size for _, size in self.removed)
        count = "nothing" if not self.removed else f"{len(self.removed)} folder{'s' * (len(self.removed) > 1)}, {megabytes(total)}"
        return "\n".join(
            [
                f"older than {self.days:g} days: {count} removed; reports stay",
                *(f"  {megabytes(size):>12}  {name}" for name, size in self.removed),
            ]
        )


def purge(older_than: timedelta, wait: float = 0.0) -> Purged:
    """Remove gathered folders, runs, drafts and failures under data/ whose newest file is older than `older_than`.

    The gathering named in data/gathered/NAME/latest counts as used when that file was written. What killed processes left half done is
    swept. `wait` is how many seconds to wait for a run that is under way.

    Raises BadInput unless `older_than` is above 0, Busy when a run is under way: its study and all gatherings are left for another time.
    """
    if older_than <= timedelta(0):
        raise BadInput("purging needs an age above 0 days", f"given: {older_than.total_seconds() / 86400:g} days", "say, for example, 365d")
    days, removed, busy = older_than.total_seconds() / 86400, [], []
    limit = datetime.fromisoformat(home.clock()).timestamp() - older_than.total_seconds()
    data = home.out() / "data"
    with places.trouble_told("purging"), ExitStack() as locks:
        try:
            for private in places.folders(data / "runs"):
                try:
                    locks.enter_context(home.locked(private, private.name, wait))
                except Busy:
                    busy.append(private.name)
                    continue
                shelves.heal(private, home.out() / "reports" / private.name)
                removed.extend(purged(private, limit))
            for parent in places.folders(data / "gathered") if not busy else ():  # a run that is under way may be reading one
                with home.alone(parent):
                    removed.extend(purged(parent, limit))
        finally:
            privacy.record("purge", days=days, folders=len(removed), bytes=sum(size for _, size in removed), complete=not busy)
    done = Purged(days, tuple((str(folder.relative_to(home.out())), size) for folder, size in removed))
    if busy:
        raise Busy(
            f"a run of {', '.join(busy)} is under way, and not everything was purged", str(done).replace("\n", "\n  "), "purge again later"
        )
    return done


def purged(parent: Path, limit: float) -> Iterator[tuple[Path, int]]:
    """Remove the folders in a folder that are too old, and tell each with its bytes. Called under the folder's lock."""
    for folder in places.folders(parent):
        if last_used(folder) < limit:
            size = sum(path.stat().st_size for path in places.files(folder))
            places.discard(folder)
            yield folder, size


def last_used(folder: Path) -> float:
    """When the newest file of a folder was written, or, of the gathering that is in use, when it was last chosen."""
    latest = folder.parent / "latest"
    chosen = [latest] if latest.is_file() and latest.read_text(encoding="utf-8").strip() == folder.name else []
    return max((path.stat().st_mtime for path in (*places.files(folder), *chosen)), default=folder.stat().st_mtime)


def megabytes(size: int) -> str:
    """A number of bytes for readers."""
    return f"{size / 1e6:,.1f} MB"
