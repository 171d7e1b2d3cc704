"""Several inputs, one table: what stands in two of them, what is joined, what is unfolded; four tables without a line of Python."""

import json

import pandas as pd
import pytest
import yaml
from test_sources import ORDERS, ROWS, aside, declare, gathered, rows

from segkit import sources
from segkit.errors import BadInput

SHOP = """
dataset: shop
title: A wholesaler whose data come as four tables
timezone: Europe/Berlin
currency: EUR
tables:
  customers:
    file: people.csv
    delimiter: ";"
    join:
      - {file: accounts.csv, delimiter: ";", key: {Konto: KontoNr}}
    columns:
      customer_id: KundenNr
      signed_up_at: {column: Seit, format: "%d.%m.%Y"}
      industry: {column: Branche, kind: firmographic, missing: [unbekannt]}
      employees: {column: Mitarbeiter, kind: firmographic, type: integer, missing: [-1]}
    identifiers: [Name, Mail]
    ignore: [Konto]
  orders:
    file: lines.csv
    delimiter: ";"
    decimal: ","
    join:
      - {file: heads.csv, delimiter: ";", encoding: cp1252, key: Bestellung}
    columns:
      customer_id: Kunde
      ordered_at: {column: Datum, format: "%d.%m.%Y %H:%M"}
      order_id: Bestellung
      product_id: Artikel
      quantity: Menge
      unit_price: Preis
      amount: {formula: quantity * unit_price}
      channel: {column: Weg, values: {Büro: office, T: telephone}}
    rules:
      - {name: no customer, when: missing(customer_id)}
      - {name: cancelled, when: Status == 'S'}
      - {name: unknown customer, unknown_in: customers}
"""
FILES = {
    "people.csv": "KundenNr;Konto;Seit;Name;Mail\n0017;A1;08.01.2024;Ada Muster;ada@example.org\n0018;A2;13.02.2024;Bo Beispiel;bo@example.org\n"
    "0019;;01.03.2024;Cy Probe;cy@example.org\n",
    "accounts.csv": "KontoNr;Branche;Mitarbeiter\nA1;Handel;12\nA2;unbekannt;-1\nA3;Bau;40\n",
    "heads.csv": "Bestellung;Kunde;Datum;Weg;Status\nB1;0017;08.01.2025 10:30;Büro;\nB2;0018;13.02.2025 11:00;T;\nB3;0017;14.02.2025 12:00;T;S\n"
    "B4;9999;15.02.2025 09:00;T;\n",
    "lines.csv": "Bestellung;Artikel;Menge;Preis\nB1;X;2;1.234,50\nB1;Y;1;0,99\nB2;X;10;1.200,00\nB3;Y;5;0,99\nB4;Y;1;0,99\nB9;Y;1;0,99\n",
}


def four_tables(home, monkeypatch, **replaced) -> sources.Gathered:
    """The wholesaler, with some files replaced."""
    declared = yaml.safe_load(SHOP)
    declare(home, monkeypatch, declared.pop("tables"), **declared)
    for name, text in (FILES | replaced).items():
        (home / "data" / "raw" / name).write_bytes(text.encode("cp1252" if name == "heads.csv" else "utf-8"))
    return sources.gather("shop")


def test_four_joined_tables_never_seen_before_take_a_short_file_and_no_python(tmp_path, monkeypatch):
    assert len(SHOP.strip().splitlines()) <= 60
    found = four_tables(tmp_path, monkeypatch)
    kept = rows(found)[["customer_id", "ordered_at", "order_id", "amount", "channel"]].astype(str).to_numpy().tolist()
    assert kept == [
        ["0017", "2025-01-08 10:30:00", "B1", "0.9900", "office"],
        ["0017", "2025-01-08 10:30:00", "B1", "2469.0000", "office"],
        ["0018", "2025-02-13 11:00:00", "B2", "12000.0000", "telephone"],
    ]
    seen = found.ledger[found.ledger.table == "orders"]
    assert list(zip(seen.rule, seen["rows"], seen.rows_left)) == [
        ("as delivered", 0, 6),
        ("no match in heads.csv", 1, 5),
        ("no customer", 0, 5),
        ("cancelled", 1, 4),
        ("unknown customer", 1, 3),
    ]
    seen = found.ledger[found.ledger.table == "customers"]
    assert list(zip(seen.rule, seen.severity, seen["rows"], seen.rows_left)) == [
        ("as delivered", "", 0, 3),
        ("no match in accounts.csv", "warn", 1, 2),
    ]
    people = rows(found, "customers").set_index("customer_id")
    assert people.industry.fillna("-").to_dict() == {"0017": "Handel", "0018": "-", "0019": "-"}
    assert people.employees.fillna(0).to_dict() == {"0017": 12, "0018": 0, "0019": 0}
    assert str(people.signed_up_at["0017"]) == "2024-01-08 00:00:00"


