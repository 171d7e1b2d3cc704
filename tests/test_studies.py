"""Studies: unknown keys, impossible parameters and undeclared claims are refused in words; windows are half open."""

from datetime import datetime

import pytest

from segkit import studies
from segkit.errors import BadInput

BASE = "study: s\ndataset: d\nquestion: Why?\ncluster_on: [spend, n_orders]\n"
FIRST, LAST = datetime(2025, 1, 1, 9), datetime(2025, 6, 30, 23, 59)


def load(tmp_path, text, **overrides):
    path = tmp_path / "s.yaml"
    path.write_text(text)
    return studies.load(path, overrides)


def test_a_small_study_gets_the_defaults(tmp_path):
    study = load(tmp_path, BASE)
    assert (study.as_of, study.horizon_days, study.methods, study.k_min, study.k_max) == ("auto", 90, ["kmeans", "gmm", "ward"], 2, 8)
    assert (study.chosen_method, study.chosen_k, study.wanted_cut, study.min_cell, study.hypotheses) == ("auto", 0, False, 5, [])
    assert study.sensitive_why == ""


@pytest.mark.parametrize("written", ["2025-10-01", "'2025-10-01'", "20251001"])
def test_as_of_may_be_written_as_a_date_or_as_text(tmp_path, written):
    assert load(tmp_path, BASE + f"as_of: {written}\n").as_of == "2025-10-01"


def test_a_resolved_study_of_a_cross_sectional_dataset_can_be_read_back(tmp_path):
    study = load(tmp_path, BASE + "horizon_days: 0\n").model_copy(update={"as_of": studies.UNDATED})
    assert studies.Study.model_validate_json(study.model_dump_json()) == study


