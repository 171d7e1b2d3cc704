"""Which canonical table a file is, by what its rows are and what its columns are called; and which of its columns is which."""

import re
from pathlib import PurePosixPath

from segkit.sources.authoring import words
from segkit.sources.authoring.facts import Facts
from segkit.sources.authoring.sniff import Found
from segkit.tables import TABLES

ONE_EACH = 0.95  # so many different ids among the rows make a file one of customers, a few rows standing twice
GENERIC = {"id", "nr", "nummer", "key", "pk", "code", "name"}
MADE_UP = re.compile(r"column_\d+")


def roles(table: str, columns: dict[str, Facts]) -> dict[str, str]:
    """Canonical column -> the foreign column that is it, for as many as can be told by name and content."""
    names = list(columns)
    if is_nameless(columns):
        return by_content(table, columns)
    known = {fact.means: name for name, fact in columns.items() if fact.means in TABLES[table].columns}
    found = words.matches(table, names, lambda canonical, name: canonical not in known and fits(table, canonical, columns[name])) | known
    time = TABLES[table].time
    if time and time not in found and table != "customers":
        left = [name for name in names if columns[name].kind == "moment" and name not in found.values()]
        found |= {time: left[0]} if left else {}
    if table == "orders" and "amount" not in found and "unit_price" in found and "quantity" not in found:
        found["amount"] = found.pop("unit_price")
    return found


def is_nameless(columns: dict[str, Facts]) -> bool:
    """Whether the file had no header, so that its columns bear made-up names."""
    return bool(columns) and all(MADE_UP.fullmatch(name) for name in columns)


def fits(table: str, canonical: str, fact: Facts) -> bool:
    """Whether what a column holds can be a canonical column."""
    dtype = TABLES[table].columns[canonical].dtype
    if fact.kind in ("empty", "list", "nested"):
        return False
    if dtype in ("timestamp", "date"):
        return fact.kind == "moment"
    if dtype == "boolean":
        return fact.kind == "boolean" or fact.kind == "integer" and fact.distinct == 1 and 0 <= fact.lowest <= 1
    if dtype in ("money", "integer", "number"):
        return fact.kind == "integer" or dtype != "integer" and (fact.kind == "number" or fact.is_money)
    if canonical.endswith("_id"):
        return fact.kind in ("integer", "text") and not fact.is_prose
    return fact.kind == "text" and not fact.is_prose or fact.kind == "integer" and fact.distinct <= 100


def by_content(table: str, columns: dict[str, Facts]) -> dict[str, str]:
    """A guess for columns without names: who comes first, then when, then how many and how much."""
    moments = [name for name, fact in columns.items() if fact.kind == "moment"]
    whole = [name for name, fact in columns.items() if fact.kind == "integer" or fact.kind == "text" and not fact.is_prose]
    money = [name for name, fact in columns.items() if fact.kind == "number"]
    time = TABLES[table].time
    if (
        not whole
        or table not in ("orders", "events", "customers")
        or (not moments and table != "customers")
        or (money and table == "events")
    ):
        return {}
    again = [name for name in whole if not columns[name].is_key]  # what is another in every row is a number of the row
    who = next((name for name, fact in columns.items() if fact.means), (again if time and table != "customers" and again else whole)[0])
    whole = [name for name in whole if name != who]
    found = {"customer_id": who} | ({time: moments[0]} if moments else {})
    if table == "orders" and money:
        found["amount"] = money[-1]
        pieces = [name for name in whole if columns[name].kind == "integer" and columns[name].distinct <= 200]
        found |= {"quantity": pieces[-1]} if pieces else {}
    return found


def path_of(found: Found) -> str:
    """The column that holds journeys such as `search > mail > shop`, or lists of such steps, if there is one."""
    steps = set(words.FILES["touchpoints"]) | {"touchpoints", "channels", "touches", "steps", "kanaele"}
    is_path = {name: fact.separator or fact.kind == "list" and words.parts(name) & steps for name, fact in found.columns.items()}
    return next((name for name in found.columns if is_path[name]), "")


def candidates(found: Found) -> list[str]:
    """The tables a file could be, the likeliest first."""
    if path_of(found):
        return ["touchpoints"]
    of = {table: roles(table, found.columns) for table in TABLES}
    who, order = of["customers"].get("customer_id", ""), of["orders"].get("order_id", "")
    about = set(words.hints(hint(found)))
    keys = {words.concept(name, found.name) for name, fact in found.columns.items() if fact.is_key}
    is_lookup = bool((about | keys) & {"product", "account"}) and (not who or words.plain(who) in GENERIC)
    is_one_each = bool(who) and found.columns[who].distinct >= ONE_EACH * found.rows and not is_lookup
    is_money = "amount" in of["orders"] or {"unit_price", "quantity"} <= set(of["orders"])
    has = {table: set(each) for table, each in of.items()}
    is_sale = is_nameless(found.columns) and {"ordered_at", "amount"} <= has["orders"]
    tests = {
        "costs": {"period_start", "channel", "amount"} <= has["costs"] and "customer_id" not in has["orders"] and not order,
        "feedback": {"customer_id", "given_at"} <= has["feedback"] and has["feedback"] & {"csat", "nps"} and not is_one_each,
        "contacts": {"customer_id", "converted"} <= has["contacts"]
        and has["contacts"] & {"campaign_id", "is_control", "opened", "clicked"},
        "touchpoints": {"customer_id", "occurred_at", "channel"} <= has["touchpoints"] and has["touchpoints"] & {"stage", "is_conversion"},
        "customers": is_one_each and not is_sale or not who and not order and not is_lookup,
        "orders": is_money and has["orders"] & {"ordered_at", "order_id"} and not is_lookup,
        "events": {"customer_id", "occurred_at"} <= has["events"] and not is_one_each and not keys & {"order", "account", "product"},
    }
    able = [table for table, passed in tests.items() if passed]
    hinted = [table for table in words.hints(hint(found)) if table in able]
    return list(dict.fromkeys(hinted + able))


def hint(found: Found) -> str:
    """What its files, sheets and tables are called."""
    return " ".join([found.name, *(PurePosixPath(each["file"]).name.split(".")[0] for each in found.inputs)])
