"""The library of use cases: what may be said, what is refused and in which words, what is only warned of."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from conftest import PROJECT
from test_features import tables

from segkit import manifest, sources, studies
from segkit.errors import BadInput
from segkit.sources import authoring, use_cases
from segkit.sources.dataset import Dataset

CUSTOMERS = {
    "customer_id": "id",
    "size": {"kind": "firmographic"},
    "seats": {"kind": "firmographic", "type": "integer"},
    "paying": {"kind": "behavioral", "type": "boolean"},
    "score": {"kind": "need", "type": "number"},
    "gender": {"kind": "demographic", "sensitive": True},
}
TABLES = {
    "customers": {"file": "c.csv", "columns": CUSTOMERS},
    "orders": {"file": "o.csv", "columns": {"customer_id": "id", "ordered_at": "at", "amount": "total"}},
    "events": {"file": "e.csv", "columns": {"customer_id": "id", "occurred_at": "at", "feature": "what"}},
    "touchpoints": {
        "file": "t.csv",
        "columns": {"customer_id": "id", "occurred_at": "at", "channel": "by", "stage": "stage", "is_conversion": "won"},
    },
}
PATTERN = {"within_days": 7, "steps": [{"feature": "search"}, {"feature": "export"}]}
CASE = {"name": "reporting", "actor": "analyst", "goal": "Report.", "pattern": PATTERN}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A home with a dataset called shop."""
    (tmp_path / "data" / "datasets").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.delenv("SEGKIT_USE_CASES", raising=False)
    return tmp_path / "data" / "datasets"


def dataset(*without: str, **keys) -> Dataset:
    there = {name: source for name, source in TABLES.items() if name not in without}
    return Dataset.model_validate({"dataset": "shop", "title": "A shop", "tables": there} | keys)


def load(folder: Path, *cases: dict, of: Dataset | None = None, **keys) -> tuple:
    (folder / "shop.use_cases.yaml").write_text(yaml.safe_dump({"dataset": "shop", "use_cases": list(cases)} | keys))
    return use_cases.load(of or dataset())


def refusal(folder: Path, *cases: dict, of: Dataset | None = None, **keys) -> str:
    with pytest.raises(BadInput) as refused:
        load(folder, *cases, of=of, **keys)
    message = str(refused.value)
    assert "shop.use_cases.yaml" in message and "pydantic" not in message and "Value error" not in message
    return message


def steps(*each: dict, **keys) -> dict:
    return {"pattern": PATTERN | {"steps": list(each)} | keys}


def test_the_shipped_library_fits_its_dataset_and_uses_every_kind_of_pattern(monkeypatch):
    monkeypatch.setenv("SEGKIT_HOME", str(PROJECT))
    found = use_cases.load(sources.dataset.load("demo"))
    kinds = {step.kind for case in found for step in case.pattern.steps}
    assert len(found) >= 7 and {"feature", "category", "channel", "stage"} <= kinds
    assert any(case.preconditions for case in found) and {case.pattern.ordered for case in found} == {True, False}
    assert any({step.table for step in case.pattern.steps} == {"orders", "events"} for case in found)
    assert all(case.goal.endswith(".") and case.kpi in studies.KPIS for case in found)


def test_a_dataset_without_a_library_has_no_use_cases(folder):
    assert use_cases.load(dataset()) == () and use_cases.digest(()) == ""


def test_what_is_said_is_what_is_there(folder):
    (found,) = load(folder, CASE | {"preconditions": {"size": "big", "seats": [1, 2], "paying": True}, "kpi": "retention"})
    assert found.column == "reporting_share" and found.pattern.ordered and found.pattern.limit == timedelta(days=7)
    assert found.preconditions == {"size": ["big"], "seats": [1, 2], "paying": [True]}
    assert [str(step) for step in found.pattern.steps] == ["feature search", "feature export"]
    assert load(folder, CASE | {"pattern": PATTERN | {"within_days": 0.5}})[0].pattern.limit == timedelta(hours=12)


