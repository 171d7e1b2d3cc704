"""What goes wrong in data, notebooks and folders: a clear message, the right exit code, nothing published, the last good report untouched."""

import csv
import json
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from conftest import tree, write_study
from test_runs import copy_of, latest, with_report
from typer.testing import CliRunner

from segkit import cli, errors, matrix, runs

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs a Linux device or mount")


@pytest.fixture(scope="module")
def original(tmp_path_factory, demo_files):
    return with_report(tmp_path_factory.mktemp("original") / "bench", demo_files[200])


@pytest.fixture
def bench(original, tmp_path, monkeypatch):
    return copy_of(original, tmp_path / "bench", monkeypatch)


def segkit(*arguments) -> tuple[int, str]:
    """Exit code and message of `segkit …`."""
    done = CliRunner().invoke(cli.app, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr


def refused(bench, *arguments) -> str:
    """The message of a run that ends with exit code 2 and leaves everything under reports/ and data/runs as it was."""
    before = tree(bench / "reports"), tree(bench / "data" / "runs")
    code, said = segkit("run", *arguments)
    assert code == 2, said
    assert (tree(bench / "reports"), tree(bench / "data" / "runs")) == before
    return said


def failed(bench, code, stage, **faults) -> tuple[str, str]:
    """Message and FAILED page of a run in which notebooks go wrong. The last good report, of the very same run id, is untouched."""
    before = published(bench)
    for word, fault in faults.items():
        (bench / f"{word}.py").write_text(fault)
    found, said = segkit("run", "small", "--force")
    assert found == code, said
    assert published(bench) == before
    assert not [path for path in (bench / "data" / "runs" / "small").iterdir() if path.name.startswith(".") and path.name != ".lock"]
    page = (bench / "reports" / "small" / "FAILED.html").read_text()
    assert f"<dd>{stage}</dd>" in page and f"<dd>{code}</dd>" in page and page.count("<dd>") == 3
    assert str(bench) not in page and "cell [" not in page, "the message is for whoever ran it"
    assert "The last attempt failed" in (bench / "reports" / "index.html").read_text()
    return said, page


def published(bench) -> dict[str, bytes]:
    """What readers have, but for the news that an attempt failed; and the private side of it."""
    kept = {
        name: text for name, text in tree(bench / "reports").items() if name not in ("index.html", "small/FAILED.html", "small/looks.jsonl")
    }
    return kept | tree(bench / "data" / "runs" / "small" / latest(bench).name)


# --- a study that cannot be used


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["small", "-p", "k_mx=3"], "unknown key 'k_mx': do you mean 'k_max'?"),
        (["small", "-p", "k_max=many"], "k_max: input should be a valid integer"),
        (["small", "-p", "k_max"], "it needs name=value"),
        (["small", "-p", "k_max=[1"], "the value is not YAML"),
        (["small", "-p", "as_of=2025-13-45"], "the value is not YAML"),
        (["small", "-p", "study=../../evil"], "study: a name is lower-case letters"),
        (["small", "-p", "dataset=../../evil"], "dataset: a name is lower-case letters"),
        (["small", "-p", "dataset=dmo"], "there is no dataset file"),
        (["small", "-p", "cluster_on=[spnd]"], "do you mean 'spend'?"),
        (["small", "-p", "fail_if=[refuted sty]"], "do you mean 'stay'?"),
        (["../../etc/passwd"], "'../../etc/passwd' is not a study's name"),
        (["smal"], "there is no study file"),
        (["nowhere/x.yaml"], "there is no study file nowhere/x.yaml"),
        (["small", "-p", "as_of=2020-01-01"], "nothing happened before as_of 2020-01-01"),
        (["small", "-p", "as_of=2025-12-30"], "is not over yet"),
        (["small", "-p", "k_max=20"], "at least 600"),
    ],
)
def test_a_study_that_cannot_be_used_is_refused(bench, arguments, said):
    assert said in refused(bench, *arguments)


def test_a_misspelt_key_of_the_file_names_the_nearest(bench):
    write_study(bench, "misspelt", horizon_day=30, hypotheses=[{"name": "a", "kpi": "retention", "test": "spread", "at_lest": 0.1}])
    said = refused(bench, "misspelt")
    assert "unknown key 'horizon_day': do you mean 'horizon_days'?" in said
    assert "unknown key 'hypotheses.0.at_lest': do you mean 'at_least'?" in said