def test_what_names_a_person_is_kept_nowhere_but_as_a_keyed_digest(tmp_path, monkeypatch):
    found = four_tables(tmp_path, monkeypatch)
    everything = b"".join(path.read_bytes() for path in found.folder.iterdir())
    assert not any(name in everything for name in (b"Ada", b"Muster", b"example.org"))
    digests = pd.read_parquet(found.folder / "identifiers.parquet")
    assert set(digests.column) == {"Name", "Mail"} and len(digests) == 6 and digests.customer_id.notna().all()


@pytest.mark.parametrize(
    ("replaced", "complaint"),
    [
        (
            {"heads.csv": FILES["heads.csv"] + "B1;0018;01.01.2025 00:00;T;\n"},
            "heads.csv does not have one row per Bestellung\n  1 keys stand there more than once",
        ),
        ({"heads.csv": FILES["heads.csv"].replace("Bestellung", "Nummer")}, "join on 'Bestellung', which heads.csv does not have"),
        ({"lines.csv": FILES["lines.csv"].replace("Bestellung", "BestNr")}, "join on 'Bestellung', which lines.csv does not have"),
        ({"heads.csv": FILES["heads.csv"].replace("Weg", "Preis")}, "'Preis' is a column of heads.csv, and of what it is joined to"),
    ],
)
def test_a_join_that_would_double_or_lose_rows_is_refused(tmp_path, monkeypatch, replaced, complaint):
    with pytest.raises(BadInput) as refused:
        four_tables(tmp_path, monkeypatch, **replaced)
    assert complaint in str(refused.value)


def union(home, monkeypatch, first: str, second: str, **source) -> sources.Gathered:
    """Orders from two files; `one` and `two` are further keys of the inputs."""
    inputs = [{"file": "one.csv"} | source.pop("one", {}), {"file": "two.csv"} | source.pop("two", {})]
    declare(home, monkeypatch, {"orders": {"inputs": inputs, "columns": source.pop("columns", ORDERS)} | source})
    for name, text in (("one.csv", first), ("two.csv", second)):
        (home / "data" / "raw" / name).write_text(text)
    return sources.gather("shop")


def test_rows_in_both_inputs_count_once_and_repeats_within_one_stay(tmp_path, monkeypatch):
    head, twice, once = "id,at,amount\n", "a,2025-01-01,1\na,2025-01-01,1\n", "b,2025-01-02,2\n"
    found = union(tmp_path / "once", monkeypatch, head + twice + once, head + "a,2025-01-01,1\n" + once + "c,2025-01-03,3\n")
    assert list(rows(found).customer_id) == ["a", "a", "b", "c"]
    seen = found.ledger[["rule", "severity", "rows", "rows_left"]].to_numpy().tolist()
    assert seen == [
        ["delivered: one.csv", "input", 0, 3],
        ["delivered: two.csv", "input", 0, 3],
        ["as delivered", "", 0, 6],
        ["also in an earlier input", "reject", 2, 4],
    ]
    assert set(aside(found).input) == {"two.csv"} and set(aside(found).reason) == {"also in an earlier input"}
    both = union(tmp_path / "keep", monkeypatch, head + twice + once, head + once, overlap="keep")
    assert len(rows(both)) == 4 and both.ledger.severity.iloc[-1] == "warn" and both.ledger["rows"].iloc[-1] == 1


