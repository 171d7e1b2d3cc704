"""Every point at which publishing can be cut short, and what is left of it after healing."""

import json
import os
from contextlib import suppress

import pytest
from conftest import tree

from segkit import shelves


class Cut(BaseException):
    """Stands for a power failure: nothing after it is run."""


@pytest.fixture
def shelf(tmp_path):
    """shelf(old=True) -> private and public folder of a study: a finished attempt `.partial-a`, another run, and an older one of the same id."""

    def make(old):
        for name in ("private", "public"):
            for run, text in (("other", "other"), ("run", "old"), (".partial-a", "new")):
                if run != "run" or old:
                    (tmp_path / name / run).mkdir(parents=True)
                    (tmp_path / name / run / "file").write_text(text)
        (tmp_path / "public" / "latest").symlink_to("other")
        return tmp_path / "private", tmp_path / "public"

    return make


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

    monkeypatch.setattr(shelves.os, "replace", counted(os.replace))
    monkeypatch.setattr(shelves.shutil, "rmtree", counted(shelves.shutil.rmtree))
    monkeypatch.setattr(shelves.Path, "symlink_to", counted(shelves.Path.symlink_to))
    monkeypatch.setattr(shelves.Path, "unlink", counted(shelves.Path.unlink))


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("step", range(12))
def test_publishing_cut_short_anywhere_is_undone_or_finished(shelf, monkeypatch, old, step):
    private, public = shelf(old)
    with monkeypatch.context() as cut:
        cut_before(cut, step)
        with suppress(Cut):
            shelves.publish(private, public, ".partial-a", "run")
    committed = not (public / ".partial-a").exists() and (public / "run").exists()
    shelves.heal(private, public)
    expected = "new" if committed else "old" if old else None
    for folder in (private, public):
        there = ["other", *(["run"] if expected else []), *(["latest"] if folder == public else [])]
        assert sorted(path.name for path in folder.iterdir()) == sorted(there)
        assert expected is None or (folder / "run" / "file").read_text() == expected
        assert (folder / "other" / "file").read_text() == "other"
    assert os.readlink(public / "latest") == ("run" if committed else "other")


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("step", range(1, 7))
@pytest.mark.parametrize("again", range(6))
def test_healing_cut_short_goes_on_where_it_stopped(shelf, monkeypatch, old, step, again):
    private, public = shelf(old)
    with monkeypatch.context() as cut:
        cut_before(cut, step)
        with suppress(Cut):
            shelves.publish(private, public, ".partial-a", "run")
    committed = not (public / ".partial-a").exists()
    with monkeypatch.context() as cut:
        cut_before(cut, again)
        with suppress(Cut):
            shelves.heal(private, public)
    shelves.heal(private, public)
    texts = [(folder / "run" / "file").read_text() if (folder / "run").exists() else None for folder in (private, public)]
    assert texts == (["new"] * 2 if committed else ["old" if old else None] * 2)
    assert os.readlink(public / "latest") == ("run" if committed else "other")
    assert {path.name for folder in (private, public) for path in folder.iterdir()} <= {"other", "run", "latest"}


def test_an_error_while_publishing_leaves_the_old_run(shelf, monkeypatch, caplog):
    private, public = shelf(old=True)
    real = os.replace

    def refuses(source, target):
        if source == public / ".partial-a":
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(shelves.os, "replace", refuses)
    with pytest.raises(OSError, match="No space"):
        shelves.publish(private, public, ".partial-a", "run")
    assert (private / "run" / "file").read_text() == (public / "run" / "file").read_text() == "old"
    assert os.readlink(public / "latest") == "other" and "run run: an interrupted publication was undone" in caplog.text


def test_data_without_a_report_give_way(shelf):
    private, public = shelf(old=False)
    (private / "run").mkdir()
    (private / "run" / "file").write_text("nobody's")
    shelves.publish(private, public, ".partial-a", "run")
    assert (private / "run" / "file").read_text() == (public / "run" / "file").read_text() == "new"
    assert sorted(path.name for path in private.iterdir()) == ["other", "run"]


