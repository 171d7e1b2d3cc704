"""Earlier cut-off dates: as many as history allows, each with a window of its own, and nothing of one known in another."""

import sys
from datetime import datetime

import pandas as pd
import pytest
from conftest import workbench

from segkit import features, sources, studies, verdicts

WINDOW = studies.Window(start=datetime(2024, 1, 1), as_of=datetime(2025, 10, 3), end=datetime(2026, 1, 1))
MADE = {
    "cluster_on": ["n_orders", "spend"],
    "transforms": [],
    "weights": [],
    "winsorise": 0.0,
    "scaling": "standard",
    "indicate_missing": [],
}


def test_windows_end_where_the_next_begins_and_leave_room_for_history():
    found = verdicts.earlier(WINDOW)
    assert [each.as_of for each in found] == [datetime(2025, 7, 5), datetime(2025, 4, 6), datetime(2025, 1, 6)]
    assert [each.end for each in found] == [WINDOW.as_of, *(each.as_of for each in found[:-1])]
    short = studies.Window(start=datetime(2025, 3, 1), as_of=WINDOW.as_of, end=WINDOW.end)
    assert len(verdicts.earlier(short)) == 1 and verdicts.earlier(None) == []
    assert verdicts.earlier(studies.Window(start=WINDOW.start, as_of=WINDOW.as_of, end=WINDOW.as_of)) == []


@pytest.fixture
def gathered(tmp_path, monkeypatch, demo_files):
    workbench(tmp_path / "bench", monkeypatch, demo_files[1000])
    monkeypatch.setattr(sys.modules["segkit.verdicts.origins"], "LEAST_CUSTOMERS", 600)
    monkeypatch.setattr(sys.modules["segkit.verdicts.origins"], "MOST", 1)
    return sources.gather("demo")


@pytest.mark.parametrize("method", ["kmeans", "ward"])
def test_each_date_tells_what_segments_made_anew_and_rfm_explain(gathered, method):
    window = gathered.window("auto", 90)
    found = verdicts.origins(gathered, window, MADE | {"method": method, "k": 3}, ["revenue", "aov", "retention"], 7)
    assert set(found.as_of) == {"2025-07-05"}
    assert set(found.segmentation) == {"segments", "rfm"} and set(found.kpi) == {"revenue", "retention"}
    assert (found.value[found.segmentation == "segments"] > 0.05).any() and (found.low < found.high).all()


def test_what_came_after_a_date_does_not_change_what_was_there_before(gathered):
    window = gathered.window("auto", 90)
    later = studies.Window(start=window.start, as_of=window.as_of, end=window.as_of + (window.end - window.as_of))
    here, there = (verdicts.origins(gathered, each, MADE | {"method": "kmeans", "k": 3}, ["revenue"], 7) for each in (window, later))
    pd.testing.assert_frame_equal(here, there)


def test_too_few_customers_leave_a_date_out(gathered, monkeypatch):
    monkeypatch.setattr(sys.modules["segkit.verdicts.origins"], "LEAST_CUSTOMERS", 10**6)
    assert verdicts.origins(gathered, gathered.window("auto", 90), MADE | {"method": "kmeans", "k": 3}, ["revenue"], 7).empty


def test_some_features_at_a_moment_are_those_among_all(gathered):
    declared, moment = gathered.dataset, datetime(2025, 7, 5)
    every = features.customer_features(gathered.tables, moment, declared.attributes, declared.stages, gathered.use_cases).execute()
    every = every.set_index("customer_id")
    known = features.glossary(gathered.tables, declared.attributes, declared.currency, gathered.use_cases)
    known = known[known.feature.isin(every.columns)]
    assert known.table.nunique() >= 5
    for wanted in [list(part.feature.iloc[::3]) for _, part in known.groupby("table")]:
        found = features.known_at(gathered, moment, wanted)
        active = found[found.is_active]
        pd.testing.assert_frame_equal(active[wanted], every.loc[every.is_active, wanted], check_exact=True, check_dtype=False)
        assert list(found.columns) == ["is_active", *wanted]
