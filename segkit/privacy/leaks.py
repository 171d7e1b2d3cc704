"""The search for persons in what is about to be published: raw ids, pseudonyms, and identifiers such as names, known by digests alone.

What it cannot find: ids that are bare numbers of fewer than five digits, or that stand among numbers as dense as the ids are; names
that are part of a picture; values of fewer than four letters and digits, or that five or more customers bear; names misspelt, cut
short, or spread over two cells of a table; single words that reports say of any data. The wall does not rest on this search: aggregates
are computed from tables in which customers have pseudonyms and identifiers are missing. The search tells when that has failed.
"""

import json
import math
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from segkit import home
from segkit.errors import BadInput
from segkit.privacy import keys, texts
from segkit.privacy.keys import LEAST_DIGITS
from segkit.privacy.texts import EDGE

WORD = re.compile(r"[^\W_]+")
PSEUDONYM = re.compile(r"p[0-9a-f]{11,20}")  # cut short, too: 12 signs name one of ten million
SEGMENTS = {f"s{number}" for number in range(100)}  # what reports call segments; a customer called so cannot be told from one
_BEFORE, _AFTER = r"[\s,;:#=|\"'“”„‘’«»<>()\[\]{}]", r"[\s,;=|\"'“”„‘’«»<>()\[\]{}]"
# A number that stands alone: not within 12,346 or 0.12346 or 2025-12346 or 12346.0 %.
FREE = re.compile(rf"\d(?<={_BEFORE}\d)\d{{{LEAST_DIGITS - 1},}}(?!(?:\.0)?\s?%)(?=(?:\.0)?[.:!?]*{_AFTER})")
FORMATTED = re.compile(r"[-+−–]?\d+(,\d{3})*(\.\d+)?( ?%)?\s*")  # a whole run that is a number for people
LEAST_VALUES = 5  # different numbers that make a column worth a look
CHANCE = 1e-4  # that so many of a column's numbers are ids


@dataclass(frozen=True)
class Digests:
    """Keyed digests of what identifies customers, by the number of words digested (see `keys.digests_of`)."""

    by_words: dict[int, frozenset[str]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, rows: "pd.DataFrame | list[dict]") -> "Digests":
        """In: digest, words; other columns do not matter."""
        table = pd.DataFrame(rows, columns=["digest", "words"])
        return cls({int(words): frozenset(part.digest) for words, part in table.groupby("words")})


class Wanted(NamedTuple):
    """Ids prepared for the search, all in small letters: single words, bare numbers, and phrases (first word -> how many words)."""

    words: set[str]
    numbers: set[str]
    in_order: list[int]
    phrases: set[str]
    begin: dict[str, set[int]]


def wanted(ids: Iterable[str]) -> Wanted:
    """Sort ids by how they are looked for. Pseudonyms need no list: they are known by their form."""
    known = set(keys.plain(EDGE.join(ids)).split(EDGE))
    words = {text for text in known if text.isalnum()}
    numbers, phrases, begin = {text for text in words if text.isdecimal()}, set(), defaultdict(set)
    for text in known - words:
        text = text.removesuffix(".0")
        pieces = list(WORD.finditer(text))
        if len(pieces) == 1:
            (numbers if pieces[0][0].isdecimal() else words).add(pieces[0][0])
        elif keys.is_telling("".join(piece[0] for piece in pieces)) and re.search(r"[^\d.,\s]", text):
            phrases.add(" ".join(text[pieces[0].start() : pieces[-1].end()].split()))
            begin[pieces[0][0]].add(len(pieces))
    numbers = {text for text in numbers if len(text) >= LEAST_DIGITS}
    return Wanted({text for text in words if not text.isdecimal()} - SEGMENTS, numbers, sorted(map(int, numbers)), phrases, begin)


def leaks(text: str, ids: Iterable[str], digests: Digests = Digests()) -> int:
    """How many customers' ids, pseudonyms and identifiers stand in a text, each counted once."""
    return len(found_in(texts.Said({text}, []), wanted(ids), digests))


def leaking_files(folder: Path, ids: Iterable[str], digests: Digests = Digests()) -> list[str]:
    """Names of the files under a folder that name a customer, or hold a column of customers, with the number of finds."""
    searched, found = wanted(ids), []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        said = texts.read(path)
        told = len(found_in(texts.Said({path.name}, []), searched, digests))
        if hits := told + (said.persons or len(found_in(said, searched, digests))):
            found.append(f"{'a file whose name tells it' if told else path.name} ({hits})")
    return found


