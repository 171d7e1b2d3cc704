"""Journeys out of contacts: how many customers were reached in the same places in the same order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from segkit.features import before, journey, paths

OTHER, NO_STAGE = "(other)", "(no stage)"
TOTALS = ["touches", "n", "conversions", "cost"]


@dataclass(frozen=True)
class Journeys:
    """The journeys of all customers, customers with the same contacts in the same order counted together.

    names: of the states, channels or stages, by number; 0 is the rest. totals: by number, touches, n (customers), conversions, cost.
    states: numbers, journey after journey; ends: where each journey ends in them; converted: whether it did, else it is still open;
    owner: whose it is, a position in n; n: customers with the same history.
    """

    of: str
    names: tuple[str, ...]
    totals: pd.DataFrame
    states: np.ndarray
    ends: np.ndarray
    converted: np.ndarray
    owner: np.ndarray
    n: np.ndarray

    @property
    def starts(self) -> np.ndarray:
        """Where each journey begins in `states`."""
        return np.r_[0, self.ends][:-1].astype(self.ends.dtype)

    @property
    def of_state(self) -> np.ndarray:
        """The journey that each of `states` belongs to."""
        return np.repeat(np.arange(len(self.ends)), self.ends - self.starts)

    def customers(self, kind: np.ndarray, owner: np.ndarray, kinds: int) -> np.ndarray:
        """How many customers have at least one thing of each kind, 0 to kinds - 1. `kind` and `owner`: of each thing."""
        pairs = np.unique(kind.astype(np.int64) * len(self.n) + owner)
        return np.bincount(pairs // max(len(self.n), 1), weights=self.n[pairs % max(len(self.n), 1)], minlength=kinds).astype(np.int64)


def touches(tables: dict, as_of: datetime | None, stages: Sequence[str]):
    """The contacts known at as_of (all of them without a cut-off date), each in its place on the customer's way; None where there are none."""
    if "touchpoints" not in tables:
        return None
    rows = tables["touchpoints"] if as_of is None else before(tables["touchpoints"], "touchpoints", as_of)
    return journey.per_touch(rows, tuple(stages))


def journeys(tables: dict, as_of: datetime | None, stages: Sequence[str], of: str = "channel", most: int = 30) -> Journeys:
    """The journeys before as_of; of all time without a cut-off date.

    A journey is a customer's contacts up to and including a conversion; the next contact begins a new one. What has not converted is open.
    of: channel, or stage (channels where no contact has a stage). Channels beyond the `most` used are one, (other).
    """
    rows = touches(tables, as_of, stages)
    if rows is None:
        return Journeys(
            of, (OTHER,), pd.DataFrame(columns=TOTALS), *(np.zeros(0, np.int64),) * 2, np.zeros(0, bool), *(np.zeros(0, np.int64),) * 2
        )
    staged = of == "stage" and "stage" in rows.columns
    if staged:
        rows, names = rows.mutate(state=rows.stage_rank), (NO_STAGE, *stages)
        totals = paths.per_state(rows, "state").execute()
    else:
        rows, names, totals = by_channel(rows, most)
    found = paths.histories(rows, 2 * len(names)).to_pyarrow()
    arrays = found["history"].combine_chunks()
    codes = arrays.flatten().to_numpy(zero_copy_only=False) % (2 * len(names))
    stops = np.cumsum(arrays.value_lengths().to_numpy(zero_copy_only=False)) if len(arrays) else np.zeros(0, np.int64)
    won = codes % 2 == 1
    is_end = won.copy()
    is_end[stops - 1] = True
    ends = np.flatnonzero(is_end) + 1
    totals = totals.set_index("state").reindex(range(len(names)), columns=TOTALS)
    return Journeys(
        "stage" if staged else "channel",
        names,
        totals,
        codes // 2,
        ends,
        won[ends - 1],
        np.searchsorted(stops, ends),
        found["n"].to_numpy(),
    )


def by_channel(rows, most: int):
    """The contacts with the number of their channel, the names by number, and totals by number."""
    every = paths.per_state(rows, "channel").execute()
    used = every.sort_values(["touches", "channel"], ascending=[False, True]).channel[:most].tolist()
    rows = paths.numbered(rows, used)
    if len(every) > most:
        return rows, (OTHER, *used), paths.per_state(rows, "state").execute()
    return rows, (OTHER, *used), every.assign(state=every.channel.map({name: at for at, name in enumerate(used, 1)}))


def shown(name: str) -> str:
    """A name from the data as it stands in a table: in quotation marks where it could be taken for two names, or for one of ours."""
    ours = name.startswith("(") and name.endswith(")") and name not in (OTHER, NO_STAGE)
    return json.dumps(name, ensure_ascii=False) if ours or ">" in name or '"' in name else name


def shares(hits, n) -> pd.DataFrame:
    """Shares with Wilson's 95 % intervals, each for itself; nothing where n is 0. Out: value, low, high."""
    hits, n = np.asarray(hits, float), np.where(np.asarray(n) > 0, np.asarray(n, float), np.nan)
    value, square = hits / n, 1.959963984540054**2
    middle = (value + square / (2 * n)) / (1 + square / n)
    half = np.sqrt(square * (value * (1 - value) + square / (4 * n)) / n) / (1 + square / n)
    return pd.DataFrame({"value": value, "low": np.clip(middle - half, 0, 1), "high": np.clip(middle + half, 0, 1)})
