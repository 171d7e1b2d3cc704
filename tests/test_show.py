"""Numbers for people, and tables in which nothing from the data is ever markup."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from segkit import show

NASTY = "<script>alert(\"x\")</script> & 'co'"


class Tags(HTMLParser):
    """Which tags a piece of HTML opens, and its text."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234567, "", "1,234,567"),
        (1234.5, "", "1,234"),
        (99.5, "", "99.50"),
        (1.0, "", "1"),
        (0.12345, "", "0.123"),
        (-0.5, "", "-0.5"),
        (0, "", "0"),
        (-0.0, "", "0"),
        (0.1234, "share", "12.3 %"),
        (0.0, "share", "0.0 %"),
        (-0.0001, "share", "-0.01 %"),
        (-0.00001, "share", "0.0 %"),
        (0.01061, "share", "1.06 %"),
        (75.329, "share", "7,533 %"),
        (0.02, "share", "2.0 %"),
        (1, "share", "100.0 %"),
        (None, "", "–"),
        (np.nan, "", "–"),
        (pd.NA, "", "–"),
        (pd.NaT, "", "–"),
        (pd.NA, "share", "–"),
        (True, "", "yes"),
        (False, "", "no"),
        ("words", "", "words"),
        (np.int64(5000), "", "5,000"),
        (np.float64(2.5), "", "2.50"),
        (12.0, "EUR", "12"),
    ],
)
def test_numbers_are_written_for_people(value, unit, text):
    assert show.number(value, unit) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.5, "0.50"),
        (0.0432, "0.043"),
        (0.0538, "0.054"),
        (0.432, "0.43"),
        (0.009, "0.0090"),
        (0.00001, "< 0.0001"),
        (0, "< 0.0001"),
        (1, "1.00"),
        (np.nan, "–"),
    ],
)
def test_p_values_are_written_as_readers_expect(p, text):
    assert show.p_value(p) == text


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "text"),
    [
        (0.5, 0.4, 0.6, "share", "50.0 % (40.0 % to 60.0 %)"),
        (12.5, 10, 15, "", "12.50 (10 to 15)"),
        (0.5, np.nan, np.nan, "share", "50.0 %"),
        (np.nan, np.nan, np.nan, "", "–"),
        (pd.NA, pd.NA, pd.NA, "share", "–"),
        (3, None, None, "", "3"),
    ],
)
def test_a_value_stands_with_its_interval_or_alone(value, low, high, unit, text):
    assert show.interval(value, low, high, unit) == text


def test_everything_from_the_data_is_escaped():
    rows = pd.DataFrame({"segment": [NASTY], NASTY: [1.0], "note": [f"{NASTY} (1 to 2)"]})
    profile = pd.DataFrame(
        {"segment": [NASTY], "feature": [NASTY], "unit": [NASTY], "median": [1.0], "marker": [NASTY], "overall": [1.0], "share": [0.5]}
    )
    kpis = pd.DataFrame({"segment": [NASTY], "kpi": [NASTY], "unit": [NASTY], "value": [1.0], "low": [0.5], "high": [2.0], "n": [5]})
    for html in (show.table(rows), show.paragraph(NASTY), show.bullets([NASTY, NASTY]), show.profile(profile), show.kpis(kpis)):
        found = Tags(html)
        assert set(found.tags) <= {"div", "table", "thead", "tbody", "tr", "th", "td", "p", "ul", "li", "br", "span"}, html
        assert "alert" in "".join(found.text)


def test_what_is_unknown_is_a_dash_and_never_nan_or_na():
    rows = pd.DataFrame(
        {
            "a": [np.nan, 1],
            "b": pd.array([pd.NA, 3], dtype="Int64"),
            "c": [None, "x"],
            "d": pd.array([pd.NA, 0.5], dtype="Float64"),
            "share": [np.nan, 0.5],
            "value": [np.nan, 1],
            "low": [np.nan, 0.5],
            "high": [np.nan, 2],
        }
    )
    text = " ".join(Tags(show.table(rows)).text)
    assert text.count("–") == 6 and not {"nan", "NaN", "None", "<NA>", "NaT"} & set(text.replace("(", " ").split())


def test_an_unknown_p_value_is_a_dash_whatever_kind_of_missing():
    assert show.p_value(None) == show.p_value(pd.NA) == "–"


