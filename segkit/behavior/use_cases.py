"""What customers do it for: who performs which use case, how often the first try succeeds, and what no use case explains."""

from collections.abc import Sequence
from datetime import datetime
from itertools import combinations

import numpy as np
import pandas as pd

from segkit.features import past
from segkit.features.use_cases import eligible as meeting
from segkit.features.use_cases import explained, per_use_case
from segkit.sources.use_cases import UseCase, unseen

PERFORMED = ["customer_id", "use_case", "attempts", "performances", "tried", "first_try"]
OF_PERFORMERS = ["n", "n_performing", "value", "low", "high", "performances_each"]  # what a small cell of performers hides
OF_TRIES = ["attempts", "n_tried", "success_share", "success_low", "success_high"]  # and one of first tries
OF_PAIRS = ["n", "n_eligible", "value", "low", "high", "lift"]
OF_SEGMENTS = ["n_performing", "n_others", "value", "low", "high"]
MOST = 12  # behaviours told per table


def performed(tables: dict, as_of: datetime | None, use_cases: Sequence[UseCase]) -> pd.DataFrame:
    """Who attempted which use case before as_of. Out: customer_id, use_case, attempts, performances, tried, first_try (see
    `segkit.features.use_cases.per_use_case`). About customers: not for publication. Empty without use cases or cut-off date.
    """
    if as_of is None or not use_cases:
        return pd.DataFrame(columns=PERFORMED)
    return per_use_case(past(tables, as_of), use_cases, as_of).order_by("use_case", "customer_id").execute()[PERFORMED]


def eligible(tables: dict, customers: pd.DataFrame, case: UseCase) -> pd.Series:
    """Which rows of `customers` (with customer_id) meet a use case's preconditions; the engine asks the customer table."""
    if not case.preconditions:
        return pd.Series(True, index=customers.index)
    return customers.customer_id.isin(meeting(tables["customers"], case).execute().customer_id)


def use_case_problems(
    tables: dict, as_of: datetime | None, use_cases: Sequence[UseCase], made: pd.DataFrame, min_cell: int
) -> pd.DataFrame:
    """Use cases that cannot be, or never were, performed. `made`: `performed`. Out: use_case, problem."""
    if as_of is None or not use_cases:
        return pd.DataFrame(columns=["use_case", "problem"])
    known = unseen(past(tables, as_of), use_cases, min_cell)
    done = set(made.use_case[made.performances > 0]) | set(known.use_case)
    lines = [
        {
            "use_case": case.name,
            "problem": "nobody who began it ever went through with it in time"
            if case.name in set(made.use_case)
            else "nobody ever began it",
        }
        for case in use_cases
        if case.name not in done
    ]
    return pd.concat([known, pd.DataFrame(lines, columns=known.columns)], ignore_index=True)


def use_case_table(tables: dict, made: pd.DataFrame, customers: pd.DataFrame, use_cases: Sequence[UseCase]) -> pd.DataFrame:
    """One row per use case, most performed first. In: `performed`, and customer_features of those it tells of.

    Out: use_case, actor, theme, goal, kpi, n (eligible), n_performing, value, low, high (share performing, Wilson), performances_each
    (mean of who performs it), attempts, n_tried (whose first attempt could be followed to its limit), success_share, success_low,
    success_high (of those, whose first attempt succeeded, Wilson; empty for a single step, which cannot fail), fewest and fewest_tried
    (customers in the smallest group these numbers speak of). The unit of value is share.
    """
    lines = []
    for case in use_cases if len(made) or "performances" in customers else ():
        may = customers.customer_id[eligible(tables, customers, case)]
        rows = made[(made.use_case == case.name) & made.customer_id.isin(may)]
        n, doing, tried, won = (int(count) for count in (len(may), (rows.performances > 0).sum(), rows.tried.sum(), rows.first_try.sum()))
        can_fail = len(case.pattern.steps) > 1
        lines.append(
            {
                "use_case": case.name,
                **{name: getattr(case, name) for name in ("actor", "theme", "goal", "kpi")},
                "unit": "share",
                "n": n,
                "n_performing": doing,
                **dict(zip(("value", "low", "high"), _wilson(doing, n))),
                "performances_each": rows.performances.sum() / doing if doing else np.nan,
                "attempts": int(rows.attempts.sum()),
                "n_tried": tried,
                **dict(zip(("success_share", "success_low", "success_high"), _wilson(won, tried if can_fail else 0))),
                "fewest": _fewest(n, len(customers) - n, doing, n - doing),
                "fewest_tried": _fewest(tried, won, tried - won),
            }
        )
    columns = ["use_case", "actor", "theme", "goal", "kpi", "unit", *OF_PERFORMERS, *OF_TRIES, "fewest", "fewest_tried"]
    return pd.DataFrame(lines, columns=columns).sort_values("value", ascending=False, kind="stable", ignore_index=True)