def test_a_step_has_to_come_later_only_where_one_row_could_be_it_and_an_earlier_one(folder):
    def later(*each):
        return load(folder, CASE | steps(*each))[0].pattern.later

    assert later({"feature": "a"}, {"feature": "b"}, {"feature": "a"}) == [False, False, True]
    assert later({"channel": "mail"}, {"stage": "decision"}, {"channel": "web"}, {"order": "any"}) == [False, True, True, False]
    categories = dataset(tables=TABLES | {"orders": {"file": "o", "columns": TABLES["orders"]["columns"] | {"category": "kind"}}})
    cases = CASE | steps({"category": "a"}, {"category": "b"}, {"order": "any"})
    assert load(folder, cases, of=categories)[0].pattern.later == [False, False, True]


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"acter": "x"}, "unknown key 'use_cases.0.acter': do you mean 'actor'?"),
        (steps({"feature": "a"}, within_day=1), "unknown key 'use_cases.0.pattern.within_day': do you mean 'within_days'?"),
        (steps({"featur": "a"}), "unknown key 'use_cases.0.pattern.steps.0.featur': do you mean 'feature'?"),
        (steps({}), "use_cases.0.pattern.steps.0: a step is one of feature, category, order, channel, stage"),
        (steps({"feature": "a", "stage": "decision"}), "this one says feature and stage"),
        (steps({"order": "first"}), "use_cases.0.pattern.steps.0.order: unknown 'first'; known: any"),
        (steps({"feature": None}), "it is empty, or no single value"),
        (steps({"feature": True}), "put what the file says in quotes"),
        (steps(), "use_cases.0.pattern.steps: list should have at least 1 item"),
        (steps({"feature": "a"}, within_days=0), "use_cases.0.pattern.within_days: input should be greater than 0 (it says '0')"),
        (steps({"feature": "a"}, within_days=-1), "greater than 0"),
        (steps({"feature": "a"}, {"feature": "a"}, ordered=False), "in any order, one row would be both feature a and feature a"),
        (steps({"channel": "a"}, {"stage": "decision"}, ordered=False), "one row would be both channel a and stage decision"),
        ({"name": "monthly-reporting"}, "use_cases.0.name: 'monthly-reporting' cannot name a use case: lower-case letters, digits and _"),
        ({"name": "x" * 41}, "at most 40"),
        ({"kpi": "retentoin"}, "use_cases.0.kpi: unknown KPI 'retentoin'; do you mean 'retention'?"),
        ({"goal": ""}, "use_cases.0.goal"),
        ({"preconditions": ["size"]}, "use_cases.0.preconditions: input should be a valid dictionary"),
    ],
)
def test_what_cannot_be_meant_is_refused(folder, changes, said):
    message = refusal(folder, CASE | changes)
    assert said in message and "is not a valid library" in message


@pytest.mark.parametrize(
    "changes, said",
    [
        (steps({"category": "a"}), "reporting: step 1 (category a) needs category in the table orders, which this dataset does not have"),
        (steps({"stage": "decison"}), "reporting: step 1: 'decison' is no stage of this dataset; do you mean 'decision'?"),
        ({"preconditions": {"sise": ["big"]}}, "reporting: preconditions.sise: no such attribute; do you mean 'size'?"),
        ({"preconditions": {"size": []}}, "preconditions.size: no value is allowed"),
        ({"preconditions": {"size": [50]}}, "preconditions.size: its values are text: put them in quotes"),
        ({"preconditions": {"seats": ["50"]}}, "preconditions.seats: its values are of type integer"),
        ({"preconditions": {"seats": [True]}}, "preconditions.seats: its values are of type integer"),
        ({"preconditions": {"paying": ["yes"]}}, "preconditions.paying: its values are of type boolean"),
        (
            {"preconditions": {"score": [1]}},
            "preconditions.score: it is of type number; preconditions list values, of string, integer, boolean",
        ),
        ({"preconditions": {"gender": ["female"]}}, "preconditions.gender: it is sensitive"),
    ],
)
def test_what_the_dataset_does_not_have_is_refused(folder, changes, said):
    assert said in refusal(folder, CASE | changes)


def test_a_missing_table_is_named_and_every_mistake_is_told_at_once(folder):
    both = [CASE, CASE | {"name": "care"} | steps({"channel": "mail"}, {"order": "any"})]
    message = refusal(folder, *both, of=dataset("events", "touchpoints"))
    assert "reporting: step 1 (feature search) needs the table events; this dataset has customers, orders" in message
    assert "care: step 1 (channel mail) needs the table touchpoints" in message and message.count("needs the table") == 3
    assert "neither orders nor events" in refusal(folder, CASE, of=dataset("events", "orders"))


def test_names_are_used_once_and_collide_with_nothing(folder):
    assert "two use cases have the same name, 'reporting'" in refusal(folder, CASE, CASE)
    taken = TABLES | {
        "customers": {"file": "c", "columns": CUSTOMERS | {"Reporting_Share": {"kind": "need"}, "performances": {"kind": "need"}}}
    }
    message = refusal(folder, CASE, of=dataset(tables=taken))
    assert "an attribute is called reporting_share" in message and "an attribute is called performances" in message


