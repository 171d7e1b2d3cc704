"""Who asked to be forgotten and is not gathered again: data/suppressed.csv, by dataset and pseudonym, never by id."""

import fcntl
import os
import re

from segkit import home
from segkit.errors import BadInput
from segkit.privacy import keys

HEADER = "dataset,pseudonym,key"
LINE = re.compile(r"([a-z0-9][a-z0-9_-]{0,63}),(p[0-9a-f]{20}),([0-9a-f]{8})")


def suppressed(dataset: str) -> frozenset[str]:
    """Pseudonyms of this dataset's customers that gathering leaves out.

    Raises BadInput when the list was made with another key: its pseudonyms would match nobody, and everyone on it would come back.
    """
    rows = [(pseudonym, key) for name, pseudonym, key in listed() if name == dataset]
    ours = keys.key_name() if rows and keys.is_made() else ""
    if others := {key for _, key in rows} - {ours}:
        raise BadInput(
            f"{dataset}: customers were forgotten under another key",
            f"data/suppressed.csv was made with key {', '.join(sorted(others))}, this one is {ours or 'missing'}",
            "bring that key back; if it is lost, forget these customers again by their ids and take the old lines out of the list",
        )
    return frozenset(pseudonym for pseudonym, _ in rows)


def suppress(dataset: str, pseudonym: str) -> bool:
    """Put a customer on the list; False when they stand there already. The list is on the disk when this returns."""
    entry, data = (dataset, pseudonym, keys.key_name()), home.private(home.root() / "data")
    door = os.open(data, os.O_RDONLY)
    try:
        fcntl.flock(door, fcntl.LOCK_EX)
        if entry in (rows := listed()):
            return False
        for left in data.glob(".partial-*-suppressed.csv"):  # by a process that was killed
            left.unlink()
        with home.whole_file(data / "suppressed.csv") as partial:
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
                file.writelines(line + "\n" for line in (HEADER, *sorted(map(",".join, (*rows, entry)))))
                file.flush()
                os.fsync(file.fileno())
        return True
    finally:
        os.close(door)


def listed() -> list[tuple[str, str, str]]:
    """Every line of the list: dataset, pseudonym, name of the key it was made with. Raises BadInput at a line that is damaged."""
    path = home.root() / "data" / "suppressed.csv"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else [HEADER]
    found = [LINE.fullmatch(line.strip()) for line in lines[1:] if line.strip()]
    if lines[:1] != [HEADER] or not all(found):
        raise BadInput(
            "data/suppressed.csv is damaged",
            f"it should hold {HEADER}, and so on every line",
            "restore it from a backup: without it, customers who asked to be forgotten would come back",
        )
    return [line.groups() for line in found]
