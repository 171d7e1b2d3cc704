"""How attractive each segment is by weighed criteria, and how much of the ranking is the weights' doing.

Segments that a knock-out took out have a score, so that they can be shown beside the others, but no rank and no say in the scale.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segkit.errors import BadInput, nearest
from segkit.targets.gates import by_number

DRAWS = 2000
CONCENTRATION = 4  # for each criterion: of four equal weights each is then drawn as .25 ± .11 (standard deviation)
DRAWN = ("any weights", "weights about the stated", "figures within their error")
FIGURES = ["score", "low", "high", "first_share", "rank_low", "rank", "rank_high"]


def criteria(
    weights: Mapping[str, float],
    sizes: pd.DataFrame,
    kpis: pd.DataFrame | None = None,
    stability: pd.DataFrame | None = None,
    reach: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The criteria that weigh something. Out: their values and their standard errors, both segments × criteria.

    In: `compare.sizes` (share, spend_share), `kpis.by_segment` rows (every KPI by its name), `compare.trusted` (stability: the mean Jaccard) and
    `targets.reach` (contactable, variables_known). Shares of the customers at hand have no error; hidden values are missing.
    """
    columns = {name: (sizes.set_index("segment")[name], None) for name in ("share", "spend_share") if name in sizes}
    for name, part in () if kpis is None else kpis[kpis.segment != "all"].groupby("kpi", sort=False):
        columns[name] = (part.set_index("segment").value, part.set_index("segment").se)
    if stability is not None:
        columns["stability"] = (stability.set_index("segment")["mean"], None)
    for name, part in () if reach is None else reach.groupby("measure", sort=False):
        columns[name] = (part.set_index("segment").value, None)
    if unknown := [name for name in weights if name not in columns]:
        raise BadInput(
            f"{unknown[0]} is weighed, and nothing is known of it.", f"{len(columns)} criteria are", nearest(unknown[0], columns)
        )
    segments = pd.Index(sorted(sizes.segment, key=by_number), name="segment")
    plain = lambda column: pd.to_numeric(column.reindex(segments)).astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    values = pd.DataFrame({name: plain(columns[name][0]) for name in weights}, index=segments)
    errors = pd.DataFrame({name: 0.0 if columns[name][1] is None else plain(columns[name][1]) for name in weights}, index=segments)
    return values, errors


def attractiveness(values: pd.DataFrame, weights: Mapping[str, float], standing: pd.DataFrame | None = None) -> pd.DataFrame:
    """Scores. Out: segment, score (0 … 1), rank (1 is best, equal scores share one), standing.

    In: values (segments × criteria, more is better unless the weight is below 0), weights (any scale), `targets.standing` (out: knocked out).
    Each criterion runs from 0 for the lowest to 1 for the highest of the segments that are not out (of all, where fewer than two are left);
    who is out lies at most at the ends; a criterion in which all are equal is .5 for everyone. The score is the weighted mean. Missing values
    are not guessed: then the score is missing, too. The scale is of these segments alone: scores of two runs do not compare.
    """
    criterion = Criteria(values, weights, standing)
    score = criterion.scores(criterion.values, criterion.weights)
    return criterion.table(score=score, rank=criterion.ranks(score)).astype({"rank": "float64"})[["segment", "score", "rank", "standing"]]


