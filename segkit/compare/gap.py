"""Gaps: are there fewer customers between two segments than in either? The dip of each pair on its discriminant axis tells.

A segment that a gap separates from all others cannot be an artefact of cutting: one population has no dip along any line. A gap that is there
by a single recorded value alone, such as 0 days between orders, and vanishes without what that value says, is a definition and not a finding: it
counts as none, and the value is named.
"""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from segkit.compare import means
from segkit.compare.cuts import numbered
from segkit.compare.dip import dip
from segkit.compare.null import recorded

JOINED = 0.62  # a pair whose scaled dip is below this is one group
LEAST_COUNTED = 30  # rows from which a group of joined segments counts as one
TELLING = 0.5  # difference of the shares holding one value from which a gap may be its doing: balanced accuracy .75
SAME_HOLDERS = (
    0.9  # Jaccard overlap of the rows that hold two recorded values from which both say the same: one order, 0 days between orders
)
OFFSET = 0.05  # added before a logarithm: most cuts of one population have no gap at all
COUNTED_KS, WARD_KS, COUNTED_RESTARTS = range(2, 11), range(2, 13), 5  # the cuts in which groups are counted
NEAREST = 2  # times the rows of the smaller segment
RIDGE = 1e-6  # of the mean variance, added before a covariance is inverted: columns may be collinear


@dataclass(frozen=True)
class Field:
    """Rows as gaps are looked for in: `values` n x d, standardised and without ties; `held` n x m, whether a row holds each of m recorded
    values; `names` of these, (column, value as recorded); `besides` m x d, the columns that do not say what the value does."""

    values: np.ndarray
    held: np.ndarray
    names: tuple[tuple[int, float], ...]
    besides: np.ndarray


