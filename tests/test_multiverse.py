"""The choices that are crossed, the study's own among them, where the multiverse is kept, and its notebook as an essay."""

import re

import pytest
import test_notebooks
from conftest import PROJECT

from segkit import errors, execute, multiverse, studies
from segkit.multiverse.specifications import OwnChoices, in_words, shapes, specifications

NOTEBOOK = PROJECT / "notebooks" / "multiverse.ipynb"
OWN = OwnChoices("standard", {}, 0.0, "ward", 5)


def test_all_choices_are_crossed_and_one_row_is_the_studys_own():
    specs = specifications(OWN, ["kmeans", "gmm", "ward"], 2, 8)
    assert list(specs.columns) == ["specification", "scaling", "transform", "winsorise", "method", "k", "own"]
    assert len(specs) == 2 * 3 * 2 * 3 * 3 == specs.drop(columns="specification").drop_duplicates().shape[0]
    assert list(specs.specification) == list(range(1, 109))
    [own] = specs[specs.own].to_dict("records")
    assert (own["scaling"], own["transform"], own["winsorise"], own["method"], own["k"]) == ("standard", "by rule", 0.0, "ward", 5)


@pytest.mark.parametrize(("k", "k_min", "k_max", "ks"), [(5, 2, 8, [4, 5, 6]), (2, 1, 8, [2, 3]), (8, 2, 8, [7, 8]), (3, 3, 3, [3])])
def test_neighbouring_numbers_of_segments_stay_within_what_the_study_allows(k, k_min, k_max, ks):
    assert sorted(specifications(OWN._replace(k=k), ["ward"], k_min, k_max).k.unique()) == ks


def test_what_a_study_declares_is_one_more_choice_and_its_own():
    own = OwnChoices("robust", {"spend": "none"}, 0.05, "kmeans", 3)
    specs = specifications(own, ["kmeans"], 2, 4)
    assert list(specs["transform"].unique()) == ["as declared", "by rule", "none", "yeo_johnson"]
    assert sorted(specs.winsorise.unique()) == [0.0, 0.01, 0.05] and len(specs) == 2 * 4 * 3 * 3 and specs.own.sum() == 1
    assert (
        shapes("as declared", own) == {"spend": "none"}
        and shapes("none", own) == {"all": "none"}
        and shapes("by rule", own) == {"all": "auto"}
    )


@pytest.mark.parametrize(
    ("declared", "level"),
    [({}, "by rule"), ({"all": "auto"}, "by rule"), ({"all": "none"}, "none"), ({"all": "yeo_johnson"}, "yeo_johnson")]
    + [({"all": "log1p"}, "as declared"), ({"all": "none", "spend": "log1p"}, "as declared"), ({"spend": "none"}, "as declared")],
)
def test_a_declared_transform_that_treats_all_features_alike_is_not_counted_twice(declared, level):
    own = OWN._replace(transforms=declared)
    assert own.transform == level
    assert len(specifications(own, ["ward"], 2, 8)["transform"].unique()) == (4 if level == "as declared" else 3)


def test_one_segment_is_nothing_to_find_again():
    with pytest.raises(errors.BadInput, match="one segment"):
        specifications(OWN._replace(k=1), ["ward"], 1, 8)


def test_levels_have_words_of_their_own():
    said = [
        in_words(*each)
        for each in (("scaling", "robust"), ("transform", "none"), ("winsorise", "0.01"), ("winsorise", 0.0), ("method", "gmm"))
    ]
    assert said == ["robust scaling", "no transform", "1 % pulled in", "outliers left", "Gaussian mixture"] and in_words("k", 5) == "k = 5"


def test_a_draft_keeps_its_multiverse_with_its_data_and_an_attempt_in_partial_folders(bench, monkeypatch):
    runs = bench / "data" / "runs" / "demo"
    for run in ("draft", "2025-10-01-0123abcd"):
        kept = multiverse.shelf("demo", run)
        assert (kept.customers, kept.aggregates) == (runs / run / "multiverse", runs / run / "multiverse" / "tables"), "nothing in reports/"
    monkeypatch.setenv("SEGKIT_EXPLORATION", "abc")
    kept = multiverse.shelf("demo", "2025-10-01-0123abcd")
    assert kept.customers == runs / ".partial-abc"
    assert kept.aggregates == bench / "reports" / "demo" / "multiverse" / ".partial-abc" / "tables"
    assert multiverse.shelf("demo", "draft").customers == runs / "draft" / "multiverse"


@pytest.mark.parametrize(
    "check", ["test_code_cells_are_names_and_calls", "test_there_is_prose_before_every_section", "test_only_checked_cells_store_an_output"]
)
def test_the_notebook_is_an_essay_like_the_others(check):
    getattr(test_notebooks, check)(NOTEBOOK)


def test_its_parameters_are_the_studys_and_whether_claims_are_tested():
    [cell] = test_notebooks.tagged(NOTEBOOK, "parameters")
    assert all(re.fullmatch(r"[a-z_]+: (str|int|bool|float|list) = .+?  +# \S.*", line) for line in cell.source.splitlines())
    demo = studies.load(PROJECT / "notebooks" / "studies" / "demo.yaml").model_dump()
    defaults = execute.parameters_of(NOTEBOOK)
    assert defaults == {name: demo[name] for name in defaults if name in demo} | {"run": "draft", "outcomes": False}
