"""What is told about gathered data: complete, the same for any order of rows, and never a value of a customer."""

import shutil

import ibis
import pandas as pd
import pyarrow as pa
import pytest
import yaml
from conftest import PROJECT
from pyarrow import parquet

from segkit import sources
from segkit.sources import quality
from segkit.sources.dataset import Dataset
from segkit.sources.quality import personal
from segkit.tables import TABLES

SHOP = {
    "customers": {
        "file": "c.csv",
        "columns": {
            "customer_id": "E-Mail",
            "signed_up_at": "since",
            "age": {"column": "date_of_birth", "kind": "demographic", "type": "integer", "sensitive": True},
            "remark": {"column": "remark", "kind": "need"},
            "country": {"column": "country", "kind": "geographic"},
        },
    },
    "orders": {"file": "o.csv", "columns": {"customer_id": "id", "ordered_at": "at", "amount": "paid", "channel": "channel"}},
    "costs": {"file": "k.csv", "columns": {"period_start": "month", "channel": "channel", "amount": "spent"}},
}


def declared(tables: dict = SHOP) -> Dataset:
    return Dataset.model_validate({"dataset": "shop", "title": "Shop", "currency": "EUR", "tables": tables})


def rows(reverse: bool = False) -> dict[str, pd.DataFrame]:
    """200 customers of whom p100 to p199 order; as many orders are by people nobody knows."""
    days = pd.date_range("2025-01-01 08:00", periods=400, freq="12h")
    customers = pd.DataFrame(
        {
            "customer_id": [f"p{number:03}" for number in range(200)],
            "signed_up_at": days[:200].where([number != 7 for number in range(200)]),
            "age": pd.array([None if number < 150 else 30 + number % 3 for number in range(200)], "Int64"),
            "remark": [f"secret {number}, +49 171 12345{number:03}" for number in range(200)],
            "country": ["FR" if number == 3 else "DE" for number in range(200)],
        }
    )
    orders = pd.DataFrame(
        {
            "customer_id": [f"p{100 + number % 100:03}" if number % 2 else f"x{number % 50}" for number in range(400)],
            "ordered_at": days,
            "amount": [77777.77 if number == 5 else 10.0 + number % 7 for number in range(400)],
            "channel": ["web"] * 200 + [None] * 200,
        }
    )
    costs = pd.DataFrame({"period_start": pd.date_range("2025-01-01", periods=7, freq="MS"), "channel": "radio", "amount": 500.0})
    order = slice(None, None, -1 if reverse else 1)
    return {"customers": customers[order], "orders": orders[order], "costs": costs[order]}


KINDS = {"signed_up_at": "timestamp(6)", "ordered_at": "timestamp(6)", "period_start": "date", "amount": "decimal(18, 4)", "age": "int64"}


def found(folder, frames=None, tables=SHOP, threads=2, ids=None, undeclared=("Vorname", "note")) -> list[quality.Findings]:
    """Findings of hand-made tables, whose Parquet files then lie in `folder`, where they are written."""
    folder.mkdir(exist_ok=True)
    said, findings, frames = declared(tables), [], rows() if frames is None else frames
    connection = ibis.duckdb.connect(threads=threads)
    for name, source in said.tables.items():
        made = connection.create_table(name, frames[name].reset_index(drop=True))
        kept = made.cast({column: kind for column, kind in KINDS.items() if column in made.columns})
        kept.to_parquet(folder / f"{name}.parquet")
        names = list(undeclared) if name == "customers" else []
        findings.append(quality.inspect(name, source, kept, (ids or {}).get(name, []), names, "EUR"))
    quality.write(findings, said, folder)
    return findings


@pytest.fixture
def shop(tmp_path) -> dict[str, pd.DataFrame]:
    found(tmp_path / "shop")
    return quality.read(tmp_path / "shop")


def test_every_column_is_listed_with_what_it_is_and_how_full_it_is(shop):
    lines = shop["quality"].set_index(["table", "column"])
    assert lines.loc[("orders", "amount"), ["dtype", "unit", "rows", "filled"]].tolist() == ["money", "EUR", 400, 1.0]
    assert lines.filled["orders", "channel"] == 0.5 and lines.filled["customers", "age"] == 0.25
    assert lines.loc[("orders", "ordered_at"), ["first", "last"]].tolist() == ["2025-01-01", "2025-07-19"]
    assert "sensitive" in lines.meaning["customers", "age"]
    assert lines.meaning["customers", "note"] == "in the file, not declared: not read" and pd.isna(lines.filled["customers", "note"])


