"""Sentences on trust and meaning: computed, in agreement with their tables, and silent where there is nothing to say."""

import re

import numpy as np
import pandas as pd
from test_figures_trust import effects, fences, flows

from segkit import privacy
from segkit.compare.differences import EFFECT
from segkit.compare.flow import recruitment
from segkit.prose import meaning


def text(html) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html)).replace("&#x27;", "'").strip()


def test_flows_say_which_segments_stay_whole():
    assert text(meaning.flow(recruitment(flows(), 3))) == (
        "With k = 2: S2 is the same; S1 and S3 lie whole within a larger segment. "
        "With k = 4: S1 and S2 are the same; S3 is split (60.0 % stay together). "
        "Put together from several segments of k = 2 most: S1, SLSA 0.72 (1: from one alone; 0: from all alike)."
    )
    assert "S4 is drawn from several (70.6 % come from one)" in text(meaning.flow(recruitment(flows(), 4)))
    whole = recruitment(flows(), 3).assign(slsa=1.0)
    assert "most: none, SLSA is 1 for every segment (1:" in text(meaning.flow(whole))


def test_flows_of_the_first_k_and_of_hidden_cells():
    first = text(meaning.flow(recruitment(flows(), 2)))
    assert first == "With k = 3: S2 is the same; S1 is split (66.7 % stay together)."
    assert text(meaning.flow(recruitment(flows(), 9))).startswith("Only one number of segments")
    hidden = recruitment(flows(), 3).assign(target_share=[np.nan, 1.0, np.nan], target_kept=[np.nan, 1.0, np.nan], slsa=np.nan)
    assert text(meaning.flow(hidden)).endswith("With k = 4: S2 is the same; of S1 and S3 too few customers can be shown.")


def test_the_fence_names_how_many_and_where():
    assert text(meaning.fence(fences())) == (
        "18.0 % (12.0 % to 27.0 %) of 100 customers stand on the fence: another segment is more than half as likely as their own. "
        "Most of them are in S2: 30.0 % (20.0 % to 45.0 %) of its 40 customers; fewest in S1: 10.0 % (5.0 % to 20.0 %) of 60."
    )
    hidden = privacy.hide_small_cells(fences(), ["value", "low", "high"], 10, n="n_fence", within=[], part="segment", total="all")
    assert text(meaning.fence(hidden)).endswith("By segment they, or the others, are too few to show.")
    assert text(meaning.fence(fences().assign(value=pd.array([pd.NA] * 3, "Float64")))).startswith("By segment they")


def test_differences_say_what_was_shown_and_what_was_tested():
    assert text(meaning.differences(effects())) == (
        "Compared with another customer, one of S1 is higher in visits with probability 0.80 (0.75 to 0.84); "
        "is less often declining, by 16 percentage points (12 to 20). "
        "Compared with another customer, one of S2 is lower in visits with probability 0.70 (0.60 to 0.80). "
        "4 differences were tested, on at most 210 customers; 3 were shown (Holm). "
        "Not tested, since segments differ in them by construction: spend."
    )


def test_differences_of_hidden_and_of_no_rows():
    rows = effects().assign(n=[60, 3, 3, 60, 60, 60])
    hidden = privacy.hide_small_cells(rows, ["n_others", *EFFECT], 5)
    told = text(meaning.differences(hidden))
    assert "one of S1 is not shown to differ, beyond what the segments were cut by" in told and "2 differences were tested" in told
    assert text(meaning.differences(effects()[:0])) == "There is no feature to compare segments in."


def test_what_came_from_data_is_escaped():
    assert "&lt;b&gt;" in meaning.differences(effects().assign(feature="<b>"))
