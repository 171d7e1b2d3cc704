"""Publishing: two folders appear together or not at all, and what a crash left half done is healed at the next start.

The data folder goes first; renaming the reports folder is the commit; then the `latest` link. A run that replaces an older one of the
same id moves that aside as `.old-<run_id>` until the commit is done.
"""
import logging
import os
import shutil
from pathlib import Path

log = logging.getLogger("segkit")


def publish(private: Path, public: Path, partial: str, run_id: str) -> None:
    """Move both partial folders to their names. Called under the study's lock."""
    for folder in (private, public):
        if (folder / run_id).exists():
            os.replace(folder / run_id, folder / f".old-{run_id}")
        os.replace(folder / partial, folder / run_id)
    link = public / f".latest-{partial}"
    link.symlink_to(run_id)
    os.replace(link, public / "latest")
    for folder in (public, private):
        shutil.rmtree(folder / f".old-{run_id}", ignore_errors=True)


def heal(private: Path, public: Path) -> None:
    """Undo what was not committed, finish what was, sweep partial folders. Called under the study's lock, so that none is in use."""
    for old in sorted(private.glob(".old-*")):
        run_id = old.name.removeprefix(".old-")
        committed = (public / old.name).exists() and (public / run_id).exists()
        if not committed:
            shutil.rmtree(private / run_id, ignore_errors=True)
            os.replace(old, private / run_id)
            log.warning("run %s: an interrupted replacement was undone", run_id)
    for old in sorted(public.glob(".old-*")):
        if not (public / old.name.removeprefix(".old-")).exists():
            os.replace(old, public / old.name.removeprefix(".old-"))
    for folder in (private, public):
        for left in (*folder.glob(".old-*"), *folder.glob(".partial-*"), *folder.glob(".latest-*"), *folder.glob(".probe-*")):
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()


def set_aside(inside: Path, outside: Path, keep: bool) -> None:
    """After a failure: nothing stays in reports; the executed notebooks stay under data/runs/<study>/failed for whoever may see rows."""
    shutil.rmtree(outside, ignore_errors=True)
    failed = inside.parent / "failed"
    shutil.rmtree(failed, ignore_errors=True)
    if keep and any(inside.glob("*.ipynb")):
        os.replace(inside, failed)
    else:
        shutil.rmtree(inside, ignore_errors=True)
