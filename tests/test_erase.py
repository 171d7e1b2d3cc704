"""Forgetting one person: everywhere, whole, finished by a second try, and nobody else."""

import json
import os
import re
import shutil
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from conftest import tree
from pyarrow import parquet

from segkit import erase, errors, home, privacy, store
from segkit.erase import rows, texts
from segkit.privacy import audit, suppression

ANNA, BERT, CARA, NOBODY = "C000017", "C000018", "17850", "C999999"
RUN = "2025-07-01-abcdef01"
KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A home with one gathered dataset, one published run of a study of it, a draft and a failed run; Anna, Bert and Cara are in all."""
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEGKIT_KEY", KEY)
    for name in ("SEGKIT_OUT", "SEGKIT_ATTEMPT", "SEGKIT_FINGERPRINT"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    declare(folder, "shop")
    gathered(folder)
    run(folder)
    return folder


def declare(folder: Path, dataset: str) -> None:
    """A dataset file."""
    (folder / "data" / "datasets").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "datasets" / f"{dataset}.yaml").write_text(
        f"dataset: {dataset}\ntitle: {dataset}\ntables:\n  customers:\n    file: {dataset}/people.csv\n    columns: {{customer_id: id}}\n"
    )


def word(customer_id: str, dataset: str = "shop") -> str:
    return privacy.pseudonym(dataset, customer_id)


def gathered(folder: Path, dataset: str = "shop", fingerprint: str = "0123456789ab", ids=(ANNA, BERT, CARA)) -> Path:
    """A gathering as `segkit.sources` leaves one: the engine's own Parquet, three orders of everybody."""
    place = folder / "data" / "gathered" / dataset / fingerprint
    place.mkdir(parents=True)
    words = [word(each, dataset) for each in ids]
    people = pd.DataFrame({"customer_id": sorted(words), "city": "Xanten"})
    orders = pd.DataFrame({"customer_id": sorted(words * 3), "amount": Decimal("1.5000"), "ordered_at": datetime(2025, 1, 1)})
    aside = orders[:: len(orders) // len(ids)].assign(reason="return", input="orders.csv", line=7)
    known = pd.DataFrame({"customer_id": ids, "pseudonym": words})
    digests = pd.DataFrame({"customer_id": [*words, None], "column": "name", "digest": "00", "words": 2})
    tables = {"customers": people, "orders": orders, "orders.quarantine": aside, "pseudonyms": known, "identifiers": digests}
    for name in tables:
        duckdb.from_df(tables[name]).to_parquet(f"{place / name}.parquet", row_group_size=2048)
    (place / "ledger.csv").write_text("table,rule,rows\norders,as delivered,17850\n")
    (place / "gathered.json").write_text(json.dumps({"dataset": {"dataset": dataset}, "key": privacy.key_name()}))
    (place.parent / "latest").write_text(fingerprint)
    return place


def run(folder: Path, dataset: str = "shop", study: str = "small", ids=(ANNA, BERT, CARA)) -> Path:
    """A published run with one plain and one encrypted table, a draft, and a failed attempt whose notebook is about nobody."""
    words = [word(each, dataset) for each in ids]
    for name in (RUN, "draft", "failed"):
        place = folder / "data" / "runs" / study / name
        shelf = store.Shelf(study, name, place, place / "tables")
        shelf.write_customers(
            "customer_features", pd.DataFrame({"customer_id": words, "spend": [1.5, None, 2.0][: len(ids)]}), dataset=dataset
        )
        shelf.write_customers("assignments", pd.DataFrame({"customer_id": words, "segment": "S1"}), dataset=dataset, encrypted=True)
        if name != "draft":
            (place / "study.json").write_text(json.dumps({"study": study, "dataset": dataset, "question": "Who stays?"}))
            (place / "01_gather.ipynb").write_text(notebook("17,850 rows, 0.17850"))
    report = folder / "reports" / study / RUN
    (report / "tables").mkdir(parents=True)
    (report / "manifest.json").write_text(json.dumps({"run_id": RUN, "dataset": dataset}, indent=1) + "\n")
    (report / "tables" / "sizes.csv").write_text("segment,n\nS1,3\n")
    return folder / "data" / "runs" / study


def notebook(said: str) -> str:
    outputs = [{"output_type": "stream", "text": [said]}, {"output_type": "display_data", "data": {"image/png": "AAAA C000017 17850 BBBB"}}]
    return json.dumps({"cells": [{"cell_type": "code", "source": "gather()", "outputs": outputs, "metadata": {}}], "nbformat": 4})


def everyone(folder: Path) -> dict[str, list]:
    """All rows of all Parquet files below data/, and the text of every other file there but the list and the record."""
    found = {}
    for path in sorted((folder / "data").rglob("*")):
        if path.suffix == ".parquet":
            found[str(path.relative_to(folder))] = privacy_rows(path)
        elif path.is_file() and path.name not in ("audit.jsonl", "suppressed.csv", "gathered.json", ".lock"):
            found[str(path.relative_to(folder))] = path.read_text()
    return found


def privacy_rows(path: Path) -> list[dict]:
    from segkit.privacy import sealed

    return sealed.rows(path).to_pylist()


def without(found: dict, *words: str) -> dict:
    """The same, less the rows that hold one of these words."""
    return {
        name: rows if isinstance(rows, str) else [row for row in rows if not set(words) & set(map(str, row.values()))]
        for name, rows in found.items()
    }


def stamp(path: Path) -> list[dict]:
    return json.loads(path.read_text()).get("forgotten", [])


def test_a_person_is_taken_out_of_everything_and_nobody_else_is(bench):
    before, reports = everyone(bench), tree(bench / "reports")
    done = erase.forget(ANNA)
    assert everyone(bench) == without(before, ANNA, word(ANNA)) != before
    assert dict(done.rows) == {"gathered tables": 4, "quarantine": 1, "identifiers": 1, "tables of runs": 6, "pseudonym maps": 1}
    assert (done.dataset, done.removed, done.already) == ("shop", [], False)
    assert suppression.suppressed("shop") == {word(ANNA)}
    changed = {name for name, text in tree(bench / "reports").items() if text != reports[name]}
    assert changed == {f"small/{RUN}/manifest.json"}


def test_what_is_said_counts_and_reminds_and_names_nobody(bench):
    said = str(erase.forget(CARA))
    assert "shop: forgotten; rows taken out: 13" in said and re.search(r"tables of runs +6\n", said)
    assert "data/raw/shop/people.csv" in said and "reports are aggregates and stay" in said and "data/suppressed.csv" in said
    assert CARA not in said and word(CARA) not in said


def test_the_record_holds_the_pseudonym_and_reports_hold_neither(bench):
    erase.forget(ANNA)
    (act,) = audit.acts()
    assert (act["what"], act["dataset"], act["pseudonym"], act["rows"], act["complete"]) == ("forget", "shop", word(ANNA), 13, True)
    assert not [name for name, text in tree(bench / "reports").items() for each in (ANNA, word(ANNA)) if each.encode() in text]
    assert not any(ANNA in (bench / "data" / name).read_text() for name in ("audit.jsonl", "suppressed.csv"))


def test_tables_say_how_many_rows_went_and_so_do_gathering_and_manifest(bench, monkeypatch):
    monkeypatch.setattr(home, "clock", lambda: "2025-10-01T00:00:00Z")
    erase.forget(ANNA)
    shelf = store.shelf("small", RUN)
    for name, stamps in (("customer_features", {"dataset": "shop"}), ("assignments", {"dataset": "shop", "encrypted": True})):
        assert shelf.read_customers(name, **stamps)[1] == stamps | {"forgotten": 1}
    manifest, note = bench / "reports" / "small" / RUN / "manifest.json", next((bench / "data" / "gathered").glob("*/*/gathered.json"))
    assert json.loads(manifest.read_text()) == {
        "run_id": RUN,
        "dataset": "shop",
        "forgotten": [{"when": "2025-10-01T00:00:00Z", "rows": 2}],
    }
    assert stamp(note) == [{"when": "2025-10-01T00:00:00Z", "rows": 6}] and json.loads(note.read_text())["key"] == privacy.key_name()
    erase.forget(BERT)
    assert [each["rows"] for each in stamp(manifest)] == [2, 2] and [each["rows"] for each in stamp(note)] == [6, 6]
    assert shelf.read_customers("assignments")[1]["forgotten"] == 2


def test_twice_is_already_and_touches_nothing(bench):
    erase.forget(ANNA)
    before = tree(bench)
    for dataset in ("", "shop"):
        again = erase.forget(ANNA, dataset)
        assert again.already and not sum(again.rows.values()) and "shop: already forgotten" in str(again)
    after = tree(bench)
    assert {name for name in after if after[name] != before.get(name)} == {"data/audit.jsonl"} and len(audit.acts()) == 3


def test_an_encrypted_table_stays_encrypted_and_a_plain_one_plain(bench):
    erase.forget(ANNA)
    magic = {path.name: path.read_bytes()[:4] for path in (bench / "data" / "runs" / "small" / RUN).glob("*.parquet")}
    assert magic == {"customer_features.parquet": b"PAR1", "assignments.parquet": b"PARE"}


def test_forgetting_makes_nothing_younger_or_more_public(bench):
    old = [*(bench / "data" / "gathered").rglob("*.*"), *(bench / "data" / "runs").rglob("*.parquet")]
    for path in old:
        os.utime(path, (1e9, 1e9))
        path.chmod(0o600)
    erase.forget(ANNA)
    assert {(path.stat().st_mtime, path.stat().st_mode & 0o777) for path in old} == {(1e9, 0o600)}


class Cut(BaseException):
    """Stands for a power failure: nothing after it is run."""


def cut_before(monkeypatch, step: int) -> None:
    """The process ends before the given step of those that change anything."""
    left = [step]

    def counted(real):
        def call(*given, **options):
            if left[0] == 0:
                raise Cut
            left[0] -= 1
            return real(*given, **options)

        return call

    monkeypatch.setattr(os, "replace", counted(os.replace))
    monkeypatch.setattr(shutil, "rmtree", counted(shutil.rmtree))
    monkeypatch.setattr(Path, "unlink", counted(Path.unlink))


@pytest.mark.parametrize("step", range(29))
def test_cut_short_anywhere_it_is_finished_by_the_same_command(bench, monkeypatch, step):
    (bench / "data" / "runs" / "small" / "failed" / "02_behavior.ipynb").write_text(notebook(f"KeyError: {ANNA}"))
    before = everyone(bench)
    with monkeypatch.context() as cut:
        cut_before(cut, step)
        with suppress(Cut):
            erase.forget(ANNA)
            raise AssertionError("it was not cut at all")
    if {name: text for name, text in everyone(bench).items() if ".partial-" not in name} != before:
        assert word(ANNA) in suppression.suppressed("shop"), "the list comes first"
    done = erase.forget(ANNA)
    del before["data/runs/small/failed/02_behavior.ipynb"]
    assert everyone(bench) == without(before, ANNA, word(ANNA))
    assert sum(each["rows"] for each in stamp(bench / "reports" / "small" / RUN / "manifest.json")) == 2
    assert sum(each["rows"] for each in stamp(next((bench / "data" / "gathered").glob("*/*/gathered.json")))) == 6
    assert not list(bench.rglob(".partial-*")) and done.dataset == "shop"


def test_a_full_disk_is_told_and_the_next_try_finishes(bench, monkeypatch):
    before, real = everyone(bench), os.replace

    def full(source, target):
        if Path(target).name == "assignments.parquet":
            raise OSError(28, "No space left on device", str(target))
        real(source, target)

    with monkeypatch.context() as disk:
        disk.setattr(os, "replace", full)
        with pytest.raises(
            errors.SegkitError, match="forgetting came to a stop\n.*No space left on device\n.*same command again"
        ) as caught:
            erase.forget(ANNA)
    assert ANNA not in str(caught.value) and word(ANNA) not in str(caught.value) and audit.acts()[-1]["complete"] is False
    erase.forget(ANNA)
    assert everyone(bench) == without(before, ANNA, word(ANNA)) and audit.acts()[-1]["complete"] is True


@pytest.mark.parametrize(
    "said, goes",
    [
        (f"KeyError: '{ANNA}'", True),
        (f"<td>{ANNA}</td>", True),
        (f"X{ANNA} {ANNA}5", False),
        ("nobody", False),
    ],
)
@pytest.mark.parametrize("place", [f"{RUN}/03_segments.ipynb", "failed/01_gather.ipynb", "draft/notes.txt", "loose.html"])
def test_a_file_of_a_run_that_quotes_the_person_goes_and_is_named(bench, said, goes, place):
    path = bench / "data" / "runs" / "small" / place
    path.write_text(notebook(said) if path.suffix == ".ipynb" else said)
    done = erase.forget(ANNA)
    assert path.exists() != goes and done.removed == ([f"data/runs/small/{place}"] if goes else [])
    assert (f"removed, since it quoted the customer: data/runs/small/{place}" in str(done)) == goes


def test_a_gathering_whose_own_notes_quote_the_person_goes_whole(bench):
    place = gathered(bench, fingerprint="ba9876543210")
    (place / "ledger.csv").write_text(f"table,input\norders,orders of {ANNA}.csv\n")
    done = erase.forget(ANNA)
    assert done.removed == ["data/gathered/shop/ba9876543210"] and not place.exists()
    assert sorted(os.listdir(place.parent)) == ["0123456789ab"], "latest named it"


def test_drafts_that_a_killed_kernel_left_half_written_go(bench):
    left = bench / "data" / "runs" / "small" / "draft" / ".partial-0123-customer_features.parquet"
    left.write_bytes(b"PAR1 half")
    erase.forget(ANNA)
    assert not left.exists()


@pytest.mark.parametrize("customer_id", ["", "  ", "p" + "0" * 20])
def test_what_is_no_id_is_refused(bench, customer_id):
    with pytest.raises(errors.BadInput, match="customer id"):
        erase.forget(customer_id, "shop")
    assert not (bench / "data" / "suppressed.csv").exists()


def test_an_id_nobody_knows_needs_its_dataset_and_then_is_kept_out(bench):
    before = everyone(bench)
    with pytest.raises(errors.BadInput, match="no gathered dataset knows this customer id\n.*shop\n.*--dataset") as caught:
        erase.forget(NOBODY)
    assert NOBODY not in str(caught.value) and not (bench / "data" / "suppressed.csv").exists()
    done = erase.forget(NOBODY, "shop")
    assert "shop: no row of this customer was found" in str(done) and suppression.suppressed("shop") == {word(NOBODY)}
    assert everyone(bench) == before and erase.forget(NOBODY).already


def test_a_dataset_that_is_not_there_is_refused_with_the_nearest(bench):
    with pytest.raises(errors.BadInput, match="there is no dataset 'shpo'\n.*do you mean 'shop'?"):
        erase.forget(ANNA, "shpo")
    assert not (bench / "data" / "suppressed.csv").exists()


def test_a_dataset_that_was_never_gathered_is_enough_for_the_list(bench):
    declare(bench, "later")
    done = erase.forget(f" {ANNA} ", "later")
    assert suppression.suppressed("later") == {word(ANNA, "later")} and "data/raw/later/people.csv" in str(done)
    assert not (bench / "data" / "gathered" / "later").exists()


def test_the_same_id_in_two_shops_may_be_two_persons(bench):
    gathered(bench, "other", ids=(ANNA, CARA))
    run(bench, "other", "others", ids=(ANNA, CARA))
    failed = bench / "data" / "runs" / "others" / "failed" / "02_behavior.ipynb"
    failed.write_text(notebook(f"KeyError: {ANNA}"))
    before = everyone(bench)
    with pytest.raises(errors.BadInput, match="several datasets know this customer id\n.*other, shop.*\n.*--dataset"):
        erase.forget(ANNA)
    assert everyone(bench) == before and not (bench / "data" / "suppressed.csv").exists()
    assert sum(erase.forget(ANNA, "shop").rows.values()) == 13
    assert everyone(bench) == without(before, word(ANNA)) | {
        name: without(before, ANNA, word(ANNA))[name] for name in before if "pseudonyms" in name and "/shop/" in name
    }
    assert failed.exists(), "that is somebody else"
    with pytest.raises(errors.BadInput, match="several datasets"):
        erase.forget(ANNA)
    assert erase.forget(ANNA, "other").removed == ["data/runs/others/failed/02_behavior.ipynb"]


def test_a_run_under_way_is_left_all_else_is_done_and_a_second_try_finishes(bench):
    run(bench, study="busy")
    before = everyone(bench)
    with home.locked(bench / "data" / "runs" / "busy", "busy", 0):
        with pytest.raises(errors.Busy, match="a run of busy is under way\n.*all else") as caught:
            erase.forget(ANNA)
    assert caught.value.exit_code == 5 and ANNA not in str(caught.value)
    left = {name for name, rows in everyone(bench).items() if rows != without(before, ANNA, word(ANNA)).get(name)}
    assert {name.split("/")[2] for name in left} == {"busy", "shop"} and any("pseudonyms" in name for name in left)
    erase.forget(ANNA)
    assert everyone(bench) == without(before, ANNA, word(ANNA))


def test_what_a_killed_run_left_is_swept(bench):
    left = bench / "data" / "runs" / "small" / ".partial-dead"
    shutil.copytree(bench / "data" / "runs" / "small" / "draft", left)
    gone = bench / "data" / "gathered" / "shop" / ".partial-dead-0123"
    shutil.copytree(bench / "data" / "gathered" / "shop" / "0123456789ab", gone)
    erase.forget(ANNA)
    assert not left.exists() and not gone.exists()


def test_a_person_gathered_under_an_earlier_key_is_found_by_the_map(bench, monkeypatch):
    old, before = word(ANNA), everyone(bench)
    encrypted = [path for path in bench.rglob("assignments.parquet")]
    for path in encrypted:
        path.unlink()
    monkeypatch.setenv("SEGKIT_KEY", OTHER)
    assert word(ANNA) != old
    erase.forget(ANNA)
    expected = {name: rows for name, rows in without(before, ANNA, old).items() if "assignments" not in name}
    assert everyone(bench) == expected and suppression.suppressed("shop") == {word(ANNA)}


def test_a_table_nobody_can_read_is_named_and_the_maps_are_kept_until_it_is_dealt_with(bench, monkeypatch):
    shutil.rmtree(bench / "data" / "runs" / "small" / "draft")
    shutil.rmtree(bench / "data" / "runs" / "small" / "failed")
    monkeypatch.setenv("SEGKIT_KEY", OTHER)
    with pytest.raises(errors.SegkitError, match="1 files cannot be read, so nobody can tell") as caught:
        erase.forget(ANNA)
    assert f"data/runs/small/{RUN}/assignments.parquet (made with another key" in caught.value.facts and "bring the key" in caught.value.do
    assert ANNA in {row["customer_id"] for row in privacy_rows(next(bench.rglob("pseudonyms.parquet")))}
    next(bench.rglob("assignments.parquet")).unlink()
    erase.forget(ANNA)
    assert ANNA not in {row["customer_id"] for row in privacy_rows(next(bench.rglob("pseudonyms.parquet")))}


def test_a_gathering_made_without_pseudonyms_is_cleaned_by_the_id(bench):
    place = bench / "data" / "gathered" / "shop" / "old0old0old0"
    place.mkdir()
    parquet.write_table(pa.table({"customer_id": ["D1", "D2", None]}), place / "customers.parquet")
    shelf = store.Shelf("small", "draft", bench / "data" / "runs" / "small" / "draft", bench)
    shelf.write_customers("customer_features", pd.DataFrame({"customer_id": ["D1", "D2"]}), dataset="shop")
    done = erase.forget("D1")
    assert (done.rows["gathered tables"], done.rows["tables of runs"]) == (1, 1)
    assert privacy_rows(place / "customers.parquet") == [{"customer_id": "D2"}, {"customer_id": None}]


def test_runs_sent_elsewhere_are_cleaned_too(bench, tmp_path, monkeypatch):
    before = everyone(bench)
    there = tmp_path / "out"
    gathered(there)
    run(there)
    with home.written_under(there):
        audit.record("run", study="small")
    done = erase.forget(ANNA)
    assert everyone(there) == without(everyone(there), ANNA, word(ANNA)) and everyone(bench) == without(before, ANNA, word(ANNA))
    assert sum(done.rows.values()) == 26 and f"searched: {bench}, {there}" in str(done)


def test_from_another_out_the_home_is_cleaned_too(bench, tmp_path, monkeypatch):
    before = everyone(bench)
    monkeypatch.setenv("SEGKIT_OUT", str(tmp_path / "out"))
    erase.forget(ANNA)
    assert everyone(bench) == without(before, ANNA, word(ANNA)) and not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["a row", "a pseudonym in another column", "a stamp", "a notebook", "the map"])