def test_a_study_that_calls_itself_a_path_makes_no_folder(bench, tmp_path):
    before = tree(tmp_path)
    path = write_study(bench, "inside", study="../outside")
    assert "study: a name is lower-case letters" in refused(bench, path)
    path.unlink()
    assert tree(tmp_path) == before


# --- data that cannot be used


def rewrite(path, change) -> None:
    """Put a CSV through a function from (header, rows) to (header, rows)."""
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([kept[0], *kept[1]] if (kept := change(header, rows)) else [])


def without_amount(header, rows):
    at = header.index("amount")
    return [name for name in header if name != "amount"] + ["amuont"], [row[:at] + row[at + 1 :] + row[at : at + 1] for row in rows]


def with_words_for_amounts(header, rows):
    at = header.index("amount")
    return header, [[*row[:at], "Jane Doe", *row[at + 1 :]] for row in rows]


@pytest.mark.parametrize(
    "change, said",
    [
        (
            without_amount,
            [
                "orders: columns are missing in orders.csv",
                "- amount (declared, not in the file; do you mean 'amuont'?)",
                "+ amuont (in the file, not declared)",
            ],
        ),
        (with_words_for_amounts, ["orders: wrong type", "amount: 2,416 of 2,416 values cannot be read as money"]),
        (lambda header, rows: (header, []), ["orders is empty", "has a header and no row"]),
        (
            lambda header, rows: (header, [[name and "" for name in header] for row in rows]),
            ["orders: no row is left", "no customer: 2,416"],
        ),
    ],
)
def test_orders_that_cannot_be_used_are_refused(bench, change, said):
    rewrite(bench / "data" / "raw" / "demo" / "orders.csv", change)
    message = refused(bench, "small")
    assert all(each in message for each in said), message
    assert "Jane" not in message and "C0001" not in message


def test_a_missing_file_is_named_with_where_it_was_looked_for(bench):
    (bench / "data" / "raw" / "demo" / "events.csv").unlink()
    said = refused(bench, "small")
    assert "the file demo/events.csv is missing" in said and str(bench / "data" / "raw") in said


def test_one_customer_is_too_few(bench):
    for table in ("customers", "orders", "events"):
        rewrite(
            bench / "data" / "raw" / "demo" / f"{table}.csv", lambda header, rows: (header, [row for row in rows if row[0] == "C000002"])
        )
    assert "too few customers: 1 active before as_of" in refused(bench, "small")


def test_dates_after_as_of_alone_leave_nothing_to_segment(bench):
    """Everyone orders for the first time on the last days: the window before the automatic as_of is empty."""

    def late(header, rows):
        at = header.index("occurred_at" if "occurred_at" in header else "ordered_at")
        return header, [[*row[:at], "2025-12-20 10:00:00", *row[at + 1 :]] for row in rows]

    for table in ("orders", "events"):
        rewrite(bench / "data" / "raw" / "demo" / f"{table}.csv", late)
    said = refused(bench, "small")
    assert "nothing happened before as_of 2025-09-22" in said and "the data run from 2025-12-20 to 2025-12-20" in said


@pytest.mark.parametrize(
    "columns, said",
    [
        ({"spend": [5.0] * 40, "orders": range(40)}, "cluster_on: spend: the same for everyone"),
        ({"spend": [5.0] * 40, "orders": [2] * 40}, "cluster_on: all customers are identical"),
        ({"spend": [5.0] * 39 + [None], "orders": range(40)}, "cluster_on: spend: the same for everyone"),
        ({"spend": [None] * 40, "orders": range(40)}, "cluster_on: spend is empty"),
    ],
)
def test_features_that_tell_nobody_apart_are_refused(columns, said):
    with pytest.raises(errors.BadInput) as caught:
        matrix.recipe(pd.DataFrame(columns), list(columns))
    assert said in str(caught.value) and caught.value.exit_code == 2


