"""The study's claims under every specification: how far a verdict hangs on choices nobody was bound to. Exploration: it supports nothing.

Every (specification, claim) is a test on the outcome window, and whoever has seen a hundred of them may pick. So they are looks as all
others are, and count in m from then on: later verdicts of the study pay for them. Hence they are made on request only, the price is told
beforehand, and the study's own look, at what it had declared, comes first.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from segkit import baselines, kpis, matrix, store, verdicts
from segkit.errors import BadInput
from segkit.multiverse.exploring import FIT_ROWS, Explored, everyone_by
from segkit.multiverse.specifications import CHOICES
from segkit.studies import Hypothesis
from segkit.verdicts.lock import digest
from segkit.verdicts.tests import Result, verdict

CLAIM = ("name", "kpi", "test", "at_least", "baseline", "top", "order", "campaign", "segment")
OF_CLAIMS = ("specification", *CLAIM, "value", "low", "high", "n", "beyond", "p", "would_say", "reason")


class Price(NamedTuple):
    """m, the size of the family that verdicts on this window are adjusted for, before and after the multiverse is tested on it."""

    before: int
    after: int


def pairs(lock: verdicts.Lock, specs: pd.DataFrame) -> list[str]:
    """What a look through the multiverse tests: a hash of each (specification, claim)."""
    others = [
        replace(lock, segmentation=lock.segmentation | {"multiverse": {name: str(spec[name]) for name in CHOICES} | {"rows": FIT_ROWS}})
        for spec in specs.to_dict("records")
    ]
    return sorted(pair for other in others for pair in other.pairs.values())


def price(lock: verdicts.Lock, specs: pd.DataFrame) -> Price:
    """What testing every claim under every specification costs. Asking is free.

    Raises BadInput when there is nothing to test, and before the study itself has looked: the first look fixes what is declared, and that
    is for the study to say.
    """
    if not lock.window["horizon_days"]:
        raise BadInput("the study has no outcome window", "there is no outcome to test claims on", "leave out --outcomes")
    if not lock.hypotheses:
        raise BadInput("the study declares no hypotheses", "there is nothing to test on the outcome window", "leave out --outcomes")
    seen = {pair for look in store.looks(lock.window) for pair in look["pairs"]}
    if not seen.issuperset(lock.pairs.values()):
        raise BadInput(
            "the study itself has not looked at its outcome window yet",
            "the first look fixes what was declared",
            "run the study first",
        )
    return Price(len(seen), len(seen.union(pairs(lock, specs))))


def open_window(lock: verdicts.Lock, specs: pd.DataFrame, study: str, run: str) -> Price:
    """Record one look that holds every (specification, claim), before a single outcome is read; hand out what it cost.

    A second look at the same costs nothing more.
    """
    cost, tested = price(lock, specs), pairs(lock, specs)
    store.add_look({"run": run, "window": lock.window, "lock": digest(tested), "pairs": tested, "what": "multiverse"}, study)
    return cost


def claims(
    explored: Explored,
    features: pd.DataFrame,
    cluster_on: list[str],
    hypotheses: list[Hypothesis],
    seen: kpis.Seen,
    seed: int,
    missing: float = 0.0,
    undated: Sequence[str] = (),
    expected: pd.Series | None = None,
) -> pd.DataFrame:
    """Every claim under every specification, everyone assigned. Out: specification, name, what is claimed, value, low, high, n, beyond (does
    the value exceed what is claimed), p (two-sided), would_say (what p would say if it were the only test: supported, refuted,
    undecided), reason. Neither p is adjusted, nor is anything here a verdict. A claim that names segments is left out: every specification
    has others of that name.
    """
    hypotheses = [each for each in hypotheses if not each.order and each.segment in ("", "any")]
    if not hypotheses:
        return pd.DataFrame(columns=list(OF_CLAIMS))
    rivals, parts = rivals_of({each.baseline for each in hypotheses}, explored, features, cluster_on, seen.after, expected), []
    for number, fitted in zip(explored.specifications.specification, explored.fitted):
        labels = everyone_by(fitted, features)
        parts.append(verdicts.evaluate(hypotheses, labels, rivals(labels, seed), seen, missing, undated).assign(specification=number))
    rows = pd.concat(parts, ignore_index=True)
    said = [verdict(Result(row.value, row.low, row.high, row.p_supported, row.p_refuted), row.p) for row in rows.itertuples()]
    return rows.assign(beyond=(rows.value > rows.at_least).where(rows.value.notna()), would_say=said)[list(OF_CLAIMS)]


def rivals_of(
    wanted: set[str],
    explored: Explored,
    features: pd.DataFrame,
    cluster_on: list[str],
    outcomes: pd.DataFrame,
    expected: pd.Series | None = None,
) -> Callable[[pd.Series, int], dict[str, pd.Series]]:
    """The baselines that claims name, as a function of a specification's segments and the seed: only random groups differ from one to the
    next of as many segments, and customers are put in order for them once (see `baselines.random_like`)."""
    known = matrix.by_values(features.join(outcomes.add_suffix("_after"))) if "random" in wanted else features
    place = pd.DataFrame({"place": range(len(known))}, index=known.index)
    fixed = {"rfm": baselines.rfm(features)} if "rfm" in wanted and set(baselines.RFM) <= set(features) else {}
    if "expected_orders" in wanted and expected is not None:
        fixed["expected_orders"] = baselines.tenths(expected.loc[features.index])
    best = {k: baselines.best_feature(features, cluster_on, k) for k in explored.specifications.k.unique() if "best_feature" in wanted}

    def rivals(labels: pd.Series, seed: int) -> dict[str, pd.Series]:
        dealt = {"random": baselines.random_like(labels, place, seed)} if "random" in wanted else {}
        chosen = best.get(labels.nunique(), pd.Series(dtype="str"))
        return fixed | dealt | ({"best_feature": chosen} if len(chosen) else {})

    return rivals


def claims_held(rows: pd.DataFrame) -> pd.DataFrame:
    """How often each claim comes out which way. Out: name, what is claimed, specifications, lowest, median, highest
    (values), beyond, supported, refuted, undecided (shares of specifications; by unadjusted p at .05)."""
    lines = []
    for _, part in rows.groupby("name", sort=False):
        claim = part[list(CLAIM)].iloc[0].to_dict()
        spread = {"lowest": part.value.min(), "median": part.value.median(), "highest": part.value.max()}
        words = {word: (part.would_say == word).mean() for word in ("supported", "refuted", "undecided")}
        lines.append(claim | {"specifications": len(part)} | spread | {"beyond": part.beyond.astype("float64").mean()} | words)
    return pd.DataFrame(lines)
