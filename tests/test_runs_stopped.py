"""Runs that are stopped, killed, or meet another of their kind, as real processes."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager

import pytest
from conftest import tree
from test_runs import CLI, copy_of, latest, with_report

from segkit import errors, execute, runs

WAITS = """import time
(pathlib.Path(home) / "begun").touch()
while not (pathlib.Path(home) / "go").exists(): time.sleep(0.05)
"""
SOON_OVER = {"timeout_minutes": 0.2}  # should the lock not hold, the second run would wait for `go`, too


@pytest.fixture(scope="module")
def original(tmp_path_factory, demo_files):
    return with_report(tmp_path_factory.mktemp("original") / "bench", demo_files[200])


@pytest.fixture
def bench(original, tmp_path, monkeypatch):
    return copy_of(original, tmp_path / "bench", monkeypatch)


@contextmanager
def under_way(bench, stage="gather"):
    """A run in another process that has come to `stage` and waits there for the file `go`."""
    (bench / f"{stage}.py").write_text(WAITS)
    command = [sys.executable, "-c", CLI, "run", "small", "--force"]
    with (
        tempfile.TemporaryDirectory(dir="/tmp", prefix="test-", ignore_cleanup_errors=True) as folder,  # a killed run cannot clean up
        subprocess.Popen(
            command, env=os.environ | {"TMPDIR": folder}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        try:
            deadline = time.monotonic() + 60
            while not (bench / "begun").exists() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            assert (bench / "begun").exists(), process.poll()
            yield process
        finally:
            process.kill()


def left_over(bench) -> list[str]:
    return [
        name
        for root in ("data/runs/small", "reports/small")
        for name in os.listdir(bench / root)
        if name.startswith(".") and name != ".lock"
    ]


@pytest.mark.parametrize("number, stage", [(signal.SIGINT, "behavior"), (signal.SIGTERM, "gather")])
def test_a_run_that_is_stopped_publishes_nothing(bench, number, stage):
    before = tree(bench / "reports"), tree(bench / "data" / "runs" / "small" / latest(bench).name)
    with under_way(bench, stage) as process:
        process.send_signal(number)
        out, said = process.communicate(timeout=30)
    assert process.returncode == 130 and out == ""
    assert f"segkit: interrupted by {number.name}\n  in stage {stage}" in said and "Traceback" not in said
    assert (tree(bench / "reports"), tree(bench / "data" / "runs" / "small" / latest(bench).name)) == before and left_over(bench) == []


def test_a_run_stopped_before_its_first_notebook_says_so(bench):
    before = tree(bench / "reports")
    slow = CLI.replace(
        "cli.main()", "import time; runs.resolve = lambda declared: (print('begun', flush=True), time.sleep(60)); cli.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", slow, "run", "small"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 130 and said == "segkit: interrupted\n" and tree(bench / "reports") == before


def test_a_killed_run_is_swept_up_by_the_next(bench):
    before = tree(bench / "reports"), latest(bench)
    with under_way(bench, "behavior") as process:
        process.kill()
        process.wait()
    assert len(left_over(bench)) == 2
    assert {name: text for name, text in tree(bench / "reports").items() if ".partial-" not in name} == before[0]
    assert runs.run("small") == before[1] / "index.html" and left_over(bench) == []
    assert tree(bench / "reports") == before[0]


def test_a_second_run_of_a_study_is_refused_or_waits(bench, monkeypatch):
    before = latest(bench) / "manifest.json"
    published = before.read_bytes()
    with under_way(bench) as process:
        reports = tree(bench / "reports")
        with pytest.raises(errors.Busy) as caught:
            runs.run("small", SOON_OVER, force=True)
        assert caught.value.exit_code == 5 and "another run of small is under way" in str(caught.value) and "--wait" in caught.value.do
        with pytest.raises(errors.Busy, match="waited 0.3 seconds"):
            runs.run("small", SOON_OVER, wait=0.3)
        assert tree(bench / "reports") == reports
        monkeypatch.setattr(execute, "notebooks", lambda *given: pytest.fail("a notebook was run"))
        threading.Timer(0.5, (bench / "go").touch).start()
        assert runs.run("small", wait=60) == latest(bench) / "index.html"
        assert process.wait(timeout=30) == 0
    assert before.read_bytes() != published, "the run that was waited for"
