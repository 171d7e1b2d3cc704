"""What the segments are: their features in business units, with a marker where a segment differs from everyone."""

import numpy as np
import pandas as pd

MARKED = 0.5  # a segment's mean this many standard deviations (of the matrix) from everyone's is called a trait


TYPICAL = ["median", "p25", "p75", "yes"]
COUNTED = ["n_known", "n_yes", "n_no"]  # counts that what is typical gives away


def profiles(features: pd.DataFrame, matrix: pd.DataFrame, labels: pd.Series, units: dict[str, str]) -> pd.DataFrame:
    """Out: segment, n, share, feature, unit, median, p25, p75 (business units), yes, overall, z, marker, n_known, n_yes, n_no.

    In: `features` with the columns of the matrix in business units (`matrix.described`), labels. A yes/no answer, unit `yes/no`, has the share
    of yes in place of median and quartiles, and the counts of yes and of no. `overall` is the median, or the share of yes, of everyone. z is
    how far the segment's mean in the matrix lies from everyone's, in standard deviations, whatever the column weighs; the marker is
    ++ / + / blank / - / -- at 1 and 0.5 of them.
    """
    features, matrix = (each if each.index.equals(labels.index) else each.loc[labels.index] for each in (features, matrix))
    lines, cut = [], labels.to_numpy().astype(object)
    plain = {name: features[name].to_numpy(dtype=float, na_value=np.nan) for name in matrix.columns}
    everyone = {name: middle(plain[name], units.get(name, "")) for name in matrix.columns}
    scaled = {name: matrix[name].to_numpy() for name in matrix.columns}
    ordered = {name: np.sort(values) for name, values in scaled.items()}
    for segment in sorted(set(cut)):
        members = np.flatnonzero(cut == segment)
        for name in matrix.columns:
            unit, theirs = units.get(name, ""), plain[name][members]
            away = np.sort(scaled[name][members]).mean() - ordered[name].mean()
            z = float(away / (ordered[name].std() or 1.0)) if not np.isnan(theirs).all() else np.nan  # what is filled in is no trait
            lines.append(
                {
                    "segment": segment,
                    "n": len(members),
                    "share": len(members) / len(cut),
                    "feature": name,
                    "unit": unit,
                    **middle(theirs, unit),
                    "overall": everyone[name]["yes"] if unit == "yes/no" else everyone[name]["median"],
                    "z": z,
                    "marker": marker(z),
                    "n_known": int((~np.isnan(theirs)).sum()),
                    "n_yes": int((theirs == 1).sum()) if unit == "yes/no" else None,
                    "n_no": int((theirs == 0).sum()) if unit == "yes/no" else None,
                }
            )
    return pd.DataFrame(lines).astype(dict.fromkeys(COUNTED, "Int64"))


def middle(values: np.ndarray, unit: str) -> dict[str, float]:
    """What is typical of a column: median, p25 and p75, or the share of yes where it holds yes/no answers; NaN for the others."""
    known, found = values[~np.isnan(values)], dict.fromkeys(TYPICAL, np.nan)
    if len(known) == 0:
        return found
    if unit == "yes/no":
        return found | {"yes": float(np.sort(known).mean())}
    return found | dict(zip(("p25", "median", "p75"), map(float, np.quantile(known, [0.25, 0.5, 0.75]))))


def marker(z: float) -> str:
    """How far a segment is from everyone, at a glance."""
    strength = (abs(z) >= MARKED) + (abs(z) >= 2 * MARKED)
    return ("+" if z > 0 else "-") * int(strength)


def traits(profile: pd.DataFrame, most: int = 2) -> dict[str, list[tuple[str, str]]]:
    """The strongest marked features of each segment: segment -> [(high | low, feature), …]."""
    marked = profile[profile.marker.fillna("") != ""].assign(size=profile.z.abs()).sort_values(["segment", "size"], ascending=[True, False])
    return {
        segment: [
            ("high" if row.marker.startswith("+") else "low", row.feature)
            for row in marked[marked.segment == segment].head(most).itertuples()
        ]
        for segment in profile.segment.unique()
    }


def sizes(features: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """How much of everything a segment holds. Out: segment, n, share (of customers), spend_share (of spend before as_of, when there are orders)."""
    table = labels.groupby(labels).size().rename("n").rename_axis("segment").reset_index()
    table["share"] = table.n / len(labels)
    if "spend" in features:
        spend = features.spend.loc[labels.index].fillna(0).sort_values().groupby(labels).sum()
        table["spend_share"] = (spend / spend.sum()).loc[table.segment].to_numpy()
    return table
