"""The multiverse of a published run, end to end: what is published, what is kept, what is refused, and that nothing half done is seen."""

import json
import os
import shutil
import stat
from pathlib import Path

import pandas as pd
import pytest
from conftest import tree, workbench, write_study
from test_runs import CLAIM, VERDICT
from test_runs_undated import with_survey
from typer.testing import CliRunner

from segkit import cli, erase, errors, explorations, features, home, manifest, matrix, privacy, runs, segments, store, studies, verdicts
from segkit.publish.summary import study_of

STAY = {"name": "stay", "kpi": "retention", "test": "spread", "at_least": 0.1}
TINY = """import os, pathlib
out, attempt = os.environ["SEGKIT_OUT"], ".partial-" + os.environ["SEGKIT_EXPLORATION"]
report = pathlib.Path(out, "reports", study, "multiverse", attempt, "tables")
for name in {tables}: (report / (name + ".csv")).write_text("value\\n1\\n")
pathlib.Path(out, "data", "runs", study, attempt, "consensus.parquet").write_text("")
fault = pathlib.Path(os.environ["SEGKIT_HOME"], "fault.py")
if fault.exists(): exec(fault.read_text())
"""


def segkit(*arguments):
    return CliRunner().invoke(cli.app, [str(each) for each in arguments])


def publish_by_hand(name: str = "small", k: int = 3) -> str:
    """A published run of a study without its notebooks: features, k-means segments, manifest, verdict, and the study's own look."""
    resolved, gathered = runs.resolve(studies.load(name))
    run_id, window = manifest.identity(resolved, gathered), gathered.window(resolved.as_of, resolved.horizon_days)
    shelf, dataset = store.shelf(name, run_id), gathered.dataset
    wanted = features.customer_features(gathered.tables, studies.cut_off(window), dataset.attributes, dataset.stages, gathered.use_cases)
    customers = shelf.write_customers("customer_features", wanted, **gathered.stamps(window))
    active = customers[customers.is_active].set_index("customer_id")
    prepared = matrix.prepare(active, matrix.recipe(active, resolved.cluster_on))
    everyone = (
        segments.membership(segments.kmeans(prepared, k, 7), prepared).set_index("customer_id").reindex(sorted(customers.customer_id))
    )
    chosen = ("cluster_on", "seed", "max_fit_rows", "winsorise", "scaling", "transforms", "weights", "indicate_missing")
    made = {key: resolved.model_dump()[key] for key in chosen} | {"method": "kmeans", "k": k} | gathered.stamps(window)
    shelf.write_customers("assignments", everyone.reset_index(names="customer_id"), **made)
    (shelf.customers / "study.json").write_text(resolved.model_dump_json(indent=1))
    (public := home.out() / "reports" / name / run_id).mkdir(parents=True)
    (public / "manifest.json").write_text(json.dumps(manifest.of_run(resolved, gathered, run_id, public)))
    (public / "verdict.json").write_text(json.dumps(VERDICT | {"hypotheses": [CLAIM] if resolved.hypotheses else []}))
    (public.parent / "latest").symlink_to(run_id)
    verdicts.open_window(verdicts.lock(made, resolved.horizon_days, resolved.hypotheses), name, run_id)
    return run_id


def tiny(bench: Path) -> Path:
    """The notebook replaced by one that only writes what it owes, then does what fault.py says, if there is one."""
    source = TINY.format(tables=(*explorations.TABLES, *explorations.OF_CLAIMS))
    cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# The multiverse"}]
    for name, tags, text in (("b", ["parameters"], "study: str = 'demo'\nrun: str = 'draft'\noutcomes: bool = False\n"), ("c", [], source)):
        cells.append({"cell_type": "code", "id": name, "metadata": {"tags": tags}, "execution_count": None, "outputs": [], "source": text})
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (bench / "notebooks" / "multiverse.ipynb").write_text(json.dumps(notebook))
    return bench


@pytest.fixture(scope="module")
def original(tmp_path_factory, demo_files):
    """A workbench of 200 customers with one published run of the study `small`."""
    folder = tmp_path_factory.mktemp("original") / "bench"
    with pytest.MonkeyPatch.context() as monkeypatch:
        workbench(folder, monkeypatch, demo_files[200])
        write_study(folder, cluster_on=["spend", "n_orders", "active_days"], methods=["kmeans", "ward"], hypotheses=[STAY])
        publish_by_hand()
    return folder


