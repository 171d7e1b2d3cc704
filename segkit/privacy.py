"""What keeps persons out of reports: cells of too few customers are hidden, and what is about to be published is searched for ids."""

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd

LEAST_DIGITS = 5  # a bare number with fewer digits is a count or a year; reports write larger numbers with thousands separators


def hide_small_cells(table: pd.DataFrame, columns: list[str], min_cell: int, n: str = "n") -> pd.DataFrame:
    """Blank `columns` (those that are there) and the count itself where it is above 0 and below `min_cell` customers. The row stays, so that it is seen to be hidden."""
    hidden = table.copy()
    small = (hidden[n] > 0) & (hidden[n] < min_cell)
    for column in (*(name for name in columns if name in hidden), n):
        if pd.api.types.is_numeric_dtype(hidden[column]):
            hidden[column] = hidden[column].astype("Float64" if pd.api.types.is_float_dtype(hidden[column]) else "Int64")
        hidden.loc[small, column] = pd.NA
    return hidden


def hide_small_sizes(scores: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Scores without the sizes of segments below `min_cell` customers."""
    small = (scores.metric == "smallest_segment") & (scores.value > 0) & (scores.value < min_cell)
    return scores.assign(value=scores.value.mask(small))


def leaks(text: str, ids: set[str]) -> int:
    """How many customer ids stand in a text. In: the text of a page or table, without images and entities.

    A token is whatever stands between white space, commas, quotes and brackets, less the full stop after it and the .0 that a gap in a
    column puts behind an id. Words are looked at too, since C000123 may stand in a path; but numbers are not, since 12346 may stand in
    0.12346. Ids that are short bare numbers cannot be told from counts and are not looked for; tables of persons are also caught by
    their column's name (`leaking_files`).
    """
    tokens = {token.strip(".:!?").removesuffix(".0") for token in re.split(r"[\s,;\"'<>()\[\]{}|=]+", text)}
    words = {word for word in re.findall(r"\w+", text) if not word.isdigit()}
    return len({token for token in (tokens | words) & ids if not (token.isdigit() and len(token) < LEAST_DIGITS)})


def leaking_files(folder: Path, ids: set[str]) -> list[str]:
    """Names of the HTML, CSV and JSON files under a folder that name a customer, or hold a column of customers."""
    found = []
    for path in sorted((*folder.rglob("*.html"), *folder.rglob("*.csv"), *folder.rglob("*.json"))):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            hits = leaks(unescape(re.sub(r"data:image/[a-z]+;base64,[A-Za-z0-9+/=\s]+", "", text)), ids)
        elif path.suffix == ".json":
            hits = leaks("\n".join(map(json.loads, re.findall(r'"(?:[^"\\]|\\.)*"', text))), ids)
        else:
            hits = csv_hits(path, text, ids)
        if hits:
            found.append(f"{path.name} ({hits})")
    return found


def csv_hits(path: Path, text: str, ids: set[str]) -> int:
    """Ids in the text columns of a CSV, or in its header; numeric columns of aggregates hold counts, not ids."""
    header, *rows = text.splitlines() or [""]
    if "customer_id" in header.split(","):
        return max(len(rows), 1)
    table = pd.read_csv(path) if header else pd.DataFrame()
    words = table.select_dtypes(exclude=[np.number, bool])
    return leaks(header, ids) + sum(leaks("\n".join(words[column].dropna().astype(str)), ids) for column in words)
