"""Where things lie, who may enter, and that nothing is ever seen half written."""

import os
import stat
from datetime import datetime
from pathlib import Path

import pytest

from segkit import errors, home


@pytest.fixture
def workbench(tmp_path, monkeypatch):
    """The least that is a workbench, without SEGKIT_HOME."""
    (tmp_path / "notebooks" / "studies").mkdir(parents=True)
    (tmp_path / "environment.yml").touch()
    for name in ("SEGKIT_HOME", "SEGKIT_OUT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_root_is_the_nearest_workbench_above(workbench, monkeypatch):
    monkeypatch.chdir(workbench / "notebooks" / "studies")
    assert home.root() == home.out() == workbench


def test_the_variable_wins_over_the_place(workbench, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(workbench)
    monkeypatch.setenv("SEGKIT_HOME", str(elsewhere))
    assert home.root() == home.out() == elsewhere
    monkeypatch.setenv("SEGKIT_OUT", str(workbench))
    assert (home.root(), home.out()) == (elsewhere, workbench)


def test_no_workbench_is_bad_input_that_says_what_one_is(tmp_path, monkeypatch):
    monkeypatch.delenv("SEGKIT_HOME", raising=False)
    (tmp_path / "environment.yml").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.BadInput, match="no workbench here\n.*holds environment.yml and notebooks/\n.*SEGKIT_HOME"):
        home.root()
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path / "environment.yml"))
    with pytest.raises(errors.BadInput, match="SEGKIT_HOME is not a folder"):
        home.root()


def test_private_folders_are_their_owners_and_others_stay_as_they_are(tmp_path):
    (tmp_path / "data").mkdir()
    before = mode(tmp_path / "data")
    made = home.private(tmp_path / "data" / "runs" / "demo")
    assert made.is_dir() and mode(made) == mode(made.parent) == 0o700 and mode(tmp_path / "data") == before
    assert home.private(made) == made


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "table.csv"
    with home.whole_file(path) as partial:
        partial.write_text("old")
        assert not path.exists() and partial.parent == path.parent
    with pytest.raises(ZeroDivisionError), home.whole_file(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["table.csv"]
    with pytest.raises(FileNotFoundError), home.whole_file(path):
        pass
    assert path.read_text() == "old"


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "gathered"
    with pytest.raises(ZeroDivisionError), home.whole_folder(path) as partial:
        (partial / "orders").write_text("half")
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []
    with home.whole_folder(path) as partial:
        (partial / "orders").write_text("whole")
        assert not path.exists()
    assert (path / "orders").read_text() == "whole" and mode(path) == 0o700 and os.listdir(tmp_path) == ["gathered"]


def test_of_two_who_fill_a_folder_the_first_is_kept(tmp_path):
    path = tmp_path / "gathered"
    with home.whole_folder(path) as late:
        (late / "orders").write_text("late")
        with home.whole_folder(path) as early:
            (early / "orders").write_text("early")
    assert (path / "orders").read_text() == "early" and os.listdir(tmp_path) == ["gathered"]


def test_a_folder_that_meets_a_file_of_its_name_is_an_error(tmp_path):
    (tmp_path / "gathered").touch()
    with pytest.raises(OSError), home.whole_folder(tmp_path / "gathered"):
        pass
    assert os.listdir(tmp_path) == ["gathered"]


def test_the_first_comes_between_the_look_and_the_move(tmp_path, monkeypatch):
    """The race itself: the folder is not there when the second looks, and there when it moves."""
    path, real = tmp_path / "gathered", os.replace

    def slow(source, target):
        target.mkdir()
        (target / "orders").write_text("early")
        real(source, target)

    monkeypatch.setattr(home.os, "replace", slow)
    with home.whole_folder(path) as late:
        (late / "orders").write_text("late")
    assert (path / "orders").read_text() == "early"


def test_sha256_is_that_of_the_bytes(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert home.sha256(tmp_path / "file") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_what_a_killed_process_left_half_done_is_swept_by_the_next(tmp_path):
    left = tmp_path / "gathered" / ".partial-dead-0123"
    left.mkdir(parents=True)
    (left / "orders.parquet").write_bytes(b"rows of persons")
    (tmp_path / "gathered" / ".partial-dead-latest").write_text("0123")
    with home.alone(tmp_path / "gathered"):
        assert os.listdir(tmp_path / "gathered") == []


def test_one_run_of_a_study_at_a_time(tmp_path):
    with home.locked(tmp_path, "demo", 0):
        with pytest.raises(errors.Busy, match="another run of demo is under way\n  waited 0.3 seconds\n.*--wait") as caught:
            with home.locked(tmp_path, "demo", 0.3):
                pass
    assert caught.value.exit_code == 5
    with home.locked(tmp_path, "demo", 0):
        assert os.listdir(tmp_path) == [".lock"]


def test_the_clock_is_utc_to_the_second():
    assert datetime.fromisoformat(home.clock()).tzinfo is not None and home.clock().endswith("Z")