def sensitivity(
    values: pd.DataFrame,
    weights: Mapping[str, float],
    seed: int,
    errors: pd.DataFrame | None = None,
    standing: pd.DataFrame | None = None,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """How sure the ranking is. Out, a row per segment and way of drawing (`DRAWN`): drawn, segment, score, low, high (middle 95 % of the draws'
    scores), first_share (of the draws in which it is first, shared where several are), rank_low, rank, rank_high (quartiles), standing.

    any weights: Dirichlet(1, …, 1), every mixture of weights being as likely as any other; the score is that of equal weights. Weights about
    the stated: Dirichlet with the stated weights as means and 4 × number of criteria as concentration. Figures within their error: the stated
    weights, and every value drawn from a normal distribution with its standard error (`errors`, segments × criteria; 0 is exact); not there
    without errors, and NaN where one is missing. Segments that are out have neither rank nor share. The order of rows changes nothing.
    """
    criterion = Criteria(values, weights, standing)
    equal, shares = np.ones(len(criterion.weights)), criterion.weights
    parts = []
    for place, (drawn, around) in enumerate(((DRAWN[0], equal), (DRAWN[1], CONCENTRATION * len(shares) * shares))):
        tried = np.random.default_rng([seed, place]).dirichlet(around, size=draws)
        scores = np.stack([criterion.scores(criterion.values, each) for each in tried])
        parts.append(
            criterion.table(**summary(criterion, scores, criterion.scores(criterion.values, around / around.sum()))).assign(drawn=drawn)
        )
    if errors is not None:
        noise = np.random.default_rng([seed, 2]).normal(size=(draws, *criterion.values.shape))
        values = criterion.values + noise * criterion.errors(errors)
        scores = criterion.scores(values, shares)
        parts.append(criterion.table(**summary(criterion, scores, criterion.scores(criterion.values, shares))).assign(drawn=DRAWN[2]))
    return pd.concat(parts, ignore_index=True)[["drawn", "segment", *FIGURES, "standing"]]


class Criteria:
    """Values as an array segments × criteria in an order of their own, all meant so that more is better, and weights that add up to 1."""

    def __init__(self, values: pd.DataFrame, weights: Mapping[str, float], standing: pd.DataFrame | None):
        """Refuses weights of criteria that are not there."""
        if not weights or any(name not in values or not np.isfinite(weight) or weight == 0 for name, weight in weights.items()):
            raise ValueError(f"weights {dict(weights)} are not of these criteria: {', '.join(values)}")
        self.segments, self.names = sorted(values.index, key=by_number), sorted(weights)
        given = np.array([float(weights[name]) for name in self.names])
        self.weights, self.values = (
            np.abs(given) / np.abs(given).sum(),
            values.loc[self.segments, self.names].to_numpy(float) * np.sign(given),
        )
        stands = {} if standing is None else standing.set_index("segment").standing.to_dict()
        self.standing = [stands.get(segment, "") for segment in self.segments]
        self.ranked = np.array([each != "out" for each in self.standing]) & ~np.isnan(self.values).any(axis=1)

    def errors(self, errors: pd.DataFrame) -> np.ndarray:
        """Standard errors in the same order."""
        return errors.loc[self.segments, self.names].to_numpy(float)

    def scores(self, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Weighted means of the scaled values: (…, segments)."""
        scale = values[..., self.ranked, :] if self.ranked.sum() > 1 else values[..., ~np.isnan(self.values).any(axis=1), :]
        if not scale.shape[-2]:
            return np.full(values.shape[:-1], np.nan)
        lowest, highest = scale.min(axis=-2, keepdims=True), scale.max(axis=-2, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            scaled = np.where(
                highest > lowest, np.clip((values - lowest) / (highest - lowest), 0, 1), np.where(np.isnan(values), np.nan, 0.5)
            )
        return (scaled * weights).sum(axis=-1)

    def ranks(self, scores: np.ndarray) -> np.ndarray:
        """1 for the best of those that are ranked, NaN for the others; equal scores share a rank: (…, segments)."""
        from scipy.stats import rankdata

        found = np.full(scores.shape, np.nan)
        if self.ranked.any():
            found[..., self.ranked] = rankdata(-np.round(scores[..., self.ranked], 12), axis=-1)
        return found

    def table(self, **columns: np.ndarray) -> pd.DataFrame:
        """A row per segment."""
        return pd.DataFrame({"segment": self.segments} | columns | {"standing": self.standing})


def summary(criterion: Criteria, scores: np.ndarray, score: np.ndarray) -> dict[str, np.ndarray]:
    """What draws × segments of scores come to; nothing but the score where nobody is ranked, or a standard error is missing."""
    ranked = criterion.ranked
    if not ranked.any() or np.isnan(scores[:, ranked]).any():
        return {"score": score} | dict.fromkeys(FIGURES[1:], np.full(len(ranked), np.nan))
    ranks = criterion.ranks(scores)
    best = ranks == np.min(ranks[:, ranked], axis=1, keepdims=True)
    first = np.where(ranked, (best / best.sum(axis=1, keepdims=True)).mean(axis=0), np.nan)
    low, high = np.quantile(scores, [0.025, 0.975], axis=0)
    quartiles = np.quantile(ranks, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
    return dict(zip(FIGURES, (score, low, high, first, *quartiles)))


def placed(
    scores: pd.DataFrame,
    sizes: pd.DataFrame,
    fit: Mapping[str, float] | None = None,
    stability: pd.DataFrame | None = None,
    reach: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What a segment evaluation plot shows. Out: segment, score, standing, fit, fit_is (what it is), share, share_is (of what).

    fit: as the study states it, for any segment; else stability, else the share that may be contacted, else missing. share: of what all
    customers spent before as_of, else of customers.
    """
    of_value = "spend_share" in sizes and sizes.spend_share.notna().any()
    contactable = None if reach is None else reach[reach.measure == "contactable"]
    found, what = pd.Series(dtype=float), ""
    if fit:
        found, what = pd.Series(fit), "fit to the firm, as the study states it"
    elif stability is not None:
        found, what = stability.set_index("segment")["mean"], "stability: mean best Jaccard overlap"
    elif contactable is not None and len(contactable):
        found, what = contactable.set_index("segment").value, "share of customers who may be contacted"
    shares = sizes.set_index("segment")["spend_share" if of_value else "share"]
    plain = lambda column: pd.to_numeric(scores.segment.map(column)).astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    share_is = "what all customers spent before as_of" if of_value else "customers"
    return scores[["segment", "score", "standing"]].assign(fit=plain(found), fit_is=what, share=plain(shares), share_is=share_is)
