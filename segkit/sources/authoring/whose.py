"""Who the rows of a file are about, found by comparing it with the file of customers."""

from dataclasses import replace

import ibis

from segkit.sources.authoring import grain, link, rules
from segkit.sources.authoring.draft import Draft
from segkit.sources.authoring.link import View
from segkit.sources.authoring.sniff import Found
from segkit.sources.quality import ids

NEARLY = 0.9  # so many of the different values are customers: no chance, unlike among numbers of pieces


def recognised(connection: ibis.BaseBackend, mains: dict[str, list[Found]]) -> bool:
    """Whether the file of customers can be said to be one: it names them, or a key of it holds those the other files name, or none does."""
    files, named = mains.get("customers", []), []
    if not files or "customer_id" in grain.roles("customers", files[0].columns):
        return True
    for table in set(mains) - {"customers"}:
        named += [(each, name) for each in mains[table] if (name := grain.roles(table, each.columns).get("customer_id", ""))]
    for other, theirs in named:
        for name, fact in files[0].columns.items():
            if fact.is_key and fact.kind in ("integer", "text"):
                if link.share(connection, other.table[theirs], files[0].table[name]) >= link.COMMON:
                    files[0].columns[name] = replace(fact, means="customer_id")
                    return True
    return not named


def nameless(connection: ibis.BaseBackend, mains: dict[str, list[Found]]) -> None:
    """Find the customer among columns without names: the one with most values that are customers, zeros in front and the like aside."""
    if not (who := grain.roles("customers", mains["customers"][0].columns).get("customer_id", "") if "customers" in mains else ""):
        return
    there = ids.plain(mains["customers"][0].table[who].cast("string"))
    for file in (each for table in set(mains) - {"customers"} for each in mains[table] if grain.is_nameless(each.columns)):
        keys = [name for name, fact in file.columns.items() if fact.kind in ("integer", "text")]
        shares = {name: link.share(connection, ids.plain(file.table[name].cast("string")), there) for name in keys}
        keys = [name for name in keys if shares[name] >= link.COMMON]
        if best := max(keys, key=lambda name: (shares[name] > NEARLY, file.columns[name].distinct), default=""):
            file.columns[best] = replace(file.columns[best], means="customer_id")


def known(connection: ibis.BaseBackend, views: dict[str, View], drafts: dict[str, Draft]) -> None:
    """Add a rule wherever customers are not in the table of customers."""
    who = {table: grain.roles(table, view.main.columns).get("customer_id", "") for table, view in views.items()}
    if not who.get("customers"):
        return
    there = views["customers"].main.table[who["customers"]]
    for table, name in who.items():
        if table == "customers" or not name:
            continue
        theirs = views[table].main.table[name]
        if (share := link.share(connection, theirs, there)) < 1:
            plainly = link.share(connection, *(ids.plain(each.cast("string")) for each in (theirs, there)))
            is_spelt = plainly >= link.COMMON and 1 - plainly < (1 - share) / 2
            n = round((1 - share) * views[table].main.columns[name].distinct)
            drafts[table].rules.append(rules.unknown(n, share, is_spelt))