def test_the_file_is_for_the_dataset_beside_it(folder):
    assert "is for 'other'\n  the file's name says 'shop'" in refusal(folder, CASE, dataset="other")
    assert "unknown key 'datset': do you mean 'dataset'" in refusal(folder, CASE, datset="shop")
    assert "use_cases: list should have at least 1 item" in refusal(folder)
    (folder / "shop.use_cases.yaml").write_text("dataset: shop\ndataset: shop\n")
    with pytest.raises(BadInput, match="stands twice"):
        use_cases.load(dataset())


def test_the_digest_changes_with_what_is_said_and_not_with_comments(folder):
    one, two = load(folder, CASE), load(folder, CASE | {"goal": "Report it."})
    path = folder / "shop.use_cases.yaml"
    path.write_text("# a comment\n" + path.read_text())
    assert use_cases.digest(one) != use_cases.digest(two) == use_cases.digest(use_cases.load(dataset()))


def test_a_library_that_changes_during_a_run_is_refused_there(folder, monkeypatch):
    monkeypatch.setenv("SEGKIT_USE_CASES", use_cases.digest(load(folder, CASE)))
    assert load(folder, CASE)
    assert "changed while a run was under way" in refusal(folder, CASE | {"goal": "Other."})
    monkeypatch.setenv("SEGKIT_USE_CASES", "")
    assert "changed while a run was under way" in refusal(folder, CASE)


def test_a_run_and_its_tables_are_of_one_library(bench):
    study = studies.load("demo")
    before = sources.gather("demo")
    assert before.use_cases
    path = bench / "data" / "datasets" / "demo.use_cases.yaml"
    path.write_text(path.read_text().replace("within_days: 3\n", "within_days: 4\n"))
    after = sources.gather("demo")
    assert before.fingerprint == after.fingerprint, "nothing is gathered again for it"
    assert manifest.identity(study, before) != manifest.identity(study, after)
    stamps = before.stamps(None), after.stamps(None)
    assert stamps[0]["use_cases"] != stamps[1]["use_cases"] and len(stamps[0]["use_cases"]) == 12
    path.unlink()
    assert sources.gather("demo").use_cases == () and "use_cases" not in sources.gather("demo").stamps(None)


def test_what_nobody_ever_did_is_told_with_the_nearest_of_what_many_did(folder):
    who = [f"c{i}" for i in range(6)]
    past = tables(
        customers={"customer_id": who, "size": ["big"] * 5 + [None], "paying": [True] * 6},
        events={"customer_id": [*who, "c0"], "occurred_at": ["2025-01-01"] * 7, "feature": ["search"] * 6 + ["exports"]},
        orders={"customer_id": ["c0"], "ordered_at": ["2025-01-01"], "amount": [1], "category": ["seats"], "is_return": [True]},
    )
    wanted = steps({"feature": "serch"}, {"feature": "export"}, {"order": "any"}) | {
        "preconditions": {"size": ["bigg", "big"], "paying": [False]}
    }
    cases = load(folder, CASE | wanted, CASE | {"name": "fine"} | steps({"feature": "search"}, {"feature": "exports"}))
    categories = use_cases.UseCase.model_validate(CASE | {"name": "back"} | steps({"category": "seats"}))
    found = use_cases.unseen(past, (*cases, categories), 5)
    assert found.to_records(index=False).tolist() == [
        ("reporting", "step 1 (feature serch) was never seen; do you mean 'search'?"),
        ("reporting", "step 2 (feature export) was never seen"),  # exports was, but by one customer
        ("reporting", "nobody has paying False"),
        ("reporting", "nobody has size 'bigg'; do you mean 'big'?"),
        ("back", "step 1 (category seats) was never seen"),  # only given back
    ]
    assert list(use_cases.unseen(past, cases[1:], 5).columns) == ["use_case", "problem"]


def test_segkit_check_tells_of_patterns_that_cannot_be(bench):
    path = bench / "data" / "datasets" / "demo.use_cases.yaml"
    path.write_text(path.read_text().replace("{feature: alerts}", "{feature: alrets}"))
    text = " ".join(authoring.account("demo").split())
    assert "- use case watching_figures: step 1 (feature alrets) was never seen; do you mean 'alerts'?" in text


def test_a_library_is_no_dataset(bench):
    """What lists dataset files does not take the library for one."""
    from segkit.erase.person import person

    with pytest.raises(BadInput) as refused:
        person("C000001", "", [bench])
    assert "demo" in str(refused.value) and "use_cases" not in str(refused.value)
    with pytest.raises(BadInput, match="is not a dataset's name"):
        sources.dataset.load("demo.use_cases")