def field(rows: np.ndarray, rng: np.random.Generator) -> Field:
    """Rows made ready."""
    spread = dithered(rows, rng)
    sd = spread.std(axis=0)
    names, held = [], []
    for column in range(rows.shape[1]):
        values, counts = np.unique(rows[:, column], return_counts=True)
        for value in values[recorded(counts, len(rows))]:
            names.append((column, float(value)))
            held.append(rows[:, column] == value)
    scaled = (spread - spread.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    holds = np.array(held, dtype=float).reshape(len(names), len(rows)).T
    return Field(scaled, holds, tuple(names), besides(holds, names, rows.shape[1]))


def besides(held: np.ndarray, names: list[tuple[int, float]], columns: int) -> np.ndarray:
    """Of each recorded value the columns in which no value is held by the same rows, its own left out. Out: values x columns, bool."""
    both, size = held.T @ held, held.sum(axis=0)
    same = both >= SAME_HOLDERS * (size[:, None] + size - both)
    left = np.ones((len(names), columns), bool)
    for value, other in np.argwhere(same):
        left[value, names[other][0]] = False
    return left


def dithered(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Tied values spread evenly over their cell, which ends half way to the next value: what is recorded in steps has no gaps between them."""
    found = np.array(rows, dtype=float)
    for column in found.T:
        values, place, counts = np.unique(column, return_inverse=True, return_counts=True)
        if len(values) > 1:
            middle = (values[1:] + values[:-1]) / 2
            low = np.r_[2 * values[0] - middle[0], middle]
            high = np.r_[middle, 2 * values[-1] - middle[-1]]
            column[:] = np.where(counts[place] > 1, low[place] + rng.random(len(column)) * (high - low)[place], column)
    return found


class Sides:
    """The segments of a cut, two of which can be asked how far a gap separates them."""

    def __init__(self, field: Field, cut: np.ndarray):
        members = [np.flatnonzero(cut == s) for s in range(cut.max() + 1)]
        self.rows, self.besides = [field.values[of] for of in members], field.besides
        self.means = np.array([rows.mean(axis=0) for rows in self.rows])
        self.scatter = [(rows - mean).T @ (rows - mean) for rows, mean in zip(self.rows, self.means)]
        self.told = np.array([field.held[of].mean(axis=0) for of in members]) if field.names else np.zeros((len(members), 1))

    def pairs(self) -> list[tuple[int, int]]:
        """All pairs of segments, in the order of scipy's condensed distances."""
        return [(a, b) for a in range(len(self.rows)) for b in range(a + 1, len(self.rows))]

    def separation(self, a: int, b: int) -> float:
        """Scaled dip, sqrt(n) * dip, on the discriminant axis of two segments. Where one mostly holds a recorded value and the other does not, the
        gap must be there without what that value says; 0 where nothing else is known."""
        return min([gap := self.dip(a, b), *(self.dip(a, b, self.besides[value]) for value in self.telling(a, b) if gap >= JOINED)])

    def telling(self, a: int, b: int) -> np.ndarray:
        """The recorded values that one of two segments holds far more often than the other."""
        return np.flatnonzero(np.abs(self.told[a] - self.told[b]) >= TELLING)

    def dip(self, a: int, b: int, columns: np.ndarray | slice = slice(None)) -> float:
        """Scaled dip of two segments, in some of the columns; 0 in none."""
        away = (self.means[a] - self.means[b])[columns]
        if not len(away):
            return 0.0
        pooled = ((self.scatter[a] + self.scatter[b]) / (len(self.rows[a]) + len(self.rows[b])))[columns][:, columns]
        pooled[np.diag_indices_from(pooled)] += RIDGE * max(np.trace(pooled) / len(pooled), 1e-12)
        axis = np.linalg.solve(pooled, away)
        return scaled_dip(self.rows[a][:, columns] @ axis, -(self.rows[b][:, columns] @ axis))


def separations(field: Field, cut: np.ndarray) -> np.ndarray:
    """Scaled dips of all pairs of segments in the order of scipy's condensed distances."""
    sides = Sides(field, cut)
    return np.array([sides.separation(*pair) for pair in sides.pairs()])


def widest_of(field: Field, cuts: list[np.ndarray]) -> float:
    """The widest gap of several cuts. Pairs are asked from the nearest on, and only until gaps no wider than the widest so far join all
    segments of a cut: then it has no wider one."""
    found = 0.0
    for cut in cuts:
        sides = Sides(field, cut)
        pairs, joined = sides.pairs(), np.arange(len(sides.rows))
        separated = np.zeros(len(pairs))
        for at in np.argsort([((sides.means[a] - sides.means[b]) ** 2).sum() for a, b in pairs], kind="stable"):
            a, b = joined[list(pairs[at])]
            if a != b:
                separated[at] = sides.separation(*pairs[at])
                joined[joined == b] = a if separated[at] <= found else b
        found = max(found, widest(separated))
    return found


def scaled_dip(one: np.ndarray, other: np.ndarray) -> float:
    """sqrt(n) * dip of two segments on an axis; the values of both are told so that the smallest face the other segment (`other` is turned
    round). Of the larger segment only the rows that face the other count, NEAREST times as many as that one has: beside a crowd a small
    group makes no dip, however far away it is."""
    few = max(NEAREST * min(len(one), len(other)), LEAST_COUNTED)
    facing = np.r_[np.sort(one)[:few], -np.sort(other)[:few]]
    return float(np.sqrt(len(facing)) * dip(facing))


def widest(separated: np.ndarray) -> float:
    """The largest edge of the minimum spanning tree over segments: the gap that parts them into two sides, at its narrowest; 0 for one
    segment."""
    return float(linkage(separated, "single")[-1, 2]) if len(separated) else 0.0


def groups(separated: np.ndarray, cut: np.ndarray) -> int:
    """How many groups are left when pairs without a gap are joined; groups of a few rows do not count."""
    joined = fcluster(linkage(separated, "single"), JOINED, "distance")
    sizes = np.bincount(joined, weights=np.bincount(cut))
    return int((sizes >= LEAST_COUNTED).sum())


def count(field: Field, rows: np.ndarray, rng: np.random.Generator) -> int:
    """The most groups that gaps separate, over cuts by k-means and by Ward: a cut that is too fine is joined again, one too coarse is not split."""
    tree, distinct = linkage(rows, "ward"), len(np.unique(rows, axis=0))
    cuts = [means.cuts(rows[None], k, COUNTED_RESTARTS, rng).labels[0] for k in COUNTED_KS if k < distinct]
    cuts = [numbered(cut) for cut in (*cuts, *(fcluster(tree, k, "maxclust") for k in WARD_KS if k < distinct))]
    return max(groups(separations(field, cut), cut) for cut in cuts if cut.max())


def definitions(field: Field, cut: np.ndarray) -> tuple[tuple[int, float], ...]:
    """The recorded values without which the gap between some pair of segments is none: (column, value)."""
    sides = Sides(field, cut)
    found = {
        int(value)
        for a, b in sides.pairs()
        if sides.dip(a, b) >= JOINED
        for value in sides.telling(a, b)
        if sides.dip(a, b, field.besides[value]) < JOINED
    }
    return tuple(field.names[value] for value in sorted(found))
