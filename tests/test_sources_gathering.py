"""What gathering leaves behind: no names, no raw ids but in the map, nothing of who is forgotten, nothing of a failure."""

import json
import re

import pandas as pd
import pytest
from test_sources import ORDERS, ROWS, aside, declare, gathered, rows

from segkit import privacy, sources
from segkit.errors import BadInput


def test_customers_have_pseudonyms_everywhere_but_in_the_map(tmp_path, monkeypatch):
    content = ROWS.replace("a,", "Ms-Recognisable,") + "Ms-Recognisable,2025-01-01,-1\n"
    found = gathered(tmp_path, monkeypatch, content, rules=[{"name": "negative", "when": "amount < 0"}])
    kept = found.tables["orders"].execute()
    assert all(re.fullmatch("p[0-9a-f]{20}", each) for each in kept.customer_id)
    assert {*kept.customer_id} == {privacy.pseudonym("shop", each) for each in ("Ms-Recognisable", "b")}
    holding = [path.name for path in found.folder.iterdir() if b"Recognisable" in path.read_bytes()]
    assert holding == ["pseudonyms.parquet"]
    assert list(aside(found).customer_id) == ["Ms-Recognisable"]


def test_another_key_gives_other_pseudonyms_in_another_folder_and_the_same_numbers(tmp_path, monkeypatch):
    first = gathered(tmp_path, monkeypatch)
    monkeypatch.setenv("SEGKIT_KEY", "quite another key, also long enough")
    second = gathered(tmp_path, monkeypatch)
    assert first.fingerprint != second.fingerprint
    assert not {*first.tables["orders"].execute().customer_id} & {*second.tables["orders"].execute().customer_id}
    assert rows(first).equals(rows(second)) and first.ledger.equals(second.ledger)


def test_who_is_forgotten_comes_back_with_no_later_delivery(tmp_path, monkeypatch):
    first = gathered(tmp_path, monkeypatch)
    privacy.suppress("shop", privacy.pseudonym("shop", "b"))
    second = gathered(tmp_path, monkeypatch)
    assert second.fingerprint != first.fingerprint
    assert list(rows(second).customer_id) == ["a"] and len(aside(second)) == 0
    assert list(pd.read_parquet(second.folder / "pseudonyms.parquet").customer_id) == ["a"]
    assert second.ledger[["rule", "rows", "rows_left"]].to_numpy().tolist() == [["as delivered", 0, 1]]


def test_what_01_gathered_is_what_the_other_notebooks_see_until_01_runs_again(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match="there is no dataset file"):
        declare(tmp_path, monkeypatch, {"orders": {"file": "orders.csv", "columns": ORDERS}})
        sources.gathered("other")
    with pytest.raises(BadInput, match="dataset shop has not been gathered\n  -> run 01_gather first"):
        sources.gathered("shop")
    first = gathered(tmp_path, monkeypatch)
    (tmp_path / "data" / "raw" / "orders.csv").write_text(ROWS + "c,2025-03-01,1\n")
    assert sources.gathered("shop") == first
    second = sources.gather("shop")
    assert sources.gathered("shop") == second != first
    monkeypatch.setenv("SEGKIT_FINGERPRINT", first.fingerprint)
    assert sources.gather("shop") == sources.gathered("shop") == first


def test_the_engine_works_within_the_memory_it_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGKIT_MEMORY", "200MB")
    assert len(rows(gathered(tmp_path, monkeypatch))) == 3
    monkeypatch.setenv("SEGKIT_MEMORY", "plenty")
    with pytest.raises(BadInput, match="SEGKIT_MEMORY is 'plenty'\n  -> write an amount such as 4GB"):
        gathered(tmp_path, monkeypatch, ROWS + "c,2025-03-01,1\n")
    assert not list((tmp_path / "data" / "gathered" / "shop").glob(".*"))


SQL = "x'; DROP TABLE staged_orders; --"


