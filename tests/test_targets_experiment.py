"""How large an A/B test must be: another implementation's number, the formula by hand, and the power in simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from segkit import targets
from segkit.errors import BadInput
from segkit.targets import experiment


def rates(**segments: float) -> pd.DataFrame:
    return pd.DataFrame({"segment": [*segments, "all"], "kpi": "retention", "unit": "share", "value": [*segments.values(), 0.3]})


def reach(**customers: int) -> pd.DataFrame:
    return pd.DataFrame({"segment": list(customers), "measure": "contactable", "n_yes": list(customers.values())})


def test_the_number_that_r_gives(monkeypatch):
    monkeypatch.setattr(experiment, "POWER", 0.9)  # power.prop.test(p1 = .50, p2 = .75, power = .90) of R's manual: n = 76.7
    assert targets.affordable(rates(S1=0.5), "retention", None, 0.25).needed_per_arm[0] == 77


def test_by_hand_for_three_segments():
    found = targets.affordable(rates(S1=0.10, S2=0.30, S10=0.5), "retention", reach(S1=2000, S2=800, S10=3000), 0.05)
    z = norm.isf(0.05 / 3 / 2), norm.isf(0.2)
    want = []
    for p in (0.1, 0.3, 0.5):
        q = p + 0.05
        mean = (p + q) / 2
        want.append(int(np.ceil(((z[0] * np.sqrt(2 * mean * (1 - mean)) + z[1] * np.sqrt(p * (1 - p) + q * (1 - q))) / 0.05) ** 2)))
    assert found.needed_per_arm.to_list() == want and found.segment.to_list() == ["S1", "S2", "S10"]
    assert found.enough.to_list() == [True, False, False] and 2 * want[0] < 2000 and want[2] < 3000 < 2 * want[2]
    assert targets.affordable(rates(S1=0.1, S2=0.3, S10=0.5)[::-1], "retention", reach(S1=2000, S2=800, S10=3000), 0.05).equals(found)


def test_such_an_experiment_finds_the_lift_in_four_of_five():
    n = int(targets.affordable(rates(S1=0.10), "retention", None, 0.05).needed_per_arm[0])
    rng = np.random.default_rng(1)
    one, other = rng.binomial(n, 0.15, 20_000) / n, rng.binomial(n, 0.10, 20_000) / n
    both = (one + other) / 2
    assert np.mean(np.abs(one - other) > 1.959964 * np.sqrt(2 * both * (1 - both) / n)) == pytest.approx(0.8, abs=0.012)


def test_what_is_not_known_is_not_enough():
    found = targets.affordable(rates(S1=np.nan, S2=0.97, S3=0.1), "retention", reach(S1=900, S2=900), 0.05)
    assert found.needed_per_arm.isna().to_list() == [True, True, False] and found.enough.isna().all()
    hidden = rates(S1=0.1).assign(value=pd.array([pd.NA, 0.3], dtype="Float64"))
    assert targets.affordable(hidden, "retention", None, 0.05).needed_per_arm.isna().all()


def test_what_is_no_share_or_no_lift():
    with pytest.raises(BadInput, match="revenue is no such share"):
        targets.affordable(rates(S1=0.1), "revenue", None, 0.05)
    with pytest.raises(BadInput, match="revenue is no such share"):
        targets.affordable(rates(S1=0.1).assign(kpi="revenue", unit="GBP"), "revenue", None, 0.05)
    for lift in (0, 1, 5, np.nan):
        with pytest.raises(BadInput, match="no difference of two shares"):
            targets.affordable(rates(S1=0.1), "retention", None, lift)