def test_in_the_end_everything_is_searched(bench, monkeypatch, kind):
    shelf = store.shelf("small", "draft")
    if kind == "a row":
        real = rows.without
        monkeypatch.setattr(rows, "without", lambda path, ids: 0 if path.name == "customers.parquet" else real(path, ids))
    elif kind == "a pseudonym in another column":
        friends = pa.table({"customer_id": [word(BERT)], "friends": pa.array([[{"who": f"see {word(ANNA)}"}]])})
        parquet.write_table(friends, shelf.customers / "friends.parquet")
    elif kind == "a stamp":
        shelf.write_customers("friends", pd.DataFrame({"customer_id": [word(BERT)]}), best=word(ANNA))
    elif kind == "a notebook":
        (shelf.customers / "a.ipynb").write_text(notebook(ANNA))
        monkeypatch.setattr(Path, "unlink", lambda path, missing_ok=False: None)
    else:
        real = rows.without
        monkeypatch.setattr(rows, "without", lambda path, ids: 0 if path.name == "pseudonyms.parquet" else real(path, ids))
    with pytest.raises(errors.SegkitError, match="this customer still stands in 1 files\n  data/(runs|gathered)/") as caught:
        erase.forget(ANNA)
    assert ANNA not in str(caught.value) and word(ANNA) not in str(caught.value)
    assert audit.acts()[-1]["complete"] is False


