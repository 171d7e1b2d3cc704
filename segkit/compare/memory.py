"""How much memory a comparison will take, and a refusal before it starts where there is not so much: a killed process tells nobody why."""

import os
import re
from pathlib import Path

from segkit.errors import BadInput

FLOAT = 8  # bytes
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
CGROUP = Path("/sys/fs/cgroup/memory.max")
MEMINFO = Path("/proc/meminfo")


def needed(fitted: int, judged: int, columns: int, methods: list[str], workers: int) -> dict[str, int]:
    """Bytes the largest tables of each step take, by what a study could change: in rows fitted, rows judged, columns of the matrix.

    A mixture holds all products of two columns of every row, twice per worker; a tree by average or complete linkage all distances.
    """
    products = 1 + columns + columns * (columns + 1) // 2
    found = {"the matrix": FLOAT * 4 * max(fitted, judged) * columns, "distances between customers": FLOAT * 3 * judged**2}
    if "gmm" in methods:
        found["gmm"] = FLOAT * 2 * workers * products * max(fitted, judged)
    if {"average", "complete"} & set(methods):
        found["average or complete linkage"] = FLOAT * fitted**2
    return found


def allowed() -> int:
    """Bytes this process may take: SEGKIT_MEMORY, or what the machine and its control group have left."""
    if told := os.environ.get("SEGKIT_MEMORY", ""):
        found = re.fullmatch(r"\s*([0-9]+(?:[.][0-9]+)?)\s*([KMGT]?)i?B?\s*", told, re.I)
        if not found:
            raise BadInput("the memory allowed cannot be read", f"SEGKIT_MEMORY is {told!r}", "write an amount such as 4GB")
        return int(float(found[1]) * UNITS[found[2].upper()])
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    if MEMINFO.is_file():
        limits.append(1024 * int(re.search(r"MemAvailable:\s+(\d+)", MEMINFO.read_text())[1]))
    if CGROUP.is_file() and (told := CGROUP.read_text().strip()).isdigit():
        limits.append(int(told))
    return min(limits)


def refuse_beyond(fitted: int, judged: int, columns: int, methods: list[str]) -> None:
    """Raise BadInput where a comparison would not fit into memory."""
    asked, there = needed(fitted, judged, columns, methods, os.cpu_count() or 1), allowed()
    if (total := sum(asked.values())) > there:
        most = max(asked, key=asked.__getitem__)
        do = {
            "gmm": "take gmm out of methods, or cluster on fewer features",
            "average or complete linkage": "set max_fit_rows lower, or take average and complete out of methods",
        }.get(most, "cluster on fewer features, or set max_fit_rows lower")
        raise BadInput(
            f"comparing {', '.join(methods)} on {fitted:,} customers and {columns:,} columns needs about {total / 1e9:.1f} GB of memory",
            f"{there / 1e9:.1f} GB are there; {most} takes {asked[most] / 1e9:.1f} GB of them",
            do,
        )
