"""Cells of too few customers are hidden, and so much beside them that no subtraction brings them back.

A table whose counts add up to a known total (segments to all customers, bins to all values) tells a single hidden count to whoever
subtracts what is shown. Hence whatever is hidden of one total is at least two cells, of at least `min_cell` customers together, and
their sum is neither the least nor the most that it could be, which would tell each of them. Who knows these rules may still narrow a
hidden count down to a few values, and once in a while, where many cells are equal, to one.
"""

import numpy as np
import pandas as pd


def hide_small_cells(
    table: pd.DataFrame,
    columns: list[str],
    min_cell: int,
    n: str | list[str] = "n",
    within: list[str] | None = None,
    part: str = "",
    total: str = "",
) -> pd.DataFrame:
    """Blank `columns` (those that are there) and the counts themselves where one is above 0 and below `min_cell` customers. The row stays,
    so that it is seen to be hidden.

    `n`: the count, or several that are told of each row, such as customers, those who do something and those who do not. Told together they
    are to be hidden together: what hides one of them by the next call would leave another's rest too small.

    `columns` are all that speak of the customers in a row: a share or a count of values known gives the count away.
    `within` says which counts add up to a total that is known, from this table or elsewhere: those of rows alike in these columns, of
    all rows when it is []; then the smallest other cells are hidden, too, until nothing can be computed (ties: the row further down).
    None, for rows that share customers, such as months. `part` names the column that tells the parts of a total apart where one part has
    many rows, such as a segment with a row per feature: it counts once, and is hidden in all of them. `total` is the value of `part`
    whose row is itself the total: it is shown, unless it is small.
    A cell that holds a total alone cannot be helped by hiding others: then the total must not be told anywhere either.
    """
    names = [n] if isinstance(n, str) else n
    counts = [pd.to_numeric(table[name]).astype("Float64").to_numpy(dtype=float, na_value=np.nan) for name in names]
    small = np.any([(each > 0) & (each < min_cell) for each in counts], axis=0)
    if within is not None:
        small |= beside(table, counts, small, min_cell, within, part, total)
    return blanked(table, [*columns, *names], small)


def blanked(table: pd.DataFrame, columns: list[str], rows: np.ndarray) -> pd.DataFrame:
    """A copy with some rows of these columns (those that are there) empty; whole numbers stay whole."""
    hidden = table.copy()
    for column in (name for name in columns if name in hidden):
        if pd.api.types.is_numeric_dtype(hidden[column]):
            hidden[column] = hidden[column].astype("Float64" if pd.api.types.is_float_dtype(hidden[column]) else "Int64")
        hidden.loc[rows, column] = pd.NA
    return hidden


def beside(
    table: pd.DataFrame, counts: list[np.ndarray], small: np.ndarray, min_cell: int, within: list[str], part: str, total: str
) -> np.ndarray:
    """Which rows are hidden when the parts of each total are looked at together: the small ones and those that protect them."""
    cells = pd.DataFrame(dict(enumerate(counts)) | {"small": small, "row": range(len(table))})
    cells["total"] = table.groupby(list(within), sort=False, dropna=False).ngroup().to_numpy() if within else 0
    cells["part"] = table[part].to_numpy() if part else cells.row
    if total:
        cells = cells[cells.part != total]
    hidden = np.zeros(len(table), dtype=bool)
    for _, group in cells.groupby("total", sort=False):
        parts = group.groupby("part", sort=False, dropna=False)
        least, told, before = parts[list(range(len(counts)))].min(), parts.small.any().to_numpy(), None
        while before is None or (told != before).any():  # what is hidden for one count is hidden for all: look at the others again
            before = told
            for each in least:
                told = protected(least[each].to_numpy(), min_cell, told)
        told = least.index[told]
        hidden[group.row[group.part.isin(told)]] = True
    return hidden


def protected(counts: np.ndarray, min_cell: int, hidden: np.ndarray | None = None) -> np.ndarray:
    """Which counts of one known total are hidden, beside those that are `hidden` for another reason. Zeros stay; NaN was hidden before."""
    hidden = (counts > 0) & (counts < min_cell) | (False if hidden is None else hidden)
    further = [at for at in sorted(range(len(counts)), key=lambda at: (counts[at], -at)) if counts[at] >= min_cell and not hidden[at]]
    for at in further if (counts[hidden] > 0).any() else []:
        if is_safe(counts[hidden & (counts > 0)], min_cell, counts[at]):
            break
        hidden[at] = True
    return hidden


def is_safe(hidden: np.ndarray, min_cell: int, least_shown: float) -> bool:
    """Whether hidden counts stay unknown to whoever knows their sum, and that none of them is larger than the smallest that is shown."""
    cells, customers, small = len(hidden), hidden.sum(), min_cell - 1
    extremes = (cells, cells * small, (cells - 1) * least_shown + small)  # all 1; all small; one small and the others as large as can be
    return cells >= 2 and customers >= min_cell and customers not in extremes


def hide_small_steps(table: pd.DataFrame, columns: list[str], min_cell: int, n: str = "n") -> pd.DataFrame:
    """Blank `columns` and the count in rows that add fewer than `min_cell` customers to the row before that is shown.

    For counts that run up to everyone, such as the top 5 %, 10 % … 100 %: the difference of two rows speaks of those between them. The
    last row stays, since everyone is known; the rows just before it go, where they leave too few.
    """
    counts = pd.to_numeric(table[n]).astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    shown, last = counts == 0, 0.0
    for at, count in enumerate(counts):
        if count - last >= min_cell and (at == len(counts) - 1 or counts[-1] - count >= min_cell):
            shown[at], last = True, count
    return blanked(table, [*columns, n], ~shown)


def hide_small_sizes(scores: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Scores without the sizes of segments below `min_cell` customers."""
    small = (scores.metric == "smallest_segment") & (scores.value > 0) & (scores.value < min_cell)
    return scores.assign(value=scores.value.mask(small))