@pytest.fixture
def bench(original, tmp_path, monkeypatch):
    shutil.copytree(original, tmp_path / "bench", symlinks=True)
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path / "bench"))
    for name in ("SEGKIT_OUT", "SEGKIT_ATTEMPT", "SEGKIT_FINGERPRINT", "SEGKIT_EXPLORATION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(explorations, "WARM", ())
    return tmp_path / "bench"


def run_of(bench: Path) -> str:
    return os.readlink(bench / "reports" / "small" / "latest")


def page_of(bench: Path) -> Path:
    return bench / "reports" / "small" / "multiverse" / run_of(bench) / "index.html"


def test_the_real_notebook_end_to_end_and_again_with_claims(bench):
    looks = bench / "reports" / "small" / "looks.jsonl"
    before = looks.read_bytes()
    done = segkit("multiverse", "small")
    assert (done.exit_code, done.stdout) == (0, f"{page_of(bench)}\n"), done.stderr
    folder, private = page_of(bench).parent, bench / "data" / "runs" / "small" / run_of(bench) / "multiverse"
    assert {path.name for path in folder.iterdir()} == {"index.html", "manifest.json", "tables"}
    assert {path.stem for path in (folder / "tables").iterdir()} == set(explorations.TABLES)
    assert {path.name for path in private.iterdir()} == {"consensus.parquet", "multiverse.ipynb", "study.json"}
    assert stat.S_IMODE(private.stat().st_mode) == 0o700 and looks.read_bytes() == before, "no look was taken"
    specs = pd.read_csv(folder / "tables" / "specifications.csv")
    assert len(specs) == 2 * 3 * 2 * 2 * 2 and specs.own.sum() == 1 and set(specs.k) == {2, 3}, "k_max is 3"
    page = page_of(bench).read_text()
    assert (
        "<script" not in page
        and page.count("<img") == 3
        and "would others have found" in page
        and f'href="../../{run_of(bench)}/index.html"' in page
    )
    people = pd.read_parquet(private / "consensus.parquet")
    assert set(people.columns) == {"customer_id", "segment", "consensus", "beside", "margin", "matched", "core"} and len(people) > 150
    assert not any(name in page for name in people.customer_id)
    [row] = study_of(bench / "reports" / "small")["runs"]
    assert row["run_id"] == run_of(bench) and row["is_latest"] and row["multiverse"]
    link = f'<a href="small/multiverse/{run_of(bench)}/index.html">multiverse</a>'
    assert link in (bench / "reports" / "index.html").read_text()
    assert segkit("list").stdout.count("\n") == 1
    tables = tree(folder / "tables") | {"people": (private / "consensus.parquet").read_bytes()}

    done = segkit("multiverse", "small", "--outcomes")
    assert done.exit_code == 0 and page_of(bench).is_file(), done.stderr
    again = tree(folder / "tables") | {"people": (private / "consensus.parquet").read_bytes()}
    assert {name: again[name] for name in tables} == tables, "the same bytes"
    assert set(again) - set(tables) == {"claims.csv", "claims_held.csv"} and len(pd.read_csv(folder / "tables" / "claims.csv")) == 48
    assert "m grows from 1 to 49" in page_of(bench).read_text() and len(looks.read_text().splitlines()) == 2
    assert [act["outcomes"] for act in privacy.audit.acts() if act["what"] == "multiverse"] == [False, True]


def test_a_survey_has_a_multiverse_and_no_outcomes(tmp_path, monkeypatch, demo_files):
    bench = with_survey(workbench(tmp_path / "bench", monkeypatch, demo_files[200]))
    publish_by_hand(k=2)
    done = segkit("multiverse", "small", "--outcomes")
    assert (
        done.exit_code == 2
        and "the study has no outcome window" in done.stderr
        and not (bench / "reports" / "small" / "multiverse").exists()
    )
    done = segkit("multiverse", "small")
    assert done.exit_code == 0 and "cross-sectional" in page_of(bench).read_text(), done.stderr


@pytest.mark.parametrize("study", ["nobody", "No Study", "notebooks/studies/none.yaml"])
def test_an_unknown_study_is_2_and_writes_nothing(bench, study):
    before = tree(bench)
    assert segkit("multiverse", study).exit_code == 2 and tree(bench) == before


def test_a_study_without_a_published_run_is_2_and_writes_nothing(bench):
    write_study(bench, "fresh")
    before = tree(bench)
    done = segkit("multiverse", "fresh")
    assert (
        done.exit_code == 2 and "fresh has no published run" in done.stderr and "segkit run fresh" in done.stderr and tree(bench) == before
    )


def test_without_the_runs_rows_or_its_data_there_is_nobody_to_explore(bench):
    shutil.rmtree(bench / "data" / "gathered")
    done = segkit("multiverse", "small")
    assert done.exit_code == 2 and "there are no customers to explore" in done.stderr
    shutil.rmtree(bench / "data" / "runs")
    assert segkit("multiverse", "small").exit_code == 2 and not (bench / "reports" / "small" / "multiverse").exists()


def test_what_cannot_be_tested_is_told_before_anything_runs(bench, monkeypatch):
    monkeypatch.setattr(explorations.execute, "notebooks", lambda *given: pytest.fail("a notebook was run"))
    (bench / "reports" / "small" / "looks.jsonl").unlink()
    done = segkit("multiverse", "small", "--outcomes")
    assert done.exit_code == 2 and "run the study first" in done.stderr and not (bench / "reports" / "small" / "looks.jsonl").exists()


def test_the_price_is_told_before_anything_runs(bench, monkeypatch, caplog):
    caplog.set_level("INFO", "segkit")
    monkeypatch.setattr(explorations, "attempt", lambda *given: pytest.fail("too early") if not caplog.messages else None)
    explorations.explore("small", outcomes=True)
    assert "small: m, the number of tests that verdicts on this outcome window are adjusted for, grows from 1 to 49" in caplog.messages


def test_the_same_again_is_already_there_and_claims_are_more_than_none(bench, monkeypatch, caplog):
    caplog.set_level("INFO", "segkit")
    explorations.explore(tiny(bench) / "notebooks" / "studies" / "small.yaml", outcomes=True)
    before = tree(bench)
    monkeypatch.setattr(explorations.execute, "notebooks", lambda *given: pytest.fail("a notebook was run"))
    for outcomes in (False, True):
        assert explorations.explore("small", outcomes) == page_of(bench)
    assert tree(bench) == before
    assert f"small: the multiverse of run {run_of(bench)} is already there (--force makes it again)" in caplog.messages


def test_force_and_a_changed_notebook_make_it_again(bench):
    explorations.explore("small") if tiny(bench) else None
    (page_of(bench).parent / "stale").touch()
    explorations.explore("small", force=True)
    assert not (page_of(bench).parent / "stale").exists()
    notebook = bench / "notebooks" / "multiverse.ipynb"
    notebook.write_text(notebook.read_text().replace("# The multiverse", "# Other words"))
    explorations.explore("small")
    assert "Other words" in page_of(bench).read_text()
    acts = [act["outcome"] for act in privacy.audit.acts() if act["what"] == "multiverse"]
    assert acts == ["published"] * 3


def test_rows_that_went_with_their_run_are_made_again(bench):
    explorations.explore("small") if tiny(bench) else None
    kept = bench / "data" / "runs" / "small" / run_of(bench) / "multiverse"
    shutil.rmtree(kept)
    explorations.explore("small")
    assert (kept / "consensus.parquet").is_file()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("1 / 0", 1),
        ("(report / 'cores.csv').unlink()", 1),
        ("os._exit(1)", 3),
        ("(report / 'cores.csv').write_text('p0123456789abcdef0123')", 6),
    ],
)
def test_a_failure_leaves_the_published_page_and_no_half(bench, fault, code):
    explorations.explore("small") if tiny(bench) else None
    before = tree(bench / "reports")
    (bench / "fault.py").write_text(fault)
    done = segkit("multiverse", "small", "--force")
    assert done.exit_code == code and "p0123456789abcdef0123" not in done.stderr
    assert tree(bench / "reports") == before, "not even a FAILED page: the study's report is whole"
    assert not list((bench / "data" / "runs" / "small").glob(".partial-*"))
    assert (bench / "data" / "runs" / "small" / "failed" / "multiverse.ipynb").is_file()
    last = privacy.audit.acts()[-1]
    assert (last["what"], last["outcome"], last["exit_code"]) == ("multiverse", "failed", code)


