"""What is said of target selection: who passes, who is first, whether segmenting is worth it, how large an experiment must be."""

import re

import numpy as np
import pandas as pd

from segkit import privacy, targets
from segkit.prose import targets as prose


def lines(html: str) -> list[str]:
    return [each.split("</li>")[0] for each in html.split("<li>")[1:]]


def plain(html: str) -> str:
    return re.sub("<[^>]+>", " ", html)


def gates(**also) -> pd.DataFrame:
    sizes = pd.DataFrame({"segment": ["S1", "S2", "S3"], "n": [600, 380, 20], "share": [0.6, 0.38, 0.02]})
    stability = pd.DataFrame({"segment": ["S1", "S2", "S3"], "mean": [0.9, 0.8, np.nan], "low": 0.6, "high": 0.95})
    return targets.gates(sizes, stability=stability, **also)


def test_who_fails_what_and_why():
    found = prose.gates(gates(), {"S3": "Big <spenders>"})
    assert (
        "No segment passes every knock-out. Not known of any segment, and so passed by none: variables known (the features were not"
        in found
    )
    assert "contactable (nobody recorded who may be contacted); " in found and "lever (the study names no lever)" in found
    assert lines(found) == [
        "S1 fails none.",
        "S2 fails none.",
        "S3 “Big &lt;spenders&gt;” is out: Customers: 20; needed: 30. Not known: Mean best Jaccard overlap with bootstrap refits: "
        "too few customers to show.",
    ]


def test_who_passes():
    known = gates().dropna(subset=["passes"])
    assert plain(prose.gates(known[known.segment != "S3"])).strip() == "S1 and S2 pass every knock-out."
    assert "S1 passes every knock-out." in prose.gates(known[known.segment == "S1"])
    assert "no segment to judge" in prose.gates(known[:0])


def test_hidden_numbers_are_not_said():
    rows = gates()
    hidden = privacy.hide_small_cells(rows, targets.SPOKEN, 25, n=["n", "n_yes", "n_no"], within=["measure"], part="segment")
    found = prose.gates(hidden)
    assert "S3 is out: customers does not suffice; too few customers to show the number." in found and "20" not in found


def ranked(weights: dict, errors: float = 0.0) -> pd.DataFrame:
    values = pd.DataFrame({"a": [3.0, 2, 1], "b": [1.0, 3, 2]}, index=["S1", "S2", "S3"])
    return targets.sensitivity(values, weights, 7, values * 0 + errors, draws=200)


def test_a_first_place_that_hangs_on_the_weights_is_not_safe():
    found = prose.ranking(ranked({"a": 19, "b": 1}), {"revenue": 19, "share": 1})
    assert "By these weights S1 is the most attractive." in found and "100.0 % of draws of figures within their error." in found
    assert "With any weights S2 is first more often" in found and "The first place is not safe: other criteria could matter more." in found
    assert "the figures are not known well enough" in prose.ranking(ranked({"a": 19, "b": 1}, errors=1.0), {"a": 19, "b": 1})
    assert prose.ranking(ranked({"a": 1}), {"a": 1}).count("The first place is safe.") == 1


def test_a_segment_that_is_left_alone_is_not_ranked():
    standing = pd.DataFrame({"segment": ["S1", "S2", "S3"], "standing": ["in", "out", "out"]})
    values = pd.DataFrame({"a": [3.0, 2, 1]}, index=["S1", "S2", "S3"])
    rows = targets.sensitivity(values, {"a": 1}, 7, values * 0, standing=standing, draws=50)
    assert "Only S1 is left after the knock-outs" in (told := prose.ranking(rows, {"a": 1})) and "safe" not in told


def test_nobody_can_be_ranked():
    out = pd.DataFrame({"segment": ["S1"], "standing": ["out"]})
    rows = targets.sensitivity(pd.DataFrame({"a": [1.0]}, index=["S1"]), {"a": 1}, 7, standing=out, draws=5)
    assert "Weighed is size alone" in (told := prose.ranking(rows, {"share": 1.0})) and "No segment can be ranked" in told


def contacts(*rows: tuple) -> pd.DataFrame:
    return targets.from_counts(pd.DataFrame(rows, columns=["segment", "treated_n", "treated_events", "control_n", "control_events"]))


APART = contacts(("S1", 1000, 250, 1000, 100), ("S2", 1000, 60, 1000, 100), ("S3", 20, 2, 20, 2))


def of_mail(make, rows: pd.DataFrame) -> pd.DataFrame:
    """What is made of one campaign."""
    return make(rows, 10, 0.4, 7).assign(campaign="mail")


def test_segmenting_is_worth_it():
    found = prose.worth(of_mail(targets.worth, APART), "USD")
    first, second, third = lines(found)
    assert first.startswith("mail: treating everybody gains 150 USD (") and first.endswith("compared with treating nobody (n = 4,040).")
    assert "says to treat everybody" in second and "says to treat S1;" in third and "USD" in third
    assert (
        "Segmenting is worth it: the difference is 4" in found and "it would have seemed to be 400 USD. Left out as too small: S3." in found
    )


def test_segmenting_is_not_worth_it_or_cannot_be_told():
    alike = contacts(("S1", 1000, 300, 1000, 100), ("S2", 1000, 310, 1000, 100))
    assert "Segmenting changes nothing here. Whichever half decides, it treats all segments alike." in prose.worth(
        of_mail(targets.worth, alike)
    )
    near = contacts(("S1", 1000, 130, 1000, 100), ("S2", 1000, 150, 1000, 100))
    assert "Segmenting is not shown to be worth it" in prose.worth(of_mail(targets.worth, near))
    assert "mail: whether segmenting is worth it cannot be told: nobody was held out by lot" in prose.worth(
        of_mail(targets.worth, near[near.treated])
    )
    harm = of_mail(targets.worth, near).assign(low=-2.0, high=-1.0)
    assert "Segmenting does harm" in prose.worth(harm)


def test_what_to_do_in_each_segment():
    found = lines(prose.decisions(of_mail(targets.decisions, APART), "USD"))
    assert (
        found[0].startswith("mail, S1: 1,100 USD (") and found[0].endswith("n = 2,000: treat it.") and found[1].endswith("leave it alone.")
    )
    assert found[2] == "mail: too small to decide, or to show: S3."
    near = of_mail(targets.decisions, contacts(("S1", 1000, 142, 1000, 100)))
    assert "not shown to pay or to lose" in lines(prose.decisions(near))[0]
    assert "Of no segment" in prose.decisions(near[:0])


def test_how_large_an_experiment_must_be():
    kpis = pd.DataFrame({"segment": ["S1", "S2", "S3", "S4"], "kpi": "retention", "unit": "share", "value": [0.1, 0.3, 0.98, np.nan]})
    reach = pd.DataFrame({"segment": ["S1", "S2"], "measure": "contactable", "n_yes": [9000, 100]})
    rows = targets.affordable(kpis, "retention", reach, 0.05)
    found = prose.experiments(rows)
    assert "To show a lift of 5 percentage points with power 80 %, at a level of 5 % for all 4 segments together" in found
    one, two, three, four = lines(found)
    assert re.fullmatch(r"S1, from 10.0 %: [\d,]+ customers in each of two arms; 9,000 may be contacted, which is enough.", one)
    assert two.endswith("100 may be contacted, too few.") and three == "S3: no such lift is possible from 98.0 %."
    assert four == "S4: the rate without treatment is not known."
    assert lines(prose.experiments(targets.affordable(kpis, "retention", None, 0.05)))[0].endswith(
        "how many may be contacted is not known."
    )
