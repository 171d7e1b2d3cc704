"""The command line: what it hands on, what it prints where, and the exit code of every kind of trouble."""

import io
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_publish import report  # noqa: F401 (a fixture)
from typer.testing import CliRunner

from segkit import cli, erase, errors, features, runs


def segkit(*arguments):
    return CliRunner().invoke(cli.app, [str(each) for each in arguments])


@pytest.fixture
def workbench(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.delenv("SEGKIT_OUT", raising=False)
    return tmp_path


@pytest.mark.parametrize("kind", errors.KINDS.values())
def test_every_kind_of_trouble_has_its_exit_code_and_its_message_on_stderr(monkeypatch, kind):
    def fails(*given):
        raise kind("what", "facts", "do this")

    monkeypatch.setattr(runs, "run", fails)
    done = segkit("run", "demo")
    assert (done.exit_code, done.stdout, done.stderr) == (kind.exit_code, "", "segkit: what\n  facts\n  -> do this\n")


def test_ctrl_c_outside_a_notebook_is_130(monkeypatch):
    monkeypatch.setattr(runs, "run", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
    done = segkit("run", "demo")
    assert (done.exit_code, done.stderr) == (130, "segkit: interrupted\n")


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(runs, "run", lambda *given: 1 / 0)
    done = segkit("run", "demo")
    assert done.exit_code == 1 and isinstance(done.exception, ZeroDivisionError)


def test_run_hands_on_what_it_is_given_and_prints_the_path_alone(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(runs, "run", lambda *given: seen.append(given) or tmp_path / "index.html")
    done = segkit("run", "demo", "-p", "k_max=10", "-p", "as_of=2025-10-01", "--out", tmp_path, "--force", "--wait", "2.5")
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{tmp_path}/index.html\n", "")
    assert seen == [("demo", {"k_max": 10, "as_of": date(2025, 10, 1)}, tmp_path, True, 2.5, None)]
    segkit("run", "demo")
    assert seen[1] == ("demo", {}, None, False, 0.0, None)


@pytest.mark.parametrize(
    "text, value",
    [
        ("a=1", 1),
        ("a=1.5", 1.5),
        ("a=true", True),
        ("a=word", "word"),
        ("a=x=y", "x=y"),
        ("a=", None),
        ("a='007'", "007"),
        ("a=[kmeans, ward]", ["kmeans", "ward"]),
        ("a={b: 1}", {"b": 1}),
        ("a=refuted: no", {"refuted": False}),
    ],
)
def test_values_of_parameters_are_yaml(text, value):
    assert cli.values_of([text]) == {"a": value}


@pytest.mark.parametrize(
    "text, said",
    [
        ("a", "needs name=value"),
        ("=1", "needs name=value"),
        ("", "needs name=value"),
        ("a=[1", "not YAML"),
        ("a=2025-02-30", "not YAML"),
        ("a=!!python/object:os.system x", "not YAML"),
    ],
)
def test_what_is_no_parameter_is_bad_input(text, said):
    with pytest.raises(errors.BadInput, match=said):
        cli.values_of([text])


@pytest.mark.parametrize(
    "arguments", [["rnu"], ["run"], ["run", "demo", "--forse"], ["run", "demo", "--wait", "long"], ["demo", "--customers", "199"]]
)
def test_a_misspelt_command_or_option_is_2(arguments):
    assert segkit(*arguments).exit_code == 2


def test_features_lists_all_of_the_glossary():
    lines = segkit("features").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(features.glossary().feature)
    assert any("[" not in line and "EUR" not in line and line.startswith("days_since_last_order    days ") for line in lines)


def test_list_shows_every_run_of_every_study(workbench, report):  # noqa: F811
    assert segkit("list").stdout == ""
    first = report()
    report(study="other", run_id="2024-01-01-abcdef03")
    (first.parent / "latest").symlink_to(first.name)
    assert segkit("list").stdout == (
        "other\t2024-01-01-abcdef03\treproducible\t1 supported\nsmall\t2025-10-03-abcdef01\treproducible\t1 supported\tlatest\n"
    )


def test_demo_makes_the_data_and_hides_the_truth(workbench):
    done = segkit("demo", "--customers", "200", "--seed", "3")
    assert done.exit_code == 0 and done.stdout == f"{workbench / 'data' / 'raw' / 'demo'}\n"
    assert (workbench / "data" / "raw" / "demo" / "orders.csv").is_file() and (workbench / "data" / "truth").stat().st_mode & 0o777 == 0o700


def shop(workbench, days="2024-01-{:02}"):
    folder = workbench / "data" / "raw" / "shop"
    folder.mkdir(parents=True)
    lines = [f"c{n % 9:03},{days.format(n % 12 + 1)},{n + 1}.50" for n in range(60)]
    (folder / "orders.csv").write_text("\n".join(["customer_id,date,amount", *lines]) + "\n")
    return folder / "orders.csv"


def test_new_writes_a_dataset_file_and_check_gathers_it(workbench, monkeypatch):
    monkeypatch.delenv("SEGKIT_DATA", raising=False)
    monkeypatch.setenv("SEGKIT_KEY", "0123456789abcdef" * 2)
    done = segkit("new", "shop", shop(workbench))
    path = workbench / "data" / "datasets" / "shop.yaml"
    assert (done.exit_code, done.stdout) == (0, f"{path}\n") and done.stderr.endswith("then: segkit check shop\n")
    assert "file: shop/orders.csv" in path.read_text()
    assert f"{path.read_text().count('# ? ')} questions" in done.stderr
    done = segkit("check", "shop")
    assert done.exit_code == 0 and "1,860.00" in done.stdout and "c001" not in done.stdout + done.stderr
    assert all(len(line) <= 140 for line in done.stdout.splitlines())
    again = segkit("new", "shop", "shop/orders.csv")
    assert again.exit_code == 2 and again.stdout == "" and "there is a dataset shop already" in again.stderr


def test_check_says_what_has_to_be_decided(workbench, monkeypatch):
    monkeypatch.delenv("SEGKIT_DATA", raising=False)
    segkit("new", "shop", shop(workbench, "{:02}/03/2024"))
    done = segkit("check", "shop")
    assert (done.exit_code, done.stdout) == (2, "") and "%d/%m/%Y" in done.stderr and "%m/%d/%Y" in done.stderr
    done = segkit("check", "shoop")
    assert done.exit_code == 2 and "there is no dataset file" in done.stderr and "shop.yaml" in done.stderr


def test_forget_and_purge_hand_on_what_they_are_given_and_print_what_was_done(monkeypatch):
    seen = []
    monkeypatch.setattr(erase, "forget", lambda *given: seen.append(given) or "shop: forgotten")
    monkeypatch.setattr(erase, "purge", lambda *given: seen.append(given) or "nothing removed")
    done = segkit("forget", "c1", "--dataset", "shop", "--wait", "3")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "shop: forgotten\n", "")
    assert segkit("forget", "--", "-1").exit_code == 0
    assert segkit("purge", "--older-than", "365d").stdout == "nothing removed\n"
    assert seen == [("c1", "shop", 3.0), ("-1", "", 0.0), (timedelta(days=365), 0.0)]


@pytest.mark.parametrize("text", ["", "365", "d", "-1d", "1y", "1 d", "1.5d", "365D", "9999999d", "１d"])
def test_what_is_no_age_purges_nothing(monkeypatch, text):
    monkeypatch.setattr(erase, "purge", lambda *given: pytest.fail("purged"))
    done = segkit("purge", f"--older-than={text}")
    assert done.exit_code == 2 and done.stdout == "" and "such as 365d" in done.stderr


@pytest.mark.parametrize("arguments", [["new", "x"], ["new"], ["check"], ["forget"], ["purge"]])
def test_what_is_left_out_is_2(arguments):
    assert segkit(*arguments).exit_code == 2


def test_a_full_disk_is_no_traceback(monkeypatch):
    monkeypatch.setattr(erase, "purge", lambda *given: (_ for _ in ()).throw(OSError(28, "No space left on device", "data")))
    done = segkit("purge", "--older-than", "1d")
    assert (done.exit_code, done.stderr) == (1, "segkit: No space left on device\n  data\n")


def test_help_starts_without_the_engine(tmp_path):
    code = "import sys; from segkit import cli; print([name for name in ('ibis', 'pandas', 'duckdb', 'segkit.sources') if name in sys.modules])"
    env = {"PATH": "", "PYTHONPATH": str(Path(cli.__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_outside_a_workbench_every_command_says_so(tmp_path, monkeypatch):
    monkeypatch.delenv("SEGKIT_HOME", raising=False)
    monkeypatch.delenv("SEGKIT_OUT", raising=False)
    monkeypatch.chdir(tmp_path)
    for arguments in (
        ["run", "demo"],
        ["list"],
        ["demo"],
        ["new", "x", "a.csv"],
        ["check", "x"],
        ["forget", "c1"],
        ["purge", "--older-than", "9d"],
    ):
        done = segkit(*arguments)
        assert done.exit_code == 2 and "segkit: no workbench here" in done.stderr, arguments
    assert list(tmp_path.iterdir()) == []


def test_the_progress_bar_follows_the_notebooks(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    bar = cli.Bar()
    for stage, done in (("gather", 0), ("gather", 1), ("gather", 2), ("kpis", 0), ("kpis", 2)):
        bar(SimpleNamespace(stage=stage), done, 2)
    assert bar.bar.n == 2
    bar.close()
    cli.Bar().close()
    assert "gather" in screen.getvalue() and "kpis" in screen.getvalue()


def test_the_module_is_the_command(tmp_path):
    env = {"PATH": "", "PYTHONPATH": str(Path(cli.__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-m", "segkit.cli", "run", "demo"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == "" and "no workbench here" in done.stderr and "Traceback" not in done.stderr
