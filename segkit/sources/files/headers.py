"""The names at the top of a file: each column has one of its own, and files that are read as one have the same."""

import re
from collections import Counter
from collections.abc import Iterable

from segkit.errors import BadInput

VALUE = re.compile(r"@|\d{4}|^[\d\s.,:/+-]+$")
SHOWN = 12


def names(cells: Iterable[object], where: str) -> list[str]:
    """The names of a header, white space made single; a column without one is unnamed_N. Raises BadInput when two have the same."""
    found = [" ".join(str(cell).split()) or f"unnamed_{number}" for number, cell in enumerate(cells, 1)]
    times = Counter(name.casefold() for name in found)
    if twice := [name for name in found if times[name.casefold()] > 1]:
        raise BadInput(
            f"{where}: several columns have the same name",
            shown(twice),
            "give each its own, small and capital letters being the same; or name all columns in `header` if the file has no header",
        )
    return found


def same(headers: list[tuple[str, list[str]]]) -> None:
    """Raise BadInput when a file has other columns than the first: (name of the file, its columns) of each. Their order may differ."""
    first, expected = headers[0]
    for name, columns in headers[1:]:
        if set(columns) != set(expected):
            missing, added = [each for each in expected if each not in columns], [each for each in columns if each not in expected]
            facts = (f"it lacks {shown(missing)}" if missing else "", f"it has {shown(added)} besides" if added else "")
            raise BadInput(
                f"the columns of {name} are not those of {first}",
                "; ".join(fact for fact in facts if fact),
                "files of one input have one header: give these an input of their own, with `rename` or `constants`",
            )


def shown(columns: list[str]) -> str:
    """Names for a message. In a file without header they are somebody's values, which no message may quote."""
    named = [name if len(name) <= 60 and not VALUE.search(name) else "(a name that looks like a value)" for name in columns[:SHOWN]]
    return ", ".join(named) + (f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else "")
