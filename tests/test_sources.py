"""Gathering from end to end: the published ledger to the penny, what a person must not see in a message, and bytes that never change."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from segkit import sources
from segkit.errors import BadInput

PROJECT = Path(__file__).resolve().parent.parent
ORDERS = {"customer_id": "id", "ordered_at": "at", "amount": "amount"}
ROWS = "id,at,amount\na,2025-01-01 10:00:00,1.50\nb,2025-01-02 11:00:00,2.00\nb,2025-02-02 12:00:00,4.00\n"


def declare(home: Path, monkeypatch, tables: dict, name: str = "shop", **keys) -> None:
    """A home in a temporary folder with one dataset file."""
    for folder in ("notebooks", "data/datasets", "data/raw"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "environment.yml").touch()
    said = {"dataset": name, "title": "A shop", "timezone": "Europe/London", "currency": "GBP", "tables": tables} | keys
    (home / "data" / "datasets" / f"{name}.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
    monkeypatch.setenv("SEGKIT_HOME", str(home))
    for variable in ("SEGKIT_OUT", "SEGKIT_DATA"):
        monkeypatch.delenv(variable, raising=False)


def gathered(
    home: Path, monkeypatch, content: "str | bytes" = ROWS, columns: dict = ORDERS, file: str = "orders.csv", **source
) -> sources.Gathered:
    """A dataset of one orders file, gathered. `zone` and everything else goes into the dataset file."""
    zone = source.pop("zone", "Europe/London")
    declare(home, monkeypatch, {"orders": {"file": file, "columns": columns} | source}, timezone=zone)
    (home / "data" / "raw" / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return sources.gather("shop")


def rows(found: sources.Gathered, table: str = "orders") -> pd.DataFrame:
    """A gathered table with the raw ids in place of the pseudonyms, in the order of those."""
    return named(found, found.tables[table].execute())


def aside(found: sources.Gathered, table: str = "orders") -> pd.DataFrame:
    """What the rules set aside, with the reason and the raw ids."""
    return named(found, pd.read_parquet(found.folder / f"{table}.quarantine.parquet"))


def named(found: sources.Gathered, table: pd.DataFrame) -> pd.DataFrame:
    ids = pd.read_parquet(found.folder / "pseudonyms.parquet").set_index("pseudonym").customer_id
    values = [name for name in table.columns if name not in ("reason", "input", "line")]
    return table.assign(customer_id=table.customer_id.map(ids)).sort_values(values, ignore_index=True, na_position="first")


def tree(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def online_retail(tmp_path_factory, real_data):
    """Online Retail gathered once, by whichever worker comes first, through its committed dataset file."""
    home = tmp_path_factory.mktemp("retail")
    shared = tmp_path_factory.getbasetemp().parent if os.environ.get("PYTEST_XDIST_WORKER") else home
    (home / "notebooks").mkdir()
    (home / "environment.yml").touch()
    shutil.copytree(PROJECT / "data" / "datasets", home / "data" / "datasets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGKIT_HOME", str(home))
        patch.setenv("SEGKIT_DATA", str(real_data))
        patch.setenv("SEGKIT_OUT", str(shared / "gathered-once"))
        yield sources.gather("online_retail")


def test_the_ledger_of_online_retail_is_exact_to_the_row_and_the_penny(online_retail):
    ledger = online_retail.ledger.set_index("rule")
    seen = {rule: (row.rows, row.rows_left, row.customers_left, row.orders_left, row.amount_left) for rule, row in ledger.iterrows()}
    assert seen == {
        "as delivered": (0, 541_909, 4_372, 25_900, "9747747.93"),
        "no customer": (135_080, 406_829, 4_372, 22_190, "8300065.81"),
        "cancelled invoice": (8_905, 397_924, 4_339, 18_536, "8911407.90"),
        "quantity not positive": (0, 397_924, 4_339, 18_536, "8911407.90"),
        "price not positive": (40, 397_884, 4_338, 18_532, "8911407.90"),
        "identical line": (5_192, 392_692, 4_338, 18_532, "8887208.89"),
    }
    assert list(ledger.step) == list(range(6)) and list(ledger.severity[1:]) == ["reject"] * 4 + ["warn"]


def test_what_is_kept_and_what_is_set_aside_of_online_retail_adds_up(online_retail):
    orders = online_retail.tables["orders"]
    kept = orders.aggregate(
        n=orders.count(), customers=orders.customer_id.nunique(), orders=orders.order_id.nunique(), total=orders.amount.sum()
    )
    kept = kept.execute().iloc[0]
    assert (kept.n, kept.customers, kept.orders, str(kept.total)) == (397_884, 4_338, 18_532, "8911407.9040")
    reasons = aside(online_retail).reason.value_counts()
    assert reasons.to_dict() == {"no customer": 135_080, "cancelled invoice": 8_905, "price not positive": 40}
    assert orders.filter(orders.customer_id.contains(".")).count().execute() == 0


def test_the_window_of_online_retail_runs_over_its_own_orders(online_retail):
    window = online_retail.window("auto", 90)
    assert (str(window.start), str(window.as_of), str(window.end)) == ("2010-12-01 08:26:00", "2011-09-11 00:00:00", "2011-12-10 00:00:00")


def test_the_same_rows_in_another_order_or_on_another_number_of_threads_leave_the_same_bytes(tmp_path, monkeypatch):
    import ibis

    lines = [f"c{i % 7},2025-01-0{i % 9 + 1} 0{i % 5}:00:00,{i % 11}.25" for i in range(500)]
    trees, connect = [], ibis.duckdb.connect
    for number, (order, threads) in enumerate(((lines, 1), (lines[::-1], 1), (lines[250:] + lines[:250], 2))):
        monkeypatch.setattr(ibis.duckdb, "connect", lambda *path, threads=threads, **config: connect(*path, threads=threads, **config))
        found = gathered(
            tmp_path / str(number), monkeypatch, "id,at,amount\n" + "\n".join(order) + "\n", rules=[{"name": "again", "repeated": True}]
        )
        trees.append(tree(found.folder))
    assert set(trees[0]) >= {
        "orders.parquet",
        "orders.quarantine.parquet",
        "pseudonyms.parquet",
        "identifiers.parquet",
        "ledger.csv",
        "gathered.json",
    }
    assert trees[0] == trees[1] == trees[2]


def test_gathering_again_reads_nothing_and_the_fingerprint_follows_file_and_dataset(tmp_path, monkeypatch):
    first = gathered(tmp_path, monkeypatch)
    written = (first.folder / "orders.parquet").stat().st_mtime_ns
    assert gathered(tmp_path, monkeypatch).fingerprint == first.fingerprint
    assert (first.folder / "orders.parquet").stat().st_mtime_ns == written
    other_file = gathered(tmp_path, monkeypatch, ROWS + "c,2025-03-01,1\n")
    other_rules = gathered(tmp_path, monkeypatch, rules=[{"name": "small", "when": "amount < 1"}])
    other_zone = gathered(tmp_path, monkeypatch, zone="Europe/Berlin")
    assert len({first.fingerprint, other_file.fingerprint, other_rules.fingerprint, other_zone.fingerprint}) == 4


def test_the_gathered_folder_is_private_and_a_refusal_leaves_nothing_behind(tmp_path, monkeypatch):
    assert gathered(tmp_path, monkeypatch).folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(BadInput):
        gathered(tmp_path / "other", monkeypatch, ROWS.replace("2025", "soon"))
    assert list((tmp_path / "other" / "data" / "gathered" / "shop").iterdir()) == []


def test_no_message_quotes_what_a_customer_wrote(tmp_path, monkeypatch):
    secret = "Ms-Secret-4711"
    broken = {
        "a long line": f"{ROWS}{secret},2025-01-01,3,4\n",
        "long lines far down": ROWS + "c,2025-01-01,1\n" * 30_000 + f"{secret},2025-01-01,3,{secret}\n" * 1_000,
        "a short line": f"{ROWS}{secret}\n",
        "an open quote": f'{ROWS}"{secret},2025-01-01,1\n{ROWS}',
        "no header": f"{secret},2025-01-01,3\n{secret},2025-01-02,3\n",
        "a word for a number": ROWS + f"c,2025-01-01,{secret}\n",
        "not UTF-8": (ROWS + f"{secret}é,2025-01-01,1\n").encode("latin-1"),
        "every row refused": f"id,at,amount\n{secret},2025-01-01,-1\n",
    }
    for number, (what, content) in enumerate(broken.items()):
        with pytest.raises(BadInput) as refused:
            gathered(tmp_path / str(number), monkeypatch, content, rules=[{"name": "not positive", "when": "amount <= 0"}])
        assert secret not in str(refused.value), what
        assert refused.value.__cause__ is None and (refused.value.__suppress_context__ or refused.value.__context__ is None), what


def test_a_customer_delivered_twice_is_refused_unless_a_rule_drops_the_repeat(tmp_path, monkeypatch):
    def with_customers(folder, rules):
        declare(
            folder,
            monkeypatch,
            {
                "orders": {"file": "orders.csv", "columns": ORDERS},
                "customers": {"file": "customers.csv", "columns": {"customer_id": "id"}, "rules": rules},
            },
        )
        (folder / "data" / "raw" / "orders.csv").write_text(ROWS)
        (folder / "data" / "raw" / "customers.csv").write_text("id,name\na,x\nb,y\na,x\n")
        return sources.gather("shop")

    with pytest.raises(BadInput, match="customer_id is not unique\n  1 rows repeat an id"):
        with_customers(tmp_path / "twice", [])
    found = with_customers(tmp_path / "once", [{"name": "again", "repeated": True}])
    assert list(rows(found, "customers").customer_id) == ["a", "b"]


def test_a_customer_table_whose_only_time_is_empty_is_gathered(tmp_path, monkeypatch):
    declare(
        tmp_path,
        monkeypatch,
        {
            "orders": {"file": "orders.csv", "columns": ORDERS},
            "customers": {"file": "customers.csv", "columns": {"customer_id": "id", "signed_up_at": "since"}},
        },
    )
    (tmp_path / "data" / "raw" / "orders.csv").write_text(ROWS)
    (tmp_path / "data" / "raw" / "customers.csv").write_text("id,since\na,\nb,\n")
    found = sources.gather("shop")
    quality = found.quality.set_index(["table", "column"])
    assert quality.filled["customers", "signed_up_at"] == 0 and quality["first"]["customers", "signed_up_at"] == ""
    assert json.loads((found.folder / "gathered.json").read_text())["spans"].keys() == {"orders"}


def test_quality_says_what_a_column_is_how_full_it_is_and_what_was_not_read(tmp_path, monkeypatch):
    content = "id,at,amount,shop,note\na,2025-01-01,1,web,x\nb,2025-01-03,2,,y\n"
    quality = gathered(tmp_path, monkeypatch, content, ORDERS | {"channel": "shop"}).quality.set_index("column")
    assert quality.filled["channel"] == 0.5 and quality.unit["amount"] == "GBP"
    assert tuple(quality.loc["ordered_at", ["first", "last"]]) == ("2025-01-01", "2025-01-03")
    assert quality.meaning["note"] == "in the file, not declared: not read" and pd.isna(quality.filled["note"])


def test_ids_of_quarantined_customers_are_known_too_since_they_must_not_leak(tmp_path, monkeypatch):
    found = gathered(tmp_path, monkeypatch, ROWS + "gone,2025-01-01,-3\n", rules=[{"name": "negative", "when": "amount < 0"}])
    known = pd.read_parquet(found.folder / "pseudonyms.parquet")
    assert set(known.customer_id) == {"a", "b", "gone"} and found.customer_ids() == {"a", "b", "gone", *known.pseudonym}


def test_the_engine_s_own_time_zone_does_not_matter(tmp_path, monkeypatch):
    gathered(tmp_path, monkeypatch, "id,at,amount\na,2025-07-01 12:00:00,1\nb,2025-07-01T12:00:00Z,2\n")
    code = "from segkit import sources; print(sorted(sources.gather('shop').tables['orders'].execute().ordered_at.astype(str)))"
    shutil.rmtree(tmp_path / "data" / "gathered")
    elsewhere = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"TZ": "Asia/Tokyo", "PYTHONPATH": str(PROJECT)},
    )
    assert elsewhere.stdout.strip() == "['2025-07-01 12:00:00', '2025-07-01 13:00:00']"
