"""Tiny notebooks, each doing one thing that a scheduled run meets sooner or later."""

import errno
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from segkit import errors, execute

PARAMETERS = "k_max: int = 8  # clusters\nrun: str = 'draft'\nnames: list = []\nshare: float = 0.5\nnote = None"

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture
def job(tmp_path):
    """job("cell", "cell", stage="a", k_max=3) -> a Job on a new notebook with a parameters cell and these code cells."""

    def make(*sources, stage="segments", tagged=True, warm=(), writes=(), **parameters):
        cells = [v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})] if tagged else []
        notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# Prose"), *cells, *map(v4.new_code_cell, sources)])
        path = tmp_path / f"03_{stage}.ipynb"
        nbformat.write(notebook, path)
        return execute.Job(stage, path, tmp_path / "runs" / "{as_of}" / path.name, parameters, warm, writes)

    return make


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):  # tmp_path first: it must not lie in the folder of whichever test comes first
    """Temporary files go to a folder of the test's own, a short one for the sockets. After the test nothing of ours is left."""
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="test-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield folder
        assert os.listdir(folder) == [] and kernels_of(os.getpid()) == []
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def kernels_of(driver: int) -> list[str]:
    """The running kernels of that driver, with all that they started."""
    found = []
    for environ in glob.glob("/proc/[0-9]*/environ"):
        with suppress(OSError):
            found += [environ] if f"JPY_PARENT_PID={driver}\0".encode() in Path(environ).read_bytes() else []
    return found


def run(*jobs, env=None, seconds=60.0, **callbacks):
    execute.notebooks(jobs, env or {}, seconds, **callbacks)


def failing(kind, *jobs, **options):
    with pytest.raises(errors.SegkitError) as caught:
        run(*jobs, **options)
    assert type(caught.value) is kind, caught.value
    return caught.value


def executed(job) -> dict:
    return json.loads(job.output.read_text())


def statuses(job) -> list[str]:
    return [cell["metadata"]["papermill"]["status"] for cell in executed(job)["cells"] if cell["cell_type"] == "code"]


def printed(job) -> str:
    return "".join("".join(output.get("text", "")) for cell in executed(job)["cells"] for output in cell.get("outputs", ()))


def test_two_notebooks_with_parameters_and_warm_modules(job, tmp_path, capfd):
    text = 'O\'Brien "quoted" \\n {curly} Zoë\n'
    first = job("print(run, k_max, share, names, note)", stage="behavior", run=text, k_max=3, share=1e-7, names=["a", 1, None, True])
    second = job(
        "print(sorted(dir()))",
        "import os, sys",
        "print('colorsys' in sys.modules, os.getcwd())\nopen(run, 'w').close()",
        warm=("colorsys", "no.such"),
        writes=(tmp_path / "table",),
        run=str(tmp_path / "table"),
    )
    cold = job("print(sorted(dir()))", stage="kpis", run="")
    sources, seen = [one.notebook.read_bytes() for one in (first, second)], []
    run(first, second, on_cell=lambda job, done, of: seen.append((job.stage, done, of)), on_done=lambda job, took: seen.append(job.stage))
    run(cold)
    assert printed(first) == f"{text} 3 1e-07 ['a', 1, None, True] None\n"
    assert printed(second) == printed(cold) + f"True {os.getcwd()}\n"
    assert seen == [*[("behavior", done, 3) for done in range(4)], "behavior", *[("segments", done, 5) for done in range(6)], "segments"]
    assert [one.notebook.read_bytes() for one in (first, second)] == sources
    assert not {"input_path", "output_path"} & executed(first)["metadata"]["papermill"].keys()
    assert sorted(os.listdir(first.output.parent)) == ["03_behavior.ipynb", "03_kpis.ipynb", "03_segments.ipynb"]
    assert capfd.readouterr() == ("", "")


def test_a_cell_that_raises(job, capfd):
    bad, never = job("1", "raise ValueError('Jane Doe, 4711')", "print('after')"), job("1", stage="kpis")
    error = failing(errors.NotebookFailed, bad, never)
    assert str(error) == f"03_segments failed: ValueError\n  stage segments, cell [3]\n  -> see {bad.output}"
    assert error.exit_code == 1 and "after" not in printed(bad) and not never.output.exists()
    assert statuses(bad)[-2:] == ["failed", "pending"]
    assert capfd.readouterr() == ("", "")


