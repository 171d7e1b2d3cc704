"""Pictures of finished tables: each has a sentence and an image, also where small cells are hidden and rows are missing."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from segkit import compare, figures, privacy
from segkit.compare.profiles import marker
from segkit.compare.verdict import AtK, Evidence
from segkit.figures import gather, style

SEGMENTS = ("S1", "S2", "S3")


def ledger():
    return pd.DataFrame(
        {
            "table": ["costs", "orders", "orders", "orders", "orders", "orders", "orders", "events"],
            "step": [0, 0, 0, 0, 1, 2, 3, 0],
            "rule": [
                "as delivered",
                "delivered: a.csv",
                "delivered: b.csv",
                "as delivered",
                "no <b>customer",
                "in vain",
                "twice",
                "as delivered",
            ],
            "severity": ["", "input", "input", "", "reject", "reject", "warn", ""],
            "rows": [0, 0, 0, 0, 9, 0, 1, 0],
            "rows_left": [12, 60, 40, 100, 91, 91, 90, 7],
            "customers_left": pd.array([None, 20, 20, 30, 29, 29, 29, 7], "Int64"),
            "orders_left": pd.array([None, 60, 40, 100, 91, 91, 90, None], "Int64"),
            "amount_left": ["120.00", "600.00", "400.00", "1000.00", "910.50", "910.50", "900.50", None],
        }
    )


def months():
    rows = [
        {"table": table, "month": str(month), "rows": 10 + number, "customers": 3, "complete": number > 0}
        for table, first in (("orders", "2024-11"), ("events", "2025-01"))
        for number, month in enumerate(pd.period_range(first, "2025-03", freq="M"))
    ]
    return pd.DataFrame([{"table": "orders", "month": "1970-01", "rows": 1, "customers": 1, "complete": False}, *rows])


def freshness():
    return pd.DataFrame(
        {
            "table": ["orders", "events"],
            "first": ["2024-11-20", "2025-01-05"],
            "last": ["2025-03-31", "2025-02-15"],
            "days_behind": [0, 44],
            "stopped": [False, True],
            "empty_months": [0, 1],
            "first_empty": ["", "2025-01"],
            "stray_rows": [1, 0],
        }
    )


def monthly():
    return pd.DataFrame(
        {
            "month": ["2025-01", "2025-02", "2025-03"],
            "n": [10, 3, 12],
            "orders": [9, 2, 11],
            "revenue": [90.0, 10.0, 120.0],
            "complete": [True, True, False],
        }
    )


def histogram():
    edges = np.arange(17.0)
    return pd.DataFrame(
        [
            {"feature": name, "left": a, "right": a + 1, "log": log, "n": int(3 * a)}
            for name, log in (("spend", True), ("tenure_days", False), ("n_orders", False))
            for a in edges[:-1]
        ]
    )


def distribution():
    return pd.DataFrame({"feature": ["spend", "tenure_days", "n_orders"], "unit": ["EUR", "days", "orders"]})


def answers():
    rows = pd.DataFrame({"feature": ["is_new", "yummy", "spend"], "unit": ["yes/no", "yes/no", "EUR"], "n": [40, 40, 40]})
    return rows.assign(mean=[0.1, 0.8, 55.0], low=[-0.01, 0.7, 50], high=[0.2, 0.9, 60])


def concentration():
    return pd.DataFrame({"top": np.arange(1, 21) / 20, "n": np.arange(1, 21) * 3, "share": np.linspace(0.05, 1, 20) ** 0.5})


def cohorts():
    return pd.DataFrame(
        [
            {"cohort": f"2025-0{c}", "month": m, "n": (40, 3, 20)[c - 1], "value": 1 / (m + 1), "low": 0.1, "high": 1.0}
            for c in (1, 2, 3)
            for m in range(5 - c)
        ]
    )


def usage_grid():
    names = {("low", "low"): "casual", ("high", "low"): "social", ("low", "high"): "competitive", ("high", "high"): "hardcore"}
    cells = [{"frequency": f, "intensity": i, "name": name, "n": n} for ((f, i), name), n in zip(names.items(), (2, 8, 50, 0))]
    cuts = {"measure": "minutes_per_active_day", "frequency_cut": 1.0, "intensity_cut": 12.5}
    return pd.DataFrame([cell | {"share": cell["n"] / 60} | cuts for cell in cells])


def kpis():
    return pd.DataFrame(
        [
            {"segment": s, "kpi": kpi, "unit": unit, "value": v, "low": v * 0.8, "high": v * 1.2, "n": n, "se": 1.0, "events": 5.0}
            for kpi, unit in (("revenue", "EUR"), ("revenue_capped", "EUR"), ("aov", "EUR"), ("retention", "share"))
            for s, v, n in (("S1", 0.5, 50), ("S2", 0.25, 3), ("S3", 0.9, 20), ("all", 0.5, 73))
        ]
    )


def explained():
    return pd.DataFrame(
        [
            {"segmentation": s, "kpi": kpi, "value": v, "low": v - 0.02, "high": v + 0.02, "n": 70, "cells": 3}
            for kpi in ("revenue", "retention")
            for s, v in (("segments", 0.1), ("rfm", 0.05), ("random", -0.01))
        ]
    )


def hypotheses():
    return pd.DataFrame(
        {
            "name": ["stay", "spend", "baskets"],
            "kpi": ["retention", "revenue", "aov"],
            "test": ["spread", "beats_baseline", "spread"],
            "verdict": ["supported", "refuted", "undecided"],
            "value": [0.3, -0.01, np.nan],
            "low": [0.2, -0.02, np.nan],
            "high": [0.4, 0.0, np.nan],
            "at_least": [0.1, 0.0, 25.0],
        }
    )


def scores():
    return pd.DataFrame(
        [
            {
                "method": m,
                "k": k,
                "metric": metric,
                "value": 0.5 - 0.01 * k,
                "low": 0.1 if metric != "bic" else np.nan,
                "high": 0.8 if metric != "bic" else np.nan,
                "direction": "lower" if metric in ("bic", "davies_bouldin") else "higher",
                "n": 70,
            }
            for m in ("kmeans", "gmm", "ward")
            for k in (2, 3, 4)
            for metric in ("silhouette", "stability", "calinski_harabasz", "davies_bouldin", "smallest_segment", *["bic"] * (m == "gmm"))
        ]
    )


def stability():
    return pd.DataFrame(
        {
            "method": "kmeans",
            "k": 3,
            "segment": SEGMENTS,
            "n": [40, 3, 20],
            "value": [0.95, 0.6, 0.8],
            "low": [0.9, 0.4, 0.7],
            "high": [1.0, 0.7, 0.8],
            "mean": [0.9, 0.5, 0.8],
            "trust": ["highly stable", "do not trust", "valid"],
            "refits": 40,
        }
    )


def profiles():
    return pd.DataFrame(
        [
            {
                "segment": s,
                "n": n,
                "share": n / 63,
                "feature": f,
                "unit": "days",
                "median": 4.0,
                "p25": 1.0,
                "p75": 9.0,
                "overall": 5.0,
                "z": z,
                "marker": marker(z),
                "n_known": n,
            }
            for s, n, z in (("S1", 40, 0.1), ("S2", 3, 2.0), ("S3", 20, -0.7))
            for f in ("n_orders", "tenure_days")
        ]
    )


def sizes():
    return pd.DataFrame({"segment": SEGMENTS, "n": [40, 3, 20], "share": [0.63, 0.05, 0.32], "spend_share": [0.2, 0.5, 0.3]})


def structure():
    by_k = tuple(AtK(k, 5.0 - k, k < 4, 0.3, 0.6, 0.9 - 0.1 * k, 0.95) for k in range(2, 6))
    return SimpleNamespace(by_k=by_k, t1=Evidence(3.0, 1.2, (0.1, 0.9)), t2=Evidence(0.3, 0.65, (0.2, 0.4)), verdict="reproducible", k=2)


def is_picture(picture) -> bool:
    """A sentence without holes, and the bytes of an image."""
    assert isinstance(picture, figures.Picture)
    assert re.fullmatch(r"[A-Z].{20,}\.", picture.alt, flags=re.DOTALL), picture.alt
    assert not re.search(r"\b(nan|NaN|None|NaT)\b|<NA>", picture.alt), picture.alt
    data, metadata = picture._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG") and len(data["image/png"]) > 5000
    assert metadata["image/png"]["alt"] == data["text/plain"] == picture.alt
    drawn = [
        text.get_text()
        for axes in picture.figure.axes
        for text in (*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels(), axes.title)
    ]
    assert not [text for text in drawn if re.search(r"\b(nan|None)\b|<NA>", text)], drawn
    return True


WHOLE = {
    "ledger": lambda: figures.ledger(ledger()),
    "ledger that lost nothing": lambda: figures.ledger(ledger().query("table == 'events'")),
    "months": lambda: figures.months(months(), freshness()),
    "monthly": lambda: figures.monthly(monthly()),
    "monthly without orders": lambda: figures.monthly(monthly().drop(columns=["orders", "revenue"])),
    "distributions": lambda: figures.distributions(histogram(), distribution()),
    "answers": lambda: figures.answers(answers()),
    "concentration": lambda: figures.concentration(concentration(), "spend"),
    "cohorts": lambda: figures.cohorts(cohorts()),
    "usage_grid": lambda: figures.usage_grid(usage_grid()),
    "kpis": lambda: figures.kpis(kpis()),
    "one kpi": lambda: figures.kpis(kpis().query("kpi == 'retention'")),
    "explained": lambda: figures.explained(explained()),
    "explained without rfm": lambda: figures.explained(explained().query("segmentation != 'rfm'")),
    "hypotheses": lambda: figures.hypotheses(hypotheses()),
    "one hypothesis": lambda: figures.hypotheses(hypotheses().iloc[[2]]),
    "structure": lambda: figures.structure(structure()),
    "scores": lambda: figures.scores(scores(), "gmm", 3),
    "one method": lambda: figures.scores(scores().query("method == 'ward'"), "ward", 2),
    "stability": lambda: figures.stability(stability()),
    "profiles": lambda: figures.profiles(profiles()),
    "one segment": lambda: figures.profiles(profiles().query("segment == 'S1'")),
    "sizes_and_value": lambda: figures.sizes_and_value(sizes()),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_picture_has_an_image_and_a_sentence_that_states_its_finding(name):
    assert is_picture(WHOLE[name]())


def hidden(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """As the notebooks publish it: cells of fewer than five customers are NA."""
    found = privacy.hide_small_cells(table, list(columns), min_cell=5)
    assert found.isna().any(axis=None)
    return found


HIDDEN = {
    "monthly": lambda: figures.monthly(hidden(monthly(), "orders", "revenue")),
    "distributions": lambda: figures.distributions(hidden(histogram()), distribution()),
    "answers": lambda: figures.answers(hidden(answers().assign(n=[40, 3, 40]), "mean", "low", "high")),
    "concentration": lambda: figures.concentration(hidden(concentration(), "share"), "spend"),
    "cohorts": lambda: figures.cohorts(hidden(cohorts(), "value", "low", "high")),
    "usage_grid": lambda: figures.usage_grid(hidden(usage_grid(), "share")),
    "kpis": lambda: figures.kpis(hidden(kpis(), "value", "low", "high", "se", "events")),
    "stability": lambda: figures.stability(hidden(stability(), "value", "low", "high", "mean")),
    "profiles": lambda: figures.profiles(hidden(profiles(), "median", "p25", "p75", "z")),
    "sizes_and_value": lambda: figures.sizes_and_value(hidden(sizes(), "share")),
}


@pytest.mark.parametrize("name", list(HIDDEN))
def test_hidden_small_cells_leave_a_gap_and_no_error(name):
    assert is_picture(HIDDEN[name]())


SHORT = {
    "kpis of two segments": lambda: figures.kpis(kpis().query("not (segment == 'S3' and kpi == 'aov')")),
    "kpis without values": lambda: figures.kpis(
        kpis().assign(value=np.nan, low=np.nan, high=np.nan).assign(value=lambda t: t.value.where(t.segment != "S1", 2.0))
    ),
    "a profile with a missing row": lambda: figures.profiles(profiles().iloc[1:]),
    "cohorts of one month": lambda: figures.cohorts(cohorts().query("month == 0")),
    "no month": lambda: figures.months(months().iloc[:0], freshness().iloc[:0]),
    "a table of one month": lambda: figures.months(months().iloc[[5]], freshness().iloc[[0]].assign(first="2025-03-01")),
    "no cohort": lambda: figures.cohorts(cohorts().iloc[:0]),
    "a feature nobody has": lambda: figures.distributions(
        histogram().assign(left=lambda t: t.left.where(t.feature != "n_orders"), right=lambda t: t.right.where(t.feature != "n_orders")),
        distribution(),
    ),
    "structure that could not be tested": lambda: figures.structure(
        compare.structure(pd.DataFrame(np.arange(20.0).reshape(10, 2)), seed=1)
    ),
    "scores without a silhouette": lambda: figures.scores(
        scores().assign(value=lambda t: t.value.where(t.metric != "silhouette")), "gmm", 3
    ),
    "nobody spent": lambda: figures.sizes_and_value(sizes().assign(spend_share=np.nan)),
}


@pytest.mark.parametrize("name", list(SHORT))
def test_a_table_with_missing_rows_or_values_is_still_drawn(name):
    assert is_picture(SHORT[name]())


def test_the_ledger_is_told_for_every_table_that_lost_rows_or_bears_money():
    assert figures.ledger(ledger()).alt == (
        "Of 12 rows of costs, 12 (100.0 %) are used. "
        "Of 100 rows of orders, 91 (91.0 %) are used; most are set aside by the rule no <b>customer (9)."
    )
    assert figures.ledger(ledger().query("table == 'events'")).alt == "Of 7 rows of events, 7 (100.0 %) are used."


def bars(table: str) -> pd.DataFrame:
    return gather.steps(ledger().query("table == @table")).set_index("rule")


def test_every_bar_of_the_waterfall_hangs_from_what_was_left_above_it():
    fall = bars("orders")
    assert list(fall.index) == ["delivered: a.csv", "delivered: b.csv", "as delivered", "no <b>customer", "used", "twice (kept)"], (
        "rules that found nothing have no bar"
    )
    assert list(zip(fall.start, fall.end)) == [(0, 60), (60, 100), (0, 100), (91, 100), (0, 91), (90, 91)]
    assert list(bars("costs").index) == ["all used"], "a table that lost nothing is one bar"


def test_a_warning_is_hatched_and_everything_else_is_full():
    axes = figures.ledger(ledger()).figure.axes[1]
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False] * 5 + [True]
    texts = [text.get_text() for text in axes.texts]
    assert {"orders", "set aside", "money", "−9", "(1)", "1,000", "910", "900", "29"} <= set(texts)
    assert "customers" not in [text.get_text() for text in figures.ledger(ledger()).figure.axes[0].texts], "costs are of nobody"


def test_months_cut_short_are_pale_and_stray_rows_are_not_drawn():
    picture = figures.months(months(), freshness())
    assert picture.alt.startswith("Dates of orders, events run from 2024-11 to 2025-03; stopped early: events; months without rows: events")
    orders, events = picture.figure.axes
    pale = style.matplotlib.colors.to_rgba(style.PALE)
    assert [bar.get_facecolor() == pale for bar in orders.patches] == [True, False, False, False, False]
    assert [bar.get_height() for bar in events.patches] == [0, 0, 10, 11, 0], "drawn to its last usual month only"
    assert events.get_title(loc="left") == "events: ends 44 days before the latest table"


def test_pictures_leave_no_global_figure_and_no_style_behind():
    import matplotlib
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams)
    figures.monthly(monthly())
    assert pyplot.get_fignums() == [] and dict(matplotlib.rcParams) == before


def test_the_same_table_gives_the_same_bytes():
    one, other = (figures.stability(stability())._repr_mimebundle_()[0]["image/png"] for _ in range(2))
    assert one == other


def test_whiskers_are_never_negative():
    assert np.array(style.whiskers([1.0], [1.0 + 1e-9], [2.0])).tolist() == [[0.0], [1.0]]


def test_yes_no_answers_and_features_nobody_has_get_no_histogram():
    known, nobody = histogram(), histogram().query("feature == 'spend'").assign(feature="minutes", n=0)
    yes = pd.DataFrame({"feature": ["yummy"] * 2, "left": [-0.5, 0.5], "right": [0.5, 1.5], "log": [False] * 2, "n": [30, 10]})
    units = pd.concat([distribution(), answers()[1:2], pd.DataFrame({"feature": ["minutes"], "unit": ["minutes"]})])
    assert figures.distributions(pd.concat([known, nobody, yes]), units).alt.startswith("Distributions of 3 features.")
    assert "yes and no" in figures.distributions(yes, units).alt
    assert figures.answers(answers()).alt == "The answer is most often yes to yummy (80.0 %), and least often to is new (10.0 %)."
    assert "no yes/no answers" in figures.answers(answers()[2:]).alt


def test_ticks_of_a_log_axis_keep_apart():
    from segkit.figures.behavior import round_steps

    for low, high in ((0.0, 250.0), (0.0101, 4.72), (1, 393), (5.78, 551), (0.0, 0.5)):
        ticks = np.log1p(round_steps(low, high))
        assert 1 <= len(ticks) <= 7 and (np.diff(ticks) >= (np.log1p(high) - np.log1p(low)) / 6).all(), (low, high)


def test_mixtures_ring_the_lowest_bic():
    rows = pd.DataFrame(
        {"k": [1, 2, 1, 2], "covariances": ["full", "full", "tied", "tied"], "bic": [5.0, 3.0, 4.0, 6.0], "icl": 1.0, "n": 9}
    )
    assert figures.mixtures(rows).alt == "BIC is lowest for k = 2 with full covariances."
