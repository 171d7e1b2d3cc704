"""Who is gone since when, by hand; curves and the log-rank test against published figures, another implementation and a known truth."""

import numpy as np
import pytest

from segkit.kpis import survival

# Weeks in remission of 42 children with leukaemia (Freireich et al., 1963, Blood 21, 699-716), as in every textbook.
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]  # relapsed; still in remission
LABELS = ["placebo"] * 21 + ["treated"] * 21
DURATIONS, GONE = PLACEBO + TREATED[0] + TREATED[1], [True] * 30 + [False] * 12


def test_a_customer_is_gone_after_a_silence_that_fills_the_gap():
    durations, gone = survival.until_silence([np.nan, -1, 0, 10.5, 59.9, 60, 89], days=90)
    assert durations.tolist() == [0, 0, 0, 10.5, 59.9, 60, 60] and gone.tolist() == [True] * 5 + [False] * 2
    durations, gone = survival.until_silence([10, 79, 80], days=90, gap=10)
    assert durations.tolist() == [10, 79, 80] and gone.tolist() == [True, True, False]
    assert survival.until_silence([0, 1], days=2)[1].tolist() == [True, False]


@pytest.mark.parametrize("days, gap", [(1, None), (90, 90), (90, 0), (90, -1)])
def test_a_gap_without_room_in_the_window_is_refused(days, gap):
    with pytest.raises(ValueError, match=f"has no room in a window of {days} days"):
        survival.until_silence([0], days, gap)


@pytest.mark.parametrize("last_day", [90, -2, -0.5, np.inf])
def test_an_activity_outside_the_window_is_refused(last_day):
    with pytest.raises(ValueError, match="lies outside the 90 days"):
        survival.until_silence([3, last_day], 90)


def test_the_curve_of_the_textbook_with_its_log_log_intervals():
    found = survival.curve(LABELS, DURATIONS, GONE).set_index(["segment", "day"])
    published = {6: (0.8571, 0.6197, 0.9516), 10: (0.7529, 0.5032, 0.8894), 16: (0.6275, 0.3675, 0.8049), 22: (0.5378, 0.2678, 0.7468)}
    for day, figures in published.items():  # Stata's `sts list`, whose intervals are log(-log) too
        assert found.loc[("treated", day), ["staying", "low", "high"]].tolist() == pytest.approx(figures, abs=5e-5)
    assert found.loc[("placebo", 8), "staying"] == pytest.approx(8 / 21) and found.loc[("placebo", 8), "n"] == 12
    assert found.loc[("treated", 6), "n"] == 21 and found.loc[("treated", 10), "n"] == 15
    assert found.loc[("placebo", 24)].tolist() == [0, pytest.approx(np.nan, nan_ok=True), pytest.approx(np.nan, nan_ok=True), 0]


def test_the_log_rank_test_of_the_textbook():
    found = survival.log_rank(LABELS, DURATIONS, GONE)
    assert (found.chi2, found.df) == (pytest.approx(16.79, abs=5e-3), 1) and found.p == pytest.approx(4.17e-5, abs=5e-8)


def test_with_everyone_followed_equally_long_the_curve_is_the_plain_share_still_there():
    draw = np.random.default_rng(5)
    last_day, labels = draw.exponential(70, 400).clip(max=179), draw.choice(["S1", "S2", "S10"], 400)
    durations, gone = survival.until_silence(last_day, 180)
    found = survival.curve(labels, durations, gone)
    assert list(found.segment.unique()) == ["S1", "S2", "S10"] and list(found.columns) == survival.COLUMNS
    assert found.groupby("segment").size().max() <= 30 and found.day.max() == 120 and (found.day % 1 == 0).all()
    for line in found.itertuples():
        mine = last_day[labels == line.segment]
        assert line.staying == pytest.approx((mine > line.day).mean() if line.day < 120 else (mine >= 120).mean())
        assert line.n == (mine >= line.day).sum() and (line.staying == 1 or line.low < line.staying < line.high)


