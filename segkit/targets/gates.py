"""The knock-outs: is a segment measurable, substantial, accessible, differentiable and actionable? Measured for each, not asserted.

The criteria are Kotler's; that they gate, while attractiveness is weighed, is Dolnicar, Gruen & Leisch (2018), Market Segmentation Analysis,
ch. 4. What is not known is neither passed nor failed.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segkit.compare import least_size

CRITERIA = {
    "variables_known": "measurable",
    "customers": "substantial",
    "spend_share": "substantial",
    "contactable": "accessible",
    "rule_precision": "accessible",
    "rule_recall": "accessible",
    "differs": "differentiable",
    "stability": "differentiable",
    "lever": "actionable",
    "experiment": "actionable",
}  # measure -> criterion
UNITS = {"customers": "customers", "experiment": "customers", "stability": "Jaccard", "differs": "", "lever": ""}  # the others are shares
ABOUT = {
    "variables_known": "Customers with all variables known that it is cut by",
    "customers": "Customers",
    "spend_share": "Share of what all customers spent before as_of",
    "contactable": "Customers who may be contacted, of those of whom it is known",
    "rule_precision": "Customers its short rule picks who belong to it",
    "rule_recall": "Customers of it whom its short rule finds",
    "stability": "Mean best Jaccard overlap with bootstrap refits",
    "experiment": "Customers who may be contacted, for an A/B test",
}
UNKNOWN = {
    "variables_known": "the features were not looked at",
    "spend_share": "there are no orders",
    "contactable": "nobody recorded who may be contacted",
    "rule_precision": "it has no short rule, or too few customers to tell how good it is",
    "rule_recall": "it has no short rule, or too few customers to tell how good it is",
    "differs": "no outcome was compared",
    "stability": "stability was not measured",
    "experiment": "it is not known how many customers may be contacted, or how often they do anyway what a test would count",
}
HIDDEN = "too few customers to show"
COLUMNS = ["segment", "criterion", "measure", "unit", "value", "low", "high", "n", "n_yes", "n_no", "needed", "passes", "why"]
SPOKEN = ["value", "low", "high", "why"]  # what a cell of few customers must not show


def gates(
    sizes: pd.DataFrame,
    reach: pd.DataFrame | None = None,
    rules: pd.DataFrame | None = None,
    differences: pd.DataFrame | None = None,
    stability: pd.DataFrame | None = None,
    experiments: pd.DataFrame | None = None,
    levers: Mapping[str, str] | None = None,
    *,
    variables_known: float = 0.9,
    customers: int = 0,
    spend_share: float = 0.01,
    contactable: float = 0.5,
    rule_precision: float = 0.6,
    rule_recall: float = 0.6,
    jaccard: float = 0.75,
) -> pd.DataFrame:
    """Every measure of every segment beside what it needs. Out, a row per segment and measure (`CRITERIA`): segment, criterion, measure, unit,
    value, low, high, n (customers of the segment), n_yes, n_no (those a share counts, where it counts customers), needed, passes (yes, no, NA
    where it is not known), why (one sentence).

    In, each may be missing: `compare.sizes`, `targets.reach`, `rules.rules`, `targets.differing`, `compare.trusted`, `targets.affordable`,
    and the lever named for each segment. Values hidden for few customers are not known here; reach and differences are not hidden before, but
    in what comes out, by n, n_yes and n_no (`SPOKEN`).
    A measure passes where its value reaches the threshold (a keyword; shares 0 … 1; `customers`: at least the larger of 30 and 1 % of all
    where 0; `jaccard`: fpc's line for a valid segment, of the mean); `differs` where the interval, which holds for all segments together,
    excludes 0; an experiment where both its arms can be had; a lever where one is named, which is not known where the study names none at all.
    """
    needed = {"variables_known": variables_known, "spend_share": spend_share, "contactable": contactable, "stability": jaccard}
    needed |= {"rule_precision": rule_precision, "rule_recall": rule_recall, "customers": customers or least_size(everyone(sizes))}
    found, customers_of = measures(sizes, reach, rules, differences, stability, experiments), counted(sizes, reach, differences)
    lines = []
    for segment in sorted(sizes.segment, key=by_number):
        n = customers_of.get(segment)
        found[segment, "customers"] = {"value": n}
        for measure, criterion in CRITERIA.items():
            known = {"segment": segment, "criterion": criterion, "measure": measure, "unit": UNITS.get(measure, "share"), "n": n}
            seen = {"needed": needed.get(measure)} | found.get((segment, measure), {})
            lines.append(known | (lever(segment, levers or {}) if measure == "lever" else judged(measure, seen)))
    return pd.DataFrame(lines, columns=COLUMNS).astype(
        dict.fromkeys(("value", "low", "high", "needed"), "float64")
        | dict.fromkeys(("n", "n_yes", "n_no"), "Int64")
        | {"passes": "boolean"}
    )


def by_number(segment: str) -> tuple[int, str]:
    """S2 comes before S10."""
    return len(segment), segment


def everyone(sizes: pd.DataFrame) -> int:
    """How many customers there are, also where some segments are hidden."""
    shown = sizes.dropna(subset=["n", "share"])
    return round(float((shown.n / shown.share).max())) if len(shown) else 0


def counted(*tables: pd.DataFrame | None) -> dict[str, int]:
    """Customers of each segment, from the first table that shows them: what is hidden in one is judged all the same, and can be hidden again."""
    found = {}
    for table in tables:
        for segment, n in zip(*((), ()) if table is None else (table.segment, table.n)):
            if not pd.isna(n):
                found.setdefault(segment, int(n))
    return found


def measures(sizes, reach, rules, differences, stability, experiments) -> dict[tuple[str, str], dict]:
    """What the tables say: (segment, measure) -> value, and low, high, needed, unit, n_yes, n_no, reason where there are."""
    found = {}
    for measure, table, columns in (
        ("spend_share", sizes, {"value": "spend_share"}),
        ("rule_precision", rules, {"value": "precision", "low": "precision_low", "high": "precision_high"}),
        ("rule_recall", rules, {"value": "recall", "low": "recall_low", "high": "recall_high"}),
        ("differs", differences, {each: each for each in ("value", "low", "high", "unit", "reason", "kpi")}),
        ("stability", stability, {"value": "mean", "low": "low", "high": "high"}),
    ):
        for row in [] if table is None or columns["value"] not in table else table.to_dict("records"):
            found[row["segment"], measure] = {name: row[column] for name, column in columns.items()}
    for row in [] if reach is None else reach.to_dict("records"):
        found[row["segment"], row["measure"]] = {name: row[name] for name in ("value", "n_yes", "n_no")}
    for row in [] if experiments is None else experiments.to_dict("records"):
        counted = found.get((row["segment"], "contactable"), {})
        arms = {"value": row["available"], "needed": 2 * number(row["needed_per_arm"]), "lift": row["lift"]}
        found[row["segment"], "experiment"] = {name: counted.get(name) for name in ("n_yes", "n_no")} | arms
    return found


def judged(measure: str, seen: dict) -> dict:
    """A measure's numbers, whether it passes, and the sentence that says why."""
    numbers = {name: number(seen.get(name)) for name in ("value", "low", "high", "needed")}
    value, low, high, needed = numbers.values()
    counts = {name: seen.get(name) for name in ("n_yes", "n_no")}
    if measure == "differs":
        without = dict.fromkeys(("value", "needed") if np.isnan(low) else ("needed",), np.nan)
        return (
            numbers
            | without
            | {"passes": None if np.isnan(low) else bool(low > 0 or high < 0), "why": difference(seen)}
            | ({"unit": seen["unit"]} if "unit" in seen else {})
        )
    if np.isnan(value) or np.isnan(needed):
        return numbers | counts | {"passes": None, "why": f"{ABOUT[measure]}: {HIDDEN if is_hidden(measure, seen) else UNKNOWN[measure]}."}
    unit = UNITS.get(measure, "share")
    more = f", in two arms, to show a lift of {told(seen['lift'], 'share', '+')}" if measure == "experiment" else ""
    why = f"{ABOUT[measure]}: {told(value, unit)}; needed: {told(needed, unit)}{more}."
    return numbers | counts | {"passes": bool(value >= needed), "why": why}


def is_hidden(measure: str, seen: dict) -> bool:
    """Whether a value is there, but not shown: what is known of everyone is hidden where it is missing."""
    return measure == "customers" or measure in ("spend_share", "stability") and "value" in seen


def difference(seen: dict) -> str:
    """What is said of a segment's outcome beside that of all other customers."""
    if np.isnan(number(seen.get("low"))):
        why = seen["reason"] or HIDDEN if isinstance(seen.get("reason"), str) else UNKNOWN["differs"]
        return f"Difference from all other customers after as_of: {why}."
    value, *limits = (told(seen[name], seen["unit"], "+") for name in ("value", "low", "high"))
    low, high = (each.partition(" ")[0] for each in limits)
    said = f"{seen['kpi'].replace('_', ' ')} after as_of, less that of all other customers: {value} ({low} to {high})"
    return f"{said[0].upper()}{said[1:]}{'' if seen['low'] > 0 or seen['high'] < 0 else '; needed: an interval without 0'}."


def lever(segment: str, levers: Mapping[str, str]) -> dict:
    """Whether a lever is named for a segment."""
    if segment in levers:
        return {"passes": True, "why": f"Lever: {levers[segment]}."}
    return {"passes": False if levers else None, "why": "No lever is named for it." if levers else "The study names no lever."}


def number(value) -> float:
    """A number, NaN where it is missing."""
    return np.nan if value is None or value is pd.NA else float(value)


def told(value: float, unit: str, sign: str = "") -> str:
    """A number in a sentence; with a sign it is a difference, of shares in percentage points."""
    if unit == "share":
        return f"{100 * value:{sign}.{2 if abs(value) < 0.02 else 1}f} {'percentage points' if sign else '%'}"
    digits = ".2f" if abs(value) < 100 and value != int(value) else ",.0f"
    return f"{value:{sign}{digits}}" + (f" {unit}" if sign else "")


def standing(rows: pd.DataFrame) -> pd.DataFrame:
    """Where each segment stands. In: what `gates` makes. Out: segment, standing (in: passes all; out: fails one or more; open: fails none, and
    something is not known), failed, unknown (measures, in words)."""
    lines = []
    for segment, part in rows.groupby("segment", sort=False):
        failed, unknown = (part.measure[mask.fillna(False).astype(bool)] for mask in (part.passes.eq(False), part.passes.isna()))
        stands = "out" if len(failed) else "open" if len(unknown) else "in"
        named = {word: ", ".join(each.replace("_", " ") for each in each_) for word, each_ in (("failed", failed), ("unknown", unknown))}
        lines.append({"segment": segment, "standing": stands} | named)
    return pd.DataFrame(lines, columns=["segment", "standing", "failed", "unknown"])