def test_inputs_with_other_names_and_constants_become_one_table(tmp_path, monkeypatch):
    found = union(
        tmp_path,
        monkeypatch,
        "id,at,amount\na,2025-01-01,1\n",
        "kunde,at,amount,more\na,2025-01-01,1,x\n",
        one={"constants": {"where": "web"}},
        two={"rename": {"kunde": "id"}, "constants": {"where": "store"}},
        columns=ORDERS | {"channel": "where"},
    )
    assert sorted(rows(found).channel) == ["store", "web"]
    with pytest.raises(BadInput, match="the inputs do not have the same columns\n  two.csv lacks id"):
        union(tmp_path / "other", monkeypatch, "id,at,amount\na,2025-01-01,1\n", "kunde,at,amount\na,2025-01-01,1\n")


def test_a_text_of_parts_and_a_list_of_objects_become_a_row_each(tmp_path, monkeypatch):
    columns = {
        "customer_id": {"formula": "text(row_number())"},
        "occurred_at": {"column": "path_position", "format": "days since 2000-01-01"},
        "channel": "path",
        "is_conversion": {"formula": "path_last and outcome == 'bought'"},
    }
    inputs = [
        {"file": "paths.csv", "copies": "bought", "constants": {"outcome": "bought"}},
        {"file": "paths.csv", "copies": "left", "constants": {"outcome": "left"}},
    ]
    declare(tmp_path, monkeypatch, {"touchpoints": {"inputs": inputs, "explode": {"column": "path", "by": ">"}, "columns": columns}})
    (tmp_path / "data" / "raw" / "paths.csv").write_text("path,bought,left\nsearch > mail,2,1\nmail,0,1\n")
    found = rows(sources.gather("shop"), "touchpoints")
    assert found.groupby("customer_id").channel.agg(list).to_dict() == {
        "1": ["search", "mail"],
        "2": ["search", "mail"],
        "3": ["search", "mail"],
        "4": ["mail"],
    }
    assert found.is_conversion.sum() == 2 and set(found.occurred_at.astype(str)) == {"2000-01-02", "2000-01-03"}

    orders = {"file": "orders.jsonl", "explode": {"column": "items"}}
    columns = {"customer_id": "customer.id", "ordered_at": "at", "amount": "items.price", "product_id": "items.sku", "order_id": "no"}
    declare(tmp_path, monkeypatch, {"orders": orders | {"columns": columns}}, name="nested")
    lines = [
        {"no": 1, "at": "2025-01-01T10:00:00", "customer": {"id": "007"}, "items": [{"sku": "x", "price": 1.5}, {"sku": "y", "price": 2}]},
        {"no": 2, "at": "2025-01-02T10:00:00", "customer": {"id": "008"}, "items": [{"sku": "x", "price": 1.5}]},
    ]
    (tmp_path / "data" / "raw" / "orders.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    found = rows(sources.gather("nested"))
    assert found[["customer_id", "product_id", "amount"]].astype(str).to_numpy().tolist() == [
        ["007", "x", "1.5000"],
        ["007", "y", "2.0000"],
        ["008", "x", "1.5000"],
    ]


def test_a_malformed_line_is_set_aside_by_its_number_and_the_rest_loads(tmp_path, monkeypatch):
    lines = "".join(f"c{i % 100},2025-01-01,1\n" for i in range(500))
    found = gathered(tmp_path, monkeypatch, "id,at,amount\n" + lines + "x,2025-01-01,1,Ms Secret\n" + lines)
    assert len(rows(found)) == 1000
    put_aside = aside(found)
    assert list(put_aside.reason) == ["malformed line"] and list(put_aside.line) == [502] and "Secret" not in put_aside.to_string()
    assert found.ledger[["rule", "rows", "rows_left"]].to_numpy().tolist() == [["as delivered", 0, 1001], ["malformed line", 1, 1000]]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ({"copies": "tmies"}, "copies names 'tmies', which is no column"),
        ({"explode": {"column": "tags", "by": ","}}, "explode names 'tags', which is no column"),
        ({"explode": {"column": "amount"}}, "amount holds no list"),
    ],
)
def test_what_cannot_be_unfolded_is_refused(tmp_path, monkeypatch, source, complaint):
    with pytest.raises(BadInput) as refused:
        gathered(tmp_path, monkeypatch, ROWS, **source)
    assert complaint in str(refused.value)
