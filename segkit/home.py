"""Where things lie, and how they get there whole.

Two roots: the *home* holds what people write (notebooks, studies, datasets, raw data); the *out* root holds what runs write
(data/gathered, data/runs, reports). They are one folder unless a run is sent elsewhere with `--out`.
"""

import fcntl
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segkit.errors import BadInput, Busy


def root() -> Path:
    """SEGKIT_HOME, else the nearest folder at or above the current one that holds environment.yml and notebooks/."""
    if named := os.environ.get("SEGKIT_HOME"):
        if not Path(named).is_dir():
            raise BadInput("SEGKIT_HOME is not a folder", f"it says {named}", "point it at the folder that holds notebooks/")
        return Path(named).resolve()
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "environment.yml").is_file() and (folder / "notebooks").is_dir():
            return folder
    raise BadInput(
        "no workbench here",
        f"neither {here} nor a folder above it holds environment.yml and notebooks/",
        "change into the project, or set SEGKIT_HOME",
    )


def out() -> Path:
    """The root that runs write under: SEGKIT_OUT (set by `segkit run --out`), else the home."""
    return Path(os.environ["SEGKIT_OUT"]).resolve() if os.environ.get("SEGKIT_OUT") else root()


@contextmanager
def written_under(out: Path | None) -> Iterator[None]:
    """Send data/ and reports/ to another root for the time of a run."""
    before = os.environ.get("SEGKIT_OUT")
    if out is not None:
        os.environ["SEGKIT_OUT"] = str(Path(out).resolve())
    try:
        yield
    finally:
        if out is not None:
            os.environ.pop("SEGKIT_OUT") if before is None else os.environ.update(SEGKIT_OUT=before)


def private(folder: Path) -> Path:
    """Make a folder under data/ that only its owner can enter: rows about persons lie there."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name to write to; the file appears under its own name only when the block has ended well."""
    partial = path.with_name(f".partial-{uuid.uuid4().hex[:8]}-{path.name}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill; it appears under its own name only when the block has ended well. Whoever comes second keeps the first."""
    partial = path.with_name(f".partial-{uuid.uuid4().hex[:8]}-{path.name}")
    private(partial)
    try:
        yield partial
        try:
            os.replace(partial, path)
        except OSError:
            if not path.is_dir():
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time in a private folder; what others left half done there, because they were killed, is swept first."""
    door = os.open(private(folder), os.O_RDONLY)
    try:
        fcntl.flock(door, fcntl.LOCK_EX)
        for left in folder.glob(".partial-*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield
    finally:
        os.close(door)


@contextmanager
def locked(private: Path, study: str, wait: float) -> Iterator[None]:
    """One run of a study at a time. The lock is the kernel's: it goes when its holder goes, however that ends."""
    with open(private / ".lock", "w") as file:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Busy(
                        f"another run of {study} is under way", f"waited {wait:g} seconds", "try later, or give --wait SECONDS"
                    ) from None
                time.sleep(0.2)
        yield


def clock() -> str:
    """The moment, in UTC: for looks, manifests and the audit only, never for a number."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