def test_what_a_killed_process_left_is_swept_and_put_back(bench):
    explorations.explore("small") if tiny(bench) else None
    pages = page_of(bench).parent.parent
    os.replace(page_of(bench).parent, pages / f".old-{run_of(bench)}")
    (pages / ".partial-0123" / "tables").mkdir(parents=True)
    assert explorations.explore("small") == page_of(bench)
    assert [path.name for path in pages.iterdir()] == [run_of(bench)]


def test_a_run_under_way_is_5(bench):
    with home.locked(bench / "data" / "runs" / "small", "small", 0):
        assert segkit("multiverse", "small").exit_code == 5


def test_out_is_where_the_run_lies(bench, tmp_path):
    done = segkit("multiverse", "small", "--out", tmp_path / "elsewhere")
    assert done.exit_code == 2 and "no published run" in done.stderr and not (tmp_path / "elsewhere").exists()
    for name in ("data/runs", "data/gathered", "reports"):
        shutil.copytree(bench / name, tmp_path / "elsewhere" / name, symlinks=True)
    tiny(bench)
    page = explorations.explore("small", out=tmp_path / "elsewhere")
    assert page == tmp_path / "elsewhere" / "reports" / "small" / "multiverse" / run_of(bench) / "index.html" and page.is_file()


def test_a_study_of_one_segment_has_nothing_to_find_again(bench):
    run = bench / "data" / "runs" / "small" / run_of(bench)
    rows, made = store.shelf("small", run_of(bench)).read_customers("assignments")
    store.shelf("small", run_of(bench)).write_customers("assignments", rows, **made | {"k": 1})
    done = segkit("multiverse", "small")
    assert done.exit_code == 2 and "one segment" in done.stderr and not (run / "multiverse").exists()