def test_overrides_replace_keys_and_are_checked_like_them(tmp_path):
    assert load(tmp_path, BASE, k_max=10).k_max == 10
    with pytest.raises(BadInput, match="unknown key 'kmax': do you mean 'k_max'"):
        load(tmp_path, BASE, kmax=10)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("kmax: 3", "unknown key 'kmax': do you mean 'k_max'?"),
        ("hypotheses: [{nmae: x, kpi: revenue, test: spread}]", "unknown key 'hypotheses.0.nmae': do you mean 'name'?"),
        ("hypotheses: [{name: x, kpi: income, test: spread}]", "hypotheses.0.kpi: unknown 'income'; known: answered, aov, campaign_roi"),
        ("hypotheses: [{name: x, kpi: revenu, test: spread}]", "hypotheses.0.kpi: unknown 'revenu'; do you mean 'revenue'?"),
        (
            "hypotheses: [{name: x, kpi: revenue, test: spred}]",
            "hypotheses.0.test: unknown 'spred'; known: spread, beats_baseline, top_share, ordering, lift, trend",
        ),
        ("hypotheses: [{name: x, kpi: retention, test: spread, at_least: 10}]", "retention is a share, so that differences are at most 1"),
        ("hypotheses: [{name: x, kpi: nps, test: spread, at_least: 30}]", "nps is a share, so that differences are at most 2"),
        (
            "hypotheses: [{name: x, kpi: revenue, test: beats_baseline, baseline: rfm, at_least: 5}]",
            "shares of variance, which are at most 1",
        ),
        ("hypotheses: [{name: x, kpi: revenue, test: top_share, top: 1, at_least: 60}]", "between 0 and 1 (write 0.60 for 60 %)"),
        ("hypotheses: [{name: x, kpi: revenue, test: top_share, at_least: 0.6}]", "needs `top`"),
        ("hypotheses: [{name: x, kpi: retention, test: top_share, top: 1, at_least: 0.6}]", "top_share adds a KPI up over customers"),
        ("hypotheses: [{name: x, kpi: revenue, test: ordering, order: [S1, S1]}]", "name every segment once"),
        ("hypotheses: [{name: x, kpi: revenue, test: ordering, order: [S1, S9]}]", "hypothesis x names S9, and k_max is 8"),
        ("hypotheses: [{name: x, kpi: revenue, test: lift}]", "conversion or click_rate, not revenue"),
        ("hypotheses: [{name: x, kpi: conversion, test: lift, segment: best}]", "a segment such as S2, `any`, or nothing"),
        ("hypotheses: [{name: x, kpi: conversion, test: lift, at_least: 3}]", "conversion is a share"),
        ("hypotheses: [{name: x, kpi: retention, test: trend, segment: S1}]", "trend follows a KPI period by period"),
        ("hypotheses: [{name: x, kpi: revenue, test: trend}]", "needs `segment`"),
        ("hypotheses: [{name: x, kpi: revenue, test: trend, segment: S12}]", "names S12, and k_max is 8"),
        ("hypotheses: [{name: x, kpi: revenue, test: spread, segment: S1}]", "`segment` belongs to the test lift or trend, not to spread"),
        ("horizon_days: 0\nhypotheses: [{name: x, kpi: revenue, test: spread}]", "horizon_days is 0, and x is about what came later"),
        ("hypotheses: [{name: x, kpi: revenue, test: beats_baseline}]", "needs a baseline: rfm, best_feature, expected_orders, random"),
        (
            "hypotheses: [{name: x, kpi: revenue, test: spread, baseline: rfm}]",
            "`baseline` belongs to the test beats_baseline, not to spread",
        ),
        ("hypotheses: [{name: x, kpi: aov, test: beats_baseline, baseline: rfm}]", "aov is a number of the whole segment"),
        ("hypotheses: [{name: x, kpi: revenue, test: spread, at_least: -1}]", "greater than or equal to 0"),
        ("hypotheses: [{name: x, kpi: revenue, test: spread}, {name: x, kpi: aov, test: spread}]", "two hypotheses have the same name"),
        ("horizon_days: 0\nhypotheses: [{name: x, kpi: revenue, test: spread}]", "need an outcome window: horizon_days is 0"),
        ("as_of: tomorrow", "as_of is `auto` or a date such as 2025-10-01"),
        ("as_of: 2025-02-30", "is not YAML\n  day is out of range for month"),
        ("k_min: 5\nk_max: 4", "k_min 5 is above k_max 4"),
        ("chosen_k: 9", "chosen_k 9 lies outside"),
        ("chosen_k: 1", "chosen_k 1 lies outside"),
        ("methods: [kmean]", "methods.0: unknown 'kmean'; known: kmeans, gmm, ward, average, complete"),
        ("methods: []", "at least 1 item"),
        ("methods: [gmm, gmm]", "names something twice"),
        ("methods: [gmm]\nchosen_method: ward", "chosen_method ward is not among the methods ['gmm']"),
        ("horizon_days: 9.5", "should be a valid integer"),
        ("seed: -1", "greater than or equal to 0"),
        ("timeout_minutes: .inf", "finite number"),
        ("fail_if: [structure]", "write `structure none` or `refuted <hypothesis>`"),
        ("fail_if: [refuted x]", "'x' is unknown"),
        ("fail_if: [structure nothing]", "do you mean 'none'?"),
        ("study: ../x", "becomes a folder"),
        ("study: " + "a" * 65, "at most 64"),
        ("question: ''", "at least 1 character"),
        ("1: 2", "keys should be strings"),
        ("cluster_on: [spend, revenue]", "cluster_on names revenue, a KPI of the outcome window"),
        ("transforms: [spend]", "transforms: 'spend' is not of the form `spend = log1p`"),
        ("transforms: ['spend = log']", "transforms: spend = log; known are auto, log1p, yeo_johnson, none"),
        ("transforms: ['spend = none', 'spend = log1p']", "transforms: spend stands twice"),
        ("transforms: ['spnd = none']", "transforms names 'spnd', which is not in cluster_on: do you mean 'spend'?"),
        ("weights: ['spend = 0']", "weights: spend = 0; a weight is a number from 0.001 to 1,000"),
        ("weights: ['spend = inf']", "a weight is a number from 0.001"),
        ("weights: [', = 1']", "of features by name"),
        ("segment_names: ['S1 = S2']", "the name of S1 is one of a segment"),
        ("weights: ['spend, spend = 1']", "weights: spend stands twice"),
        ("weights: ['visits = 1']", "weights names 'visits', which is not in cluster_on"),
        ("indicate_missing: [visits]", "indicate_missing names 'visits', which is not in cluster_on"),
        ("winsorise: 0.3", "less than or equal to 0.25"),
        ("scaling: minmax", "scaling: unknown 'minmax'; known: standard, robust"),
        ("segment_names: ['1 = Big']", "segment_names: '1' is no segment; they are called S1, S2"),
        ("segment_names: ['S9 = Big']", "segment_names names S9, and k_max is 8"),
        ("segment_names: ['S1 = Big', 'S2 = Big']", "two segments have the same name"),
        ("segment_names: ['S1 = " + "a" * 61 + "']", "the name of S1 has more than 60 characters"),
        ("k_min: 0", "greater than or equal to 1"),
        ("x: !!python/object:os.system {}", "is not YAML"),
        ("a: b: c", "is not YAML\n  line 5, column 5"),
        ("cluster_on: spend", "should be a valid list"),
        ("cluster_on: []", "at least 1 item"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line_a_mistake(tmp_path, more, complaint):
    kept = "".join(line + "\n" for line in BASE.splitlines() if not more.startswith(line.split(":")[0] + ":"))
    with pytest.raises(BadInput) as refused:
        load(tmp_path, kept + more + "\n")
    assert complaint in str(refused.value) and "pydantic" not in str(refused.value)


def test_a_file_that_is_no_mapping_not_there_or_not_utf_8_is_refused(tmp_path):
    for text in ("", "[1, 2]", "just words"):
        with pytest.raises(BadInput, match="holds no keys"):
            load(tmp_path, text)
    with pytest.raises(BadInput, match="there is no study file .*other.yaml\n  in that folder: s.yaml"):
        studies.load(tmp_path / "other.yaml")
    (tmp_path / "s.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="cannot be read"):
        studies.load(tmp_path / "s.yaml")


def test_a_study_is_found_by_name_below_the_home_and_a_name_is_no_path(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    assert studies.path_of("demo") == tmp_path / "notebooks" / "studies" / "demo.yaml"
    with pytest.raises(BadInput, match="is not a study's name"):
        studies.path_of("../../etc/passwd")


@pytest.mark.parametrize(
    ("as_of", "horizon", "cut", "end"),
    [
        ("auto", 90, "2025-04-02", "2025-07-01"),
        ("auto", 0, "2025-07-01", "2025-07-01"),
        ("2025-04-02", 90, "2025-04-02", "2025-07-01"),
        ("2025-01-02", 0, "2025-01-02", "2025-01-02"),
        ("2025-07-01", 0, "2025-07-01", "2025-07-01"),
    ],
)
def test_windows_are_half_open_and_auto_ends_at_the_midnight_after_the_last_moment(as_of, horizon, cut, end):
    window = studies.window(as_of, horizon, FIRST, LAST)
    assert (window.start, f"{window.as_of:%Y-%m-%d}", f"{window.end:%Y-%m-%d}", window.days) == (FIRST, cut, end, horizon)


@pytest.mark.parametrize(
    ("as_of", "horizon", "complaint"),
    [
        ("auto", 400, "nothing happened before as_of 2024-05-27"),
        ("2025-01-01", 0, "nothing happened before as_of 2025-01-01"),
        (
            "2025-07-02",
            0,
            "as_of 2025-07-02 lies after the data\n  the data run from 2025-01-01 to 2025-06-30\n  -> choose 2025-07-01 or earlier",
        ),
        ("9999-12-31", 90, "lies after the data"),
        ("none", 0, "as_of is `none`\n  the dataset has orders or events\n  -> write `auto`, or a date"),
        ("2025-04-03", 90, r"the outcome window \[2025-04-03, 2025-07-02\) is not over yet"),
    ],
)
def test_a_window_the_data_do_not_cover_is_refused(as_of, horizon, complaint):
    with pytest.raises(BadInput, match=complaint):
        studies.window(as_of, horizon, FIRST, LAST)


@pytest.mark.parametrize("as_of", ["auto", "none"])
def test_a_cross_sectional_dataset_has_no_window(as_of):
    window = studies.no_window(as_of, 0)
    assert window is None and studies.cut_off(window) is None and studies.day(window) == "none" and studies.outcome_days(window) == 0


@pytest.mark.parametrize(("as_of", "horizon"), [("2025-01-01", 0), ("auto", 90), ("none", 1)])
def test_a_study_of_a_cross_sectional_dataset_that_asks_for_a_window_is_told_what_to_write(as_of, horizon):
    said = f"cross-sectional.*\n  the study says as_of {as_of} and horizon_days {horizon}\n  -> write `as_of: auto` and `horizon_days: 0`, and no hypo"
    with pytest.raises(BadInput, match=said):
        studies.no_window(as_of, horizon)


def test_what_a_window_is_called():
    window = studies.window("auto", 90, FIRST, LAST)
    assert studies.cut_off(window) == datetime(2025, 4, 2) and studies.day(window) == "2025-04-02" and studies.outcome_days(window) == 90


def test_choices_of_the_matrix_and_names_are_read_from_flat_lists(tmp_path):
    said = (
        "cluster_on: [spend, n_orders, plan]\ntransforms: ['all = none', ' spend=log1p ']\nweights: ['spend, n_orders = 1.5', 'plan=1']\n"
    )
    study = load(
        tmp_path,
        BASE.replace("cluster_on: [spend, n_orders]\n", "") + said + "segment_names: ['S1 = Weekly = best']\nk_min: 1\nchosen_k: 1\n",
    )
    assert studies.transforms_of(study.transforms) == {"all": "none", "spend": "log1p"}
    assert studies.weights_of(study.weights) == {("spend", "n_orders"): 1.5, ("plan",): 1.0}
    assert studies.names_of(study.segment_names) == {"S1": "Weekly = best"} and (study.k_min, study.chosen_k) == (1, 1)
