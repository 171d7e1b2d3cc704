"""Pictures and sentences on buying: they state what the table says, leave gaps where cells are hidden, and are silent without a table."""

import numpy as np
import pandas as pd
import pytest
from test_features_rfm import orders
from test_prose import said

from segkit import behavior, figures, privacy, prose
from segkit.sources.reading import Reading


@pytest.fixture(scope="module")
def buyers() -> pd.DataFrame:
    from test_features import made

    rng = np.random.default_rng(5)
    counts, amounts = list(rng.geometric(0.3, 200)), list(rng.integers(1, 90, 200).astype(float))
    return made(orders=orders(counts, amounts)).reset_index()


def tables(buyers: pd.DataFrame) -> dict:
    glossary = pd.DataFrame({"feature": ["buyer_type", "buyer_class", "band"], "unit": ["class", "class", "level"]})
    band = {"band": Reading(column="b", kind="need", ordered=["low", "high"])}
    months = pd.period_range("2023-01", "2024-12", freq="M").astype(str)
    monthly = pd.DataFrame({"month": months, "n": 9, "revenue": [1.0, 2.0] * 12, "complete": True})
    return {
        "score_bins": behavior.score_bins(buyers),
        "rfm": behavior.rfm(buyers),
        "classes": behavior.classes(buyers.assign(band=[1.0] * 20 + [2.0] * 180), glossary, band),
        "mix": pd.DataFrame({"level": ["a $x$ & <b>", "b"], "n": [9, 8], "orders": [5, 4], "revenue": [6.0, 4.0], "share": [0.6, 0.4]}),
        "clock": pd.DataFrame({"day": ["Mon", "Tue"], "part": ["night", "night"], "n": [9, 9], "orders": [3, 1], "share": [0.75, 0.25]}),
        "seasons": behavior.seasons(monthly),
        "pairs": behavior.correlations(buyers.assign(twice=buyers.spend * 2), ["spend", "n_orders", "twice"]),
    }


PICTURES = {
    "rfm": (figures.rfm, "of buyers and"),
    "classes": (
        lambda rows: figures.classes(rows, "buyer_class", "band", "absent"),
        "Buyer class: mostly light (50.5 %); band: mostly high (90.0 %).",
    ),
    "mix": (lambda rows: figures.mix(rows, "channel"), "Most revenue, 60.0 %, comes by the channel a $x$ & <b>."),
    "clock": (figures.clock, "Most orders, 75.0 %, are placed on Mon, night."),
    "seasons": (figures.seasons, "times its year's mean"),
    "pairs": (lambda rows: figures.correlations(rows, ["spend", "n_orders", "twice"]), "spend and twice, 1.00 (n = 200)"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_states_its_finding_and_is_drawn(buyers, name):
    draw, finding = PICTURES[name]
    picture = draw(tables(buyers)[name])
    assert finding in picture.alt
    data, _ = picture._repr_mimebundle_()
    assert data["image/png"][:4] == b"\x89PNG"


@pytest.mark.parametrize("name", PICTURES)
def test_without_a_table_there_is_no_picture_and_hidden_cells_leave_a_gap(buyers, name):
    rows = tables(buyers)[name]
    assert name == "pairs" or PICTURES[name][0](rows.iloc[:0]) is None
    some = privacy.hide_small_cells(rows, ["share", "spend_share", "low", "high", "value"], int(rows.n.median()) + 1)
    drawn = PICTURES[name][0](some)
    assert drawn is None or drawn._repr_mimebundle_()
    assert name == "pairs" or PICTURES[name][0](privacy.hide_small_cells(rows, ["share", "spend_share", "value"], 10**6)) is None


def test_sentences_are_computed(buyers):
    found = tables(buyers)
    assert said(prose.score_bins(found["score_bins"])).startswith("Recency: 5 bins; the largest holds")
    assert "All 125 combinations of scores have exactly one name." in said(prose.rfm(found["rfm"]))
    assert "Over 2 whole years before the cut-off date, Jan (0.667), Feb (1.33)" in said(prose.seasons(found["seasons"]))
    redundant = behavior.redundant(found["pairs"], ["spend", "n_orders"])
    assert "1 pair of all features has" in said(prose.redundant(redundant[redundant.feature == "spend"].iloc[:1], ["n_orders"]))
    assert "spend and twice: 1.00" in said(prose.redundant(redundant, ["spend", "twice"]))
    assert "No two features say nearly the same" in said(prose.redundant(redundant.iloc[:0], []))
    assert prose.rfm(found["rfm"].iloc[:0]) is None and prose.score_bins(found["score_bins"].iloc[:0]) is None
    assert "Without touchpoints, nothing is said of journeys" in said(prose.unseen(["orders", "events"]))
    assert prose.unseen(["orders", "events", "touchpoints"]) is None


def test_bins_that_ties_leave_empty_are_told():
    from test_features import made

    few = behavior.score_bins(made(orders=orders([1] * 60 + [2] * 30 + [9] * 10, [5.0] * 100)).reset_index())
    assert "Frequency: 3 bins, 2 of the five bins stay empty because of ties" in said(prose.score_bins(few))
