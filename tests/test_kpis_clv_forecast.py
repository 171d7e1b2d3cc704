"""What the models expect, against integrals and simulated customers; bootstrap, calibration and value by hand-sized examples."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import betaln

from benchmarks import clv as simulated
from segkit.kpis import clv
from segkit.kpis.clv import bg_nbd, pareto_nbd

TIED = clv.BgNbd(0.7, 5.0, 1.0, 2.5, 0.0, 0)  # a = 1: the published formula is 0/0


@pytest.fixture(scope="module")
def shop():
    rng = np.random.default_rng(11)
    return simulated.by_day(simulated.customers(rng, simulated.CDNOW, rng.uniform(27, 39, 1500))).history


@pytest.fixture(scope="module")
def model(shop):
    return clv.fit_bg_nbd(*shop)


@pytest.fixture(scope="module")
def draws(shop, model):
    return clv.bootstrap(model, *shop, seed=1, draws=40)


def orders_by_integration(t, x, T, r, alpha, a, b):
    """(1 - (1 + p t/(alpha + T))^-(r + x))/p, integrated over p ~ Beta(a, b + x)."""

    def per_leaving(p):
        return -np.expm1(-(r + x) * np.log1p(p * t / (alpha + T))) / p if p > 0 else (r + x) * t / (alpha + T)

    return quad(per_leaving, 0, 1, weight="alg", wvar=(a - 1, b + x - 1), epsabs=0, epsrel=1e-11, limit=200)[0] / np.exp(betaln(a, b + x))


@pytest.mark.parametrize("r, alpha, a, b", [(0.243, 4.414, 0.793, 2.426), (3, 0.5, 4, 0.6), (0.7, 5, 1, 2.5), (0.5, 9, 0.3, 0.7)])
def test_expected_orders_are_the_integral(r, alpha, a, b):
    truth = clv.BgNbd(r, alpha, a, b, 0.0, 0)
    for x, T, t in ((0, 30.0, 39.0), (1, 30.0, 0.01), (2, 38.86, 39.0), (40, 38.86, 400.0), (700, 365.0, 365.0), (0, 0.01, 52.0)):
        t_x = T if x else 0.0
        got = truth.expected_orders(t, [x], [t_x], [T])[0] / truth.p_alive([x], [t_x], [T])[0]
        assert got == pytest.approx(orders_by_integration(t, x, T, r, alpha, a, b), rel=1e-6)
    assert truth.expected_orders_new([0.0, 10.0]) == pytest.approx([0, orders_by_integration(10, 0, 0, r, alpha, a, b)], rel=1e-6)


def test_the_published_formula_overflows_and_ours_does_not():
    from scipy.special import hyp2f1

    r, alpha, a, b, x, T, t = 0.243, 4.414, 0.793, 2.426, 3000, 365, 365
    with np.errstate(all="ignore"):
        power = ((alpha + T) / (alpha + T + t)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + T + t))
    assert not np.isfinite(power)
    got = simulated.CDNOW.expected_orders(t, [x], [T], [T])[0] / simulated.CDNOW.p_alive([x], [T], [T])[0]
    assert got == pytest.approx(bg_nbd.mean_over_leaving(t, x, T, r, alpha, a, b), rel=1e-9)


def test_the_mean_over_leaving_takes_over_where_even_that_overflows():
    moderate = (39.0, 2.0, 38.0, 0.243, 4.414, 0.793, 2.426)
    assert bg_nbd.mean_over_leaving(*moderate) == pytest.approx(float(bg_nbd.orders_if_alive(*moderate)), rel=1e-9)
    extreme = clv.BgNbd(0.5365, 0.01293, 514.3, 1000.0, 0.0, 0)
    sure = 514.3 / 1614.3  # the probability to leave hardly differs between these customers
    got = extreme.expected_orders(3, [100, 1], [0.001, 0.001], [0.001, 0.001])
    p = extreme.p_alive([100], [0.001], [0.001])[0]
    assert np.isfinite(got).all() and got[0] / p == pytest.approx(1 / sure, rel=0.01)


@pytest.mark.parametrize("r, alpha, s, beta", [(0.553, 10.578, 0.606, 11.669), (5, 0.01, 0.2, 30), (0.3, 300, 20, 0.1), (2, 3, 1, 3)])
def test_the_integral_over_the_moment_of_leaving(r, alpha, s, beta):
    for x, t_x, T in ((0, 0.0, 39.0), (1, 1.7, 38.0), (3, 36.0, 37.0), (200, 20.0, 39.0)):
        truth = log_integral_by_quadrature(x, t_x, T, r, alpha, s, beta)
        got = pareto_nbd.log_integral(np.array([x]), np.array([t_x]), np.array([T]), r, alpha, s, beta)[0][0]
        assert got == pytest.approx(truth, rel=1e-7, abs=1e-7)


def log_integral_by_quadrature(x, t_x, T, r, alpha, s, beta):
    """The same integral by an adaptive rule, in the log of alpha + the moment of leaving."""
    first, last = np.log(alpha + t_x), np.log(alpha + T)

    def log_value(v):
        return (1 - r - x) * v - (s + 1) * np.log(beta - alpha + np.exp(v)) + (r + x) * last + s * np.log(beta + T)

    top = log_value(first)
    return np.log(quad(lambda v: np.exp(log_value(v) - top), first, last, epsabs=0, epsrel=1e-10, limit=500)[0]) + top


def pareto_customers(rng, truth, T, t):
    """Customers who order at a rate of their own until a moment of their own."""
    rate, left = rng.gamma(truth.r, 1 / truth.alpha, len(T)), rng.exponential(1 / rng.gamma(truth.s, 1 / truth.beta, len(T)))
    seen = np.minimum(left, T)
    x = rng.poisson(rate * seen)
    t_x = np.where(x > 0, seen * rng.beta(np.maximum(x, 1), 1), 0.0)
    return simulated.Customers(x.astype(float), t_x, T, left > T, rng.poisson(rate * np.clip(left - T, 0, t)))


@pytest.mark.parametrize("truth", [simulated.CDNOW, simulated.LOYAL, TIED, clv.ParetoNbd(0.553, 10.578, 0.606, 11.669, 0.0, 0)])
def test_simulated_customers_do_what_is_expected_of_their_history(truth):
    """Brute force: of all with a like history, the share still there and the mean of later orders, within 4.5 standard errors."""
    rng = np.random.default_rng(17)
    simulate = simulated.customers if isinstance(truth, clv.BgNbd) else pareto_customers
    who = simulate(rng, truth, rng.uniform(10, 40, 100_000), 30.0)
    like = pd.DataFrame({"x": np.minimum(who.x, 6), "silent": np.minimum(3 * (who.T - who.t_x) // who.T, 2)})
    like["alive"] = who.alive - truth.p_alive(*who.history)
    like["later"] = who.later - truth.expected_orders(30.0, *who.history)
    found = like.groupby(["x", "silent"]).filter(lambda rows: len(rows) > 300).groupby(["x", "silent"])
    assert found.ngroups >= 15
    for name in ("alive", "later"):
        off, se = found[name].mean(), found[name].std() / np.sqrt(found[name].size())
        assert (off.abs() <= 4.5 * se).all(), f"{name}: {(off / se).round(1).to_dict()}"
    assert np.mean(who.x[who.T > 39]) == pytest.approx(truth.expected_orders_new(39.5), rel=0.05)


def test_true_parameters_are_recovered():
    rng, fits = np.random.default_rng(23), []
    for _ in range(9):
        who = simulated.customers(rng, simulated.LOYAL, rng.uniform(20, 60, 2000))
        got = clv.fit_bg_nbd(*who.history)
        fits.append(np.log([got.r, got.alpha, got.a, got.b]))
    off = np.mean(fits, axis=0) - np.log([0.8, 8.0, 0.5, 3.0])
    se = np.std(fits, axis=0, ddof=1) / 3
    assert (np.abs(off) < 4 * se).all() and (se < 0.08).all()


def test_a_bootstrap_spreads_as_estimates_do(shop, model, draws):
    rng, fits = np.random.default_rng(29), []
    for _ in range(30):
        who = simulated.by_day(simulated.customers(rng, simulated.CDNOW, np.array(shop[2]) / 7))
        fits.append(clv.fit_bg_nbd(*who.history).expected_orders(365, *shop).mean())
    drawn = [draw.expected_orders(365, *shop).mean() for draw in draws]
    assert 0.6 < np.std(drawn) / np.std(fits) < 1.7
    assert np.mean(drawn) == pytest.approx(model.expected_orders(365, *shop).mean(), abs=np.std(drawn))


def test_a_bootstrap_depends_on_its_seed_alone(shop, model, draws):
    shuffled = np.random.default_rng(3).permutation(len(shop[0]))
    again = clv.bootstrap(clv.fit_bg_nbd(*(column[shuffled] for column in shop)), *(column[shuffled] for column in shop), seed=1, draws=3)
    assert again == draws[:3]
    assert clv.bootstrap(model, *shop, seed=2, draws=1) != draws[:1]
    assert len(draws) == 40 == len(set(draws)) and {draw.n for draw in draws} == {1500}


def test_each_kind_of_model_is_drawn_again(shop):
    x, t_x, T = shop
    amount = np.random.default_rng(31).gamma(6, 5, len(x)) / np.random.default_rng(37).gamma(4, 0.3, len(x))
    for model, columns in ((clv.fit_pareto_nbd(*shop), shop), (clv.fit_gamma_gamma(x, amount), (x, amount))):
        drawn = clv.bootstrap(model, *columns, seed=1, draws=5)
        logs = np.log([[getattr(one, name) for name in list(vars(one))[:3]] for one in drawn])
        assert np.abs(logs.mean(axis=0) - np.log(list(vars(model).values())[:3])).max() < 0.5
        assert (logs.std(axis=0) > 0.005).all()


def test_expected_by_group_is_the_mean_of_each(shop, model, draws):
    labels = np.where(shop[0] > 0, "again", "once")
    got = clv.expected_by_group(model, draws, *shop, 365, labels)
    assert list(got.columns) == ["group", "value", "low", "high", "n"] and list(got.group) == ["again", "once"]
    for line in got.itertuples():
        of = [one.expected_orders(365, *shop)[labels == line.group].mean() for one in (model, *draws)]
        assert line.value == pytest.approx(of[0]) and line.n == (labels == line.group).sum()
        assert (line.low, line.high) == pytest.approx(tuple(np.quantile(of[1:], [0.025, 0.975], method="weibull")))
    shuffled = np.random.default_rng(5).permutation(len(labels))
    pd.testing.assert_frame_equal(
        got, clv.expected_by_group(model, draws, *(column[shuffled] for column in shop), 365, labels[shuffled]), check_exact=True
    )


def test_calibration_keeps_ties_together():
    expected, observed = [0.1] * 6 + [0.5, 0.5, 0.9, 2.0], [0, 0, 1, 0, 0, 2, 1, 0, 1, 4]
    got = clv.calibration(expected, observed, groups=5)
    assert got[["decile", "n"]].values.tolist() == [[2, 6], [4, 2], [5, 2]]
    assert got.expected.tolist() == pytest.approx([0.1, 0.5, 1.45]) and got.observed.tolist() == pytest.approx([0.5, 0.5, 2.5])
    assert (got.low < got.observed).all() and (got.high > got.observed).all()
    shuffled = np.random.default_rng(1).permutation(10)
    pd.testing.assert_frame_equal(got, clv.calibration(np.array(expected)[shuffled], np.array(observed)[shuffled], 5), check_exact=True)


def test_calibration_by_tenths():
    got = clv.calibration(np.arange(1000.0), np.arange(1000) % 2)
    assert got.decile.tolist() == [*range(1, 11)] and (got.n == 100).all() and (got.observed == 0.5).all()
    assert got.expected.tolist() == pytest.approx(np.arange(49.5, 1000, 100))
    with pytest.raises(ValueError, match="one finite expectation"):
        clv.calibration([1.0, np.nan], [1, 2])


def test_a_correct_model_is_calibrated_and_a_wrong_one_is_not():
    rng = np.random.default_rng(41)
    who = simulated.customers(rng, simulated.LOYAL, rng.uniform(10, 40, 20_000), 30.0)
    expected = simulated.LOYAL.expected_orders(30, *who.history)
    right, wrong = clv.calibration(expected, who.later), clv.calibration(1.3 * expected, who.later)
    held = [((rows.low <= rows.expected) & (rows.expected <= rows.high)).mean() for rows in (right, wrong)]
    assert held[0] >= 0.8 and held[1] <= 0.4


def test_value_is_discounted_month_by_month():
    assert clv.value([1, 1], 50, annual_discount=0, margin=0.4) == pytest.approx(40)
    d = 1.1 ** (1 / 12)
    assert clv.value([[2, 0, 1], [0, 0, 0]], [10, 99], annual_discount=0.1) == pytest.approx([10 * (2 / d + 1 / d**3), 0])
    with pytest.raises(ValueError, match="above -1"):
        clv.value([1], 1, annual_discount=-1)


def test_months_add_up_to_the_horizon(shop, model):
    monthly = clv.expected_orders_per_month(model, 12, 365 / 12, *shop)
    assert monthly.shape == (1500, 12) and (np.diff(monthly, axis=1) <= 1e-12).all()
    assert monthly.sum(axis=1) == pytest.approx(model.expected_orders(365, *shop))
