"""Holm, the verdict's word, and twenty hypotheses of all tests in simulated studies."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from benchmarks.verdicts.families import families
from segkit.verdicts import tests as verdicts


def test_holm_is_statsmodels_when_all_are_known():
    p = [0.01, 0.04, 0.03, 0.005, 0.8, 0.03]
    assert verdicts.holm(p, len(p)) == pytest.approx(multipletests(p, method="holm")[1])


def test_holm_counts_what_is_not_in_the_list():
    assert verdicts.holm([0.01, 0.02], 5) == pytest.approx([0.05, 0.08])
    got = verdicts.holm([0.01, float("nan"), 0.02], 3)
    assert got[0] == pytest.approx(0.03) and np.isnan(got[1]) and got[2] == pytest.approx(0.04)
    assert verdicts.holm([], 0) == []
    with pytest.raises(ValueError, match="m = 1 hypotheses, but 2"):
        verdicts.holm([0.1, 0.2], 1)


@pytest.mark.parametrize(
    "sides, adjusted, said",
    [
        ((0.01, 0.99), 0.05, "supported"),
        ((0.99, 0.01), 0.02, "refuted"),
        ((0.01, 0.99), 0.051, "undecided"),
        ((0.01, 0.99), np.nan, "undecided"),
    ],
)
def test_verdict(sides, adjusted, said):
    assert verdicts.verdict(verdicts.Result(0, 0, 0, *sides), adjusted) == said


def test_of_twenty_claims_true_by_nothing_holm_lets_few_through_and_plain_p_many():
    adjusted, unadjusted, *_ = (row["value"] for row in families(30, np.random.default_rng(11)))
    assert adjusted <= 0.1 and unadjusted >= 0.2
