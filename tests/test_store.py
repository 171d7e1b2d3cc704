"""Tables of a run: private or public, whole, stamped, refused when they do not fit; and looks."""

import json
import os
import shutil
import stat

import ibis
import pandas as pd
import pytest
from conftest import write_study

from segkit import errors, store

FEATURES = pd.DataFrame({"customer_id": ["b", "a", "c"], "spend": [1.5, 2.0, None]})
WINDOW = {"dataset": "demo", "as_of": "2025-10-01", "horizon_days": 90}
STAMPS = {"dataset": "demo", "fingerprint": "0123", "as_of": "2025-07-01"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    for name in ("SEGKIT_OUT", "SEGKIT_ATTEMPT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def published(home, run="2025-07-01-abcdef01", **stamps):
    """A run whose customer_features are published."""
    store.shelf("demo", run).write_customers("customer_features", FEATURES, **STAMPS | stamps)
    (home / "reports" / "demo").mkdir(parents=True, exist_ok=True)
    (home / "reports" / "demo" / "latest").unlink(missing_ok=True)
    (home / "reports" / "demo" / "latest").symlink_to(run)


def test_a_draft_lies_under_data_alone(home):
    shelf = store.shelf("demo")
    shelf.write("sizes", pd.DataFrame({"segment": ["S1"]}))
    shelf.write_verdict({"structure": "none"})
    shelf.write_customers("customer_features", FEATURES)
    assert sorted(os.listdir(home / "data" / "runs" / "demo" / "draft")) == ["customer_features.parquet", "tables", "verdict.json"]
    assert not (home / "reports").exists()


def test_a_run_fills_the_partial_folders_of_its_attempt(home, monkeypatch):
    monkeypatch.setenv("SEGKIT_ATTEMPT", "abcd")
    shelf = store.shelf("demo", "2025-07-01-abcdef01")
    assert shelf.customers == home / "data" / "runs" / "demo" / ".partial-abcd"
    assert shelf.aggregates == home / "reports" / "demo" / ".partial-abcd" / "tables"
    assert store.shelf("demo").customers.name == "draft"
    monkeypatch.setenv("SEGKIT_OUT", str(home / "out"))
    assert store.shelf("demo", "r").customers == home / "out" / "data" / "runs" / "demo" / ".partial-abcd"


@pytest.mark.parametrize(
    "study, run",
    [
        ("../demo", "draft"),
        ("demo", "../x"),
        ("demo", ".."),
        ("", "draft"),
        ("demo", "a/b"),
        ("Demo", "draft"),
        ("a" * 65, "draft"),
        ("demo\n", "draft"),
    ],
)
def test_a_name_that_is_a_path_opens_nothing(home, study, run):
    with pytest.raises(errors.BadInput, match="cannot name a study or a run"):
        store.shelf(study, run)


def test_an_aggregate_comes_back_as_it_was_written(home):
    shelf, table = store.shelf("demo"), pd.DataFrame({"segment": ["S1", "S2"], "value": [1 / 3, None], "n": [5, 1234567]})
    assert shelf.write("sizes", table) is table
    assert (shelf.aggregates / "sizes.csv").read_bytes() == b"segment,value,n\nS1,0.3333333333,5\nS2,,1234567\n"
    assert shelf.read("sizes").equals(table.round(10))


@pytest.mark.parametrize("table", [FEATURES, ibis.memtable(FEATURES)], ids=["pandas", "ibis"])
def test_customers_come_back_in_order_with_their_stamps(home, table):
    shelf = store.shelf("demo")
    written = shelf.write_customers("customer_features", table, **STAMPS)
    rows, stamps = shelf.read_customers("customer_features", as_of="2025-07-01")
    assert list(rows.customer_id) == ["a", "b", "c"] == list(written.customer_id) and stamps == STAMPS
    assert list(rows.spend[:2]) == [2.0, 1.5] and pd.isna(rows.spend[2])


def test_the_same_customers_in_another_order_are_the_same_bytes(home):
    first, second = store.shelf("demo"), store.shelf("other")
    first.write_customers("customer_features", FEATURES, **STAMPS)
    second.write_customers("customer_features", FEATURES[::-1], **STAMPS)
    assert (first.customers / "customer_features.parquet").read_bytes() == (second.customers / "customer_features.parquet").read_bytes()


def test_folders_of_customers_are_private(home):
    shelf = store.shelf("demo")
    shelf.write_text("solution.json", "{}")
    for folder in (shelf.customers, shelf.customers.parent, home / "data"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_table_that_cannot_be_written_leaves_the_old_one(home, monkeypatch):
    shelf = store.shelf("demo")
    shelf.write_customers("customer_features", FEATURES, **STAMPS)
    shelf.write("sizes", FEATURES)
    shelf.write_verdict({"m": 1})
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with pytest.raises(ValueError):
        shelf.write_verdict({"m": float("nan")})
    monkeypatch.setattr(pd.DataFrame, "to_csv", lambda table, path, **options: path.write_text("half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        shelf.write("sizes", FEATURES)
    monkeypatch.setattr("pyarrow.parquet.write_table", lambda table, path, **options: path.write_text("half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        shelf.write_customers("customer_features", FEATURES)
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_a_table_made_otherwise_is_refused_with_what_to_rerun(home):
    shelf = store.shelf("demo")
    shelf.write_customers("customer_features", FEATURES, **STAMPS)
    with pytest.raises(errors.BadInput) as caught:
        shelf.read_customers("customer_features", dataset="demo", as_of="2025-10-01")
    assert str(caught.value) == "customer_features was made with as_of 2025-07-01, this notebook says 2025-10-01\n  -> rerun 02_behavior"
    with pytest.raises(errors.BadInput, match="was made with seed None, this notebook says 7"):
        shelf.read_customers("customer_features", seed=7)


@pytest.mark.parametrize("table", [FEATURES, ibis.memtable(FEATURES)], ids=["pandas", "ibis"])
def test_encrypted_customers_come_back_the_same_and_lie_there_unreadable(home, monkeypatch, table):
    monkeypatch.setenv("SEGKIT_KEY", "0123456789abcdef")
    plain, shelf = store.shelf("plain"), store.shelf("demo")
    plain.write_customers("customer_features", table, **STAMPS)
    written = shelf.write_customers("customer_features", table, **STAMPS, encrypted=True)
    rows, stamps = shelf.read_customers("customer_features", **STAMPS, encrypted=True)
    pd.testing.assert_frame_equal(rows, plain.read_customers("customer_features")[0])
    pd.testing.assert_frame_equal(rows, written)
    assert stamps == STAMPS | {"encrypted": True}
    raw = (shelf.customers / "customer_features.parquet").read_bytes()
    assert raw[:4] == b"PARE" and not any(word in raw for word in (b"customer_id", b"spend", b"2025-07-01", b"fingerprint"))
    assert os.listdir(shelf.customers) == ["customer_features.parquet"]


def test_the_same_customers_encrypted_twice_are_the_same_when_decrypted(home, monkeypatch):
    monkeypatch.setenv("SEGKIT_KEY", "0123456789abcdef")
    first, second = store.shelf("demo"), store.shelf("other")
    first.write_customers("customer_features", FEATURES, **STAMPS, encrypted=True)
    second.write_customers("customer_features", FEATURES[::-1], **STAMPS, encrypted=True)
    assert (first.customers / "customer_features.parquet").read_bytes() != (second.customers / "customer_features.parquet").read_bytes()
    (rows, stamps), (again, same) = (shelf.read_customers("customer_features") for shelf in (first, second))
    pd.testing.assert_frame_equal(rows, again)
    assert stamps == same


def test_plain_customers_are_read_and_written_without_any_key(home, monkeypatch):
    monkeypatch.delenv("SEGKIT_KEY", raising=False)
    shelf = store.shelf("demo")
    shelf.write_customers("customer_features", FEATURES, **STAMPS)
    shelf.read_customers("customer_features")
    assert not (home / "data" / "key").exists()


def test_encrypted_customers_are_not_read_with_another_key_nor_without_one(home, monkeypatch):
    monkeypatch.setenv("SEGKIT_KEY", "0123456789abcdef")
    shelf = store.shelf("demo")
    shelf.write_customers("customer_features", FEATURES, **STAMPS, encrypted=True)
    monkeypatch.setenv("SEGKIT_KEY", "fedcba9876543210")
    with pytest.raises(errors.BadInput, match="made with another key"):
        shelf.read_customers("customer_features")
    monkeypatch.delenv("SEGKIT_KEY")
    with pytest.raises(errors.BadInput, match="there is no key"):
        shelf.read_customers("customer_features")
    assert not (home / "data" / "key").exists()


def test_the_first_encrypted_table_makes_the_key(home, monkeypatch):
    monkeypatch.delenv("SEGKIT_KEY", raising=False)
    shelf = store.shelf("demo")
    shelf.write_customers("customer_features", FEATURES, **STAMPS, encrypted=True)
    assert stat.S_IMODE((home / "data" / "key").stat().st_mode) == 0o600
    assert len(shelf.read_customers("customer_features")[0]) == 3


def test_what_is_encrypted_now_does_not_take_a_table_made_in_clear(home):
    shelf = store.shelf("demo")
    shelf.write_customers("customer_features", FEATURES, **STAMPS)
    with pytest.raises(errors.BadInput, match="made with encrypted None, this notebook says True\n  -> rerun 02_behavior"):
        shelf.read_customers("customer_features", **STAMPS, encrypted=True)


def test_a_damaged_table_is_told_without_a_traceback(home):
    shelf = store.shelf("demo")
    shelf.write_customers("customer_features", FEATURES, **STAMPS)
    path = shelf.customers / "customer_features.parquet"
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(errors.BadInput, match="customer_features.parquet cannot be read\n  the file in draft is damaged"):
        shelf.read_customers("customer_features")


def test_the_rows_of_a_published_run_may_have_been_purged(home):
    published(home)
    report = home / "reports" / "demo" / "2025-07-01-abcdef01"
    report.mkdir()
    (report / "manifest.json").write_text("{}")
    shutil.rmtree(home / "data" / "runs")
    with pytest.raises(errors.BadInput, match="customer_features is not there\n.*rows were purged or never made here\n.*--force"):
        store.shelf("demo", "2025-07-01-abcdef01").read_customers("customer_features")
    with pytest.raises(errors.BadInput, match=r"last published run \(2025-07-01-abcdef01\) were purged or never made\n.*02_behavior first"):
        store.shelf("demo").read_customers("customer_features")


def test_a_table_that_is_not_there_names_the_notebook_that_makes_it(home):
    with pytest.raises(errors.BadInput, match="assignments is not there\n  study demo, run draft\n  -> run 03_segments first"):
        store.shelf("demo").read_customers("assignments")


def test_a_draft_without_the_table_takes_the_last_published_and_says_so_once(home, caplog):
    published(home)
    rows, stamps = store.shelf("demo").read_customers("customer_features", as_of="2025-07-01")
    assert len(rows) == 3 and stamps == STAMPS
    assert caplog.messages == ["customer_features: no draft yet, the last published run's (2025-07-01-abcdef01) is used."]
    with pytest.raises(errors.BadInput, match="was made with as_of 2025-07-01, this notebook says 2025-10-01"):
        store.shelf("demo").read_customers("customer_features", as_of="2025-10-01")


def test_a_draft_of_its_own_comes_first(home, caplog):
    published(home)
    store.shelf("demo").write_customers("customer_features", FEATURES[:1], **STAMPS)
    assert len(store.shelf("demo").read_customers("customer_features")[0]) == 1 and caplog.messages == []


def test_neither_a_run_nor_a_draft_without_data_falls_back(home, caplog):
    published(home)
    for shelf, name in ((store.shelf("demo", "2025-07-01-00000000"), "customer_features"), (store.shelf("demo"), "assignments")):
        with pytest.raises(errors.BadInput, match=f"{name} is not there"):
            shelf.read_customers(name)
    assert caplog.messages == []


def test_the_study_of_a_run_is_the_resolved_one_and_of_a_draft_the_file(bench):
    write_study(bench, "small", seed=3)
    assert store.shelf("small").declared().seed == 3
    shelf = store.shelf("small", "r")
    shelf.customers.mkdir(parents=True)
    (shelf.customers / "study.json").write_text(store.shelf("small").declared().model_copy(update={"seed": 4}).model_dump_json())
    assert shelf.declared().seed == 4


def test_looks_at_a_window_are_those_of_every_study_oldest_first(home, monkeypatch):
    earlier, other = WINDOW | {"as_of": "2025-07-01"}, WINDOW | {"dataset": "other"}
    for when, study, window in [("3", "a", WINDOW), ("1", "b", WINDOW), ("2", "b", earlier), ("4", "b", WINDOW), ("5", "c", other)]:
        monkeypatch.setattr(store, "clock", lambda when=when: when)
        store.add_look({"run": "draft", "window": window, "pairs": []}, study)
    assert [(look["when"], look["study"]) for look in store.looks(WINDOW)] == [("1", "b"), ("3", "a"), ("4", "b")]
    assert store.looks(WINDOW | {"horizon_days": 30}) == []
    assert len((home / "reports" / "b" / "looks.jsonl").read_text().splitlines()) == 3


def test_a_look_cut_short_by_a_full_disk_spoils_neither_those_before_nor_those_after(home, caplog):
    store.add_look({"window": WINDOW, "run": "first"}, "a")
    path = home / "reports" / "a" / "looks.jsonl"
    with open(path, "a") as file:
        file.write('{"window": {"datas')
    store.add_look({"window": WINDOW, "run": "second"}, "a")
    assert [look["run"] for look in store.looks(WINDOW)] == ["first", "second"]
    assert "could not be written to its end" in caplog.text and len(path.read_text().splitlines()) == 3


def test_the_clock_is_utc_to_the_second():
    assert pd.Timestamp(store.clock()).tz is not None and store.clock().endswith("Z")
    json.dumps(store.clock())
