"""Publishing: two folders appear together or not at all, and what a crash left half done is healed at the next start.

A link `.latest-<partial folder>` to the run is the journal. Then the data folder moves; renaming the reports folder is the commit; and the
link becomes `latest`. A run that replaces an older one of the same id moves that aside as `.old-<run_id>` until the commit is done.
"""

import json
import logging
import os
import shutil
from pathlib import Path

from segkit import home

log = logging.getLogger("segkit")


def publish(private: Path, public: Path, partial: str, run_id: str) -> None:
    """Move both partial folders to their names. Called under the study's lock. Whatever stops it, both are new or none is."""
    try:
        (public / f".latest-{partial}").symlink_to(run_id)
        for folder in (private, public):
            if (folder / run_id).exists():
                os.replace(folder / run_id, folder / f".old-{run_id}")
            os.replace(folder / partial, folder / run_id)
    finally:
        heal(private, public)


def heal(private: Path, public: Path) -> None:
    """Undo what was not committed, finish what was, sweep what is left over. Called under the study's lock, so that none of it is in use.

    It may be cut short at any point and begun again: reports are restored before data, and the journal goes last.
    """
    for journal in sorted(public.glob(".latest-*")):
        run_id = os.readlink(journal)
        if not (public / journal.name.removeprefix(".latest-")).exists():  # committed: the partial folder has become the run
            os.replace(journal, public / "latest")
            continue
        for folder in (public, private):
            if (folder / f".old-{run_id}").exists():
                shutil.rmtree(folder / run_id, ignore_errors=True)
                os.replace(folder / f".old-{run_id}", folder / run_id)
            elif not (public / run_id).exists():
                shutil.rmtree(folder / run_id, ignore_errors=True)
        journal.unlink()
        log.warning("run %s: an interrupted publication was undone", run_id)
    for folder in (private, public):
        for left in (*folder.glob(".old-*"), *folder.glob(".partial-*"), *folder.glob(".probe-*")):
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()


def replace(partial: Path, folder: Path) -> None:
    """Move a partial folder to its name. What stood there is moved aside first, and is back when anything stops this."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            os.replace(folder, folder.with_name(f".old-{folder.name}"))
        os.replace(partial, folder)
    finally:
        restore(folder.parent)


def restore(parent: Path) -> None:
    """Put back what was moved aside by a `replace` that was cut short, and sweep what is left over. Called under the study's lock."""
    for old in parent.glob(".old-*"):
        if not (folder := parent / old.name.removeprefix(".old-")).exists():
            os.replace(old, folder)
        else:
            shutil.rmtree(old)
    for left in parent.glob(".partial-*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def set_aside(inside: Path, outside: Path, keep: bool, encrypted: bool = False) -> None:
    """After a failure: nothing stays in reports; the executed notebooks stay under data/runs/<study>/failed for whoever may see rows.

    Where rows are encrypted at rest the notebooks stay without their outputs, since tracebacks quote rows in clear.
    """
    shutil.rmtree(outside, ignore_errors=True)
    failed = inside.parent / "failed"
    shutil.rmtree(failed, ignore_errors=True)
    if keep and any(inside.glob("*.ipynb")):
        for executed in inside.glob("*.ipynb*") if encrypted else ():
            without_outputs(executed)
        os.replace(inside, failed)
    else:
        shutil.rmtree(inside, ignore_errors=True)


def without_outputs(executed: Path) -> None:
    """Empty the outputs of an executed notebook, whole; what cannot be read as one goes. Which cell failed can still be seen."""
    try:
        notebook = json.loads(executed.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell.update({"outputs": []} if cell["cell_type"] == "code" else {})
        with home.whole_file(executed) as partial:
            partial.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        executed.unlink()
