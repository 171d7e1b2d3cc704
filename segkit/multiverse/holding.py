"""Which of the study's segments other analyses find again, which choices matter, and who belongs together whoever cuts.

A segment *holds* in a specification when some segment there overlaps it by a Jaccard index of at least VALID, the line above which fpc
calls a cluster valid (Hennig 2007). Specifications are no sample of anything: shares of them have no interval.
"""

import numpy as np
import pandas as pd

from segkit.kpis import intervals
from segkit.multiverse.exploring import Explored
from segkit.multiverse.specifications import CHOICES

VALID = 0.75
CORE = 0.80  # share of specifications from which a customer belongs to a segment's core
ALL = "all"


def named(own: pd.Series) -> list[str]:
    """The study's segments, S2 before S10."""
    return sorted(own.unique(), key=lambda segment: int(segment[1:]))


def matched(own: pd.Series, other: pd.Series) -> pd.DataFrame:
    """For each segment of `own` the segment of `other` that overlaps it best. Out, by segment: value (Jaccard index), match. Same
    customers."""
    ours, theirs = pd.get_dummies(own, dtype=float), pd.get_dummies(other, dtype=float)
    both = ours.to_numpy().T @ theirs.to_numpy()
    either = ours.sum().to_numpy()[:, None] + theirs.sum().to_numpy() - both
    overlap = pd.DataFrame(both / either, index=ours.columns, columns=theirs.columns).loc[named(own)]
    return pd.DataFrame({"value": overlap.max(axis=1), "match": overlap.idxmax(axis=1)})


def overlaps(explored: Explored) -> pd.DataFrame:
    """Each of the study's segments in each specification. Out: specification, segment, match, value (best Jaccard index), holds, n (its
    evaluation customers)."""
    sizes = explored.own.value_counts()
    found = [
        matched(explored.own, labels).rename_axis("segment").reset_index().assign(specification=number)
        for number, labels in explored.labels.items()
    ]
    rows = pd.concat(found, ignore_index=True)
    rows = rows.assign(holds=rows.value >= VALID, n=rows.segment.map(sizes))
    return rows[["specification", "segment", "match", "value", "holds", "n"]]


