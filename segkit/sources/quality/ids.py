"""What is wrong with customer ids as they were delivered: ids that a spreadsheet has spoilt, ids that name a person, ids that stand for nobody."""

import ibis
import pyarrow as pa

from segkit.sources.quality import personal

COLUMNS = ["table", "problem", "ids", "share", "meaning"]
FEW = 30  # fewer different ids than a segment needs customers
BULK, BULK_ROWS = 0.10, 1000  # an id that holds a tenth of all rows, in a table that is not tiny
# Words only: 0 and 9999 are somebody wherever customers are numbered. An id that stands for many is told by its rows.
NOBODY = [
    *("-1", "?", "-", "na", "n/a", "nan", "nil", "none", "null", "unknown", "undefined", "missing", "guest", "anonymous", "test", "dummy"),
    *("default", "unbekannt", "gast", "inconnu", "desconocido", "xxx", "xxxx", "#n/a", "#ref!"),
]
SCIENTIFIC = r"^\d([.,]\d+)?[eE]\+?\d{1,3}$"
MEANINGS = {
    "space before or after": "taken off: with and without, it is the same customer",
    "alike but for upper and lower case": "kept apart: are they the same customer?",
    "alike but for leading zeros": "kept apart: spreadsheets drop leading zeros; deliver the column as text",
    "a tail of .0": "taken off: a column with gaps went through a spreadsheet or a program as numbers",
    "scientific notation": "cannot be undone: a spreadsheet has rounded the ids, several customers may bear one; export the column as text",
    "a word for nobody": "one customer to everything downstream: declare it under `missing`, or set it aside by a rule",
    "fewer different ids than a segment needs": "is this the customer, or a group of customers?",
    "holds a tenth of all rows": "a guest account, or an id that stands for nobody? Set it aside by a rule if so",
    personal.EMAIL: "direct identifiers as keys: only pseudonyms are kept, yet a key of your own making is safer",
    personal.PHONE: "direct identifiers as keys: only pseudonyms are kept, yet a key of your own making is safer",
    personal.CARD: "direct identifiers as keys: payment card numbers have no place in an export",
    personal.IBAN: "direct identifiers as keys: account numbers have no place in an export",
    personal.NATIONAL: "direct identifiers as keys: national numbers have no place in an export",
}


def plain(ids: ibis.expr.types.StringValue) -> ibis.expr.types.StringValue:
    """An id without what a spreadsheet, a keyboard or an export changes: spaces, case, a tail of .0, leading zeros."""
    return ids.strip().lower().re_replace(r"^(\d+)\.0+$", r"\1").re_replace(r"^0+(.)", r"\1")


def problems(connection: ibis.BaseBackend, table: str, ids: list[str], heaviest: tuple[int, int]) -> list[dict]:
    """One line per problem found: how many of the different ids have it, and what it means. Never an id.

    In: the ids as delivered, each once; `heaviest`: the number of ids that hold a tenth of all rows, and the number of rows.
    """
    if not ids:
        return []
    rows = connection.create_table(f"ids_{table}", pa.table({"given": pa.array(ids, "string")}), temp=True)
    rows = rows.mutate(id=rows.given.strip())
    measures = {
        "space before or after": (rows.given != rows.id).sum(),
        "a tail of .0": rows.id.re_search(r"^\d+\.0+$").sum(),
        "scientific notation": rows.id.re_search(SCIENTIFIC).sum(),
        "a word for nobody": rows.id.lower().isin(NOBODY).sum(),
    }
    hints = {  # what has to be there for the dearer questions to make sense
        "suspect": rows.id.re_search(personal.ANY).sum(),
        "mixed": (rows.id != rows.id.upper()).any() & (rows.id != rows.id.lower()).any(),
        "zeros": rows.id.re_search("^0.").any(),
    }
    counts = rows.aggregate(**measures, **hints).execute().iloc[0].astype(int).to_dict()
    found = {name: counts[name] for name in measures} | (personal.kinds(rows, "id") if counts["suspect"] else {})
    found["alike but for upper and lower case"] = alike(rows, rows.id.lower()) if counts["mixed"] else 0
    found["alike but for leading zeros"] = alike(rows, rows.id.re_replace(r"^0+(.)", r"\1")) if counts["zeros"] else 0
    found["fewer different ids than a segment needs"] = len(ids) if len(ids) < FEW else 0
    found["holds a tenth of all rows"] = heaviest[0] if heaviest[1] >= BULK_ROWS and len(ids) >= FEW else 0
    connection.drop_table(f"ids_{table}")
    lines = ((name, found.get(name, 0)) for name in MEANINGS)
    return [dict(zip(COLUMNS, (table, name, n, round(n / len(ids), 4), MEANINGS[name]))) for name, n in lines if n]


def alike(rows: ibis.Table, form: ibis.expr.types.StringValue) -> int:
    """How many ids become the same as another one in some form."""
    groups = rows.select(id=rows.id, form=form).group_by("form").aggregate(n=ibis._.id.nunique())
    return int(groups.filter(groups.n > 1).n.sum().fill_null(0).execute())