def test_healing_sweeps_what_attempts_left_and_nothing_else(shelf):
    private, public = shelf(old=True)
    kept = tree(private / "run") | tree(public / "run")
    (private / ".partial-b").mkdir()
    (public / ".partial-12345678-FAILED.html").touch()
    (public / ".probe-12345678").touch()
    for name in ("draft", "failed"):
        (private / name).mkdir()
    for path in (private / ".lock", public / "FAILED.html", public / "looks.jsonl"):
        path.touch()
    shelves.heal(private, public)
    assert {path.name for path in private.iterdir()} == {"other", "run", "draft", "failed", ".lock"}
    assert {path.name for path in public.iterdir()} == {"other", "run", "latest", "FAILED.html", "looks.jsonl"}
    assert tree(private / "run") | tree(public / "run") == kept


@pytest.mark.parametrize(
    "keep, notebooks, left",
    [(True, ["01_gather.ipynb"], ["01_gather.ipynb", "rows.parquet"]), (False, ["01_gather.ipynb"], []), (True, [], [])],
)
def test_after_a_failure_the_executed_notebooks_stay_with_the_data(tmp_path, keep, notebooks, left):
    inside, outside, failed = tmp_path / "data" / ".partial-a", tmp_path / "reports" / ".partial-a", tmp_path / "data" / "failed"
    for folder in (inside, outside, failed):
        folder.mkdir(parents=True)
    (failed / "old.ipynb").touch()
    (outside / "index.html").touch()
    for name in [*notebooks, "rows.parquet"]:
        (inside / name).touch()
    shelves.set_aside(inside, outside, keep)
    assert not inside.exists() and not outside.exists()
    assert (sorted(os.listdir(failed)) if failed.exists() else []) == left


ROW = "KeyError: Anna from Xanten"


@pytest.mark.parametrize("encrypted, quoted", [(False, True), (True, False)])
def test_where_rows_are_encrypted_a_failed_notebook_keeps_no_outputs(tmp_path, encrypted, quoted):
    inside, failed = tmp_path / "data" / ".partial-a", tmp_path / "data" / "failed"
    inside.mkdir(parents=True)
    code = {"cell_type": "code", "source": "gather()", "metadata": {"papermill": {"status": "failed"}}}
    cells = [
        code | {"outputs": [{"output_type": "error", "traceback": [ROW]}]},
        {"cell_type": "markdown", "source": "# Größe", "metadata": {}},
    ]
    (inside / "01_gather.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}, ensure_ascii=False), encoding="utf-8")
    (inside / "02_behavior.ipynb.partial").write_text(json.dumps({"cells": cells}))
    (inside / "03_segments.ipynb").write_text(f"cut short: {ROW}")
    (inside / "04_kpis.ipynb").write_text(json.dumps([ROW]))
    (inside / "study.json").write_text("{}")
    shelves.set_aside(inside, tmp_path / "reports", keep=True, encrypted=encrypted)
    assert any(ROW in path.read_text() for path in failed.iterdir()) == quoted
    kept = json.loads((failed / "01_gather.ipynb").read_text(encoding="utf-8"))
    assert kept["cells"][1] == cells[1] and kept["cells"][0]["metadata"] == code["metadata"], "which cell failed can still be seen"
    assert (failed / "study.json").exists() and not list(failed.glob(".partial-*"))


def test_setting_aside_what_was_never_made_is_no_error(tmp_path):
    shelves.set_aside(tmp_path / "a", tmp_path / "b", keep=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("old", [True, False])
def test_a_folder_replaced_is_the_old_or_the_new_one_whole_wherever_it_is_cut_short(shelf, monkeypatch, old, step):
    _, public = shelf(old)
    with monkeypatch.context() as cut:
        cut_before(cut, step)
        with suppress(Cut):
            shelves.replace(public / ".partial-a", public / "run")
    committed = not (public / ".partial-a").exists()
    shelves.restore(public)
    assert {path.name for path in public.iterdir()} == {"other", "latest", *(["run"] if old or committed else [])}
    if old or committed:
        assert (public / "run" / "file").read_text() == ("new" if committed else "old")