def test_our_own_errors_pass_with_their_message(job):
    cell = "from segkit import errors\nraise errors.BadInput('no orders', 'lines read: 0', 'check\\n  the path')"
    error = failing(errors.BadInput, job(cell))
    assert (error.what, error.facts, error.do, error.exit_code) == ("no orders", "lines read: 0", "check\n  the path", 2)
    assert str(failing(errors.Leak, job("from segkit.errors import Leak\nraise Leak('seen')"))) == "seen"


def test_a_foreign_error_with_the_name_of_ours_does_not(job):
    error = failing(errors.NotebookFailed, job("class Busy(Exception): pass", "raise Busy('Jane Doe')"))
    assert "Jane" not in str(error) and "Busy" in str(error)


@pytest.mark.parametrize("leave", ["import sys; sys.exit(0)", "import sys; sys.exit(3)"])
def test_leaving_early_is_a_failure(job, leave):
    error = failing(errors.NotebookFailed, job(leave, "1"))
    assert error.what == "03_segments failed: SystemExit"


def test_a_full_disk_is_named(job, monkeypatch):
    full = f"raise OSError({errno.ENOSPC}, 'No space left on device', 'x')"
    assert failing(errors.NotebookFailed, job(full)).what == "the disk is full"
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    fine = job("1", stage="kpis")
    assert failing(errors.NotebookFailed, fine).what == "the disk is full"
    assert os.listdir(fine.output.parent) == ["03_segments.ipynb"]


def test_a_killed_kernel_and_its_children(job, tmp_path, capfd):
    bad = job(
        "import os, subprocess\nopen(run, 'w').write(str(subprocess.Popen(['sleep', '600']).pid))",
        "os.kill(os.getpid(), 9)",
        "1",
        run=str(tmp_path / "child"),
    )
    error = failing(errors.KernelLost, bad, job("1", stage="kpis"))
    assert error.what == "03_segments: the kernel died: killed, out of memory?"
    assert error.facts == "stage segments, cell [4]" and str(bad.output) in error.do
    assert not alive(int((tmp_path / "child").read_text()))
    assert statuses(bad)[-3:] == ["completed", "failed", "pending"]
    assert executed(bad)["metadata"]["papermill"]["exception"] is True
    assert capfd.readouterr() == ("", "")


