"""Small cells are hidden, and what names a customer is found without crying wolf."""

import json

import pandas as pd
import pytest

from segkit import errors, privacy, publish

IDS = {"C000123", "C000124", "12346", "17850", "123", "anna@example.com", "Zoë-1"}


@pytest.mark.parametrize("n, seen", [(0, True), (1, False), (4, False), (5, True)])
def test_a_cell_below_the_least_shows_neither_value_nor_count(n, seen):
    table = pd.DataFrame({"segment": ["S1", "S2"], "value": [0.5, 0.25], "label": ["x", "y"], "n": [n, 50]})
    hidden = privacy.hide_small_cells(table, ["value", "label"], 5)
    assert list(hidden.segment) == ["S1", "S2"], "the row stays, so that it is seen to be hidden"
    assert hidden.loc[0, ["value", "label", "n"]].notna().tolist() == [seen] * 3
    assert hidden.loc[1, ["value", "label", "n"]].tolist() == [0.25, "y", 50]
    assert list(table.n) == [n, 50], "the table handed in is not changed"


def test_hiding_twice_hides_no_more_and_counts_stay_whole_numbers(tmp_path):
    table = pd.DataFrame({"value": [0.5, 0.25, 0.1], "customers": [3, 50, 0]})
    once = privacy.hide_small_cells(table, ["value"], 5, n="customers")
    twice = privacy.hide_small_cells(once, ["value"], 5, n="customers")
    assert once.to_csv(index=False) == twice.to_csv(index=False) == "value,customers\n,\n0.25,50\n0.1,0\n"


def test_the_smallest_segment_of_a_score_is_hidden_below_the_least():
    scores = pd.DataFrame({"metric": ["smallest_segment"] * 3 + ["silhouette"], "value": [4, 5, 0, 0.3]})
    assert privacy.hide_small_sizes(scores, 5).value.isna().tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    "text, hits",
    [
        ("<td>C000123</td>", 1),
        ("The best customer is C000123.", 1),
        ("(C000123), 'C000124': \"C000123\"", 2),
        ("C000123/C000124", 2),
        ("see customers/C000123-orders#C000124", 2),
        ("write to anna@example.com!", 1),
        ("<p>Zoë-1: fine</p>", 1),
        ("<td>17850</td>", 1),
        ("<td>17850.0</td>", 1),
        ("17850, 12346 and 99999", 2),
        ("12,346 customers, 117,850 orders", 0),
        ("0.12346 and 1.17850 and 12346.5", 0),
        ("123 customers", 0),
        ("2025-12346", 0),
        ("XC000123 C0001234 C00012", 0),
        ("", 0),
    ],
)
def test_ids_are_found_where_people_and_programs_write_them(text, hits):
    assert privacy.leaks(text, IDS) == hits


@pytest.mark.parametrize(
    "name, text, hits",
    [
        ("a.html", "<p>Customer C000123 is the best.</p>", "a.html (1)"),
        ("a.html", "<td>[&#x27;C000123&#x27;, &quot;C000124&quot;]</td>", "a.html (2)"),
        ("a.html", '<img alt="spend of C000123" src="x">', "a.html (1)"),
        ("a.html", '<img src="data:image/png;base64,AAAA/C000123/17850/BBBB=" alt="x">', None),
        ("a.html", "<td>12,346</td><td>50 %</td>", None),
        ("a.csv", "segment,example\nS1,C000123\nS2,\n", "a.csv (1)"),
        ("a.csv", 'segment,example\nS1,"C000123, C000124"\n', "a.csv (2)"),
        ("a.csv", "customer_id,spend\n1,5\n2,6\n", "a.csv (2)"),
        ("a.csv", "spend,customer_id\n", "a.csv (1)"),
        ("a.csv", "segment,C000123\nS1,5\n", "a.csv (1)"),
        ("a.csv", "segment,n\nS1,12346\nS2,17850\n", None),
        ("a.csv", "", None),
        ("a.csv", "a,b\n", None),
        ("a.json", json.dumps({"best": "C000123", "n": 17850}), "a.json (1)"),
        ("a.json", json.dumps({"said": 'it is "Zoë-1" again'}), "a.json (1)"),
        ("a.json", json.dumps({"sizes": {"S1": 12346}}), None),
    ],
)
def test_leaks_are_found_in_pages_and_tables_but_not_in_counts_and_pictures(tmp_path, name, text, hits):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / name).write_text(text, encoding="utf-8")
    assert privacy.leaking_files(tmp_path, IDS) == ([hits] if hits else [])


def test_a_leak_is_refused_without_saying_who(tmp_path):
    (tmp_path / "01_gather.html").write_text("<p>C000123</p>")
    with pytest.raises(errors.Leak) as caught:
        publish.refuse_leaks(tmp_path, IDS)
    assert caught.value.exit_code == 6 and "01_gather.html (1)" in str(caught.value) and "C000123" not in str(caught.value)
    publish.refuse_leaks(tmp_path, IDS - {"C000123"})
