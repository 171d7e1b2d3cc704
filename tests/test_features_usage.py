"""How customers use the product: every feature on six events that can be worked by hand."""

import pandas as pd
import pytest
from test_features import CUSTOMERS, EVENTS, made


@pytest.mark.parametrize(
    ("feature", "a", "c"),
    [
        ("active_days", 2, 1),
        ("usage_seconds", 180, None),
        ("features_used", 2, 1),
        ("minutes_per_active_day", 1.5, None),
        ("days_since_last_use", 30, 2),
        ("tenure_days", 31, 2),
        ("active_days_per_week", 2 * 7 / 31, 1.0),
    ],
)
def test_each_feature_by_hand(feature, a, c):
    found = made(events=EVENTS)[feature]
    assert found["a"] == pytest.approx(a, abs=1e-12)
    assert pd.isna(found["c"]) if c is None else found["c"] == c


def test_tenure_counts_from_sign_up_when_that_was_earlier():
    found = made(events=EVENTS, customers=CUSTOMERS)
    assert found.tenure_days["a"] == 62 and found.active_days_per_week["a"] == pytest.approx(14 / 62)


def test_without_durations_intensity_is_unknown_and_frequency_is_not():
    found = made(events={key: values for key, values in EVENTS.items() if key != "duration_seconds"})
    assert found.minutes_per_active_day.isna().all() and list(found.active_days) == [2, 1]
