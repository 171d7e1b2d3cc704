"""Studies of data without dates, and of attributes: what is resolved, what is refused, what a published report says."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import workbench
from test_runs import latest, tiny

from segkit import errors, runs, studies

SURVEY = {
    "dataset": "survey",
    "title": "A survey",
    "tables": {
        "customers": {
            "file": "survey/answers.csv",
            "columns": {
                "customer_id": "who",
                "yummy": {"kind": "psychographic", "type": "boolean"},
                "cheap": {"kind": "psychographic", "type": "boolean"},
                "liking": {"kind": "psychographic", "type": "integer"},
                "age": {"kind": "demographic", "type": "integer", "sensitive": True},
                "region": {"kind": "geographic"},
            },
            "identifiers": ["name"],
        }
    },
}
STUDY = {"study": "small", "dataset": "survey", "question": "Who likes it?", "horizon_days": 0, "cluster_on": ["yummy", "cheap", "liking"]}
STUDY |= {"k_max": 3, "methods": ["kmeans", "ward"]}


def with_survey(folder, n: int = 300):
    """Answers of two kinds of people, as a dataset of the workbench, and the study `small` of it."""
    rng = np.random.default_rng(1)
    kind = rng.random(n) < 0.4
    answers = pd.DataFrame(
        {
            "who": [f"R{number:05d}" for number in range(n)],
            "name": [f"Maria Sandoval{number:03d}" for number in range(n)],
            "yummy": np.where(rng.random(n) < np.where(kind, 0.9, 0.1), "yes", "no"),
            "cheap": np.where(rng.random(n) < np.where(kind, 0.2, 0.8), "yes", "no"),
            "liking": (rng.normal(size=n) + np.where(kind, 2, -2)).round().astype(int),
            "age": rng.integers(18, 80, n),
            "region": rng.choice(["north", "south"], n),
        }
    )
    (folder / "data" / "raw" / "survey").mkdir(parents=True)
    answers.to_csv(folder / "data" / "raw" / "survey" / "answers.csv", index=False)
    (folder / "data" / "datasets" / "survey.yaml").write_text(yaml.safe_dump(SURVEY, sort_keys=False))
    (folder / "notebooks" / "studies" / "small.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return folder


@pytest.fixture
def bench(tmp_path, monkeypatch, demo_files):
    """Tiny notebooks and a survey."""
    return with_survey(tiny(tmp_path / "bench", monkeypatch, demo_files[200]))


def resolved(**changes):
    return runs.resolve(studies.load("small", changes))


def test_a_study_without_dates_resolves_to_none_and_runs_as_undated(bench):
    study, gathered = resolved()
    assert (study.as_of, study.horizon_days) == ("none", 0) and gathered.window(study.as_of, 0) is None
    assert gathered.stamps(None)["as_of"] == "none"
    report = runs.run("small").parent
    assert report.name.startswith("undated-") and report == latest(bench)
    manifest = json.loads((report / "manifest.json").read_text())
    assert manifest["as_of"] == "none" and manifest["parameters"]["as_of"] == "none" and manifest["run_id"] == report.name
    page = (report / "02_behavior.html").read_text()
    assert "cross-sectional" in page and "as of none" not in page
    assert runs.run("small").parent == report, "the same run again"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"horizon_days": 90},
            "cross-sectional.*\n  the study says as_of auto and horizon_days 90\n  -> write `as_of: auto` and `horizon_days: 0`",
        ),
        ({"as_of": "2025-01-01"}, "the study says as_of 2025-01-01 and horizon_days 0"),
        (
            {"horizon_days": 90, "hypotheses": [{"name": "x", "kpi": "retention", "test": "spread"}]},
            "and no hypotheses: they need an outcome",
        ),
        ({"hypotheses": [{"name": "x", "kpi": "retention", "test": "spread"}]}, "hypotheses need an outcome window: horizon_days is 0"),
        ({"cluster_on": ["yummy", "age"]}, "sensitive: age\n.*\n  -> take them out of cluster_on, or give the reason in `sensitive_why`"),
        ({"sensitive_why": "for fun"}, "sensitive_why is given, but cluster_on names nothing sensitive"),
        ({"cluster_on": ["yummy", "revenue"]}, "cluster_on names revenue, a KPI of the outcome window"),
        ({"cluster_on": ["tenure_days"]}, "'tenure_days', which needs the table orders or events"),
        ({"k_max": 11}, "too few customers: 300 in the data\n.*at least 330\n  -> choose a smaller k_max, or bring more data"),
    ],
)
def test_what_a_survey_cannot_answer_is_refused_with_what_to_do(bench, changes, said):
    with pytest.raises(errors.BadInput, match=said):
        resolved(**changes)


def test_a_sensitive_attribute_may_be_used_when_the_study_says_why(bench):
    report = runs.run("small", {"cluster_on": ["yummy", "age"], "sensitive_why": "ages decide what may be sold"}).parent
    assert "sensitive: age. Reason given: ages decide what may be sold" in (report / "index.html").read_text()
    assert json.loads((report / "manifest.json").read_text())["sensitive"] == ["age"]


def test_a_name_that_was_never_kept_is_a_leak(bench):
    (bench / "behavior.py").write_text("from IPython.display import HTML, display\ndisplay(HTML('<p>Maria Sandoval007 likes it.</p>'))")
    with pytest.raises(errors.Leak) as found:
        runs.run("small")
    assert (
        "02_behavior.html" in str(found.value)
        and "Sandoval" not in str(found.value)
        and not (bench / "reports" / "small" / "latest").exists()
    )


def test_a_dataset_with_dates_has_no_as_of_none(bench):
    with pytest.raises(errors.BadInput, match="as_of is `none`\n  the dataset has orders or events"):
        resolved(dataset="demo", cluster_on=["spend"], as_of="none")


def test_the_real_notebooks_run_a_survey_from_end_to_end(tmp_path, monkeypatch, demo_files):
    """Distributions, structure, k and profiles as ever; what has no data is left out, in a line that says what they would add."""
    bench = with_survey(workbench(tmp_path / "bench", monkeypatch, demo_files[200]))
    report = runs.run("small", {"cluster_on": ["yummy", "cheap", "liking", "age"], "sensitive_why": "to see"}).parent
    pages = {path.stem: path.read_text() for path in report.glob("*.html")}
    behavior, kpis = pages["02_behavior"], pages["04_kpis"]
    assert "How they buy" not in behavior and "Who comes back" not in behavior, "sections without data"
    assert "Without events, nothing is said of usage frequency" in behavior and "All 300 customers in the data are clustered." in behavior
    assert "Reason given: to see" in pages["03_segments"] and "% yes" in pages["03_segments"]
    assert "There is no outcome window" in kpis and "No hypothesis was declared." in kpis
    tables = {path.stem: pd.read_csv(path) for path in (report / "tables").glob("*.csv")}
    for name in ("monthly", "cohorts", "kpis", "explained", "hypotheses"):
        assert tables[name].empty and len(tables[name].columns) >= 3, name
    profiles = tables["profiles"].set_index(["feature", "segment"])
    assert (
        profiles.yes["yummy"].between(0, 1).all()
        and profiles["median"]["yummy"].isna().all()
        and profiles["median"]["liking"].notna().all()
    )
    verdict = json.loads((report / "verdict.json").read_text())
    assert verdict["window"] == {"dataset": "survey", "as_of": "none", "horizon_days": 0}
    assert verdict["looks"] == [] and verdict["hypotheses"] == [] and not (report.parent / "looks.jsonl").exists()
    assert not [name for name, page in pages.items() if "as of none" in page or "before none" in page]
    assert (bench / "data" / "runs" / "small" / report.name / "assignments.parquet").is_file()
