"""Where customers go when one more segment is asked for: which segments stay whole over k, and which are another cut of the same cloud.

A segment that keeps its customers whatever k is was not made by the choice of k (Zappia & Oshlack 2018, clustering trees; Dolnicar & Leisch
2017, Using segment level stability to select target segments, Marketing Letters 28, 423-436).
"""

import numpy as np
import pandas as pd

from segkit import segments

WHOLE = 0.9  # a segment whose customers are together in this share stayed whole: one in ten may stand at a border
FLOWS = ["k", "segment", "next_k", "next_segment", "n", "n_segment", "n_next", "share_of_segment", "share_of_next"]
RECRUITMENT = [
    "segment",
    "n",
    "previous_k",
    "source",
    "source_share",
    "source_kept",
    "slsa",
    "next_k",
    "target",
    "target_share",
    "target_kept",
]


def flow(solutions: dict, method: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Customers of a segment at one k that are in a segment at the next k. In: solutions by (method, k); rows of the matrix.

    Out: k, segment, next_k, next_segment, n (in both), n_segment, n_next, share_of_segment, share_of_next; pairs with nobody are left out.
    """
    ks = sorted(k for name, k in solutions if name == method)
    labels = {k: segments.assign(solutions[method, k], rows) for k in ks}
    lines = []
    for k, next_k in zip(ks, ks[1:]):
        both = pd.DataFrame({"segment": labels[k], "next_segment": labels[next_k]}).groupby(["segment", "next_segment"]).size()
        found = both.rename("n").reset_index().assign(k=k, next_k=next_k)
        lines.append(found.sort_values(["segment", "next_segment"], key=by_number))
    return with_shares(pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(columns=FLOWS))


def in_steps(flows: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """`flow` for publication: counts go down to the next multiple of `min_cell`, sizes are the sums of these, and who is in no flow of
    `min_cell` customers is left out.

    Hiding does not work here: cuts at neighbouring ks are nearly nested, so that small flows are many, every flow is part of two sums, and
    what must be hidden beside the small ones is nearly all. In steps, a small flow looks like none, and what is missing beside a size
    that is told elsewhere may be the rest of any flow. Shares are wrong by up to `min_cell` - 1 customers a flow.
    """
    stepped = flows.assign(n=flows.n.astype("int64") // min_cell * min_cell)
    return with_shares(stepped[stepped.n > 0].reset_index(drop=True))


def with_shares(flows: pd.DataFrame) -> pd.DataFrame:
    """Sizes as the sums of the flows that are there, and each flow's share of both."""
    n_segment, n_next = flows.groupby(["k", "segment"]).n.transform("sum"), flows.groupby(["next_k", "next_segment"]).n.transform("sum")
    shares = {"share_of_segment": (flows.n / n_segment).astype("float64"), "share_of_next": (flows.n / n_next).astype("float64")}
    return flows.assign(n_segment=n_segment, n_next=n_next, **shares)[FLOWS]


def by_number(names: pd.Series) -> pd.Series:
    """Segments in the order S1, S2 … S10."""
    return names.str.removeprefix("S").astype(int)


def recruitment(flows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Where the customers of each segment of one k come from and go to. In: `flow`, best in steps: then nothing is told beyond these.

    Out: segment, n; previous_k, source (the segment there that gave most), source_share (of this segment's customers), source_kept (of the
    source's customers, how many are here), slsa; next_k, target, target_share, target_kept likewise; nothing where k is the first or last.
    SLSA, segment level stability across solutions, is 1 - H / log(number of segments at the previous k), H the entropy of the shares
    that each of those gave: 1 when all come from one, 0 when all gave alike (Dolnicar & Leisch 2017; normalised as flexclust's slsaplot
    does).
    """
    came, goes = flows[flows.next_k == k], flows[flows.k == k]
    names = sorted({*came.next_segment, *goes.segment}, key=lambda name: int(name.removeprefix("S")))
    lines = []
    for name in names:
        source, target = came[came.next_segment == name], goes[goes.segment == name]
        lines.append(
            {"segment": name, "n": source.n_next.iloc[0] if len(source) else target.n_segment.iloc[0]}
            | {"previous_k": came.k.iloc[0] if len(came) else pd.NA}
            | dict(zip(("source", "source_share", "source_kept"), largest(source, "segment", "share_of_next", "share_of_segment")))
            | {"slsa": slsa(source.share_of_next.to_numpy(float), came.segment.nunique())}
            | {"next_k": goes.next_k.iloc[0] if len(goes) else pd.NA}
            | dict(zip(("target", "target_share", "target_kept"), largest(target, "next_segment", "share_of_segment", "share_of_next")))
        )
    return pd.DataFrame(lines, columns=RECRUITMENT).astype(dict.fromkeys(("n", "previous_k", "next_k"), "Int64"))


def largest(rows: pd.DataFrame, name: str, share: str, kept: str) -> tuple:
    """The partner with the largest share, that share, and how much of the partner it is; nothing where there is none."""
    if rows.empty:
        return None, np.nan, np.nan
    top = rows.loc[rows[share].idxmax()]
    return top[name], float(top[share]), float(top[kept])


def slsa(shares: np.ndarray, segments_before: int) -> float:
    """How far a segment was recruited from one of the previous k (see `recruitment`). In: the share of it that each of these gave."""
    return float(1 + np.sum(shares * np.log(shares)) / np.log(segments_before)) if segments_before > 1 and len(shares) else np.nan