def test_the_span_of_a_table_is_its_first_and_last_moment(tmp_path):
    spans = {each.table: each.span for each in found(tmp_path / "shop")}
    assert spans["orders"] == ["2025-01-01T08:00:00", "2025-07-19T20:00:00"] and spans["costs"][0] == "2025-01-01T00:00:00"
    undated = rows()["customers"].assign(signed_up_at=pd.NaT)
    [customers, *_] = found(tmp_path / "undated", rows() | {"customers": undated.astype({"signed_up_at": "datetime64[us]"})})
    assert customers.span == [] and customers.months == []


def test_what_is_read_has_the_types_of_what_was_written(shop):
    assert shop["freshness"].stopped.dtype == bool and shop["attributes"].sensitive.dtype == bool and shop["months"].complete.dtype == bool
    assert shop["months"].customers.isna().sum() == 7 and str(shop["months"].customers.dtype) == "Int64"
    assert shop["identifiers"].empty and list(shop["identifiers"]) == quality.FILES["identifiers"][0]
    assert {name: list(frame) for name, frame in shop.items()} == {name: columns for name, (columns, _) in quality.FILES.items()}


def test_the_same_rows_give_the_same_bytes_in_any_order_on_any_number_of_threads(tmp_path):
    ids = {"orders": [f"x{number}" for number in range(50)]}
    found(tmp_path / "one", ids=ids)
    found(tmp_path / "other", rows(reverse=True), threads=1, ids=ids)
    for name in quality.FILES:
        assert (tmp_path / "one" / f"{name}.csv").read_bytes() == (tmp_path / "other" / f"{name}.csv").read_bytes(), name


def test_nothing_but_the_tables_is_left_in_the_folder(tmp_path):
    found(tmp_path / "shop")
    assert {path.name for path in (tmp_path / "shop").iterdir()} == {
        *(f"{name}.csv" for name in quality.FILES),
        *(f"{name}.parquet" for name in SHOP),
    }


def test_no_value_of_a_customer_is_told(tmp_path):
    found(tmp_path / "shop", ids={"orders": ["anna@example.org", "4111111111111111", *(f"x{number}" for number in range(50))]})
    text = "\n".join(path.read_text() for path in (tmp_path / "shop").glob("*.csv"))
    assert not [secret for secret in ("secret", "49 171", "77777", "anna", "41111", "x17", "p123", "FR", "radio") if secret in text]


def test_personal_data_are_told_wherever_they_are(shop):
    lines = shop["personal"].set_index(["table", "column"])
    assert lines.loc[("customers", "remark"), ["looks_like", "seen_in", "where", "rows", "share"]].tolist() == [
        *(personal.PHONE, "texts", "kept", 200, 1.0)
    ]
    assert lines.loc[("customers", "customer_id"), ["looks_like", "seen_in", "where"]].tolist() == [personal.EMAIL, "name", "the key"]
    assert lines.loc[("customers", "age"), ["looks_like", "where"]].tolist() == ["birth date", "kept"]
    assert lines.loc[("customers", "Vorname"), ["looks_like", "where"]].tolist() == ["name", "not read"]
    assert len(lines) == 4


def test_attributes_tell_of_whom_they_are_known_and_whom_they_give_away(shop):
    lines = shop["attributes"].set_index("attribute")
    assert lines.loc["age", ["filled", "active_filled", "values", "rare", "sensitive"]].tolist() == [0.25, 0.5, 3, 0, True]
    assert lines.loc["country", ["values", "rare", "all_differ"]].tolist() == [1, 1, False]
    assert lines.loc["remark", ["values", "rare", "all_differ"]].tolist() == [0, 200, True]


def test_customers_of_one_table_that_another_does_not_know_are_counted(shop):
    [line] = shop["orphans"].to_dict("records")
    assert (line["table"], line["customers"], line["unknown"], line["unknown_rows"]) == ("orders", 75, 25, 200)
    assert (line["without"], line["without_share"], line["alike"]) == (150, 0.75, 0)