def test_whoever_is_forgotten_or_purged_goes_from_the_multiverse_too(bench, monkeypatch):
    explorations.explore("small") if tiny(bench) else None
    kept = bench / "data" / "runs" / "small" / run_of(bench) / "multiverse" / "consensus.parquet"
    [known] = (bench / "data" / "gathered" / "demo").glob("*/pseudonyms.parquet")
    first = pd.read_parquet(known).iloc[0]
    pd.DataFrame({"customer_id": [first.pseudonym, "p" + "0" * 20], "core": [True, False]}).to_parquet(kept)
    erase.forget(first.customer_id)
    assert list(pd.read_parquet(kept).customer_id) == ["p" + "0" * 20]
    from datetime import timedelta

    old = 400 * 86400
    for path in (bench / "data").rglob("*"):
        os.utime(path, (path.stat().st_atime - old, path.stat().st_mtime - old)) if path.is_file() else None
    erase.purge(timedelta(days=365))
    assert not kept.exists() and page_of(bench).is_file(), "reports stay"


def test_every_kind_of_trouble_has_its_exit_code(monkeypatch):
    for kind in errors.KINDS.values():
        monkeypatch.setattr(explorations, "explore", lambda *given, kind=kind: (_ for _ in ()).throw(kind("what", "facts", "do this")))
        done = segkit("multiverse", "demo")
        assert (done.exit_code, done.stdout, done.stderr) == (kind.exit_code, "", "segkit: what\n  facts\n  -> do this\n")


def test_the_command_hands_on_what_it_is_given(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(explorations, "explore", lambda *given: seen.append(given) or tmp_path / "index.html")
    assert segkit("multiverse", "demo", "--outcomes", "--out", tmp_path, "--force", "--wait", "2").stdout == f"{tmp_path}/index.html\n"
    segkit("multiverse", "demo")
    assert seen == [("demo", True, tmp_path, True, 2.0, None), ("demo", False, None, False, 0.0, None)]