def test_a_damaged_manifest_is_told_and_does_not_stop_it(bench, caplog):
    manifest = bench / "reports" / "small" / RUN / "manifest.json"
    manifest.write_text("{")
    before = everyone(bench)
    erase.forget(ANNA)
    assert everyone(bench) == without(before, ANNA, word(ANNA)) and "manifest.json is damaged" in caplog.text


def test_a_dataset_whose_file_is_gone_can_still_be_forgotten_from(bench):
    (bench / "data" / "datasets" / "shop.yaml").unlink()
    assert "your own and not touched: what the dataset was gathered from" in str(erase.forget(ANNA))


def test_the_types_order_and_groups_of_a_table_stay(tmp_path):
    path, n = tmp_path / "events.parquet", 10_000
    duckdb.sql(
        f"""COPY (SELECT 'C' || (i % 100)::VARCHAR AS customer_id, i::BIGINT AS number, (i / 7)::DECIMAL(18, 4) AS amount, i % 2 = 0 AS even,
        TIMESTAMP '2025-01-01' + to_microseconds(i) AS at, DATE '2025-01-01' + (i % 9)::INTEGER AS day, (i / 3)::DOUBLE AS share,
        NULLIF('f' || (i % 5)::VARCHAR, 'f3') AS feature FROM range({n}) t(i)) TO '{path}' (ROW_GROUP_SIZE 2048, COMPRESSION zstd)"""
    )
    before = duckdb.sql(f"SELECT * FROM '{path}' WHERE customer_id <> 'C7'").to_arrow_table()
    types = duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
    assert rows.found(path, {"C7"}) == 100 == rows.without(path, {"C7", "nobody"}) and rows.found(path, {"C7"}) == 0
    assert duckdb.sql(f"SELECT * FROM '{path}'").to_arrow_table().equals(before)
    assert duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall() == types
    with parquet.ParquetFile(path) as file:
        assert file.num_row_groups == -(-n // 2048) and file.metadata.row_group(0).column(0).compression == "ZSTD"
        assert all(b"C7" != (file.metadata.row_group(g).column(0).statistics.min or b"") for g in range(file.num_row_groups))
    assert rows.gone(path) == 100


def test_a_table_of_that_person_alone_becomes_an_empty_one(tmp_path):
    path = tmp_path / "customers.parquet"
    parquet.write_table(pa.table({"customer_id": ["a", "a"], "n": [1, 2]}), path)
    assert rows.without(path, {"a"}) == 2 and parquet.read_table(path).schema.names == ["customer_id", "n"] and not privacy_rows(path)
    assert rows.without(path, {"a"}) == 0


@pytest.mark.parametrize("kind", [pa.dictionary(pa.int32(), pa.string()), pa.large_string()])
def test_ids_are_found_however_a_table_holds_them(tmp_path, kind):
    path = tmp_path / "customers.parquet"
    parquet.write_table(pa.table({"customer_id": pa.array(["a", "b", None]).cast(kind), "n": [1, 2, 3]}), path)
    assert rows.without(path, {"a"}) == 1 and parquet.read_table(path)["n"].to_pylist() == [2, 3]
    assert rows.quotes(path, set(), {"b"}) and not rows.quotes(path, {"a"}, {"c"})


def test_a_table_without_customers_is_left(tmp_path):
    path = tmp_path / "costs.parquet"
    parquet.write_table(pa.table({"channel": ["a"]}), path)
    before = path.read_bytes()
    assert rows.without(path, {"a"}) == 0 == rows.found(path, {"a"}) and path.read_bytes() == before


@pytest.mark.parametrize(
    "name, text, customer_id, found",
    [
        ("a.ipynb", notebook("customer 17850"), "17850", True),
        ("a.ipynb", notebook("<td>17850.0</td>"), "17850", True),
        ("a.ipynb", notebook("17,850 and 0.17850 and 17850.5 and 2025-17850 and 117850"), "17850", False),
        ("a.ipynb", notebook("on 2025-10-01 at 10:30"), "10", False),
        ("a.ipynb", notebook("customer 123 failed"), "123", True),
        ("a.ipynb", notebook("<td>Zo&euml; &amp; Co</td>"), "Zoë & Co", True),
        ("a.ipynb", "cut short: 17850", "17850", True),
        ("a.json", '{"seed": 17850, "n": [17850]}', "17850", False),
        ("a.json", '{"question": "Why does 17850 leave?"}', "17850", True),
        ("a.json", '{"17850": 1}', "17850", True),
        ("a.json", '{"question": "Do 123 customers stay?"}', "123", False),
        ("a.csv", "segment,n\nS1,17850\n", "17850", False),
        ("a.csv", 'segment,note\nS1,"like 17850, say"\n', "17850", True),
        ("a.csv", "segment,note\nS1," + "x" * 200_000 + " 17850\n", "17850", True),
        ("a.csv", "", "17850", False),
        ("a.html", "<p>C000017</p>", "C000017", True),
        ("a.txt", "customers/C000017-orders", "C000017", True),
        ("a.txt", "a.b.C", "a.b", True),
        ("a.txt", "axb", "a.b", False),
    ],
)
def test_a_text_that_names_a_person_is_told_from_one_with_the_same_number(tmp_path, name, text, customer_id, found):
    (tmp_path / name).write_text(text)
    assert texts.quotes(tmp_path / name, [customer_id], []) == found


def test_a_pseudonym_is_found_anywhere_in_any_file(tmp_path):
    (tmp_path / "work.duckdb").write_bytes(b"\0\xff" + word_bytes() + b"\0")
    assert texts.quotes(tmp_path / "work.duckdb", ["C1"], [word_bytes().decode()]) and not texts.quotes(
        tmp_path / "work.duckdb", ["C1"], []
    )


def word_bytes() -> bytes:
    return b"p0123456789abcdef0123"