def test_bad_input_found_by_a_kernel_ends_as_bad_input(bench):
    fault = "import pandas as pd\nfrom segkit import matrix\nmatrix.recipe(pd.DataFrame({'spend': [5.0] * 40}), ['spend'])"
    (bench / "segments.py").write_text(fault)
    before = tree(bench / "reports"), published(bench)
    code, said = segkit("run", "small", "--force")
    assert code == 2 and "cluster_on: all customers are identical\n  40 active customers\n  -> a constant feature separates nobody" in said
    assert (tree(bench / "reports"), published(bench)) == before


# --- notebooks that fail


def test_a_notebook_that_raises(bench):
    said, page = failed(bench, 1, "behavior", behavior="raise ValueError('Jane Doe, C000002')")
    kept = bench / "data" / "runs" / "small" / "failed" / "02_behavior.ipynb"
    assert "02_behavior failed: ValueError\n  stage behavior, cell [3]" in said and f"see {kept}" in said
    assert "02_behavior failed: ValueError" in page and "Jane" not in page + said and "C000002" not in page + said
    assert "Jane Doe, C000002" in kept.read_text(), "whoever may see rows finds the traceback"
    (bench / "behavior.py").unlink()
    assert segkit("run", "small", "--force")[0] == 0
    assert not (bench / "reports" / "small" / "FAILED.html").exists()
    assert "The last attempt failed" not in (bench / "reports" / "index.html").read_text()


def test_a_failure_is_forgotten_when_the_run_asked_for_is_already_there(bench):
    failed(bench, 1, "gather", gather="1 / 0")
    assert segkit("run", "small")[0] == 0
    assert not (bench / "reports" / "small" / "FAILED.html").exists()
    assert "The last attempt failed" not in (bench / "reports" / "index.html").read_text()


@pytest.mark.parametrize(
    "code, stage, fault, said",
    [
        (1, "gather", "import sys; sys.exit(0)", "01_gather failed: SystemExit"),
        (1, "gather", "(report / 'tables' / 'quality.csv').unlink()", "01_gather did not write quality.csv"),
        (3, "gather", "os.kill(os.getpid(), 9)", "01_gather: the kernel died: killed, out of memory?"),
        pytest.param(1, "gather", "pathlib.Path('/dev/full').write_text('x')", "the disk is full", marks=linux),
    ],
)
def test_a_first_notebook_that_leaves_breaks_its_promise_or_dies(bench, code, stage, fault, said):
    message, page = failed(bench, code, stage, **{stage: fault})
    assert said in message and said in page.replace("&#39;", "'")


def test_a_last_notebook_without_a_verdict(bench):
    assert "04_kpis did not write verdict.json" in failed(bench, 1, "kpis", kpis="(report / 'verdict.json').unlink()")[0]


def test_a_time_limit(bench):
    study = bench / "notebooks" / "studies" / "small.yaml"
    study.write_text(study.read_text() + "timeout_minutes: 0.05\n")
    said, page = failed(bench, 3, "gather", gather="import time; time.sleep(60)")
    assert "the time limit of 3 seconds was reached" in said and "-> allow more with timeout_minutes" in said


def test_tables_that_no_page_can_be_made_of(bench):
    """Not our error, and not papermill's: the page says its class, the scheduler sees 1."""
    before = published(bench)
    (bench / "kpis.py").write_text("(report / 'tables' / 'kpis.csv').write_text('Jane\\n1\\n')")
    with pytest.raises(AttributeError):
        runs.run("small", force=True)
    page = (bench / "reports" / "small" / "FAILED.html").read_text()
    assert published(bench) == before and "<dd>publish</dd>" in page and "<dd>AttributeError</dd>" in page and "Jane" not in page


def test_a_look_counts_although_the_notebook_fails_after_it(bench):
    look = (
        "from segkit import store\nstore.add_look({'run': run, 'window': {'dataset': 'demo'}, 'lock': 'a', 'pairs': ['b']}, study)\n1 / 0"
    )
    assert "04_kpis failed: ZeroDivisionError" in failed(bench, 1, "kpis", kpis=look)[0]
    [line] = (bench / "reports" / "small" / "looks.jsonl").read_text().splitlines()
    assert json.loads(line)["pairs"] == ["b"] and json.loads(line)["run"] == latest(bench).name


