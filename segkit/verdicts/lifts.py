"""What each campaign moved, over all and by segment: who was contacted against who was held out by lot."""

import numpy as np
import pandas as pd

from segkit.kpis import intervals
from segkit.verdicts import tests
from segkit.verdicts.cases import NOT_BY_LOT, by_lot, counted, too_few

ANSWERS = {"conversion": "converted", "visit": "clicked"}
COLUMNS = ["campaign", "answer", "segment", "n", "n_held_out", "rate", "rate_held_out", "value", "low", "high", "p", "p_holm", "reason"]
COUNTS = ["n", "n_held_out", "converted", "converted_held_out", "others", "others_held_out"]


def lifts(arms: pd.DataFrame | None, labels: pd.Series) -> pd.DataFrame:
    """The lift of each campaign for all and for each segment. Out: campaign, answer (conversion; visit where the held out visit, too),
    segment, n and n_held_out, rate and rate_held_out, value (their difference), low, high (Newcombe, 95 %), p (score test, two-sided),
    p_holm (over the segments of a campaign and answer), reason (why there is no lift, or no test), and the counts behind it.

    Without anyone held out there is a rate and no lift, and the reason says so.
    """
    lines = []
    rows = pd.DataFrame() if arms is None else arms.assign(segment=arms.customer_id.map(labels)).dropna(subset="segment")
    for campaign, part in rows.groupby("campaign") if len(rows) else ():
        lot = "" if by_lot(part) >= NOT_BY_LOT else "the share contacted differs between segments more than a lot allows"
        for answer, column in ANSWERS.items():
            if column in part and (answer == "conversion" or part[column][~part.treated].any()):
                told = part.assign(converted=part[column].astype("float64"))
                lines += of_campaign({"campaign": campaign, "answer": answer}, told, lot)
    table = pd.DataFrame(lines, columns=[*COLUMNS, *COUNTS[2:]])
    return table.astype({name: "float64" for name in ("rate", "rate_held_out", "value", "low", "high", "p", "p_holm")})


def of_campaign(named: dict, part: pd.DataFrame, lot: str) -> list[dict]:
    """The lines of one campaign and answer: all first, then the segments with Holm over them."""
    groups = sorted(part.groupby("segment"), key=lambda each: (len(each[0]), each[0]))
    found = [named | {"segment": name} | of_group(rows, lot) for name, rows in (("all", part), *groups)]
    adjusted = tests.holm([each["p"] for each in found[1:]], len(groups))
    return [line | {"p_holm": p} for line, p in zip(found, [np.nan, *adjusted])]


def of_group(rows: pd.DataFrame, lot: str) -> dict:
    """Rates of a group of customers, their difference, and its test."""
    converted, n, converted_held_out, n_held_out = counted(rows)
    line = {"n": n, "n_held_out": n_held_out, "converted": converted, "converted_held_out": converted_held_out}
    line |= {"others": n - converted, "others_held_out": n_held_out - converted_held_out}
    line |= {"rate": converted / n if n else np.nan, "rate_held_out": converted_held_out / n_held_out if n_held_out else np.nan}
    if not n_held_out or not n:
        return line | dict.fromkeys(("value", "low", "high", "p"), np.nan) | {"reason": "nobody was held out: a rate, and no lift"}
    result, reason = tests.lift(converted, n, converted_held_out, n_held_out, 0.0), lot or too_few(rows)
    return line | {"value": result.value, "low": result.low, "high": result.high, "p": np.nan if reason else result.p, "reason": reason}


def money(arms: pd.DataFrame | None, labels: pd.Series) -> pd.DataFrame:
    """What each campaign brought in per contact beyond what the held out spent anyway, over all and by segment. Out: campaign, segment, n,
    n_held_out, value, low, high (from Hall's intervals of the two means); no test, since raw money has little power and poor tests."""
    lines = []
    rows = (
        pd.DataFrame() if arms is None or "paid" not in arms else arms.assign(segment=arms.customer_id.map(labels)).dropna(subset="segment")
    )
    for campaign, part in rows.groupby("campaign") if len(rows) else ():
        for name, group in (("all", part), *sorted(part.groupby("segment"), key=lambda each: (len(each[0]), each[0]))):
            treated, held = (intervals.mean(np.sort(group.paid[group.treated == arm].to_numpy("float64"))) for arm in (True, False))
            if held.n and treated.n:
                value, low, high, _ = intervals.difference(treated, held)
                lines.append(
                    {"campaign": campaign, "segment": name, "n": treated.n, "n_held_out": held.n, "value": value, "low": low, "high": high}
                )
    return pd.DataFrame(lines, columns=["campaign", "segment", "n", "n_held_out", "value", "low", "high"])