def test_unknown_customers_that_are_only_spelled_otherwise_are_told(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    raw = {"p000": "C1", "p001": "0042", "x0": "c1", "x2": "42.0", "x4": "C999"}
    parquet.write_table(pa.table({"customer_id": [*raw.values()], "pseudonym": [*raw]}), folder / "pseudonyms.parquet")
    found(folder)
    assert quality.read(folder)["orphans"].alike.tolist() == [2]


def test_without_a_table_of_customers_there_are_no_orphans_and_no_attributes(tmp_path):
    found(tmp_path / "shop", tables={"orders": SHOP["orders"]})
    read = quality.read(tmp_path / "shop")
    assert read["orphans"].empty and read["attributes"].empty and len(read["outliers"]) == 1


def test_a_survey_has_attributes_of_which_nobody_is_active(tmp_path):
    found(tmp_path / "shop", tables={"customers": SHOP["customers"]})
    read = quality.read(tmp_path / "shop")
    assert read["attributes"].active_filled.isna().all() and read["attributes"].filled.notna().all() and read["orphans"].empty


def test_a_guest_account_is_told_and_its_share_is_not(tmp_path):
    orders = pd.concat([rows()["orders"]] * 4).assign(customer_id=lambda rows: ["x1"] * 400 + [f"p{n % 90}" for n in range(1200)])
    ids = {"orders": [f"x{number}" for number in range(91)]}
    found(tmp_path / "shop", rows() | {"orders": orders}, ids=ids)
    [line] = quality.read(tmp_path / "shop")["identifiers"].to_dict("records")
    assert (line["problem"], line["ids"]) == ("holds a tenth of all rows", 1)


def test_what_is_missing_says_what_it_would_add():
    lines = {(line["table"], line["column"]): line["adds"] for line in quality.would_add(declared())}
    assert all(lines.values()) and lines["events", ""] == TABLES["events"].adds
    assert ("orders", "order_id") in lines and ("orders", "channel") not in lines and ("orders", "amount") not in lines
    assert ("customers", "attributes") not in lines and ("touchpoints", "cost") not in lines, "a table that is not there is told once"
    plain = declared({"orders": SHOP["orders"], "customers": {"file": "c.csv", "columns": {"customer_id": "id"}}})
    assert ("customers", "attributes") in {(line["table"], line["column"]) for line in quality.would_add(plain)}


def test_a_survey_is_not_asked_for_what_makes_no_sense_without_time():
    lines = {
        (line["table"], line["column"])
        for line in quality.would_add(declared({"customers": {"file": "c.csv", "columns": {"customer_id": "id"}}}))
    }
    assert lines == {("customers", "consent_marketing"), ("customers", "attributes"), ("orders", ""), ("events", "")}


def test_where_everything_is_there_nothing_is_missing():
    whole = {
        name: {
            "file": "x.csv",
            "columns": {column: column for column in table.columns}
            | ({"age": {"column": "age", "kind": "need"}} if name == "customers" else {}),
        }
        for name, table in TABLES.items()
    }
    assert quality.would_add(declared(whole)) == []


def test_gathering_a_messy_delivery_tells_all_of_it(tmp_path, monkeypatch):
    """Through `sources.gather`: ids of two spellings, a name nobody declared, an e-mail address in a column that is kept."""
    for folder in ("notebooks", "data/datasets", "data/raw"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(PROJECT / "environment.yml", tmp_path)
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    for name in ("SEGKIT_OUT", "SEGKIT_DATA", "SEGKIT_FINGERPRINT", "SEGKIT_KEY"):
        monkeypatch.delenv(name, raising=False)
    people = [f"K{number:03},DE,Anna" for number in range(60)]
    (tmp_path / "data/raw/c.csv").write_text("\n".join(["id,country,Vorname", *people]))
    orders = [
        f"{'k' if number < 10 else 'K'}{number:03},2025-{1 + number % 3:02}-{1 + number % 28:02},{10 + number},shop@firm.de"
        for number in range(60)
    ]
    (tmp_path / "data/raw/o.csv").write_text("\n".join(["id,at,paid,channel", *orders]))
    tables = {
        "customers": {"file": "c.csv", "columns": {"customer_id": "id", "country": {"column": "country", "kind": "geographic"}}},
        "orders": {"file": "o.csv", "columns": SHOP["orders"]["columns"]},
    }
    (tmp_path / "data/datasets/shop.yaml").write_text(yaml.safe_dump({"dataset": "shop", "title": "Shop", "tables": tables}))
    read = sources.gather("shop").found
    assert read["personal"].looks_like.tolist() == ["name", personal.EMAIL]
    [line] = read["orphans"].to_dict("records")
    assert (line["unknown"], line["alike"]) == (10, 10)
    assert read["months"].month.tolist() == ["2025-01", "2025-02", "2025-03"]