def use_case_overlap(tables: dict, customers: pd.DataFrame, use_cases: Sequence[UseCase]) -> pd.DataFrame:
    """Pairs of use cases among customers eligible for both. In: customer_features. Out: first, second, n (perform both), n_eligible,
    value, low, high (Jaccard: both of either, Wilson), lift (both, over what independence would give), fewest.
    """
    lines, who = [], {case.name: eligible(tables, customers, case) for case in use_cases}
    for a, b in combinations(use_cases if "performances" in customers else (), 2):
        may = who[a.name] & who[b.name]
        first, second = (customers.loc[may, case.column].fillna(0) > 0 for case in (a, b))
        n, both, either = int(may.sum()), int((first & second).sum()), int((first | second).sum())
        by_chance = int(first.sum()) * int(second.sum())
        lines.append(
            {
                "first": a.name,
                "second": b.name,
                "n": both,
                "n_eligible": n,
                **dict(zip(("value", "low", "high"), _wilson(both, either))),
                "lift": both * n / by_chance if by_chance else np.nan,
                "fewest": _fewest(both, int(first.sum()) - both, int(second.sum()) - both, n - either),
            }
        )
    return pd.DataFrame(lines, columns=["first", "second", "n", "n_eligible", "value", "low", "high", "lift", "fewest"])


def use_cases_by_segment(tables: dict, customers: pd.DataFrame, labels: pd.Series, use_cases: Sequence[UseCase]) -> pd.DataFrame:
    """Who of each segment performs what. In: customer_features; labels by customer_id (others have no segment and do not count). Out:
    use_case, segment (`all` last), n (eligible), n_performing, n_others, value, low, high (Wilson), unit.
    """
    lines = []
    segment = pd.Series(customers.customer_id.map(labels).to_numpy(), index=customers.index)
    for case in use_cases if "performances" in customers else ():
        may = eligible(tables, customers, case) & segment.notna()
        does = customers[case.column].fillna(0) > 0
        for name in (*sorted(labels.unique(), key=lambda name: (len(name), name)), "all"):
            members = may & (segment == name) if name != "all" else may
            n, doing = int(members.sum()), int((members & does).sum())
            share = dict(zip(("value", "low", "high"), _wilson(doing, n)))
            lines.append(
                {"use_case": case.name, "segment": name, "n": n, "n_performing": doing, "n_others": n - doing, **share, "unit": "share"}
            )
    return pd.DataFrame(lines, columns=["use_case", "segment", "n", *OF_SEGMENTS, "unit"])


def use_case_coverage(tables: dict, as_of: datetime | None, use_cases: Sequence[UseCase], min_cell: int) -> pd.DataFrame:
    """How much of what customers did is a step of a use case they perform. Out: table, behavior (`all` first; then the commonest of at
    least `min_cell` customers), n (customers), lines (rows), value, low, high (share of the rows; ratio over customers, linearised),
    fewest, unit. Rows that give goods back are not counted.
    """
    columns = ["table", "behavior", "n", "lines", "value", "low", "high", "fewest", "unit"]
    if as_of is None or not use_cases:
        return pd.DataFrame(columns=columns)
    rows = explained(past(tables, as_of), use_cases, as_of)
    found = []
    for keys in ([], ["table"], ["table", "behavior"]):
        sums = {"lines": rows.lines.sum(), "explained": rows.explained.sum()}
        each = rows.group_by("customer_id", *keys).aggregate(**{name: value.cast("int64") for name, value in sums.items()})
        a, b = each.lines, each.explained
        squares = {"aa": (a * a).sum(), "ab": (a * b).sum(), "bb": (b * b).sum()}
        told = {"n": each.count(), "n_explained": each.count(where=b > 0), "lines": a.sum(), "explained": b.sum(), **squares}
        made = each.group_by(*keys).aggregate(**told) if keys else each.aggregate(**told)
        found.append(made.execute().assign(**{name: "all" for name in ("table", "behavior") if name not in keys}))
    table = pd.concat(
        [found[0], found[1].sort_values("table"), _commonest(found[2].fillna({"behavior": "not said"}), min_cell)], ignore_index=True
    )
    table[list(told)] = table[list(told)].astype("float64")
    value = table.explained / table.lines
    left_over = (table.bb - 2 * value * table.ab + value**2 * table.aa).clip(lower=0) * table.n / (table.n - 1).where(table.n > 1)
    half = 1.96 * np.sqrt(left_over) / table.lines
    low, high = (value - half).clip(lower=0), (value + half).clip(upper=1)
    fewest = [_fewest(n, some, n - some) for n, some in zip(table.n, table.n_explained)]
    counts = {name: table[name].astype("int64") for name in ("n", "lines")}
    return table.assign(value=value, low=low, high=high, fewest=fewest, unit="share", **counts)[columns]


def _commonest(rows: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """The commonest behaviours of each table, of at least `min_cell` customers each; what is left untold is of that many, too."""
    told = []
    for _, each in sorted(rows.groupby("table")):
        each = each.sort_values(["lines", "behavior"], ascending=[False, True])
        shown = each[each.n >= min_cell][:MOST]
        rest = each.drop(shown.index)
        told.append(shown[:-1] if len(rest) and rest.n.max() < min_cell else shown)
    return pd.concat(told or [rows])


def _fewest(*counts: float) -> int:
    """The smallest of some groups that is not empty; 0 where all are."""
    return int(min((count for count in counts if count > 0), default=0))


def _wilson(events: int, n: int) -> tuple[float, float, float]:
    """A share with its 95 % interval."""
    from scipy.stats import binomtest

    if not n:
        return np.nan, np.nan, np.nan
    low, high = binomtest(events, n).proportion_ci(method="wilson")
    return events / n, float(low), float(high)
