"""One short rule per segment that a person can read and remember, and how far it can be believed.

A rule is a conjunction of a few conditions on features in business units. It is looked for on one half of the customers and measured on the
other, since the best of thousands of rules always looks good on the customers it was chosen from.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.kpis.intervals import proportion

MOST_CUSTOMERS = 20_000  # looked at, both halves together: a share is then known to a per cent or two
FEWEST_CUSTOMERS = 30  # of a segment in either half
THRESHOLDS = 200  # tried of a feature
BEYOND = 0.01  # share of customers, at least, on either side of a threshold: no rule tells an extreme value
FEWEST_BEYOND = 10  # customers on either side of a threshold
KEPT = 10  # rules of each length from which longer ones are made
WORTH = 0.01  # of F1: what a further condition has to add
READABLE = 0.005  # of F1: what round numbers may cost a rule
COLUMNS = dict.fromkeys(("segment", "rule", "conditions"), "str") | dict.fromkeys(("n_measured", "n", "n_rule", "n_both"), "Int64")
COLUMNS |= dict.fromkeys(("precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high"), "float64")
FIDELITY = [name for name in COLUMNS if name not in ("segment", "n_measured", "n")]  # what a cell of few customers must not show


@dataclass(frozen=True, order=True)
class Condition:
    """`sign` is >= or <; of a yes/no answer it is =, and `value` 1 or 0. On who has no value it is false."""

    feature: str
    sign: str
    value: float

    def holds(self, customers: pd.DataFrame) -> np.ndarray:
        """Whether each customer meets it."""
        values = customers[self.feature].to_numpy()
        return {">=": np.greater_equal, "<": np.less, "=": np.equal}[self.sign](values, self.value)


def rules(features: pd.DataFrame, labels: pd.Series, seed: int, most: int = 3) -> pd.DataFrame:
    """The best rule of at most `most` conditions for each segment: of highest F1, shorter and rounder where that costs next to nothing.

    In: features in business units, as `matrix.described` has them, and the segment of each customer, both indexed by customer_id; who has
    no segment is left out. Out, a row per segment: segment, rule (text), conditions (JSON list of feature, sign, value), and on customers
    that had no say in the choice n_measured (all of them), n (of the segment), n_rule (whom the rule picks), n_both; precision = n_both
    over n_rule, recall = n_both over n (0 … 1, each with Wilson's 95 % interval _low, _high). A segment of fewer than 30 customers in
    either half, or of everyone, has no rule (NA).
    """
    chosen, measured = halves(features, labels.dropna(), seed)
    names = sorted(labels.dropna().unique(), key=lambda name: (len(name), name))
    enough = min(len(chosen), len(measured)) >= FEWEST_CUSTOMERS
    cuts = thresholds(features.loc[chosen.index]) if enough else {}
    lines = []
    for name in names:
        inside, found = (chosen == name).to_numpy(), ()
        if min(inside.sum(), (~inside).sum(), (measured == name).sum()) >= FEWEST_CUSTOMERS and cuts:
            found = best_rule(features.loc[chosen.index], inside, cuts, most)
        lines.append({"segment": name} | line(found, features.loc[measured.index], (measured == name).to_numpy()))
    return pd.DataFrame(lines, columns=list(COLUMNS)).astype(COLUMNS)


def halves(features: pd.DataFrame, labels: pd.Series, seed: int) -> tuple[pd.Series, pd.Series]:
    """Labels of two random halves of at most 20,000 customers, drawn in the order of their values: nobody's name has a say."""
    rows = features.loc[labels.index].to_numpy(dtype=float)
    order = np.lexsort((labels.to_numpy().astype(str), *rows.T[::-1]))
    drawn = order[np.random.default_rng(seed).permutation(len(order))[:MOST_CUSTOMERS]]
    return labels.iloc[drawn[::2]], labels.iloc[drawn[1::2]]


def line(rule: tuple[Condition, ...], customers: pd.DataFrame, inside: np.ndarray) -> dict:
    """A rule, and what it does among customers."""
    known = {"n_measured": len(customers), "n": int(inside.sum())}
    shares = {f"{name}{side}": np.nan for name in ("precision", "recall") for side in ("", "_low", "_high")}
    if not rule:
        return {"rule": None, "conditions": None, **known, "n_rule": None, "n_both": None, **shares}
    picked = meets(rule, customers)
    for name, values in (("precision", inside[picked]), ("recall", picked[inside])):
        found = proportion(values)
        shares |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    counts = {"n_rule": int(picked.sum()), "n_both": int((picked & inside).sum())}
    return {"rule": told(rule), "conditions": to_json(rule), **known, **counts, **shares}


def meets(rule: tuple[Condition, ...], customers: pd.DataFrame) -> np.ndarray:
    """Whether each customer meets all conditions."""
    return np.logical_and.reduce([condition.holds(customers) for condition in rule])


def told(rule: tuple[Condition, ...], named: Callable[[str], str] = str) -> str:
    """A rule as text; `named` says how features are called. The level of a word reads `plan = basic`."""
    return " and ".join(said(condition, named) for condition in rule)


def said(condition: Condition, named: Callable[[str], str]) -> str:
    """A condition as text, its number in full."""
    if condition.sign != "=":
        return f"{named(condition.feature)} {condition.sign.replace('>=', '≥')} {condition.value:,.15g}"
    word, is_level, level = condition.feature.partition(": ")
    if is_level:
        return f"{named(word)} {'=' if condition.value else '≠'} {level or '(empty)'}"
    return f"{named(word)} = {'yes' if condition.value else 'no'}"


def to_json(rule: tuple[Condition, ...]) -> str:
    """A rule for machines, such as [["n_orders", ">=", 5.0], ["is_business", "=", 1.0]]."""
    return json.dumps([[condition.feature, condition.sign, condition.value] for condition in rule], ensure_ascii=False)


def from_json(text: str) -> tuple[Condition, ...]:
    """The inverse of `to_json`."""
    return tuple(Condition(*each) for each in json.loads(text))


def is_answer(name: str, values: np.ndarray) -> bool:
    """Whether a feature is a yes/no answer: 1 or 0, and no count."""
    return not name.startswith("n_") and bool(np.isin(values, (0, 1)).all())


def thresholds(customers: pd.DataFrame) -> dict[str, np.ndarray]:
    """Where each feature may be cut, ascending: at its quantiles; at the value where all are whole, else midway to the one below."""
    found = {}
    for name in customers:
        values = np.sort(customers[name].dropna().to_numpy(dtype=float))
        beyond = max(FEWEST_BEYOND, int(np.ceil(BEYOND * len(values))))
        if len(values) < 2 * beyond:
            continue
        at = np.unique(values[np.linspace(beyond, len(values) - beyond, THRESHOLDS).astype(int)])
        below = np.searchsorted(values, at, side="left")
        both_sides = (below >= beyond) & (len(values) - below >= beyond)
        at, value_below = at[both_sides], values[below[both_sides] - 1]
        if len(at):
            found[name] = at if (values == np.round(values)).all() else (at + value_below) / 2
    return found


def best_rule(customers: pd.DataFrame, inside: np.ndarray, cuts: dict[str, np.ndarray], most: int) -> tuple[Condition, ...]:
    """The shortest rule to which no further condition adds enough, in round numbers."""
    search, kept, best = Search(customers, inside, cuts), [()], []
    for _ in range(most):
        kept = search.longer(kept)
        best += [search.refined(kept[0])] if kept else []
    return search.rounded(max(best, key=lambda rule: search.f1(rule) - WORTH * len(rule)))


class Search:
    """Rules for one segment: every condition's customers are counted at once from how many fall between two thresholds of a feature."""

    def __init__(self, customers: pd.DataFrame, inside: np.ndarray, cuts: dict[str, np.ndarray]):
        """Each value becomes the number of thresholds it reaches, in a stretch of numbers of the feature's own; no value is the last."""
        self.customers, self.inside, self.codes = customers[list(cuts)], inside, np.empty((len(inside), len(cuts)), dtype=np.int64)
        self.conditions, self.starts, start = [], [], 0
        for at, (name, thresholds) in enumerate(cuts.items()):
            values = customers[name].to_numpy(dtype=float)
            reached = np.where(np.isnan(values), len(thresholds) + 1, np.searchsorted(thresholds, values, side="right"))
            self.codes[:, at] = start + reached
            self.starts.append((start, len(thresholds)))
            start += len(thresholds) + 2
            answers = len(thresholds) == 1 and is_answer(name, values[~np.isnan(values)])
            signs = (("=", 1.0), ("=", 0.0)) if answers else ((">=", None), ("<", None))
            self.conditions += [
                Condition(name, sign, float(cut) if value is None else value) for sign, value in signs for cut in thresholds
            ]
        self.total, self.kinds = start, [(condition.feature, condition.sign) for condition in self.conditions]

    def counts(self, rows: np.ndarray) -> np.ndarray:
        """How many of some customers meet each condition."""
        within = np.bincount(self.codes[rows].ravel(), minlength=self.total)
        found = []
        for start, thresholds in self.starts:
            below = np.cumsum(within[start : start + thresholds + 1])
            found += [below[-1] - below[:-1], below[:-1]]
        return np.concatenate(found)

    def f1_of_each(self, rule: tuple[Condition, ...]) -> np.ndarray:
        """F1 of a rule with each condition added; 0 where it has one of that feature and sign already."""
        picked = meets(rule, self.customers) if rule else np.ones(len(self.inside), dtype=bool)
        scores = 2 * self.counts(picked & self.inside) / (self.counts(picked) + self.inside.sum())
        used = {(condition.feature, condition.sign) for condition in rule}
        return np.where([kind in used for kind in self.kinds], 0, scores) if used else scores

    def f1(self, rule: tuple[Condition, ...]) -> float:
        """Harmonic mean of precision and recall."""
        picked = meets(rule, self.customers)
        return float(2 * (picked & self.inside).sum() / (picked.sum() + self.inside.sum()))

    def longer(self, kept: list[tuple[Condition, ...]]) -> list[tuple[Condition, ...]]:
        """The best rules of one condition more, which pick different customers; the best first, ties in the order of their conditions."""
        found = {}
        for rule in kept:
            scores = self.f1_of_each(rule)
            for at in np.argsort(-scores, kind="stable")[: 4 * KEPT]:
                if scores[at] > 0:
                    found[tuple(sorted((*rule, self.conditions[at])))] = float(scores[at])
        alike, best = set(), []
        for rule in sorted(found, key=lambda rule: (-found[rule], rule)):
            picked = meets(rule, self.customers).tobytes()
            if picked not in alike and len(best) < KEPT:
                alike.add(picked)
                best.append(rule)
        return best

    def refined(self, rule: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """A rule in which no single condition can be exchanged for a better one."""
        score, better = self.f1(rule), True
        while better:
            better = False
            for condition in rule:
                rest = tuple(each for each in rule if each != condition)
                scores = self.f1_of_each(rest)
                if scores.max() > score:
                    rule, score, better = tuple(sorted((*rest, self.conditions[int(scores.argmax())]))), float(scores.max()), True
                    break
        return rule

    def rounded(self, rule: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """A rule whose numbers have as few digits as can be had for next to no F1."""
        least = self.f1(rule) - READABLE
        for at, condition in enumerate(rule):
            for digits in range(1, 17):
                value = float(f"{condition.value:.{digits - 1}e}")
                tried = (*rule[:at], Condition(condition.feature, condition.sign, value), *rule[at + 1 :])
                if self.f1(tried) >= least:
                    rule = tried
                    break
        return rule
