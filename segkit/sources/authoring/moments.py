"""Which way of writing moments a column may follow: candidates from the shape of a sample, to be tried on all of the data."""

import re
from collections import Counter

from segkit.sources import parse
from segkit.sources.authoring import words

YEAR_LAST, YEAR_FIRST, SHORT = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y"), ("%Y{0}%m{0}%d",), ("%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d")
DATES = {
    f"{shape}": tuple(order.format(sign) for order in orders)
    for sign in "./-"
    for shape, orders in ((f"9{sign}9{sign}Y", YEAR_LAST), (f"9{sign}9{sign}9", SHORT), (f"Y{sign}9{sign}9", YEAR_FIRST))
}
DATES |= {
    f"9{sign}a{sign}{year}": tuple(f"%d{sign}{month}{sign}%{mark}" for month in ("%b", "%B"))
    for sign in " -"
    for year, mark in (("Y", "Y"), ("9", "y"))
}
DATES |= {f"a 9{comma} Y": (f"%b %d{comma} %Y", f"%B %d{comma} %Y") for comma in (",", "")}
DATES |= {"Y-9": ("%Y-%m",), "Y/9": ("%Y/%m",), "9/Y": ("%m/%Y",), "9-Y": ("%m-%Y",)}  # a month stands for its first day
DATES |= {"D": ("%Y%m%d",), "F": ("%Y%m%d%H%M%S",)}
CLOCKS = {
    "9:9": "%H:%M",
    "9:9:9": "%H:%M:%S",
    "9:9 a": "%I:%M %p",
    "9:9:9 a": "%I:%M:%S %p",
    "9:9:9.N": "%H:%M:%S.%f",
    "9:9:9.9": "%H:%M:%S.%f",
}
SHAPES = DATES | {
    date + between + clock: tuple(format + between + how for format in formats)
    for date, formats in DATES.items()
    for between in (" ", ", ")
    for clock, how in CLOCKS.items()
}
LENGTHS = {1: "9", 2: "9", 4: "Y", 8: "D", 14: "F"}
# Counts of seconds or milliseconds that fall between 1990 and 2038; days as spreadsheets count them, from 1970 to 2050.
EPOCHS = {
    "seconds since 1970-01-01": (631_152_000, 2_145_916_800),
    "milliseconds since 1970-01-01": (631_152_000_000, 2_145_916_800_000),
    "days since 1899-12-30": (25_569, 54_789),
}
ISO = ""  # year first, with - or /: read without being declared
NO_DAYS = {"1900-01-01", "1970-01-01", "1899-12-30", "9999-12-31", "2099-12-31", "2999-12-31", "0000-00-00", "0001-01-01"}


def shape(text: str) -> str:
    """A text with its numbers and words replaced by what they are: `3.12.2024 08:15` is `9.9.Y 9:9`."""
    return re.sub(r"\d+|[A-Za-z]+", lambda part: "a" if part[0].isalpha() else LENGTHS.get(len(part[0]), "N"), text)


def candidates(sample: list[tuple[str, int]], name: set[str]) -> list[str]:
    """Formats that the shape most of a sample has could follow; [ISO] where none needs to be declared.

    In: values and how often each stands, the words of the column's name: eight digits of what is called a number are no date.
    """
    shapes: Counter = Counter()
    for text, times in sample:
        shapes[ISO if re.match(parse.MOMENT, text) else shape(text)] += times
    usual, times = shapes.most_common(1)[0]
    if times < 0.5 * sum(shapes.values()) or usual in ("D", "F") and name & set(words.KEY_WORDS):
        return []
    return [ISO] if usual == ISO else list(SHAPES.get(usual, ()))


def order(format: str) -> str:
    """What comes first, second and third in a format: two formats with one order read the same."""
    return re.sub("[^dmy]", "", re.sub("%[bB]", "%m", format).replace("%H", "").lower())[:3]


def epochs(lowest: float, highest: float) -> list[str]:
    """The counts that numbers in this range could be."""
    return [name for name, (first, last) in EPOCHS.items() if first <= lowest and highest <= last]