def found_in(said: texts.Said, ids: Wanted, digests: Digests) -> set[str]:
    """What names a customer in a file: to be counted, never to be shown."""
    text = EDGE + keys.plain(EDGE.join(said.runs)) + EDGE
    words, free = set(WORD.findall(text)), set(FREE.findall(text))
    runs = text.split(EDGE)
    found = {word for word in words if word[0] == "p" and PSEUDONYM.fullmatch(word)} | ids.words & words | ids.numbers & free
    if not words.isdisjoint(ids.begin):
        found |= phrases_in(runs, ids)
    if digests.by_words:
        found |= identified(runs, words, free, digests)
    for column in said.columns:
        found |= persons_in(column, ids, digests)
    found = {" ".join(WORD.findall(each)) for each in found}
    return found - vocabulary() if any(is_common(each) for each in found) else found


def phrases_in(runs: list[str], ids: Wanted) -> set[str]:
    """Ids that hold blanks or other signs, as they are written in the text."""
    found = set()
    for run in runs:
        run = " ".join(run.split())
        places = list(WORD.finditer(run))
        for at, first in enumerate(places):
            for length in ids.begin.get(first[0], ()):
                if at + length <= len(places) and (said := run[first.start() : places[at + length - 1].end()]) in ids.phrases:
                    found.add(said)
    return found


def identified(runs: list[str], words: set[str], free: set[str], digests: Digests) -> set[str]:
    """Groups of one to six words whose digest is known."""
    make, found = keys.digester(), set()
    lines = [WORD.findall(run) for run in runs if not FORMATTED.fullmatch(run)] if max(digests.by_words) > 1 else []
    for length, known in digests.by_words.items():
        if length == 1:
            groups = {(word,) for word in words if not word.isdecimal() and keys.is_telling(word)} | {(number,) for number in free}
        else:
            groups = {group for line in lines if len(line) >= length for group in zip(*(line[at:] for at in range(length)))}
        found |= {" ".join(group) for group in groups if make(group) in known}
    return found


def persons_in(column: set[str], ids: Wanted, digests: Digests) -> set[str]:
    """The ids, or else the identifiers such as phone numbers, in a column of whole numbers of which at least half are known.

    Customers are often numbered 1, 2, 3 …: then every count is somebody's number. So the share of ids among the column's numbers is
    compared with their share among all numbers thereabouts (from half the column's least to its largest), and must be larger than
    chance allows (Hoeffding, 1963, JASA 58, 13–30, theorem 1).
    """
    numbers = {value.removesuffix(".0") for value in column}
    if len(numbers) < LEAST_VALUES or not all(number.isdecimal() for number in numbers):
        return set()
    known, low, high = numbers & ids.numbers, min(map(int, numbers)) // 2, max(map(int, numbers))
    density = (bisect_right(ids.in_order, high) - bisect_left(ids.in_order, low)) / (high - low + 1)
    if 2 * len(known) >= len(numbers) and math.exp(-len(numbers) * divergence(len(known) / len(numbers), density)) < CHANCE:
        return known
    names = digests.by_words.get(1)
    make = keys.digester() if names else None
    named = {number for number in numbers if len(number) >= LEAST_DIGITS and make((number,)) in names} if names else set()
    return named if 2 * len(named) >= len(numbers) else set()


def divergence(share: float, density: float) -> float:
    """How far a share lies above a density, as relative entropy; 0 when it does not."""
    if share <= density:
        return 0.0
    parts = ((share, density), (1 - share, 1 - density))
    return sum(a * math.log(a / b) if b else math.inf for a, b in parts if a)


def is_common(word: str) -> bool:
    """Whether reports might say a word of any data: letters only, or three signs at most, as in `price`, `ward` or `p25`."""
    return " " not in word and (word.isalpha() or len(word) <= 3)


def vocabulary() -> set[str]:
    """Words that name nobody when they stand alone: those of this package, and what is written small in notebooks, studies, datasets."""
    package = Path(__file__).parent.parent
    own = " ".join(path.read_text(encoding="utf-8") for path in (*package.rglob("*.py"), *package.rglob("*.j2")))
    said = {word for word in WORD.findall(own.casefold()) if is_common(word)}
    try:
        root = home.root()
    except BadInput:
        return said
    for path in (*root.glob("notebooks/*.ipynb"), *root.glob("notebooks/studies/*.yaml"), *root.glob("data/datasets/*.yaml")):
        with suppress(OSError, ValueError):
            text = path.read_text(encoding="utf-8")
            cells = json.loads(text)["cells"] if path.suffix == ".ipynb" else [{"source": text}]
            said |= small_words(" ".join("".join(cell["source"]) for cell in cells))  # what cells have shown is not what they say
    return said


def small_words(text: str) -> set[str]:
    """Words of letters only, as far as they are written small: names are not."""
    return {word for word in WORD.findall(text) if word.isalpha() and word.islower()}
