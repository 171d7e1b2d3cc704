"""Pictures of target selection: what they say, that names do not cover one another, and that missing values do no harm."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from test_figures_journey import said

from segkit import targets
from segkit.figures import targets as figures


def placed(k: int = 3, seed: int = 0, **columns) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"segment": [f"S{s}" for s in range(1, k + 1)], "score": rng.random(k), "standing": "in", "fit": rng.random(k)})
    shares = rng.dirichlet(np.ones(k))
    return rows.assign(fit_is="stability", share=shares, share_is="customers").assign(**columns)


def drawn_names(picture) -> list:
    """The boxes of all names in the axes."""
    picture.figure.draw_without_rendering()
    return [text.get_window_extent() for text in picture.figure.axes[0].texts]


def test_the_evaluation_plot_states_its_finding():
    rows = placed(score=[0.2, 0.9, 0.5], fit=[0.9, 0.7, 0.6], standing=["in", "out", "open"], share=[0.5, 0.3, 0.2])
    assert said(figures.attractiveness(rows)) == (
        "The most attractive segment is S3, score 0.50. S1 is first in stability. A knock-out took out S2. Bubbles: share of customers."
    )
    axes = figures.attractiveness(rows, {"S1": "Weekly basics"}).figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["S3", "S2", "S1 Weekly basics"]
    hollow = [each for each in axes.collections if len(each.get_offsets()) and each.get_facecolor()[0][:3].tolist() == [1, 1, 1]]
    assert [each.get_offsets()[0].tolist() for each in hollow] == [[0.7, 0.9]]
    areas = {tuple(each.get_offsets()[0]): each.get_sizes()[0] for each in axes.collections if len(each.get_offsets())}
    assert areas[0.9, 0.2] / areas[0.7, 0.9] == pytest.approx(0.5 / 0.3)


@pytest.mark.parametrize("seed", range(4))
def test_names_of_nine_segments_stay_apart_and_inside(seed):
    called = {f"S{s}": "Occasional browsers" for s in range(1, 10)}
    picture = figures.attractiveness(placed(9, seed), called)
    boxes, frame = drawn_names(picture), picture.figure.axes[0].get_window_extent()
    assert len(boxes) == 9
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(frame.x0 <= each.x0 and each.x1 <= frame.x1 + 1 and frame.y0 <= each.y0 and each.y1 <= frame.y1 for each in boxes)


def test_segments_at_one_place_still_have_names_of_their_own():
    boxes = drawn_names(figures.attractiveness(placed(4, score=0.5, fit=1.0)))
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_the_ranking_states_who_is_first():
    values = pd.DataFrame({"a": [3.0, 2, 1], "b": [1.0, 3, 2]}, index=["S1", "S2", "S3"])
    found = targets.sensitivity(values, {"a": 9, "b": 1}, 7, values * 0, draws=100)
    text = said(figures.ranking(found))
    assert text.startswith("First in most draws: S2 with any weights (") and "S1 with weights about the stated (" in text
    assert text.endswith("S1 with figures within their error (100.0 %).")
    places, firsts = figures.ranking(found).figure.axes
    assert [each.get_text() for each in places.get_yticklabels()] == ["S1", "S2", "S3"] and len(firsts.patches) == 9


def test_nothing_to_show_is_said():
    assert "not known of any segment" in said(figures.attractiveness(placed(fit=np.nan)))
    assert "Not known of S2" in said(figures.attractiveness(placed(fit=[0.5, np.nan, 0.7])))
    assert "No segment is left" in said(figures.attractiveness(placed(standing="out")))
    assert said(figures.attractiveness(placed(share=pd.array([None] * 3, "Float64")))).startswith("The most attractive")
    nobody = pd.DataFrame({"segment": ["S1", "S2"], "standing": "out"})
    values = pd.DataFrame({"a": [1.0, 2]}, index=["S1", "S2"])
    assert "No segment has a rank" in said(figures.ranking(targets.sensitivity(values, {"a": 1}, 7, standing=nobody, draws=10)))


def test_one_segment_and_odd_names():
    picture = figures.attractiveness(placed(1), {"S1": "$\\frac{$ <b>"})
    assert "S1" in said(picture) and picture.figure.axes[0].texts[0].get_text() == "S1 $\\frac{$ <b>"
    values = pd.DataFrame({"a": [1.0]}, index=["S1"])
    assert "S1 with any weights (100.0 %)" in said(figures.ranking(targets.sensitivity(values, {"a": 1}, 7, draws=10)))
