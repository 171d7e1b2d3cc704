"""Who is where: attributes known of how many customers, and customers of one table whom another does not know."""

from collections.abc import Mapping
from pathlib import Path

import ibis

from segkit.sources.dataset import Dataset
from segkit.sources.quality import ids
from segkit.tables import TABLES

ATTRIBUTES = ["attribute", "kind", "type", "sensitive", "known", "filled", "active_filled", "values", "rare", "all_differ"]
ORPHANS = ["table", "customers", "unknown", "unknown_share", "unknown_rows", "alike", "without", "without_share"]
SHOWN = 5  # values of fewer customers than this are rare: a person could be recognised by one
DIFFER, DIFFER_ROWS = 0.9, 100  # a text that is another one for nine customers in ten is a name, an address or free text


def attributes(declared: Dataset, tables: Mapping[str, ibis.Table]) -> list[dict]:
    """One line per attribute: known of how many customers, of which share of them, and of those who ever ordered or used the product (None without either).

    `values` counts the different values that at least five customers share, `rare` the customers whose value fewer share; `all_differ` is
    true for a text that hardly two customers share.
    """
    if not declared.attributes:
        return []
    rows, active = tables["customers"], [tables[name].select("customer_id") for name in ("orders", "events") if name in tables]
    if active:
        seen = ibis.union(*active, distinct=True) if len(active) > 1 else active[0].distinct()
        rows = rows.left_join(seen.mutate(is_active=True), "customer_id").drop("customer_id_right")
        rows = rows.mutate(is_active=rows.is_active.fill_null(False))
    else:
        rows = rows.mutate(is_active=ibis.literal(False))
    measures = {f"filled_{name}": rows[name].notnull().sum() for name in declared.attributes}
    measures |= {f"active_{name}": (rows[name].notnull() & rows.is_active).sum() for name in declared.attributes}
    counts = rows.aggregate(n=rows.count(), n_active=rows.is_active.sum(), **measures).execute().iloc[0].fillna(0).astype(int)
    lines = []
    for name, reading in declared.attributes.items():
        values, rare, different = shared(rows, name)
        filled = int(counts[f"filled_{name}"])
        of_active = round(float(counts[f"active_{name}"] / counts.n_active), 4) if active and counts.n_active else None
        differ = reading.type == "string" and filled >= DIFFER_ROWS and different > DIFFER * filled
        known = (name, reading.kind, reading.type, reading.sensitive, filled, round(float(filled / counts.n), 4), of_active)
        lines.append(dict(zip(ATTRIBUTES, (*known, values, rare, differ))))
    return lines


def shared(rows: ibis.Table, name: str) -> tuple[int, int, int]:
    """Different values that five customers share, customers whose value fewer share, different values in all."""
    groups = rows.filter(rows[name].notnull()).group_by(name).aggregate(n=ibis._.count())
    measures = {"values": (groups.n >= SHOWN).sum(), "rare": groups.n.sum(where=groups.n < SHOWN), "different": groups.count()}
    seen = groups.aggregate(**measures).execute().iloc[0].fillna(0).astype(int)
    return int(seen["values"]), int(seen.rare), int(seen.different)


def orphans(declared: Dataset, tables: Mapping[str, ibis.Table], folder: Path) -> list[dict]:
    """One line per table beside customers: its customers, those that are unknown there (and their rows), those known who have no row here.

    `alike` counts the unknown whose id differs from a known one only by what spreadsheets change (see `ids.plain`).
    """
    if "customers" not in tables:
        return []
    known = tables["customers"].select("customer_id")
    lines = []
    for name, rows in tables.items():
        if name == "customers" or "customer_id" not in TABLES[name].columns:
            continue
        here = rows.group_by("customer_id").aggregate(rows=rows.count())
        unknown, without = here.anti_join(known, "customer_id"), known.anti_join(here, "customer_id")
        seen = unknown.aggregate(n=unknown.count(), rows=unknown.rows.sum()).execute().fillna(0).astype(int).iloc[0]
        customers, silent, everyone = (int(each.count().execute()) for each in (here, without, known))
        alike = spelled_otherwise(unknown, known, folder) if seen.n else 0
        shares = (round(int(seen.n) / customers, 4), round(silent / everyone, 4))
        lines.append(dict(zip(ORPHANS, (name, customers, int(seen.n), shares[0], int(seen.rows), alike, silent, shares[1]))))
    return lines


def spelled_otherwise(unknown: ibis.Table, known: ibis.Table, folder: Path) -> int:
    """How many of the unknown would be known if spaces, case, leading zeros and a tail of .0 were ignored."""
    path = folder / "pseudonyms.parquet"
    if not path.is_file():
        return 0
    raw = known.get_backend().read_parquet(str(path), table_name="raw_ids")
    forms = raw.select("pseudonym", form=ids.plain(raw.customer_id))
    ours = forms.semi_join(unknown, forms.pseudonym == unknown.customer_id)
    theirs = forms.semi_join(known, forms.pseudonym == known.customer_id).select("form").distinct()
    return int(ours.semi_join(theirs, "form").count().execute())
