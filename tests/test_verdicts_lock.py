"""The first look at an outcome window fixes what was declared; everything ever tried on it counts."""

import pandas as pd
import pytest

from segkit import verdicts
from segkit.studies import Hypothesis
from segkit.verdicts.lock import lock, open_window

MADE = {
    "dataset": "demo",
    "fingerprint": "0123",
    "as_of": "2025-10-01",
    "cluster_on": ["spend", "n_orders"],
    "method": "kmeans",
    "k": 4,
    "seed": 7,
    "max_fit_rows": 5000,
    "transforms": [],
    "winsorise": 0.0,
    "scaling": "standard",
    "weights": [],
    "indicate_missing": [],
}
STAY = Hypothesis(name="stay", kpi="retention", test="spread", at_least=0.1)
SPEND = Hypothesis(name="spend", kpi="revenue", test="beats_baseline", baseline="rfm")


@pytest.fixture(autouse=True)
def home(ticking_home):
    return ticking_home


def look(*hypotheses, study="demo", run="draft", horizon_days=90, **made):
    return open_window(lock(MADE | made, horizon_days, list(hypotheses)), study, run)


def test_what_the_first_look_declares_is_declared_for_good():
    assert look(STAY, SPEND).is_declared("stay")
    again = look(STAY, SPEND)
    assert again.is_declared("stay") and again.is_declared("spend") and again.m == 2 and len(again.so_far) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"k": 5},
        {"seed": 8},
        {"method": "ward"},
        {"cluster_on": ["spend"]},
        {"max_fit_rows": 100},
        {"scaling": "robust"},
        {"winsorise": 0.01},
    ],
)
def test_a_changed_segmentation_is_exploratory(change):
    look(STAY)
    changed = look(STAY, **change)
    assert not changed.is_declared("stay") and changed.m == 2
    assert look(STAY).is_declared("stay"), "and what was declared stays so"


@pytest.mark.parametrize("change", [{"at_least": 0.2}, {"kpi": "engagement"}, {"test": "beats_baseline", "baseline": "rfm"}])
def test_a_changed_claim_is_exploratory_under_its_old_name(change):
    look(STAY)
    changed = look(Hypothesis(**STAY.model_dump() | change))
    assert not changed.is_declared("stay") and changed.m == 2


def test_a_hypothesis_thought_of_later_is_exploratory_and_the_first_is_not():
    look(STAY)
    later = look(STAY, SPEND)
    assert later.is_declared("stay") and not later.is_declared("spend") and later.m == 2


def test_a_new_name_is_no_new_claim():
    first = look(STAY)
    renamed = look(STAY.model_copy(update={"name": "loyal"}))
    assert renamed.is_declared("loyal") and renamed.m == 1
    assert renamed.lock.sha256 != first.lock.sha256, "though the lock shows that something was touched"


def test_m_counts_distinct_claims_over_all_studies_and_drafts():
    assert look(STAY, study="a", run="r").m == 1
    assert look(STAY, study="b").m == 1, "the same claim on the same segments"
    assert look(STAY, SPEND, study="b").m == 2
    other = look(STAY, study="c", k=3)
    assert other.m == 3 and not other.is_declared("stay") and [each["study"] for each in other.so_far] == ["a", "b", "b", "c"]


@pytest.mark.parametrize("other", [{"as_of": "2025-07-01"}, {"dataset": "shop"}, {"horizon_days": 30}])
def test_another_window_is_another_family(other):
    look(STAY, SPEND)
    found = look(STAY, **other)
    assert found.m == 1 and found.is_declared("stay") and len(found.so_far) == 1


def test_a_look_without_hypotheses_leaves_nothing_to_declare():
    assert look().m == 0
    assert not look(STAY).is_declared("stay")


def test_without_an_outcome_window_there_is_nothing_to_look_at(home):
    found = look(horizon_days=0)
    assert found.so_far == () and found.m == 0 and not (home / "reports").exists()


def test_a_look_counts_from_the_moment_of_looking(home):
    with pytest.raises(ZeroDivisionError):
        look(STAY)
        raise ZeroDivisionError("the notebook crashes on the first outcome")
    assert look(SPEND).m == 2 and not look(SPEND).is_declared("spend")


def test_the_lock_is_the_same_for_the_same_content():
    one = lock(MADE, 90, [STAY])
    assert one.sha256 == lock(dict(reversed(MADE.items())), 90, [STAY]).sha256 and len(one.sha256) == 16
    assert len({one.sha256, lock(MADE | {"k": 5}, 90, [STAY]).sha256, lock(MADE, 30, [STAY]).sha256, lock(MADE, 90, []).sha256}) == 4
    assert lock(MADE | {"fingerprint": "4567"}, 90, [STAY]).sha256 == one.sha256, "corrected data are the same claim"


def test_an_exploratory_finding_supports_nothing_and_every_look_raises_the_price():
    results = pd.DataFrame(
        [
            {"name": name, "value": 0.5, "low": 0.4, "high": 0.6, "p_supported": p / 2, "p_refuted": 1.0, "p": p, "reason": ""}
            for name, p in (("stay", 0.02), ("spend", 0.001))
        ]
    )
    assert list(verdicts.judge(results[:1], look(STAY)).verdict) == ["supported"]
    judged = verdicts.judge(results, look(STAY, SPEND)).set_index("name")
    assert judged.status.to_dict() == {"stay": "declared", "spend": "exploratory"}
    assert judged.verdict.to_dict() == {"stay": "supported", "spend": "undecided"} and "exploratory" in judged.reason["spend"]
    for k in (5, 6):
        look(STAY, k=k)
    assert list(verdicts.judge(results[:1], look(STAY)).verdict) == ["undecided"], "0.02 times four"