def test_an_infinite_number_is_no_error():
    assert isinstance(show.number(float("inf")), str)


def test_columns_can_be_chosen_and_given_headings():
    rows = pd.DataFrame({"segment": ["S1"], "n": [1234], "n_orders": [3], "other": [1]})
    found = Tags(show.table(rows, "segment", "n", "n_orders", segment="Who"))
    assert found.text == ["Who", "n", "orders", "S1", "1,234", "3"]


def test_value_low_and_high_become_one_cell_in_the_unit_of_the_row():
    rows = pd.DataFrame(
        {"kpi": ["retention", "revenue"], "unit": ["share", "EUR"], "value": [0.5, 1234.5], "low": [0.4, 1000], "high": [0.6, np.nan]}
    )
    found = Tags(show.table(rows))
    assert found.text[:2] == ["kpi", "value"] and "unit" not in found.text and "50.0 %" in found.text and "(40.0 % to 60.0 %)" in found.text


def test_numbers_are_flush_right_and_words_and_flags_are_not():
    html = show.table(pd.DataFrame({"n": [1], "name": ["x"], "passes": [True]}))
    assert html.count('class="number"') == 2 and ">yes<" in html


def test_kpis_have_a_column_per_segment_with_their_own_n_where_fewer_were_asked():
    rows = [
        ("S1", "retention", 0.5, 50),
        ("S1", "csat", 0.25, 20),
        ("S1", "revenue_share", 0.7, 90),
        ("all", "retention", 0.4, 90),
        ("S2", "retention", 0.3, 40),
    ]
    kpis = pd.DataFrame(rows, columns=["segment", "kpi", "value", "n"]).assign(unit="share", low=np.nan, high=np.nan)
    text = Tags(show.kpis(kpis)).text
    assert (
        text[:5] == ["KPI", "unit", "S1 · n 50", "S2 · n 40", "all · n 90"]
        and text[text.index("25.0 %") + 1] == "n 20"
        and "70.0 %" in text
        and "retention" in text
    )
    assert Tags(show.kpis(kpis, ["csat"])).text[2:] == ["S1 · n 20", "satisfied (CSAT)", "%", "25.0 %"]


def test_kpis_of_hidden_segments_are_dashes_and_profiles_a_column_per_segment():
    kpis = pd.DataFrame(
        [
            {"segment": s, "kpi": k, "unit": "share", "value": v, "low": v, "high": v, "n": n}
            for s, v, n in (("S1", 0.5, 50), ("S2", pd.NA, pd.NA))
            for k in ("retention", "revenue_capped")
        ]
    )
    found = Tags(show.kpis(kpis))
    assert found.tags.count("tr") == 3 and "revenue, capped" in found.text and found.text.count("–") == 2
    profile = pd.DataFrame(
        [
            {"segment": s, "feature": f, "unit": "days", "median": 3.0, "marker": m, "overall": 4.0, "share": 0.5}
            for s, m in (("S1", "++"), ("S2", np.nan))
            for f in ("n_orders", "tenure_days")
        ]
    )
    text = Tags(show.profile(profile)).text
    assert "S1 · 50.0 %" in text and text.count("3 ++") == 2 and text.count("3") == 2 and text.count("4") == 2


def test_an_empty_table_is_its_head():
    assert Tags(show.table(pd.DataFrame(columns=["a", "b"]))).text == ["a", "b"]


def test_a_notebook_shows_the_html_as_it_is():
    assert show.paragraph("x")._repr_html_() == '<p class="finding">x</p>'


def test_a_count_of_what_was_filled_is_no_share():
    rows = pd.DataFrame({"feature": ["a"], "n_filled": [21], "code_filled": [0.5]})
    assert '<td class="number">21</td>' in show.table(rows) and '<td class="number">50.0 %</td>' in show.table(rows)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ((0.2, 0.1, 0.3), "+20.0 (10.0 to 30.0)"),
        ((0.0068, 0.005, 0.0086), "+0.68 (0.50 to 0.86)"),
        ((-0.1,), "-10.0"),
        ((0.0, -0.00001, 0.01), "0.00 (0.00 to 1.00)"),
        ((0.1, np.nan, np.nan), "+10.0"),
        ((None, None, None), "–"),
        ((np.nan,), "–"),
    ],
)
def test_differences_of_shares_are_written_in_points(given, text):
    assert show.points(*given) == text
