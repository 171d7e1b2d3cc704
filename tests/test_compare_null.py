"""The null: one population with the data's own margins and correlations."""

import numpy as np
import pytest
from scipy.stats import norm

from segkit.compare import null


def _modes(margin: null.Margin) -> int:
    """Number of separate peaks of a margin without atoms: falls that are followed by a rise, plus one."""
    rises, widths = np.diff(margin.levels[::2]), np.diff(margin.values[::2])
    steps = np.diff(rises / widths)
    turns = np.sign(steps[np.abs(steps) > 1e-9 * (rises / widths).max()])
    return 1 + int(((turns[:-1] < 0) & (turns[1:] > 0)).sum())


def _skewed_and_binary(rows: int = 1_000) -> np.ndarray:
    """Five related columns: Gaussian, lognormal, half zeros, a yes/no item and a small count."""
    rng = np.random.default_rng(3)
    shared = rng.normal(size=rows)
    noise = rng.normal(size=(rows, 5))
    z = 0.7 * shared[:, None] + 0.7 * noise
    return np.column_stack([z[:, 0], np.exp(z[:, 1]), np.maximum(z[:, 2], 0.0), z[:, 3] > 0.8, np.floor(np.exp(-z[:, 4]))])


def test_a_bimodal_column_becomes_unimodal():
    rng = np.random.default_rng(0)
    column = np.concatenate([rng.normal(-4, 1, 500), rng.normal(4, 1, 500)])
    margin = null.one_mode(column)
    assert len(margin.atoms) == 0
    assert _modes(margin) == 1
    assert margin.quantile(np.array([0.0, 1.0])) == pytest.approx([column.min(), column.max()])


def test_a_unimodal_column_keeps_its_quantiles():
    column = np.random.default_rng(1).gamma(2.0, size=1_000)
    shares = np.linspace(0.05, 0.95, 19)
    assert null.one_mode(column).quantile(shares) == pytest.approx(np.quantile(column, shares), rel=0.08)


def test_the_mode_is_the_best_of_all_modes():
    """Halving finds the mode that trying every mode finds."""
    column = np.sort(np.random.default_rng(2).standard_t(2, size=80))
    empirical = np.linspace(0, 1, 80)
    distance = np.abs(null.unimodal(column, np.ones(80)) - empirical).max()
    widths = np.diff(column)
    density = np.diff(empirical) / widths
    each = [
        np.abs(
            np.cumsum(
                np.concatenate([null._monotone(density[:mode], widths[:mode], True), null._monotone(density[mode:], widths[mode:], False)])
                * widths
            )
            - empirical[1:]
        ).max()
        for mode in range(80)
    ]
    assert distance == pytest.approx(min(each))


def test_a_mirrored_column_gets_the_mirrored_fit():
    column = np.random.default_rng(4).gamma(1.5, size=300)
    shares = np.linspace(0.01, 0.99, 50)
    assert null.one_mode(-column).quantile(1 - shares) == pytest.approx(-null.one_mode(column).quantile(shares))


def test_atoms_are_the_values_many_rows_hold():
    rng = np.random.default_rng(5)
    column = np.concatenate([np.zeros(300), np.full(25, 2.5), np.full(15, 0.7), rng.gamma(2.0, size=660)])
    margin = null.one_mode(column)
    assert margin.atoms.tolist() == [0.0, 2.5]  # .7 is held by 15 rows, but by less than 2 %
    assert margin.atom_shares == pytest.approx([0.300, 0.025])
    few = np.concatenate([np.zeros(9), rng.gamma(2.0, size=91)])
    assert len(null.one_mode(few).atoms) == 0  # 9 % of the rows, but only 9 of them


def test_draws_have_the_margins_of_the_data():
    matrix = _skewed_and_binary()
    drawn = null.one_population(matrix).draw(50_000, np.random.default_rng(6))
    assert drawn.shape == (50_000, 5)
    assert (drawn[:, 2] == 0).mean() == pytest.approx((matrix[:, 2] == 0).mean(), abs=0.01)
    assert set(np.unique(drawn[:, 3])) == {0.0, 1.0}
    assert drawn[:, 3].mean() == pytest.approx(matrix[:, 3].mean(), abs=0.01)
    shares = np.linspace(0.1, 0.9, 9)
    for column in (0, 1):
        spread = matrix[:, column].std()
        assert np.quantile(drawn[:, column], shares) == pytest.approx(np.quantile(matrix[:, column], shares), abs=0.12 * spread)


def test_draws_correlate_as_the_data_do():
    matrix = _skewed_and_binary()
    drawn = null.one_population(matrix).draw(100_000, np.random.default_rng(7))
    assert np.abs(np.corrcoef(drawn.T) - np.corrcoef(matrix.T)).max() < 0.03


def test_two_yes_no_items_need_the_latent_correlation_of_the_arcsine_law():
    item = np.repeat([0.0, 1.0], 500)
    margins = (null.one_mode(item), null.one_mode(item))
    latent = null.latent_correlations(margins, np.array([[1.0, 0.5], [0.5, 1.0]]))
    assert latent[0, 1] == pytest.approx(np.sin(np.pi / 4), abs=1e-3)


def test_two_lognormals_need_the_latent_correlation_of_the_closed_form():
    levels = np.linspace(0.00001, 0.99999, 100_001)
    margin = null.Margin(levels, np.exp(0.5 * norm.ppf(levels)), np.array([]), np.array([]))
    observed = (np.exp(0.6 * 0.25) - 1) / (np.exp(0.25) - 1)
    latent = null.latent_correlations((margin, margin), np.array([[1.0, observed], [observed, 1.0]]))
    assert latent[0, 1] == pytest.approx(0.6, abs=2e-3)


def test_one_column_a_constant_column_and_a_copied_column_work():
    rng = np.random.default_rng(8)
    column = rng.gamma(2.0, size=200)
    assert null.one_population(column[:, None]).draw(10, rng).shape == (10, 1)
    drawn = null.one_population(np.column_stack([column, np.ones(200), column, -column])).draw(5_000, rng)
    assert (drawn[:, 1] == 1).all()
    assert np.corrcoef(drawn[:, 0], drawn[:, 2])[0, 1] > 0.99
    assert np.corrcoef(drawn[:, 0], drawn[:, 3])[0, 1] == pytest.approx(np.corrcoef(column, -column)[0, 1], abs=0.5)


def test_correlations_that_do_not_fit_together_are_brought_to_a_correlation_matrix():
    impossible = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    nearest = null.nearest_correlation(impossible)
    assert np.linalg.eigvalsh(nearest).min() >= 0
    assert np.diag(nearest) == pytest.approx(np.ones(3))
    root = null.symmetric_root(nearest)
    assert root @ root == pytest.approx(nearest)


def test_the_draw_depends_on_the_generator_alone():
    population = null.one_population(_skewed_and_binary(200))
    first, again, other = (population.draw(50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()