def plain_log_rank(labels, durations, gone) -> float:
    """Observed minus expected over the event times, hypergeometric covariance, pseudo-inverse of all k x k."""
    names = np.unique(labels)
    difference, covariance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    for time in np.unique(durations[gone]):
        there = np.array([(labels[durations >= time] == name).sum() for name in names])
        left = np.array([(labels[gone & (durations == time)] == name).sum() for name in names])
        n, d = there.sum(), left.sum()
        difference += left - d * there / n
        if n > 1:
            covariance += d * (n - d) / (n - 1) * (np.diag(there / n) - np.outer(there, there) / n**2)
    return float(difference @ np.linalg.pinv(covariance) @ difference)


def test_the_log_rank_test_agrees_with_a_plain_one_over_many_ties_segments_and_censorings():
    draw = np.random.default_rng(6)
    for _ in range(25):
        k = draw.integers(2, 6)
        labels = draw.choice([f"S{i}" for i in range(k)], 300)
        durations, gone = np.floor(draw.exponential(20, 300)), draw.random(300) < 0.7
        found = survival.log_rank(labels, durations, gone)
        assert found.chi2 == pytest.approx(plain_log_rank(labels, durations, gone), rel=1e-8) and found.df == k - 1


def test_the_order_of_customers_changes_no_digit():
    draw = np.random.default_rng(7)
    labels, durations, gone = draw.choice(["a", "b"], 200), draw.exponential(20, 200), draw.random(200) < 0.7
    mixed = draw.permutation(200)
    here, there = survival.curve(labels, durations, gone), survival.curve(labels[mixed], durations[mixed], gone[mixed])
    assert here.equals(there) and survival.log_rank(labels, durations, gone) == survival.log_rank(
        labels[mixed], durations[mixed], gone[mixed]
    )


def test_the_p_of_segments_that_are_alike_is_uniform():
    draw, labels = np.random.default_rng(8), np.repeat(["S1", "S2", "S3"], (60, 40, 20))
    p = [survival.log_rank(labels, *survival.until_silence(draw.exponential(60, 120).clip(max=89), 90)).p for _ in range(600)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.027)  # three standard errors of 600 studies
    counts = np.histogram(p, np.linspace(0, 1, 11))[0]
    assert ((counts - 60) ** 2 / 60).sum() < 27.9  # chi-square of 9 degrees of freedom: exceeded in 1 of 1,000


def test_segments_that_differ_are_told_apart():
    draw, labels = np.random.default_rng(9), np.repeat(["S1", "S2"], 100)
    last_day = draw.exponential(np.where(labels == "S1", 30, 90)).clip(max=89)
    assert survival.log_rank(labels, *survival.until_silence(last_day, 90)).p < 1e-4


def test_the_intervals_hold_the_truth():
    draw, samples = np.random.default_rng(10), np.repeat(np.arange(400), 60)
    found = survival.curve(samples, *survival.until_silence(draw.exponential(60, len(samples)).clip(max=89), 90))
    found = found[found.day.isin([15, 45])]
    truth = np.exp(-found.day / 60)
    assert len(found) == 800 and 0.92 <= ((found.low <= truth) & (truth <= found.high)).mean() <= 0.98  # .95, standard error .008


@pytest.mark.parametrize(
    "labels, durations, gone, df",
    [
        ([], [], [], 0),
        (["S1"] * 50, range(50), [True] * 50, 0),
        (["S1"] * 20 + ["S2"] * 20, [0] * 40, [True] * 40, 1),  # all left at day 0
        (["S1"] * 20 + ["S2"] * 20, [60] * 40, [False] * 40, 1),  # nobody left
        (["S1"] * 40 + ["S2"], range(41), [True] * 41, 1),  # one customer
        (["S1"] * 40 + ["S2"] * 20, [*range(1, 41), *[0.5] * 20], [True] * 40 + [False] * 20, 1),  # unseen when the first left
        (["S1"] * 100 + ["S2"] * 50, [*range(100), *[3] * 50], [True] * 100 + [False] * 50, 1),  # of 50 only 1.3 expected to leave
    ],
)
def test_what_cannot_be_decided_is_missing_and_nothing_breaks(labels, durations, gone, df):
    found = survival.log_rank(labels, durations, gone)
    assert found.df == df and np.isnan(found.chi2) and np.isnan(found.p)
    curve = survival.curve(labels, durations, gone)
    assert list(curve.columns) == survival.COLUMNS and set(curve.segment) == set(labels)