def test_a_shown_customer_is_a_leak_and_a_printed_one_never_leaves_the_notebook(bench):
    (bench / "gather.py").write_text("print('C000002')")
    (bench / "behavior.py").write_text("from IPython.display import HTML, display\ndisplay(HTML('<p>The best customer is C000002.</p>'))")
    said, page = failed(bench, 6, "publish")
    assert "identifiers found): 02_behavior.html (1)" in said and "C000002" not in said + page
    (bench / "behavior.py").unlink()
    assert segkit("run", "small", "--force")[0] == 0
    assert not [name for name, text in tree(bench / "reports").items() if b"C000002" in text]


def test_a_foreign_kernel_earlier_on_the_path_takes_no_part(bench, tmp_path, monkeypatch):
    spec = tmp_path / "share" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"display_name": "Python 3", "language": "python", "argv": ["touch", str(tmp_path / "hijacked")]})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(spec.parents[1]))
    (bench / "gather.py").write_text("import sys\nopen(os.path.join(home, 'python'), 'w').write(sys.executable)")
    assert segkit("run", "small", "--force")[0] == 0
    assert (bench / "python").read_text() == sys.executable and not (tmp_path / "hijacked").exists()


# --- folders that cannot be written


@linux
def test_a_disk_that_fills_up_while_the_report_is_written(bench):
    """Without a mount: where the manifest will be written, a notebook leaves a link to the device that is always full."""
    said, page = failed(bench, 1, "publish", kpis="(report / 'manifest.json').symlink_to('/dev/full')")
    assert "the disk is full\n  stage publish\n  -> make room" in said


@pytest.fixture
def disk(tmp_path):
    """disk("size=1m") -> a small file system of its own, unmounted after the test; skipped for those who may not mount."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("needs the right to mount a small disk")
        return folder

    yield mount
    while os.path.ismount(folder):
        subprocess.run(["umount", folder], check=True)


@linux
@pytest.mark.parametrize("options", ["size=64k", "size=1m,nr_inodes=4"])
def test_a_disk_too_small_to_gather_on(bench, disk, options):
    before, folder = tree(bench), disk(options)
    code, said = segkit("run", "small", "--out", folder)
    assert code == 1 and "the disk is full" in said and "make room and run again" in said
    assert tree(bench) == before and tree(folder) == {}


@linux
def test_a_disk_that_was_filled_since_the_last_report(bench, disk):
    folder = disk("size=2m")
    shutil.copytree(bench / "data" / "gathered", folder / "data" / "gathered")
    assert segkit("run", "small", "--out", folder)[0] == 0
    before = tree(folder / "reports")
    with pytest.raises(OSError), open(folder / "filler", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    code, said = segkit("run", "small", "--out", folder, "--force")
    assert code == 1 and "the disk is full" in said
    after = tree(folder / "reports")
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} <= {"index.html", "small/FAILED.html"}
    (folder / "filler").unlink()
    assert segkit("run", "small", "--out", folder, "--force")[0] == 0
    assert not (folder / "reports" / "small" / "FAILED.html").exists()


@linux
def test_a_read_only_disk(bench, disk):
    before, folder = tree(bench), disk("ro")
    code, said = segkit("run", "small", "--out", folder)
    assert code == 2 and "Read-only file system" in said and "choose another output folder with --out" in said
    assert tree(bench) == before


@pytest.mark.parametrize("locked", ["reports/small", "data/runs/small"])
def test_a_folder_without_the_right_to_write(bench, locked):
    before = tree(bench)
    (bench / locked).chmod(0o500)
    if os.access(bench / locked, os.W_OK):
        pytest.skip("root may write anywhere")
    code, said = segkit("run", "small", "-p", "seed=8")
    (bench / locked).chmod(0o700)
    assert code == 2 and "cannot be used" in said and tree(bench) == before


@pytest.mark.parametrize("place", ["file", "file/below", "data-is-a-file", "reports-is-a-file", pytest.param("/sys/segkit", marks=linux)])
def test_an_output_folder_that_cannot_be_one(bench, tmp_path, place):
    (tmp_path / "file").touch()
    for name in ("data", "reports"):
        (tmp_path / f"{name}-is-a-file").mkdir()
        (tmp_path / f"{name}-is-a-file" / name).touch()
    before = tree(bench)
    code, said = segkit("run", "small", "--out", tmp_path / place)
    assert code == 2 and "cannot be used" in said, said
    assert tree(bench) == before
