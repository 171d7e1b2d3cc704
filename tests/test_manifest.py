"""When a run is the same run, and what its manifest says."""

import json
from types import SimpleNamespace

import pytest

from segkit import home, manifest
from segkit.sources.dataset import Reading
from segkit.studies import Study

STUDY = Study(study="small", dataset="demo", question="Who stays?", as_of="2025-10-03", cluster_on=["spend"])
AGE = Reading(column="Age", kind="demographic", type="integer", sensitive=True)
GATHERED = SimpleNamespace(fingerprint="0123456789ab", dataset=SimpleNamespace(synthetic=True, attributes={"age": AGE}), use_cases=())


@pytest.fixture(autouse=True)
def bench(tmp_path, monkeypatch):
    """A home with one notebook."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_gather.ipynb").write_text("one")
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    return tmp_path


def identity(**changes) -> str:
    return manifest.identity(STUDY.model_copy(update=changes), GATHERED)


def test_the_same_inputs_have_the_same_id_anywhere(bench, tmp_path_factory, monkeypatch):
    before = identity()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (bench / "notebooks").rename(elsewhere / "notebooks")
    monkeypatch.setenv("SEGKIT_HOME", str(elsewhere))
    assert identity() == before and before.startswith("2025-10-03-") and len(before) == 19


@pytest.mark.parametrize("change", [{"timeout_minutes": 1.0}, {"fail_if": ["structure none"]}])
def test_what_changes_no_number_changes_no_id(change):
    assert identity(**change) == identity()


@pytest.mark.parametrize(
    "change",
    [{"seed": 8}, {"k_max": 9}, {"study": "other"}, {"question": "Who leaves?"}, {"as_of": "2025-10-04"}, {"cluster_on": ["n_orders"]}],
)
def test_any_other_parameter_changes_the_id(change):
    assert identity(**change) != identity()


def test_data_notebooks_packages_and_python_change_the_id(bench, monkeypatch):
    seen, real = [identity()], manifest.version
    seen.append(manifest.identity(STUDY, SimpleNamespace(fingerprint="ba9876543210", use_cases=())))
    (bench / "notebooks" / "01_gather.ipynb").write_text("two")
    seen.append(identity())
    monkeypatch.setattr(manifest, "version", lambda name: "0.0.1" if name == "scipy" else real(name))
    seen.append(identity())
    monkeypatch.setattr(manifest.platform, "python_version", lambda: "3.99.0")
    seen.append(identity())
    assert len(set(seen)) == 5


def test_a_notebook_that_is_no_stage_does_not_count(bench):
    before = identity()
    (bench / "notebooks" / "scratch.ipynb").write_text("mine")
    assert identity() == before


def test_the_manifest_names_everything_and_hashes_every_table(tmp_path):
    (tmp_path / "tables").mkdir()
    for name in ("sizes", "kpis"):
        (tmp_path / "tables" / f"{name}.csv").write_text(name)
    made = json.loads(json.dumps(manifest.of_run(STUDY, GATHERED, "2025-10-03-abcdef01", tmp_path)))
    assert made["tables"] == {f"{name}.csv": home.sha256(tmp_path / "tables" / f"{name}.csv") for name in ("kpis", "sizes")}
    assert Study.model_validate(made["parameters"]) == STUDY
    assert (made["run_id"], made["study"], made["dataset"], made["fingerprint"]) == ("2025-10-03-abcdef01", "small", "demo", "0123456789ab")
    assert set(made["versions"]) == {"segkit", "python", *manifest.NUMERIC} and made["synthetic"] is True
    shown = manifest.shown(made)
    assert (shown["when"], shown["windows"]) == ("as of 2025-10-03", "observed before 2025-10-03; outcome 90 days from there")
    assert (made["sensitive"], shown["sensitive"], shown["sensitive_why"]) == ([], [], "")
    assert shown["seed"] == STUDY.seed and shown["horizon_days"] == 90 and f"pandas {made['versions']['pandas']}" in shown["versions"]


def test_a_run_without_dates_says_so_everywhere(tmp_path):
    undated = STUDY.model_copy(update={"as_of": "none", "horizon_days": 0})
    run_id = manifest.identity(undated, GATHERED)
    assert run_id.startswith("undated-") and len(run_id) == 16
    shown = manifest.shown(manifest.of_run(undated, GATHERED, run_id, tmp_path))
    assert (shown["as_of"], shown["when"], shown["windows"]) == ("none", "cross-sectional", "none, the data are cross-sectional")
    without = manifest.shown(manifest.of_run(STUDY.model_copy(update={"horizon_days": 0}), GATHERED, run_id, tmp_path))
    assert without["windows"] == "observed before 2025-10-03; outcome none"


def test_the_manifest_names_the_sensitive_attributes_that_were_used_and_why(tmp_path):
    study = STUDY.model_copy(update={"cluster_on": ["spend", "age"], "sensitive_why": "the law asks for it"})
    made = manifest.of_run(study, GATHERED, "2025-10-03-abcdef01", tmp_path)
    assert made["sensitive"] == ["age"] and manifest.shown(made)["sensitive_why"] == "the law asks for it"
