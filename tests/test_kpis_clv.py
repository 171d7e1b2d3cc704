"""The models against published numbers, their own gradients and units, and data that cannot tell them."""

import numpy as np
import pytest

from benchmarks import clv as simulated
from segkit.kpis import clv
from segkit.kpis.clv import data, fitting


@pytest.fixture(scope="module")
def cdnow(real_data):
    return simulated.cdnow()


@pytest.fixture(scope="module")
def histories(cdnow):
    return cdnow.frequency, cdnow.recency, cdnow["T"]


@pytest.fixture(scope="module")
def shop():
    """1,000 customers by day, with a mean amount for each: 37.5 on average, the same whatever they order."""
    rng = np.random.default_rng(3)
    who = simulated.by_day(simulated.customers(rng, simulated.CDNOW, rng.uniform(27, 39, 1000)))
    return *who.history, rng.gamma(6 * np.maximum(who.x, 1), 1) / np.maximum(who.x, 1) / rng.gamma(4, 1 / 15, 1000) * 1.25


def test_bg_nbd_is_the_published_one(histories):
    got = clv.fit_bg_nbd(*histories)
    assert (got.r, got.alpha, got.a, got.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=0.01)
    assert got.log_likelihood == pytest.approx(-9582.43, abs=0.01) and got.n == 2357
    assert got.expected_orders(39, [2], [30.43], [38.86])[0] == pytest.approx(1.226, abs=0.001)
    assert got.p_alive([2, 0], [30.43, 0], [38.86, 38.86]) == pytest.approx([0.7266, 1], abs=0.0001)
    expected = got.expected_orders_new([0.1429, 1, 3, 31.8571, 32, 78])
    assert expected[:5] == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437], abs=0.0001)
    assert expected[5] == pytest.approx(1.8576, abs=0.0005)  # a spreadsheet's sum there: the series had not ended


def test_pareto_nbd_is_the_published_one(histories):
    got = clv.fit_pareto_nbd(*histories)
    assert (got.r, got.alpha, got.s, got.beta) == pytest.approx((0.553, 10.578, 0.606, 11.669), abs=0.01)
    assert got.log_likelihood == pytest.approx(-9594.97, abs=0.01)
    assert got.p_alive([0, 23], [0, 39], [39, 39]) == pytest.approx([0.2941633, 1], abs=0.0002)  # the manual of BTYD


def test_gamma_gamma_is_the_published_one(cdnow):
    assert (cdnow.mean_amount.notna() == (cdnow.frequency > 0)).all()
    got = clv.fit_gamma_gamma(cdnow.frequency, cdnow.mean_amount)
    assert (got.p, got.q, got.gamma) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)
    assert got.log_likelihood == pytest.approx(-4055.92, abs=0.01) and got.n == 946
    again = cdnow[cdnow.frequency > 0]
    assert got.correlation == pytest.approx(np.corrcoef(again.frequency, again.mean_amount)[0, 1]) == pytest.approx(0.11, abs=0.01)


@pytest.mark.parametrize("kind", [clv.BgNbd, clv.ParetoNbd, clv.GammaGamma])
@pytest.mark.parametrize("at", [(0.5, 1.0, 0.6, 1.0), (2.0, 0.1, 0.1, 4.0), (0.1, 3.0, 3.0, 0.05)])
def test_gradients_are_numerical_differences(shop, kind, at):
    x, t_x, T, amount = shop
    rows = kind.rows_of(x, amount) if kind is clv.GammaGamma else kind.rows_of(x, t_x, T)
    of, logs = kind.log_likelihood_of(rows), np.log(at[: len(kind.HAS_UNIT)])
    moves = 1e-5 * np.eye(len(logs))
    differences = [(of(logs + move)[0] - of(logs - move)[0]) / 2e-5 for move in moves]
    assert of(logs)[1] == pytest.approx(differences, rel=1e-6, abs=1e-4)


