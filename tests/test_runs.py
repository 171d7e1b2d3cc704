"""Runs of four tiny notebooks that write a hand-made report: what is published, when a run is the same run, and what force, gates and --out do."""

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import tree, workbench, write_study

from segkit import errors, execute, home, privacy, runs, studies
from segkit.manifest import NUMERIC
from segkit.manifest import identity as identity_of

TABLES = {
    "ledger": "table,step,rule,severity,rows,rows_left,customers_left,orders_left,amount_left\n"
    "orders,0,as delivered,,0,2416,195,1946,110078.31\norders,1,return,reject,25,2391,195,1927,108671.37\n",
    "quality": "table,column,dtype,unit,meaning,rows,filled,first,last\norders,amount,money,EUR,price of the line,2391,1,,\n",
    "distribution": "feature,unit,n,n_missing,mean,low,high,p1,p25,median,p75,p99\nspend,EUR,191,0,457.3,403.8,510.9,0,147.8,339.5,694.6,1618.5\n",
    "monthly": "month,n,orders,revenue,complete\n2024-01,10,10,614.92,True\n",
    "cohorts": "cohort,month,n,value,low,high\n2024-01,0,10,1,0.72,1\n",
    "structure": "k,z,significant,gap,ari_low,ari,ari_high,verdict,best_k,t1,t1_threshold,t2,t2_threshold,n\n"
    "2,6.1,True,0.4,0.82,0.93,0.96,reproducible,2,13.1,3.06,0.41,0.65,191\n",
    "scores": "method,k,metric,value,low,high,direction,n\nward,2,stability,0.93,0.88,0.96,higher,191\nward,2,silhouette,0.39,0.36,0.42,higher,191\n",
    "stability": "method,k,segment,n,value,low,high,mean,trust,refits\n"
    "ward,2,S1,111,0.98,0.96,1,0.93,highly stable,40\nward,2,S2,80,0.58,0.5,0.7,0.6,do not trust,40\n",
    "profiles": "segment,n,share,feature,unit,median,p25,p75,overall,z,marker,n_known\n"
    "S1,111,0.58,spend,EUR,677.5,443.2,826.4,339.5,1.2,++,111\nS2,80,0.42,spend,EUR,120.5,80.2,180.4,339.5,-0.9,-,80\n",
    "sizes": "segment,n,share,spend_share\nS1,111,0.58,0.81\nS2,80,0.42,0.19\n",
    "kpis": "segment,kpi,unit,value,low,high,n,se,events\nS1,revenue,EUR,179.4,156.6,207.6,111,12.8,100\nS2,revenue,EUR,29.1,18.6,49.4,80,6.7,30\n"
    "S1,retention,share,0.9,0.83,0.94,111,0.03,100\nS2,retention,share,0.37,0.28,0.48,80,0.05,30\n",
    "lifts": "campaign,answer,segment,n,n_held_out,rate,rate_held_out,value,low,high,p,p_holm,reason\n",
    "beyond": "baseline,kpi,value,low,high,n\nrandom,revenue,0.34,0.25,0.43,191\n",
    "origins": "as_of,segmentation,kpi,value,low,high,n,cells\n",
    "outlook": "name,kpi,test,verdict,at_least,value,low,high,n,detectable\nstay,retention,spread,supported,0.1,0.53,0.41,0.64,191,0.3\n",
    "explained": "segmentation,kpi,value,low,high,n,cells\nsegments,revenue,0.35,0.26,0.44,191,2\n",
    "hypotheses": "name,kpi,test,at_least,baseline,value,low,high,n,p_supported,p_refuted,p,p_holm,reason\n"
    "stay,retention,spread,0.1,,0.53,0.41,0.64,191,0.001,1,0.002,0.002,\n",
}
CLAIM = {
    "name": "stay",
    "kpi": "retention",
    "test": "spread",
    "at_least": 0.1,
    "baseline": "",
    "value": 0.53,
    "low": 0.41,
    "high": 0.64,
    "n": 191,
    "p_supported": 0.001,
    "p_refuted": 1.0,
    "p": 0.002,
    "reason": "",
    "p_adjusted": 0.002,
    "status": "declared",
    "verdict": "supported",
}
VERDICT = {
    "study": "small",
    "run": "",
    "window": {"dataset": "demo", "as_of": "2025-10-03", "horizon_days": 90},
    "structure": {"verdict": "reproducible", "k": 2, "t1": 13.1, "t1_threshold": 3.06, "t2": 0.41, "t2_threshold": 0.65, "n": 191},
    "segmentation": {
        "as_of": "2025-10-03",
        "cluster_on": ["spend"],
        "method": "ward",
        "k": 2,
        "seed": 7,
        "max_fit_rows": 5000,
        "horizon_days": 90,
        "inclusion": "active before as_of",
        "sizes": {"S1": 111, "S2": 80},
    },
    "lock": "0123456789abcdef",
    "m": 1,
    "looks": [{"when": "2026-01-01T00:00:00Z", "study": "small", "run": "r", "lock": "0123456789abcdef"}],
    "hypotheses": [CLAIM],
}
PARAMETERS = {"gather": "dataset: str = 'demo'\n", "segments": "k_max: int = 8\n"}
WRITES = """import os, pathlib
home, out, attempt = os.environ["SEGKIT_HOME"], os.environ["SEGKIT_OUT"], ".partial-" + os.environ["SEGKIT_ATTEMPT"]
data, report = pathlib.Path(out, "data", "runs", study, attempt), pathlib.Path(out, "reports", study, attempt)
for name, text in {public}.items(): (report / name).write_text(text)
for name in {private}: (data / name).write_text("")
fault = pathlib.Path(home, "{stage}.py")
if fault.exists(): exec(fault.read_text())
"""
CLI = """
from dataclasses import replace
from segkit import cli, runs
runs.STAGES = tuple(replace(stage, warm=()) for stage in runs.STAGES)
cli.main()
"""


