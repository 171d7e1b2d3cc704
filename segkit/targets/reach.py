"""Of how many customers of a segment enough is known to place them, and how many of them may be contacted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segkit.targets.gates import by_number


def reach(features: pd.DataFrame, labels: pd.Series, cluster_on: Sequence[str], consent: pd.Series | None = None) -> pd.DataFrame:
    """Who has all variables known that segments are cut by, and who may be contacted. Out: segment, measure (variables_known, contactable),
    unit, value (n_yes over n_yes + n_no; NaN over nobody), n (customers of the segment), n_yes, n_no.

    In: features, labels and consent (yes, no, missing: not known) by customer_id. Without any consent known there are no rows contactable.
    """
    answers = {"variables_known": features.loc[labels.index, list(cluster_on)].notna().all(axis=1).astype("boolean")}
    if consent is not None and (given := consent.reindex(labels.index).astype("boolean")).notna().any():
        answers["contactable"] = given
    lines = []
    for measure, answer in answers.items():
        for segment in sorted(labels.dropna().unique(), key=by_number):
            its = answer[labels == segment]
            known = its.dropna().astype(bool)
            counts = {"n": len(its), "n_yes": int(known.sum()), "n_no": int((~known).sum())}
            value = counts["n_yes"] / len(known) if len(known) else np.nan
            lines.append({"segment": segment, "measure": measure, "unit": "share", "value": value} | counts)
    return pd.DataFrame(lines, columns=["segment", "measure", "unit", "value", "n", "n_yes", "n_no"])