def alive(pid: int) -> bool:
    """A zombie that nobody has collected yet is as dead as can be."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_kernel_that_cannot_start_says_why(job, monkeypatch):
    error = failing(errors.KernelLost, job("1"), env={"PYTHONHOME": "/nowhere"})
    assert "before its first cell" in str(error) and "exit code 1: " in str(error)


def test_the_time_limit_is_for_all_together(job):
    began = time.monotonic()
    slow = job("import time\ntime.sleep(60)")
    error = failing(errors.KernelLost, job("1", stage="behavior"), slow, job("1", stage="kpis"), seconds=10)
    assert str(error).startswith("the time limit of 10 seconds was reached\n  in stage segments") and error.exit_code == 3
    assert time.monotonic() - began < 16 and slow.output.exists()


def test_a_file_owed_and_not_written(job, tmp_path):
    owing = job("1", writes=(tmp_path / "assignments.parquet",))
    assert failing(errors.NotebookFailed, owing).what == "03_segments did not write assignments.parquet"
    assert owing.output.exists()


@pytest.mark.parametrize(
    "given, said",
    [
        ({"k_mx": 3}, "03_segments.ipynb has no parameter 'k_mx'\n  do you mean 'k_max'?"),
        ({"x; import os": 1}, "'x; import os' cannot be the name of a parameter"),
        ({"class": 1}, "'class' cannot be the name"),
        ({"share": float("nan")}, "its type is float"),
        ({"share": float("inf")}, "its type is float"),
        ({"names": ("a", "b")}, "its type is tuple"),
        ({"names": [["a"]]}, "its type is list"),
        ({"names": {"a": 1}}, "its type is dict"),
        ({"run": Path("x")}, "its type is PosixPath"),
    ],
)
def test_bad_parameters_are_refused_before_anything_starts(job, given, said):
    error = failing(errors.BadInput, job("1", stage="behavior"), bad := job("1", **given))
    assert said in str(error) and error.exit_code == 2 and not bad.output.parent.exists()


def test_parameters_for_a_notebook_without_a_parameters_cell(job):
    assert "no cell tagged" in str(failing(errors.BadInput, job("1", tagged=False, k_max=3)))


def test_parameters_of(job, tmp_path):
    assert execute.parameters_of(job("1").notebook) == {"k_max": 8, "run": "draft", "names": [], "share": 0.5, "note": None}
    assert execute.parameters_of(job("1", tagged=False).notebook) == {}
    for source in ("a = 1\nimport os", "a = b", "a: int", "a = (", "a, b = 1, 2", "%time a = 1", "a.b = 1"):
        path = tmp_path / "odd.ipynb"
        nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(source, metadata={"tags": ["parameters"]})]), path)
        with pytest.raises(errors.BadInput, match="more than `name: type = value` lines"):
            execute.parameters_of(path)
    (tmp_path / "odd.ipynb").write_text("[]")
    with pytest.raises(errors.BadInput, match="cannot be read"):
        execute.parameters_of(tmp_path / "odd.ipynb")


def test_neither_foreign_kernels_nor_a_persons_profile_take_part(job, tmp_path, monkeypatch):
    spec = tmp_path / "share" / "kernels" / "python3"
    spec.mkdir(parents=True)
    hostile = {"display_name": "Python 3", "language": "python", "argv": ["touch", str(tmp_path / "hijacked")]}
    (spec / "kernel.json").write_text(json.dumps(hostile))
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("hijacked = True")
    (tmp_path / "cwd").mkdir()
    (tmp_path / "cwd" / "pandas.py").write_text("hijacked = True")
    for name, value in {"JUPYTER_PATH": spec.parents[1], "IPYTHONDIR": tmp_path, "PYTHONSTARTUP": startup / "00.py"}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(tmp_path / "cwd")
    fine = job("import importlib.util, sys\nprint(sys.executable, 'hijacked' in dir(), importlib.util.find_spec('pandas').origin)")
    run(fine)
    python, profile, pandas = printed(fine).split()
    assert python == sys.executable and profile == "False" and "site-packages" in pandas
    assert not (tmp_path / "hijacked").exists()


def test_the_environment_is_the_kernels_only(job, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    fine = job("import os\nprint(os.environ['SEGKIT_HEADLESS'], os.environ['MPLBACKEND'])")
    run(fine, env={"SEGKIT_HEADLESS": "1"})
    assert printed(fine) == "1 module://matplotlib_inline.backend_inline\n" and "SEGKIT_HEADLESS" not in os.environ


def test_an_error_in_a_callback_is_not_ours_and_leaves_nothing(job):
    with pytest.raises(ZeroDivisionError):
        run(job("1"), job("1", stage="kpis"), on_done=lambda job, took: 1 / 0)
    with pytest.raises(RuntimeError, match="mine"):
        run(job("1"), on_cell=lambda *told: (_ for _ in ()).throw(RuntimeError("mine")))


DRIVER = """
import sys, pathlib, tempfile
from segkit import errors, execute
notebooks = [pathlib.Path(path) for path in sys.argv[1:]]
jobs = [execute.Job(path.stem, path, path.with_suffix(".out.ipynb"), {}, ("colorsys",)) for path in notebooks]
try:
    execute.notebooks(jobs, {}, 60, on_cell=lambda job, done, of: print(done, flush=True))
except errors.SegkitError as error:
    print(error, file=sys.stderr)
    raise SystemExit(error.exit_code)
"""


@pytest.fixture
def driver(job, folder):
    """A process that runs two sleepers."""
    sleepers = [str(job("import time\ntime.sleep(60)", stage=stage).notebook) for stage in ("segments", "kpis")]
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, *sleepers],
        env={**os.environ, "TMPDIR": folder},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        yield process


@linux
@pytest.mark.parametrize("number, after", [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGINT, 0), (signal.SIGTERM, None)])
def test_a_stopped_driver_takes_its_kernels_along(driver, number, after):
    """after: how many cells are done when the signal comes; None: the kernels are still starting."""
    while not kernels_of(driver.pid) if after is None else int(driver.stdout.readline()) < after:
        time.sleep(0.01)
    began = time.monotonic()
    driver.send_signal(number)
    said = driver.communicate(timeout=15)[1]
    assert driver.returncode == 130 and time.monotonic() - began < 10
    assert said.startswith(f"interrupted by {number.name}\n") and said.count("\n") == 3
    assert kernels_of(driver.pid) == []


@linux
def test_a_killed_driver_leaves_no_kernel(driver, folder):
    """Not even one that was still importing, and so not yet watching. Its temporary folders nobody could remove."""
    while len(kernels_of(driver.pid)) < 2:
        time.sleep(0.01)
    driver.kill()
    driver.wait()
    deadline = time.monotonic() + 15
    while kernels_of(driver.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert kernels_of(driver.pid) == []
    for left in os.listdir(folder):
        shutil.rmtree(os.path.join(folder, left))
