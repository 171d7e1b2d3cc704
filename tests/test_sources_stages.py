"""Stages of a journey and levels of attributes: a dataset names them in order; any other is missing, and the ledger says how often."""

import pandas as pd
import pytest
from test_sources import declare, rows
from test_sources_dataset import declare as declared

from segkit import sources, tables
from segkit.errors import BadInput

COLUMNS = {name: name for name in ("customer_id", "occurred_at", "stage", "channel", "is_conversion")}
CONTACTS = pd.DataFrame(
    {
        "customer_id": [f"c{i}" for i in range(12)],
        "occurred_at": "2025-01-05",
        "stage": [" lead ", "deal", "Lead", "", "deal", "zzz-secret", *["lead"] * 6],
        "channel": "mail",
        "is_conversion": False,
    }
)


def gather(home, monkeypatch, contacts=CONTACTS, columns=COLUMNS, rules=(), **keys) -> sources.Gathered:
    declare(home, monkeypatch, {"touchpoints": {"file": "t.csv", "columns": columns, "rules": list(rules)}}, **keys)
    contacts.to_csv(home / "data" / "raw" / "t.csv", index=False)
    return sources.gather("shop")


def test_without_a_word_the_stages_are_the_customary_five():
    assert tuple(declared({"touchpoints": {"file": "t.csv", "columns": COLUMNS}}).stages) == tables.STAGES


def test_an_unknown_stage_becomes_missing_and_is_counted(tmp_path, monkeypatch):
    found = gather(tmp_path, monkeypatch, stages=["lead", "deal"])
    kept = rows(found, "touchpoints").set_index("customer_id").stage
    assert kept.isna().to_dict() == {f"c{i}": i in (2, 3, 5) for i in range(12)}
    assert kept.dropna().value_counts().to_dict() == {"lead": 7, "deal": 2}
    line = found.ledger.set_index("rule").loc["unknown stage"]
    assert (line.severity, line["rows"], line.rows_left) == ("warn", 2, 10)
    assert found.dataset.stages == ["lead", "deal"] == sources.gathered("shop").dataset.stages


def test_known_stages_leave_no_line_in_the_ledger(tmp_path, monkeypatch):
    found = gather(tmp_path, monkeypatch, stages=["lead", "deal", "Lead", "zzz-secret"])
    assert list(found.ledger.rule) == ["as delivered"]
    without = gather(tmp_path / "b", monkeypatch, columns={name: name for name in COLUMNS if name != "stage"})
    assert "stage" not in without.tables["touchpoints"].columns


def test_rules_see_the_stage_as_it_came(tmp_path, monkeypatch):
    rules = [{"name": "not ours", "when": "stage == 'zzz-secret'"}]
    found = gather(tmp_path, monkeypatch, rules=rules, stages=["lead", "deal"])
    assert found.ledger.set_index("rule")["rows"].to_dict() == {"as delivered": 0, "not ours": 1, "unknown stage": 1}


def test_when_no_stage_is_known_gathering_stops_and_quotes_no_value(tmp_path, monkeypatch):
    with pytest.raises(BadInput) as refused:
        gather(tmp_path, monkeypatch)
    assert str(refused.value) == (
        "touchpoints: no row has a declared stage\n"
        "  11 rows say something else; declared: awareness, consideration, decision, retention, advocacy\n"
        "  -> list them in order in `stages` of the dataset file, or translate them in `values` of the column stage"
    )
    silent = gather(tmp_path / "b", monkeypatch, CONTACTS.assign(stage=""))  # nobody said anything about stages
    assert silent.tables["touchpoints"].stage.count().execute() == 0


def test_values_translate_foreign_stages(tmp_path, monkeypatch):
    columns = COLUMNS | {"stage": {"column": "stage", "values": {"lead": "awareness", "deal": "decision"}}}
    kept = rows(gather(tmp_path, monkeypatch, columns=columns), "touchpoints").stage
    assert kept.value_counts().to_dict() == {"awareness": 7, "decision": 2}


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ([], "stages: list should have at least 1 item"),
        (["lead", "lead"], "stages: 'lead' stands there more than once"),
        (["lead", " deal"], "stages: ' deal' cannot be a stage"),
        (["lead", ""], "stages"),
        (["lead", 3], "stages"),
    ],
)
def test_stages_are_distinct_names(stages, said):
    with pytest.raises(BadInput, match="is not a valid dataset") as refused:
        declared({"touchpoints": {"file": "t.csv", "columns": COLUMNS}}, stages=stages)
    assert said in str(refused.value)


def test_a_rule_cannot_take_the_name_of_the_ledgers_own_line():
    rule = {"name": "unknown stage", "when": "missing(stage)"}
    with pytest.raises(BadInput, match="the ledger has a line of that name already"):
        declared({"touchpoints": {"file": "t.csv", "columns": COLUMNS, "rules": [rule]}})


BANDS = {"customer_id": "customer_id", "band": {"column": "band", "kind": "demographic", "ordered": ["18-29", "30-44"]}}


def people(home, monkeypatch, bands: list[str]) -> sources.Gathered:
    declare(home, monkeypatch, {"customers": {"file": "c.csv", "columns": BANDS}})
    pd.DataFrame({"customer_id": [f"c{i}" for i in range(len(bands))], "band": bands}).to_csv(home / "data" / "raw" / "c.csv", index=False)
    return sources.gather("shop")


def test_a_level_that_is_not_in_its_order_is_missing_and_counted(tmp_path, monkeypatch):
    found = people(tmp_path, monkeypatch, ["18-29", "30-44", "45-59", "", "30-44"])
    kept = rows(found, "customers").set_index("customer_id").band
    assert kept.isna().to_dict() == {"c0": False, "c1": False, "c2": True, "c3": True, "c4": False}
    line = found.ledger.set_index("rule").loc["unknown band"]
    assert (line.severity, line["rows"]) == ("warn", 1)


def test_levels_by_quite_other_names_are_refused(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match="customers: no row has a declared band\n  2 rows say something else; declared: 18-29, 30-44\n"):
        people(tmp_path, monkeypatch, ["young", "old"])
