"""Pictures of trust and meaning: what they say, and that hidden cells and empty tables do them no harm."""

import numpy as np
import pandas as pd
import pytest
from test_figures_journey import said

from segkit import privacy
from segkit.compare.differences import EFFECT
from segkit.compare.flow import in_steps, with_shares
from segkit.figures import trust

MOVES = [
    *((2, "S1", 3, "S1", 60), (2, "S1", 3, "S3", 30), (2, "S2", 3, "S2", 40), (2, "S2", 3, "S1", 3)),
    *((3, "S1", 4, "S1", 58), (3, "S1", 4, "S4", 5), (3, "S2", 4, "S2", 40), (3, "S3", 4, "S3", 18), (3, "S3", 4, "S4", 12)),
]


def flows() -> pd.DataFrame:
    return with_shares(pd.DataFrame(MOVES, columns=["k", "segment", "next_k", "next_segment", "n"]))


def fences() -> pd.DataFrame:
    rows = pd.DataFrame({"segment": ["S1", "S2", "all"], "n": [60, 40, 100], "unit": "share", "median": 0.9, "p25": 0.8, "p75": 0.99})
    return rows.assign(n_fence=[6, 12, 18], n_clear=[54, 28, 82], value=[0.1, 0.3, 0.18], low=[0.05, 0.2, 0.12], high=[0.2, 0.45, 0.27])


def effects() -> pd.DataFrame:
    lines = [
        ("S1", "spend", "GBP", 0.9, 0.85, 0.94, True, np.nan, pd.NA),
        ("S1", "n_visits", "visits", 0.8, 0.75, 0.84, False, 0.001, True),
        ("S1", "is_declining", "yes/no", 0.42, 0.4, 0.44, False, 0.01, True),
        ("S2", "spend", "GBP", 0.1, 0.06, 0.15, True, np.nan, pd.NA),
        ("S2", "n_visits", "visits", 0.3, 0.2, 0.4, False, 0.02, True),
        ("S2", "$a$_b", "x", 0.52, 0.45, 0.6, False, 0.7, False),
    ]
    rows = pd.DataFrame(lines, columns=["segment", "feature", "unit", "effect", "low", "high", "by_construction", "p", "differs"])
    return rows.assign(n=60, n_others=[140] * 3 + [150] * 3, p_holm=rows.p, differs=rows.differs.astype("boolean"))


def test_each_picture_states_its_finding():
    assert said(trust.flow(flows(), 3)) == (
        "Flows of customers between the segments of k = 2 to 4; k = 3 is used. With one more step in k, S3 is torn most: "
        "60.0 % of it stay together."
    )
    assert said(trust.fence(fences())) == "Most customers on the fence are in S2: 30.0 %, of all customers 18.0 %."
    assert said(trust.differences(effects())) == (
        "Strongest differences not clustered on, as the probability of a higher value than another customer's: "
        "S1: visits 0.80; S2: visits 0.30."
    )


def test_nodes_stand_in_the_order_of_where_their_customers_come_from():
    found = trust.places(flows())
    assert found.y[2].to_dict() == {"S1": 1.0, "S2": 0.0} and list(found.loc[3].sort_values("y").index) == ["S2", "S1", "S3"]
    assert found.n[4].to_dict() == {"S1": 58, "S4": 17, "S2": 40, "S3": 18} and found.x[4].eq(2).all()


def test_hidden_cells_are_not_drawn_and_do_not_stop_the_picture():
    assert "S3 is torn most" in said(trust.flow(in_steps(flows(), 5), 3))
    columns = ["n_segment", "n_next", "share_of_segment", "share_of_next"]
    assert "S3 is torn most" in said(trust.flow(privacy.hide_small_cells(flows(), columns, 5, within=["k"]), 3))
    assert "S2" in said(trust.fence(privacy.hide_small_cells(fences(), ["value", "low", "high"], 10, n="n_fence")))
    rows = effects().assign(n=[60, 60, 3, 60, 60, 60])
    assert "S1: visits 0.80" in said(trust.differences(privacy.hide_small_cells(rows, ["n_others", *EFFECT], 5)))


def test_of_nothing_or_of_hidden_things_alone_a_sentence_is_left():
    assert "Only one number of segments" in said(trust.flow(flows()[:0], 2))
    for draw, rows, columns in ((trust.fence, fences(), ["value"]), (trust.differences, effects(), ["effect"])):
        assert "oo few customers" in said(draw(rows[:0]))
        assert "oo few customers" in said(draw(rows.assign(**{name: pd.array([pd.NA] * len(rows), "Float64") for name in columns})))
    gone = flows().assign(
        **{name: pd.array([pd.NA] * len(flows()), "Float64") for name in ("n", "n_segment", "n_next", "share_of_segment")}
    )
    assert said(trust.flow(gone, 3)).endswith("k = 3 is used.")


@pytest.mark.parametrize("k", [2, 3, 4, 9])
def test_any_k_may_be_the_one_that_is_used(k):
    assert f"k = {k} is used" in said(trust.flow(flows(), k))


def test_eight_segments_with_long_names_still_fit():
    rows = pd.concat([effects().assign(segment=f"S{s}", feature=effects().feature + " of a feature with a long name") for s in range(8)])
    assert trust.differences(rows).figure.get_size_inches()[1] < 15 and "none shown" not in said(trust.differences(rows))
