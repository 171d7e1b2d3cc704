"""What campaigns did after as_of. In: contacts; out: numbers per customer reached, and the arms of each experiment."""

from datetime import datetime

import ibis
import pandas as pd

FLAGS = ("opened", "clicked")


def within(contacts: ibis.Table, start: datetime | None, end: datetime | None) -> ibis.Table | None:
    """The contacts made in [start, end); all where nothing in the dataset has a date; None where contacts alone have none, since nobody can
    say which of them came after as_of."""
    if start is None:
        return contacts
    if "contacted_at" not in contacts.columns:
        return None
    return contacts.filter((contacts.contacted_at >= start) & (contacts.contacted_at < end))


def once(contacts: ibis.Table) -> ibis.Table:
    """One row per customer and campaign: the same contact twice is one contact. Who is in both arms of a campaign is in neither.

    Out: customer_id, campaign_id, is_control, converted, and opened, clicked (0 or 1), paid and cost where contacts say them.
    """
    as_number = lambda flag: flag.fill_null(False).ifelse(1, 0)
    told = {name: as_number(contacts[name]).max() for name in FLAGS if name in contacts.columns}
    if "revenue" in contacts.columns:
        told["paid"] = contacts.revenue.fill_null(0).max()
    if "cost" in contacts.columns:
        told["cost"] = contacts.cost.fill_null(0).sum()
    rows = contacts.group_by("customer_id", "campaign_id").aggregate(
        is_control=as_number(contacts.is_control).max(),
        lowest=as_number(contacts.is_control).min(),
        converted=as_number(contacts.converted).max(),
        **told,
    )
    return rows.filter(rows.is_control == rows.lowest).drop("lowest")


def reached(contacts: ibis.Table) -> ibis.Table:
    """What contacts did to each customer who got any. Out: customer_id, contacts, converted (0 or 1), and opened, clicked (contacts),
    paid, cost (sums) where known."""
    rows = once(contacts).filter(lambda each: each.is_control == 0)
    sums = {name: rows[name].sum().cast("float64") for name in (*FLAGS, "paid", "cost") if name in rows.columns}
    return rows.group_by("customer_id").aggregate(contacts=rows.count(), converted=rows.converted.max(), **sums)


def arms(contacts: ibis.Table, customers: pd.Index) -> pd.DataFrame:
    """Who was treated and who was held out by lot, of `customers`. Out: customer_id, campaign, treated (bool), converted (0 or 1), and
    clicked (0 or 1), paid where known; a row per customer and campaign, ordered.

    A campaign without a control of its own is held against the campaigns that have nothing but a control, if there are any: one group held
    out of all. Without either a campaign has no rows of untreated, and its conversion is a rate and no lift.
    """
    rows = once(contacts)
    names = ["customer_id", "campaign_id", "is_control", "converted", *(name for name in ("clicked", "paid") if name in rows.columns)]
    found = rows.select(*names).order_by("campaign_id", "customer_id").execute()
    found = found[found.customer_id.isin(customers)].rename(columns={"campaign_id": "campaign"})
    found = found.assign(treated=found.is_control == 0).drop(columns="is_control").astype({name: "float64" for name in names[3:]})
    treated = found.groupby("campaign").treated
    held_out, without = treated.any().pipe(lambda any_: any_.index[~any_]), treated.all().pipe(lambda all_: all_.index[all_])
    shared = found[found.campaign.isin(held_out)].drop_duplicates("customer_id")
    copies = [shared.assign(campaign=name) for name in without]
    found = pd.concat([found[~found.campaign.isin(held_out)], *copies]) if len(without) else found
    found = found[~found.duplicated(["campaign", "customer_id"], keep=False)]  # held out of all, and contacted all the same
    return found.sort_values(["campaign", "customer_id"], ignore_index=True)


def delivered(outcomes):
    """Contacts per customer; who was held out of a campaign, or not chosen for it, got none of it. [contacts]"""
    return outcomes.contacts


def open_rate(outcomes):
    """Opened contacts over delivered ones. [share]"""
    return outcomes.opened, outcomes.contacts.where(outcomes.contacts > 0)


def click_rate(outcomes):
    """Contacts clicked, or answered by a visit, over delivered ones. [share]"""
    return outcomes.clicked, outcomes.contacts.where(outcomes.contacts > 0)


def conversion(outcomes):
    """Share of the customers contacted who did what a campaign asked for. [share]"""
    return outcomes.converted.where(outcomes.contacts > 0)


def revenue_per_contact(outcomes):
    """Revenue that campaigns were credited with, over contacts. [currency]"""
    return outcomes.paid, outcomes.contacts.where(outcomes.contacts > 0)


def campaign_roi(outcomes):
    """Revenue that campaigns were credited with, less their cost, over the cost. [share]"""
    return outcomes.paid - outcomes.cost, outcomes.cost.where(outcomes.contacts > 0)


def lead_to_customer(outcomes):
    """Share of those who had never ordered before as_of who ordered in the outcome window. [share]"""
    return (outcomes.orders > 0).astype(float).where(outcomes.is_lead == 1)
