"""Where rows of persons lie at rest, how a file of them is replaced and how a folder of them goes."""

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segkit import home
from segkit.errors import SegkitError
from segkit.privacy import audit


def roots() -> list[Path]:
    """The home, the root that runs write under, and every other one that runs of this home were sent to."""
    return list(dict.fromkeys((home.root(), home.out(), *audit.outs())))


def folders(parent: Path) -> list[Path]:
    """The folders in a folder; what is still being filled is none."""
    return sorted(path for path in parent.glob("*") if path.is_dir() and not path.is_symlink() and not path.name.startswith("."))


def files(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def dataset_of(root: Path, path: Path) -> str:
    """The dataset a file below data/ is about, by the place it was gathered to or by its run's study; empty when nothing says it."""
    kind, *within = path.relative_to(root / "data").parts
    if kind == "gathered":
        return within[0]
    try:
        return str(json.loads((root / "data" / "runs" / within[0] / within[1] / "study.json").read_text(encoding="utf-8"))["dataset"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


@contextmanager
def as_old_as_before(path: Path) -> Iterator[Path]:
    """A name to write the new content of a file to, which replaces it whole. It stays as old: what is too old is not made young by a change."""
    before = path.stat()
    with home.whole_file(path) as partial:
        yield partial
        os.chmod(partial, before.st_mode & 0o777)
        os.utime(partial, ns=(before.st_atime_ns, before.st_mtime_ns))


def discard(folder: Path) -> None:
    """Remove a folder: it loses its name first, so that nobody finds half of it. Called under its parent's lock."""
    if (latest := folder.parent / "latest").is_file() and latest.read_text(encoding="utf-8").strip() == folder.name:
        latest.unlink()
    going = folder.with_name(f".partial-{uuid.uuid4().hex[:8]}-{folder.name}")
    os.replace(folder, going)
    shutil.rmtree(going)


@contextmanager
def trouble_told(doing: str) -> Iterator[None]:
    """Put what the file system refuses into words. Nothing is half written, and all of it may be begun again."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise SegkitError(
            f"{doing} came to a stop", f"{where}{error.strerror or type(error).__name__}", "mend it, and give the same command again"
        ) from None