def segments_held(overlapped: pd.DataFrame, specs: pd.DataFrame) -> pd.DataFrame:
    """How often each segment is found again. Out: segment, n, specifications, value (share of them in which it holds), same_k (the same
    among those with as many segments as the study: fewer must join some, more must cut some), passing (among those whose smallest segment
    is large enough), and of the Jaccard index median, low and high (quartiles)."""
    passing = overlapped.specification.isin(specs.specification[specs.passes])
    same_k = overlapped.specification.isin(specs.specification[specs.k.isin(specs.k[specs.own])])
    lines = []
    for segment, part in overlapped.groupby("segment", sort=False):
        low, median, high = part.value.quantile([0.25, 0.5, 0.75])
        lines.append(
            {
                "segment": segment,
                "n": part.n.iloc[0],
                "specifications": len(part),
                "value": part.holds.mean(),
                "same_k": part.holds[same_k].mean(),
                "passing": part.holds[passing].mean(),
                "median": median,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(lines)


def held_by_choice(overlapped: pd.DataFrame, specs: pd.DataFrame) -> pd.DataFrame:
    """The same by every level of every choice, and over all segments. Out: choice, level, segment, n, specifications, value (share in
    which it holds)."""
    rows = overlapped.merge(specs[["specification", *CHOICES]], on="specification")
    everyone = int(overlapped.drop_duplicates("segment").n.sum())
    parts = [
        part.assign(choice=choice, level=part[choice].map(str))
        for choice in CHOICES
        for part in (rows, rows.assign(segment=ALL, n=everyone))
    ]
    long = pd.concat(parts)
    found = long.groupby(["choice", "level", "segment"], sort=False).agg(
        n=("n", "first"), specifications=("specification", "nunique"), value=("holds", "mean")
    )
    return found.reset_index()


def choices_that_matter(specs: pd.DataFrame) -> pd.DataFrame:
    """How much of the difference between specifications each choice makes. Out: choice, share (of the variance of their agreement with the
    study's own segments), lowest, lowest_value, highest, highest_value (levels and their mean agreement); and `combinations`, the rest.

    Specifications cross all levels, so that the shares add up to 1. They are NaN where all specifications agree to the same degree.
    """
    total, lines = specs.agreement.var(ddof=0), []
    for choice in CHOICES:
        means = specs.groupby(choice, sort=False).agreement.mean()
        share = specs[choice].map(means).var(ddof=0) / total if total > 1e-12 else np.nan
        low, high = means.idxmin(), means.idxmax()
        lines.append(
            {
                "choice": choice,
                "share": share,
                "lowest": str(low),
                "lowest_value": means[low],
                "highest": str(high),
                "highest_value": means[high],
            }
        )
    rest = max(0.0, 1 - sum(line["share"] for line in lines)) if total > 1e-12 else np.nan
    lines = sorted(lines, key=lambda line: -line["share"]) if total > 1e-12 else lines
    return pd.DataFrame([*lines, {"choice": "combinations", "share": rest, "lowest": "", "highest": ""}])


def times_together(labels: pd.DataFrame) -> np.ndarray:
    """The consensus matrix, in counts: for every two customers the specifications in which they are in one segment. Out: n x n whole
    numbers."""
    times = np.zeros((len(labels), len(labels)))
    for _, each in labels.items():
        members = pd.get_dummies(each, dtype=float).to_numpy()
        times += members @ members.T
    return times


def between_segments(explored: Explored, times: np.ndarray) -> pd.DataFrame:
    """The consensus matrix by the study's segments. Out: segment, other, n, n_other, value (mean share of specifications in which a
    customer of one and another customer of the other are together); NaN for a segment of one."""
    members = pd.get_dummies(explored.own, dtype=float)[named(explored.own)]
    inside = members.to_numpy()
    sizes, sums = inside.sum(axis=0), inside.T @ times @ inside / explored.labels.shape[1]
    np.fill_diagonal(sums, np.diagonal(sums) - sizes)  # nobody is a mate of their own
    pairs = np.outer(sizes, sizes) - np.diag(sizes)
    mean = np.divide(sums, pairs, out=np.full_like(sums, np.nan), where=pairs > 0)
    return pd.DataFrame(
        [
            {"segment": one, "other": other, "n": int(sizes[a]), "n_other": int(sizes[b]), "value": mean[a, b]}
            for a, one in enumerate(members)
            for b, other in enumerate(members)
        ]
    )


def by_customer(explored: Explored, overlapped: pd.DataFrame, times: np.ndarray) -> pd.DataFrame:
    """Who belongs where whoever cuts; customer-level, never for reports. Out: customer_id, segment, consensus (mean share of specifications
    spent with the others of the own segment), beside (the other segment whose members are met most often), margin (consensus less that with
    `beside`, as a silhouette is), matched (share of specifications in which the segment that matches the own one best holds the customer),
    core (is that at least CORE; who is not is disputed)."""
    own, names = explored.own, named(explored.own)
    members = pd.get_dummies(own, dtype=float)[names].to_numpy()
    place, sizes = members.argmax(axis=1), members.sum(axis=0)
    row = np.arange(len(own))
    met, rounds = times @ members, explored.labels.shape[1]  # whole numbers: the same digits on any machine
    mates = np.maximum(sizes[place] - 1, 0)
    consensus = np.divide(met[row, place] - rounds, mates * rounds, out=np.full(len(own), np.nan), where=mates > 0)
    others = met / sizes / rounds
    others[row, place] = -1
    best = overlapped.pivot(index="segment", columns="specification", values="match")
    inside = np.mean([explored.labels[number].to_numpy() == own.map(best[number]).to_numpy() for number in explored.labels], axis=0)
    return pd.DataFrame(
        {
            "customer_id": own.index,
            "segment": own.to_numpy(),
            "consensus": consensus,
            "beside": np.array(names)[others.argmax(axis=1)] if len(names) > 1 else "",
            "margin": consensus - others.max(axis=1) if len(names) > 1 else np.nan,
            "matched": inside,
            "core": inside >= CORE - 1e-9,
        }
    )


def cores(customers: pd.DataFrame) -> pd.DataFrame:
    """Core and disputed customers by segment, and of all. Out: segment, n, n_core, n_disputed, value (share of its customers in the
    core), low, high (Wilson), consensus and margin (means)."""
    order = sorted(customers.segment.unique(), key=lambda segment: int(segment[1:]))
    groups = [*((segment, customers[customers.segment == segment]) for segment in order), (ALL, customers)]
    lines = []
    for segment, part in groups:
        found = intervals.proportion(part.core.to_numpy())
        counts = {"n": len(part), "n_core": int(part.core.sum()), "n_disputed": int((~part.core).sum())}
        means = {name: np.sort(part[name].to_numpy()).mean() for name in ("consensus", "margin")}
        lines.append({"segment": segment} | counts | {"value": found.value, "low": found.low, "high": found.high} | means)
    return pd.DataFrame(lines)