def test_the_unit_changes_nothing_but_scales(shop):
    x, t_x, T, amount = shop
    days, years = clv.fit_bg_nbd(x, t_x, T), clv.fit_bg_nbd(x, t_x / 365, T / 365)
    assert (years.r, years.alpha * 365, years.a, years.b) == pytest.approx((days.r, days.alpha, days.a, days.b), rel=1e-6)
    assert years.log_likelihood == pytest.approx(days.log_likelihood + x.sum() * np.log(365))
    assert years.expected_orders(1, x, t_x / 365, T / 365) == pytest.approx(days.expected_orders(365, x, t_x, T), rel=1e-6)
    pence, pounds = clv.fit_gamma_gamma(x, 100 * amount), clv.fit_gamma_gamma(x, amount)
    assert (pence.p, pence.q, pence.gamma) == pytest.approx((pounds.p, pounds.q, 100 * pounds.gamma), rel=1e-6)
    assert pence.log_likelihood == pytest.approx(pounds.log_likelihood - pounds.n * np.log(100))


@pytest.mark.parametrize("fit", [clv.fit_bg_nbd, clv.fit_pareto_nbd, clv.fit_gamma_gamma])
def test_neither_order_nor_weights_nor_repetition_changes_the_fit(shop, fit):
    columns = np.array(shop)[[0, 3]] if fit is clv.fit_gamma_gamma else np.array(shop)[:3]
    columns, times = columns.round(), np.random.default_rng(1).integers(1, 4, len(shop[0]))
    columns[-1] = np.maximum(columns[-1], 1)
    weighted = fit(*columns, weights=times)
    repeated = fit(*np.random.default_rng(2).permutation(np.repeat(columns, times, axis=1), axis=1))
    shuffled = np.random.default_rng(4).permutation(len(times))
    assert weighted == fit(*columns[:, shuffled], weights=times[shuffled])
    assert [getattr(weighted, name) for name in fitting.names(type(weighted))] == pytest.approx(
        [getattr(repeated, name) for name in fitting.names(type(repeated))], rel=1e-6
    )
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood) and weighted.n == repeated.n


def test_histories_are_counted_once():
    got = data.histories([1, 0, 1, 0], [2, 0, 2, 0], [4, 4, 4, 8])
    assert (got.unit, got.n, got.repeat_buyers, got.measured) == (5, 4, 2, 2)
    assert [*zip(got.x, got.t_x, got.T, got.count)] == [(0, 0, 0.8, 1), (0, 0, 1.6, 1), (1, 0.4, 0.8, 2)]


@pytest.mark.parametrize(
    "x, t_x, T, said",
    [
        ([1.5, -1, 1], [1, 1, 1], [2, 2, 2], "of 3 customers some cannot be .x negative or not whole: 2"),
        ([1, 1, 0], [3, -1, 0], [2, 2, 2], "t_x below 0 or above T: 2"),
        ([0, 0, 0], [0, 0, 0], [0, -1, 2], "T not above 0: 2; t_x below 0 or above T: 1"),
        ([1, 0, 0], [0, 1, 0], [2, 2, 2], "t_x is 0 for some x above 0, or not 0 for x = 0: 2"),
        ([1, np.nan, 0], [1, 1, 0], [2, 2, np.inf], "missing or infinite: 2"),
        ([1, 1], [1, 1], [2, 2, 2], "one number for each of the same customers"),
        (1, 1, 2, "one number for each of the same customers"),
    ],
)
def test_histories_that_cannot_be_are_counted(x, t_x, T, said):
    for ask in (clv.fit_bg_nbd, clv.fit_pareto_nbd, simulated.CDNOW.p_alive):
        with pytest.raises(ValueError, match=said) as caught:
            ask(x, t_x, T)
        assert not isinstance(caught.value, clv.NotIdentified)


