# ruff: noqa: F811 (a fixture is asked for by its name)
"""Purging what is old: by its newest file, under the locks, and nothing that is in use."""

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import tree
from test_erase import RUN, bench, gathered, run  # noqa: F401

from segkit import erase, errors, home, store
from segkit.privacy import audit, suppression

YEAR = timedelta(days=365)


def aged(folder: Path, days: float) -> Path:
    """Make everything in a folder that many days old, or one file."""
    then = datetime.fromisoformat(home.clock()).timestamp() - days * 86400
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (then, then))
    return folder


def there(folder: Path) -> set[str]:
    """Runs and gatherings that are left."""
    return {str(path.relative_to(folder / "data")) for kind in ("runs", "gathered") for path in (folder / "data" / kind).glob("*/*")}


ALL = {f"runs/small/{name}" for name in (RUN, "draft", "failed")} | {"gathered/shop/0123456789ab", "gathered/shop/latest"}


def test_what_is_young_stays(bench):
    before = tree(bench)
    done = erase.purge(YEAR)
    assert done.removed == () and str(done) == "older than 365 days: nothing removed; reports stay"
    assert {name for name, text in tree(bench).items() if text != before.get(name)} == {"data/audit.jsonl", "data/runs/small/.lock"}


def test_what_is_old_goes_and_reports_stay(bench):
    erase.forget("C000017")
    reports = tree(bench / "reports")
    for kind in ("runs", "gathered"):
        aged(bench / "data" / kind, 366)
    sizes = {path.name: sum(each.stat().st_size for each in path.rglob("*") if each.is_file()) for path in bench.glob("data/runs/small/*")}
    done = erase.purge(YEAR)
    assert there(bench) == {"runs/small/.lock"} and tree(bench / "reports") == reports
    assert [name for name, _ in done.removed] == [
        *(f"data/runs/small/{name}" for name in sorted((RUN, "draft", "failed"))),
        "data/gathered/shop/0123456789ab",
    ]
    assert dict(done.removed)[f"data/runs/small/{RUN}"] == sizes[RUN] > 0
    assert "older than 365 days: 4 folders, 0.0 MB removed; reports stay\n" in str(done) and f"MB  data/runs/small/{RUN}" in str(done)
    assert len(suppression.suppressed("shop")) == 1, "who was forgotten stays forgotten"


def test_the_newest_file_counts(bench):
    for kind in ("runs", "gathered"):
        aged(bench / "data" / kind, 366)
    young = bench / "data" / "runs" / "small" / RUN / "study.json"
    young.touch()
    assert len(erase.purge(YEAR).removed) == 3 and young.exists() and f"runs/small/{RUN}" in there(bench)


@pytest.mark.parametrize("latest, days, left", [(True, 366, False), (True, 1, True), (False, 1, False)])
def test_the_gathering_in_use_is_as_old_as_its_last_use(bench, latest, days, left):
    folder = aged(bench / "data" / "gathered" / "shop", 366)
    if not latest:
        (folder / "latest").write_text("ba9876543210")
    aged(folder / "latest", days)
    erase.purge(YEAR)
    assert (folder / "0123456789ab").exists() == left and (folder / "latest").exists() == (left or not latest)


def test_the_record_says_what_went(bench):
    aged(bench / "data" / "runs", 366)
    done = erase.purge(timedelta(days=30))
    (act,) = audit.acts()
    size = sum(size for _, size in done.removed)
    assert (act["what"], act["days"], act["folders"], act["bytes"], act["complete"]) == ("purge", 30, 3, size, True)


def test_only_the_root_that_is_written_under_is_purged(bench, tmp_path, monkeypatch):
    gathered(tmp_path / "out")
    run(tmp_path / "out")
    for root in (bench, tmp_path / "out"):
        aged(root / "data" / "runs", 366)
    monkeypatch.setenv("SEGKIT_OUT", str(tmp_path / "out"))
    assert len(erase.purge(YEAR).removed) == 3
    assert there(bench) == ALL and "runs/small/draft" not in there(tmp_path / "out")


@pytest.mark.parametrize("days", [0, -1, -0.5])
def test_an_age_of_nothing_is_refused(bench, days):
    with pytest.raises(errors.BadInput, match=f"above 0 days\n  given: {days:g} days"):
        erase.purge(timedelta(days=days))
    assert there(bench) == ALL and not audit.acts()


def test_an_age_beyond_all_time_removes_nothing(bench):
    assert erase.purge(timedelta.max).removed == ()


def test_a_run_under_way_and_what_it_may_read_are_left_for_another_time(bench):
    run(bench, study="busy")
    for kind in ("runs", "gathered"):
        aged(bench / "data" / kind, 366)
    with home.locked(bench / "data" / "runs" / "busy", "busy", 0):
        with pytest.raises(errors.Busy, match="a run of busy is under way, and not everything was purged\n.*3 folders"):
            erase.purge(YEAR)
        assert {f"runs/busy/{name}" for name in (RUN, "draft", "failed")} | {"gathered/shop/0123456789ab"} <= there(bench)
        assert "runs/small/draft" not in there(bench) and audit.acts()[-1]["complete"] is False
    assert len(erase.purge(YEAR).removed) == 4


def test_what_killed_processes_left_is_swept(bench):
    left = [bench / "data" / "runs" / "small" / ".partial-dead", bench / "data" / "gathered" / "shop" / ".partial-dead-0123"]
    for folder in left:
        folder.mkdir()
        (folder / "rows.parquet").touch()
    erase.purge(YEAR)
    assert not any(folder.exists() for folder in left) and there(bench) == ALL | {"runs/small/.lock"}


def test_cut_short_it_leaves_no_half_folder_behind(bench, monkeypatch):
    aged(bench / "data" / "runs", 366)
    real = shutil.rmtree

    def fails(folder, *given, **options):
        (Path(folder) / "study.json").unlink(missing_ok=True)
        raise OSError(5, "Input/output error", str(folder))

    with monkeypatch.context() as disk:
        disk.setattr(shutil, "rmtree", fails)
        with pytest.raises(errors.SegkitError, match="purging came to a stop\n.*Input/output error"):
            erase.purge(YEAR)
    assert shutil.rmtree is real and sum(name.startswith("runs/small/.partial-") for name in there(bench)) == 1
    erase.purge(YEAR)
    assert not [name for name in there(bench) if name.startswith("runs/") and not name.endswith(".lock")]


def test_what_reads_a_purged_run_is_told_so(bench):
    (bench / "reports" / "small" / "latest").symlink_to(RUN)
    aged(bench / "data" / "runs", 366)
    erase.purge(YEAR)
    with pytest.raises(errors.BadInput, match="purged or never made here\n.*--force"):
        store.shelf("small", RUN).read_customers("assignments")
    with pytest.raises(errors.BadInput, match="purged or never made\n.*run 03_segments first"):
        store.shelf("small").read_customers("assignments")


def test_without_data_there_is_nothing_to_purge(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.delenv("SEGKIT_OUT", raising=False)
    assert erase.purge(YEAR).removed == ()