@pytest.mark.parametrize(
    ("keys", "source"),
    [
        ({}, {"columns": ORDERS | {"channel": {"formula": f'"{SQL}"'}}}),
        ({}, {"columns": ORDERS | {"customer_id": {"column": "id", "values": {"a": SQL}}}}),
        ({}, {"rules": [{"name": SQL, "when": f'customer_id == "{SQL}"'}]}),
        ({}, {"columns": ORDERS | {"customer_id": {"column": "id", "missing": [SQL]}}}),
        ({"title": SQL, "currency": SQL}, {}),
    ],
)
def test_fragments_of_sql_in_a_dataset_file_are_text_like_any_other(tmp_path, monkeypatch, keys, source):
    declare(tmp_path, monkeypatch, {"orders": {"file": "orders.csv", "columns": ORDERS} | source}, **keys)
    (tmp_path / "data" / "raw" / "orders.csv").write_text(ROWS)
    assert sources.gather("shop").tables["orders"].count().execute() == 3


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"timezone": "UTC'; DROP TABLE x; --"}, "is not a time zone"),
        ({"dataset": "../shop"}, "calls itself"),
        ({"tables": {"orders": {"file": "../../etc/passwd", "columns": ORDERS}}}, "no absolute path, no `..`"),
        ({"tables": {"orders": {"file": "/etc/passwd", "columns": ORDERS}}}, "no absolute path, no `..`"),
    ],
)
def test_a_dataset_file_cannot_reach_beyond_its_place(tmp_path, monkeypatch, keys, complaint):
    tables = keys.pop("tables", {"orders": {"file": "orders.csv", "columns": ORDERS}})
    declare(tmp_path, monkeypatch, tables, **({} if "dataset" in keys else keys))
    if "dataset" in keys:
        path = tmp_path / "data" / "datasets" / "shop.yaml"
        path.write_text(path.read_text().replace("dataset: shop", f"dataset: {keys['dataset']}"))
    with pytest.raises(BadInput) as refused:
        sources.gather("shop")
    assert complaint in str(refused.value)
    gathered_there = tmp_path / "data" / "gathered" / "shop"
    assert not gathered_there.exists() or not list(gathered_there.iterdir())


def test_what_is_declared_is_kept_with_what_was_gathered(tmp_path, monkeypatch):
    found = gathered(tmp_path, monkeypatch)
    said = json.loads((found.folder / "gathered.json").read_text())
    assert sources.gathered("shop").dataset == found.dataset
    assert said["key"] == privacy.key_name() and said["spans"] == {"orders": ["2025-01-01T10:00:00", "2025-02-02T12:00:00"]}


@pytest.mark.parametrize(
    ("currencies", "declared", "said"),
    [
        (("EUR", "EUR"), "EUR", ""),
        (("EUR", "EUR"), "currency", ""),
        (("EUR", "USD"), "currency", "orders: amounts are not all in one currency\n  EUR: 1 rows, USD: 1 rows"),
        (("USD", "USD"), "EUR", "orders: amounts are not all in EUR\n  USD: 2 rows"),
        (("EUR", ""), "EUR", "orders: amounts are not all in EUR\n  EUR: 1 rows, none: 1 rows"),
        (("Ann Lee", "Bob Ray"), "EUR", "orders: amounts are not all in EUR\n  other: 2 rows"),
    ],
)
def test_money_of_several_currencies_is_not_added_up(tmp_path, monkeypatch, currencies, declared, said):
    columns = {"customer_id": "customer", "ordered_at": "when", "amount": "amount", "currency": "money"}
    declare(tmp_path, monkeypatch, {"orders": {"file": "orders.csv", "columns": columns}}, currency=declared)
    lines = [f"{who},2025-01-0{at},{at},{money}" for at, (who, money) in enumerate(zip("ab", currencies), 1)]
    (tmp_path / "data" / "raw" / "orders.csv").write_text("\n".join(["customer,when,amount,money", *lines, ""]))
    if said:
        with pytest.raises(BadInput) as refused:
            sources.gather("shop")
        assert said in str(refused.value)
    else:
        assert len(rows(sources.gather("shop"))) == 2