def tiny_notebook(stage: runs.Stage) -> str:
    """A notebook that writes what its stage owes, then does what the file <stage>.py in the home says, if there is one."""
    public = {f"tables/{name}.csv": TABLES[name] for name in stage.tables} | (
        {"verdict.json": json.dumps(VERDICT)} if stage.word == "kpis" else {}
    )
    write = WRITES.format(public=public, private=[f"{name}.parquet" for name in stage.customers], stage=stage.word)
    parameters = "study: str = 'demo'\nrun: str = 'draft'\n" + PARAMETERS.get(stage.word, "")
    cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": f"# Page of {stage.word}\n\n## First part\n\nProse."}]
    cells += [
        {"cell_type": "code", "id": name, "metadata": {"tags": tags}, "execution_count": None, "outputs": [], "source": source}
        for name, tags, source in (("b", ["parameters"], parameters), ("c", [], write))
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def tiny(folder: Path, monkeypatch, raw: Path) -> Path:
    """A workbench of 200 customers with tiny notebooks and a study `small`."""
    workbench(folder, monkeypatch, raw)
    unheated(monkeypatch)
    for stage in runs.STAGES:
        (folder / "notebooks" / f"{stage.notebook}.ipynb").write_text(tiny_notebook(stage))
    write_study(folder, cluster_on=["spend"], hypotheses=[{"name": "stay", "kpi": "retention", "test": "spread", "at_least": 0.1}])
    return folder


def unheated(monkeypatch) -> None:
    """Tiny notebooks need none of the modules that kernels import while they wait."""
    monkeypatch.setattr(runs, "STAGES", tuple(replace(stage, warm=()) for stage in runs.STAGES))


def with_report(folder: Path, raw: Path) -> Path:
    """The same with one published run."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        tiny(folder, monkeypatch, raw)
        runs.run("small")
    return folder


def copy_of(original: Path, folder: Path, monkeypatch) -> Path:
    """A workbench of the test's own, report included."""
    shutil.copytree(original, folder, symlinks=True)
    monkeypatch.setenv("SEGKIT_HOME", str(folder))
    monkeypatch.delenv("SEGKIT_OUT", raising=False)
    unheated(monkeypatch)
    return folder


@pytest.fixture(scope="module")
def original(tmp_path_factory, demo_files):
    return with_report(tmp_path_factory.mktemp("original") / "bench", demo_files[200])


@pytest.fixture
def bench(original, tmp_path, monkeypatch):
    return copy_of(original, tmp_path / "bench", monkeypatch)


@pytest.fixture
def no_kernels(monkeypatch):
    """Whoever runs a notebook fails."""
    monkeypatch.setattr(execute, "notebooks", lambda *given: pytest.fail("a notebook was run"))


def latest(bench: Path) -> Path:
    return (bench / "reports" / "small" / "latest").resolve()


def identity(bench: Path, **overrides) -> str:
    return identity_of(*runs.resolve(studies.load("small", overrides)))


def test_a_run_publishes_a_whole_report(bench):
    report = latest(bench)
    pages = {"index.html", *(f"{stage.notebook}.html" for stage in runs.STAGES)}
    assert {path.name for path in report.iterdir()} == pages | {"manifest.json", "verdict.json", "tables"}
    assert {path.stem for path in (report / "tables").iterdir()} == set(TABLES)
    assert sorted(path.name for path in report.parent.iterdir()) == sorted([report.name, "latest"])
    assert os.readlink(report.parent / "latest") == report.name
    private = bench / "data" / "runs" / "small" / report.name
    assert {path.name for path in private.iterdir()} == {
        "study.json",
        "customer_features.parquet",
        "assignments.parquet",
        *(f"{stage.notebook}.ipynb" for stage in runs.STAGES),
    }
    assert sorted(path.name for path in private.parent.iterdir()) == [".lock", report.name]
    assert f"small/{report.name}/index.html" in (bench / "reports" / "index.html").read_text()


def test_folders_of_customers_are_private_and_reports_are_not(bench):
    for folder in ("data/runs/small", "data/runs/small/" + latest(bench).name, "data/gathered/demo"):
        assert stat.S_IMODE((bench / folder).stat().st_mode) == 0o700, folder
    umask = os.umask(0)
    os.umask(umask)
    for folder in ("reports", "reports/small", "reports/small/" + latest(bench).name):
        assert stat.S_IMODE((bench / folder).stat().st_mode) == 0o777 & ~umask, folder


def test_the_manifest_says_what_made_the_report(bench):
    report = latest(bench)
    manifest = json.loads((report / "manifest.json").read_text())
    assert manifest["run_id"] == report.name and report.name.startswith(manifest["as_of"] + "-") and len(report.name) == 19
    assert (manifest["study"], manifest["dataset"], manifest["synthetic"]) == ("small", "demo", True)
    assert (bench / "data" / "gathered" / "demo" / manifest["fingerprint"]).is_dir()
    assert manifest["parameters"] == json.loads((bench / "data" / "runs" / "small" / report.name / "study.json").read_text())
    assert manifest["parameters"]["as_of"] == manifest["as_of"] and manifest["parameters"]["k_max"] == 3
    assert manifest["tables"] == {f"{name}.csv": home.sha256(report / "tables" / f"{name}.csv") for name in TABLES}
    assert manifest["versions"]["python"] == ".".join(map(str, sys.version_info[:3])) and set(NUMERIC) < set(manifest["versions"])


def test_each_notebook_is_given_the_parameters_its_cell_names(bench):
    def given(notebook):
        executed = bench / "data" / "runs" / "small" / latest(bench).name / f"{notebook}.ipynb"
        return json.loads(executed.read_text())["metadata"]["papermill"]["parameters"]

    assert given("03_segments") == {"study": "small", "run": latest(bench).name, "k_max": 3}
    assert given("01_gather") == {"study": "small", "run": latest(bench).name, "dataset": "demo"}


def test_notebooks_are_told_what_was_gathered_for_them(bench):
    (bench / "segments.py").write_text("(data / 'told').write_text(os.environ['SEGKIT_FINGERPRINT'])")
    report = runs.run("small", force=True).parent
    told = (bench / "data" / "runs" / "small" / report.name / "told").read_text()
    assert told == json.loads((report / "manifest.json").read_text())["fingerprint"]
    executed = [path.read_text() for path in (bench / "data" / "runs" / "small" / report.name).glob("*.ipynb")]
    assert len(executed) == 4 and not [text for text in executed if os.environ["SEGKIT_KEY"] in text], "the key is no parameter"


def test_runs_and_failures_are_on_record(bench):
    before = privacy.audit.acts()
    runs.run("small", force=True)
    (bench / "kpis.py").write_text("1 / 0")
    with pytest.raises(errors.NotebookFailed):
        runs.run("small", force=True)
    first, second = privacy.audit.acts()[len(before) :]
    for act, outcome in ((first, "published"), (second, "failed")):
        assert (act["what"], act["study"], act["dataset"], act["run"], act["outcome"]) == (
            "run",
            "small",
            "demo",
            latest(bench).name,
            outcome,
        )
    assert (second["stage"], second["exit_code"]) == ("kpis", 1)
    runs.run("small")
    assert len(privacy.audit.acts()) == len(before) + 2, "what is already there is not run again"


def test_the_same_inputs_are_the_same_run_wherever_the_workbench_lies(bench, no_kernels, caplog):
    caplog.set_level("INFO", "segkit")
    before = tree(bench)
    assert runs.run(bench / "notebooks" / "studies" / "small.yaml") == latest(bench) / "index.html"
    assert tree(bench) == before
    assert f"small: run {latest(bench).name} is already there (--force runs it again)" in caplog.messages


def test_what_changes_no_number_changes_no_id(bench):
    assert identity(bench) == identity(bench, timeout_minutes=1, fail_if=["structure none"]) == latest(bench).name


def test_a_corrected_value_in_the_data_changes_the_id(bench):
    orders = bench / "data" / "raw" / "demo" / "orders.csv"
    text = orders.read_text()
    orders.write_text(text.replace(",81.57,", ",81.58,", 1))
    assert orders.read_text() != text and identity(bench) != latest(bench).name


def test_force_runs_again_and_replaces_the_report(bench):
    report, before = latest(bench), tree(bench / "reports")
    for root in ("reports", "data/runs"):
        (bench / root / "small" / report.name / "stale").touch()
    assert runs.run("small", force=True) == report / "index.html"
    after = tree(bench / "reports")
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed <= {"index.html", f"small/{report.name}/manifest.json"}, "only the moment of publishing"
    assert latest(bench) == report and not (bench / "data" / "runs" / "small" / report.name / "stale").exists()


def test_another_parameter_is_another_run_beside_the_first(bench, monkeypatch):
    first = latest(bench)
    second = runs.run("small", {"seed": 8}).parent
    assert latest(bench) == second != first and (first / "index.html").is_file()
    page = (bench / "reports" / "index.html").read_text()
    assert f"{first.name}</td>" in page and f"{second.name} (latest)" in page and "1 study, 2 runs." in page
    monkeypatch.setattr(execute, "notebooks", lambda *given: pytest.fail("a notebook was run"))
    assert runs.run("small").parent == first and latest(bench) == second


def test_a_gate_fails_after_publishing_and_again_when_the_run_is_already_there(bench, monkeypatch):
    shutil.rmtree(bench / "reports")
    gates = {"fail_if": ["structure none", "structure reproducible", "supported stay", "refuted stay"]}
    with pytest.raises(errors.GateFailed) as first:
        runs.run("small", gates)
    assert first.value.exit_code == 4 and first.value.what == "small: structure reproducible, supported stay"
    assert str(latest(bench) / "index.html") in first.value.do and (latest(bench) / "index.html").is_file()
    monkeypatch.setattr(execute, "notebooks", lambda *given: pytest.fail("a notebook was run"))
    with pytest.raises(errors.GateFailed) as again:
        runs.run("small", gates)
    assert str(again.value) == str(first.value)
    runs.run("small", {"fail_if": ["structure none", "refuted stay"]})


def test_out_sends_data_and_reports_to_one_other_folder(bench, tmp_path, monkeypatch):
    record = "data/audit.jsonl"
    before, out = tree(bench), tmp_path / "deep" / "out"
    monkeypatch.chdir(tmp_path)
    assert runs.run("small", out=Path("deep/out")) == out / "reports" / "small" / latest(bench).name / "index.html"
    assert tree(bench) | {record: b""} == before | {record: b""} and sorted(path.name for path in out.iterdir()) == ["data", "reports"]
    assert privacy.audit.acts()[-1]["out"] == str(out), "at home it is known where rows of persons lie"
    assert {path.name for path in (out / "data").iterdir()} == {"gathered", "runs"}
    assert stat.S_IMODE((out / "data").stat().st_mode) == 0o700
    assert os.access(out, os.X_OK) and stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE((out / "reports").stat().st_mode), (
        "others read the reports"
    )
    assert "SEGKIT_OUT" not in os.environ


def test_written_under_puts_the_environment_back(monkeypatch, tmp_path):
    monkeypatch.setenv("SEGKIT_OUT", "/before")
    with pytest.raises(ZeroDivisionError), home.written_under(tmp_path):
        assert os.environ["SEGKIT_OUT"] == str(tmp_path)
        raise ZeroDivisionError
    assert os.environ["SEGKIT_OUT"] == "/before"


def test_two_studies_run_at_the_same_time(bench):
    write_study(bench, "other", cluster_on=["spend"])
    study = (bench / "notebooks" / "studies" / "small.yaml").read_text()
    (bench / "notebooks" / "studies" / "other.yaml").write_text(study.replace("study: small", "study: other"))
    with subprocess.Popen(
        [sys.executable, "-c", CLI, "run", "other"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        runs.run("small", force=True)
        said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert Path(said[0].strip()).is_file() and "/reports/other/" in said[0]
    assert "2 studies, 2 runs." in (bench / "reports" / "index.html").read_text()