def test_amounts_and_weights_that_cannot_be_are_counted():
    with pytest.raises(ValueError, match="of 4 customers some cannot be .mean_amount not above 0: 2"):
        clv.fit_gamma_gamma([1, 2, 0, 3], [5, 0, -1, np.nan])
    for weights in ([1, 0], [1, 1.5], [1], [1, np.nan]):
        with pytest.raises(ValueError, match="each of 2 rows stands for: whole numbers above 0"):
            clv.fit_bg_nbd([1, 0], [1, 0], [2, 2], weights)


def test_data_that_cannot_tell_a_model_say_so():
    rng, ones = np.random.default_rng(5), np.ones(500)
    once = (0 * ones, 0 * ones, rng.integers(100, 200, 500))
    with pytest.raises(clv.NotIdentified, match="^none of 500 customers ordered again: a BG/NBD model needs 40 who did$"):
        clv.fit_bg_nbd(*once)
    with pytest.raises(clv.NotIdentified, match="^none of 0 customers ordered again"):
        clv.fit_bg_nbd([], [], [])
    with pytest.raises(clv.NotIdentified, match="a Gamma-Gamma model needs 40 who did$"):
        clv.fit_gamma_gamma(once[0], np.full(500, np.nan))
    few = ((np.arange(500) < 39) * 1, (np.arange(500) < 39) * 50, once[2])
    with pytest.raises(clv.NotIdentified, match="^39 of 500 customers ordered again: a Pareto/NBD model needs 40 who did$"):
        clv.fit_pareto_nbd(*few)
    for alike in ((ones, 50 * ones, 100 * ones), (3 * ones, 100 * ones, 100 * ones)):
        for fit in (clv.fit_bg_nbd, clv.fit_pareto_nbd):
            with pytest.raises(clv.NotIdentified, match="the orders of 500 customers, 500 of whom ordered again, do not tell how"):
                fit(*alike)
    nobody_leaves = rng.poisson(rng.gamma(2, 5, 500)) + 1
    with pytest.raises(clv.NotIdentified, match="a runs off to 0|b runs off to infinity|smaller or larger"):
        clv.fit_bg_nbd(nobody_leaves, 100 * rng.beta(nobody_leaves, 1), 100 * ones)
    with pytest.raises(clv.NotIdentified, match="do not tell how much"):
        clv.fit_gamma_gamma(2 * ones, 30 * ones)


def test_nobody_is_expected_to_do_nothing():
    for model in (simulated.CDNOW, clv.ParetoNbd(0.553, 10.578, 0.606, 11.669, 0.0, 0)):
        assert model.p_alive([], [], []).shape == model.expected_orders(39, [], [], []).shape == (0,)
    assert clv.GammaGamma(6.25, 3.74, 15.44, 0.0, 946).expected_amount([], []).shape == (0,)


def test_expected_amounts_are_drawn_to_the_mean_of_all():
    model = clv.GammaGamma(6.25, 3.74, 15.44, 0.0, 946)
    assert model.mean_amount == pytest.approx(6.25 * 15.44 / 2.74)
    v = np.linspace(1e-6, 30, 400_001)  # amounts of x orders with mean m, given v, are Gamma(p x, v x); the posterior by summation
    for x, amount in ((1, 100.0), (10, 100.0), (3, 5.0)):
        log_posterior = (6.25 * x + 3.74 - 1) * np.log(v) - v * (15.44 + x * amount)
        posterior = np.exp(log_posterior - log_posterior.max())
        truth = (posterior * 6.25 / v).sum() / posterior.sum()
        assert model.expected_amount([x], [amount])[0] == pytest.approx(truth, rel=1e-6)
    assert model.expected_amount([0, 0], [np.nan, 999]) == pytest.approx(2 * [model.mean_amount])
    assert np.isnan([*clv.GammaGamma(2, 0.9, 15, 0.0, 9).expected_amount([0], [0]), clv.GammaGamma(2, 0.9, 15, 0.0, 9).mean_amount]).all()
