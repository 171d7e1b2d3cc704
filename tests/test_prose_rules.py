"""What is said of short rules: the rule in words, how good it is, and a warning where it is not."""

import numpy as np
import pandas as pd

from segkit import privacy
from segkit.prose.rules import rules
from segkit.rules.short import COLUMNS

GOOD = '[["n_orders", ">=", 5.0], ["days_since_last_order", "<", 40.0]]'
HIDDEN = ["rule", "conditions", "n_rule", "n_both", "precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high"]


def row(segment: str, conditions: str | None, n=400, n_rule=300, precision=0.83, recall=0.71, **also) -> dict:
    shares = {name: value for name, value in (("precision", precision), ("recall", recall))}
    limits = {f"{name}{side}": value + by for name, value in shares.items() for side, by in (("_low", -0.03), ("_high", 0.03))}
    known = {"segment": segment, "rule": conditions and "a rule", "conditions": conditions, "n_measured": 1000, "n": n, "n_rule": n_rule}
    return known | {"n_both": 200} | shares | limits | also


def table(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def lines(html: str) -> list[str]:
    return [each.split("</li>")[0] for each in html.split("<li>")[1:]]


def test_a_rule_in_words_and_how_far_it_can_be_believed():
    found = rules(table(row("S2", GOOD)))
    assert "measured on the other (n = 1,000)" in found
    assert lines(found) == [
        "S2: orders ≥ 5 and days since last order &lt; 40: of those it picks 83.0 % (80.0 % to 86.0 %) are in S2 (n = 300), "
        "and it finds 71.0 % (68.0 % to 74.0 %) of S2 (n = 400)."
    ]


def test_a_warning_where_precision_or_recall_is_low_or_no_better_than_chance():
    said = lines(rules(table(row("S1", GOOD, recall=0.59), row("S2", GOOD, precision=0.5), row("S3", GOOD, n=810), row("S4", GOOD))))
    assert [each.split(".")[-2].split(").")[-1].strip() for each in said[:2]] == [
        "No short rule describes S1 well",
        "No short rule describes S2 well",
    ]
    assert said[2].endswith("Customers picked at random would do as well.") and said[3].endswith("(n = 400).")


def test_no_rule_and_hidden_cells_are_said_in_words():
    nothing = dict(n_rule=None, precision=np.nan, recall=np.nan)
    shown = table(
        row("S1", None, n=12, **nothing), row("S2", None, n=1000, **nothing), row("S3", GOOD, **nothing), row("S4", GOOD, n_rule=3)
    )
    hidden = privacy.hide_small_cells(shown, HIDDEN, 5, n="n_rule")
    assert lines(rules(hidden)) == [
        "S1: no rule, since too few customers could tell.",
        "S2: no rule, since it is everyone.",
        "S3: orders ≥ 5 and days since last order &lt; 40; too few customers to say how good a rule it is.",
        "S4: no rule, since too few customers could tell.",
    ]
    values = [name for name in HIDDEN if name not in ("rule", "conditions")]
    assert "S4: orders ≥ 5 and days since last order &lt; 40; too few" in rules(privacy.hide_small_cells(shown, values, 5, n="n_rule"))
    small = table(row("S1", GOOD, n=3), row("S2", GOOD, n=6))
    assert "n = 3)" not in rules(privacy.hide_small_cells(small, HIDDEN, 5, within=[]))


def test_words_from_data_are_escaped():
    assert "plan = &lt;b&gt;" in rules(table(row("S1", '[["plan: <b>", "=", 1.0]]')))


def test_no_segment_at_all():
    assert "no segment" in rules(table())
