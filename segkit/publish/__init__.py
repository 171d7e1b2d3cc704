"""From a finished run's tables and executed notebooks to pages a reviewer can read, and the search for leaks before they are published."""

import fcntl
import os
from pathlib import Path

from segkit import home
from segkit.errors import Leak
from segkit.privacy import Digests, leaking_files
from segkit.publish import pages, summary


def write_pages(executed: list[Path], folder: Path, question: str, run: dict) -> None:
    """One page per notebook, and index.html."""
    names = [path.stem for path in executed]
    for path in executed:
        (folder / f"{path.stem}.html").write_text(pages.notebook(path, run, names), encoding="utf-8")
    (folder / "index.html").write_text(summary.page(folder, question, run), encoding="utf-8")


def write_multiverse(executed: Path, folder: Path, run: dict) -> None:
    """The one page of a run's multiverse, as index.html."""
    (folder / "index.html").write_text(pages.notebook(executed, run, [], "multiverse.html.j2"), encoding="utf-8")


def refuse_leaks(folder: Path, ids: set[str], identifiers: Digests) -> None:
    """Raise Leak when a page or a table names a customer: by raw id, by pseudonym, or by an identifier whose digest is known.

    The message names files and counts; the ids and names themselves are not in it.
    """
    if found := leaking_files(folder, ids, identifiers):
        raise Leak(
            "a customer could be recognised in what was about to be published",
            f"files (and ids, pseudonyms or identifiers found): {', '.join(found)}",
            "nothing was published; look for the column or sentence that carries them",
        )


def write_index(reports: Path) -> Path:
    """reports/index.html over all studies and runs. One writer at a time, else the list of whoever looked first could be written last."""
    folder = os.open(reports, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with home.whole_file(reports / "index.html") as partial:
            partial.write_text(summary.all_studies(reports), encoding="utf-8")
    finally:
        os.close(folder)
    return reports / "index.html"


def write_failed(folder: Path, study: str, stage: str, kind: str, exit_code: int) -> None:
    """FAILED.html: stage, class and exit code only, since messages and tracebacks may quote rows."""
    with home.whole_file(folder / "FAILED.html") as partial:
        partial.write_text(
            pages.render("failed.html.j2", title=f"{study}: failed", study=study, stage=stage, kind=kind, exit_code=exit_code),
            encoding="utf-8",
        )
