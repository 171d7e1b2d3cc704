"""Who did what with customers' data, and when: one line per act, appended to data/audit.jsonl and never rewritten."""

import errno
import fcntl
import json
import os
import pwd
from pathlib import Path

from segkit import home


def record(what: str, **facts) -> dict:
    """Append one act (run, forget, purge, export) and hand its line back: when, who, what and the facts (study, dataset, run, rows…).

    The line is on the disk when this returns. Facts name a person by pseudonym at most. A run sent elsewhere with --out is recorded
    at home too, with the place it was sent to.
    """
    elsewhere = {} if home.out() == home.root() else {"out": str(home.out())}
    line = {"when": home.clock(), "who": user(), "what": what} | facts | elsewhere
    append(home.private(home.root() / "data") / "audit.jsonl", json.dumps(line, sort_keys=True).encode() + b"\n")
    return line


def user() -> str:
    """The login of whoever runs this, as the system knows it (not as the environment says)."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container a number may be all there is
        return str(os.getuid())


def append(path: Path, line: bytes) -> None:
    """Add a whole line to a file only its owner can read, in one write; a line that was cut short before is not continued."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_mode & 0o077:
            os.fchmod(file, 0o600)
        end = os.fstat(file).st_size
        torn = end > 0 and os.pread(file, 1, end - 1) != b"\n"
        line = b"\n" * torn + line
        if os.write(file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(file)
    finally:
        os.close(file)


def acts() -> list[dict]:
    """Every act on record, oldest first; a line that was cut short is left out."""
    path, found = home.root() / "data" / "audit.jsonl", []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def outs() -> list[Path]:
    """The other roots that acts of this workbench wrote under, as far as they are still there."""
    return [Path(out) for out in sorted({act["out"] for act in acts() if "out" in act}) if Path(out).is_dir()]
