"""What the page on targets goes by where the study does not say: the outcome, the rate, the weights and the campaign."""

from collections.abc import Callable, Mapping

import pandas as pd

from segkit.targets.worth import campaign

OUTCOMES = ("revenue", "retention", "engagement", "conversion")  # by which segments should differ, the first that is known
RATES = ("conversion", "retention", "engagement")  # what an experiment would count
WEIGHED = ("revenue", "retention", "conversion", "spend_share")


def outcome(names: list[str]) -> str:
    """The KPI by which segments should differ; revenue where none is known."""
    return next((name for name in OUTCOMES if name in names), OUTCOMES[0])


def rate(names: list[str]) -> str:
    """The share that an experiment would raise; none where none is known."""
    return next((name for name in RATES if name in names), "")


def weights(stated: Mapping[str, float], names: list[str], sizes: pd.DataFrame) -> dict[str, float]:
    """What makes a segment attractive: as the study states it, else revenue, retention, conversion and share of spending alike, where known;
    else its size alone."""
    known = {name: 1.0 for name in WEIGHED if name in names or name in sizes}
    return dict(stated) or known or {"share": 1.0}


def consent(tables: dict) -> pd.Series | None:
    """Who may be contacted, by customer_id; None where nobody was asked."""
    if "customers" not in tables or "consent_marketing" not in tables["customers"].columns:
        return None
    rows = tables["customers"].select("customer_id", "consent_marketing").order_by("customer_id")
    return rows.execute().set_index("customer_id").consent_marketing


def per_campaign(make: Callable, arms: pd.DataFrame | None, labels: pd.Series, *stated) -> pd.DataFrame:
    """What `worth` or `decisions` make of each campaign that held somebody out, or, where none did, of the largest. Out: campaign, and
    their columns."""
    names = [] if arms is None else [name for name, part in arms.groupby("campaign") if not part.treated.all()]
    found = {name: make(campaign(arms, labels, name), *stated) for name in names or [largest_campaign(arms)]}
    return pd.concat([rows.assign(campaign=name)[["campaign", *rows]] for name, rows in found.items()], ignore_index=True)


def largest_campaign(arms: pd.DataFrame | None) -> str:
    """The campaign with most customers, of those that held somebody out if there are any; the first by name among equals."""
    if arms is None or arms.empty:
        return ""
    by = arms.groupby("campaign").treated.agg(["size", lambda treated: not treated.all()]).set_axis(["size", "is_experiment"], axis=1)
    return str(by.sort_index().sort_values(["is_experiment", "size"], ascending=False, kind="stable").index[0])
