"""What was done with customers' data is on record: whole lines, private, by whoever did it, however many at once."""

import json
import os
import stat
import subprocess
import sys

import pytest

from segkit import home
from segkit.privacy import audit


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.delenv("SEGKIT_OUT", raising=False)
    return tmp_path


def lines(bench) -> list[dict]:
    return [json.loads(line) for line in (bench / "data" / "audit.jsonl").read_text().splitlines()]


def test_an_act_says_when_who_and_what(bench, monkeypatch):
    monkeypatch.setattr(home, "clock", lambda: "2025-10-01T00:00:00Z")
    monkeypatch.setenv("LOGNAME", "somebody else")
    said = audit.record("run", study="demo", dataset="demo", fingerprint="0123", run="2025-07-01-abcdef01")
    assert lines(bench) == [said] and said == {
        "when": "2025-10-01T00:00:00Z",
        "who": audit.user(),
        "what": "run",
        "study": "demo",
        "dataset": "demo",
        "fingerprint": "0123",
        "run": "2025-07-01-abcdef01",
    }
    assert audit.user() and audit.user() != "somebody else", "the environment is not asked"


def test_who_has_no_name_is_a_number(monkeypatch):
    def nobody(number):
        raise KeyError(number)

    monkeypatch.setattr(audit.pwd, "getpwuid", nobody)
    assert audit.user() == str(os.getuid())


def test_the_record_is_its_owners_alone_and_becomes_so(bench):
    path = bench / "data" / "audit.jsonl"
    audit.record("purge")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    audit.record("purge")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and len(lines(bench)) == 2


def test_acts_are_added_and_none_is_rewritten(bench):
    audit.record("run", run="first")
    before = (bench / "data" / "audit.jsonl").read_bytes()
    audit.record("run", run="second\nline")
    assert (bench / "data" / "audit.jsonl").read_bytes().startswith(before)
    assert [act["run"] for act in audit.acts()] == ["first", "second\nline"]


def test_a_line_cut_short_is_not_continued(bench):
    audit.record("run", run="first")
    with open(bench / "data" / "audit.jsonl", "a") as file:
        file.write('{"what": "ru')
    audit.record("run", run="second")
    assert [act["run"] for act in audit.acts()] == ["first", "second"]
    assert len((bench / "data" / "audit.jsonl").read_text().splitlines()) == 3


def test_a_line_that_does_not_fit_on_the_disk_is_an_error(bench, monkeypatch):
    monkeypatch.setattr(audit.os, "write", lambda file, line: len(line) - 1)
    with pytest.raises(OSError, match="No space left"):
        audit.record("run")


def test_a_run_sent_elsewhere_is_on_record_at_home(bench, tmp_path_factory, monkeypatch):
    there = tmp_path_factory.mktemp("out")
    audit.record("run")
    assert audit.outs() == []
    monkeypatch.setenv("SEGKIT_OUT", str(there))
    audit.record("run")
    audit.record("forget")
    assert [act.get("out") for act in lines(bench)] == [None, str(there), str(there)]
    assert audit.outs() == [there] and not (there / "data").exists()
    there.rmdir()
    assert audit.outs() == [] and audit.acts() and not (bench / "data" / "audit.jsonl").read_text().endswith("\n\n")


def test_without_a_record_there_are_no_acts(bench):
    assert audit.acts() == [] and audit.outs() == [] and not (bench / "data").exists()


def test_processes_at_the_same_time_write_whole_lines(bench):
    code = (
        "import sys; from segkit.privacy import audit; [audit.record('run', run=f'{sys.argv[1]}-{n}', text='x' * 5000) for n in range(40)]"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code, str(number)]) for number in range(4)]
    assert [worker.wait(timeout=60) for worker in workers] == [0] * 4
    found = [act["run"] for act in lines(bench)]
    assert len(found) == 160 and set(found) == {f"{number}-{n}" for number in range(4) for n in range(40)}
    for number in range(4):
        mine = [run for run in found if run.startswith(f"{number}-")]
        assert mine == [f"{number}-{n}" for n in range(40)], "each in its own order"
