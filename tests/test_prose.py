"""Sentences from finished tables: right numbers, whole sentences, nothing unknown spelled out."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from test_figures import cohorts, concentration, explained, freshness, hidden, ledger, months, profiles, stability
from test_show import NASTY, Tags

from segkit import compare, privacy, prose, studies
from segkit.kpis import KPIS
from segkit.studies import Hypothesis


def said(html) -> str:
    """The text of a piece of HTML, checked to hold nothing unknown and no markup but ours."""
    found = Tags(html)
    assert set(found.tags) <= {"p", "ul", "li"}, html
    text = " ".join(found.text)
    assert not re.search(r"\b(nan|NaN|None|NaT)\b|<NA>", text), text
    return text


def gathered(**keys):
    return SimpleNamespace(
        dataset=SimpleNamespace(**({"title": "A shop", "about": "It sells.", "synthetic": False, "tables": {"orders": None}} | keys))
    )


def judged(**columns) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "name": ["stay", "better"],
            "kpi": ["retention", "revenue"],
            "test": ["spread", "beats_baseline"],
            "at_least": [0.1, 0.0],
            "baseline": ["", "rfm"],
            "value": [0.3, 0.04],
            "low": [0.2, 0.01],
            "high": [0.4, 0.07],
            "n": [1200, 1200],
            "p": [0.001, 0.2],
            "p_adjusted": [0.004, 0.2],
            "verdict": ["supported", "undecided"],
            "reason": ["", ""],
        }
    )
    return rows.assign(**columns)


LOOKS = SimpleNamespace(m=4, so_far=({}, {}), lock=SimpleNamespace(sha256="abc"))
RECOMMENDED = compare.Recommendation(
    "kmeans", 3, ("Because.",), "Ward k = 2 (stability 0.80, silhouette 0.30)", pd.DataFrame(), (("kmeans", 3),)
)


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_lists_are_written_as_people_write_them(words, text):
    assert prose.listed(words) == text


def test_made_up_data_say_so_first_and_a_dataset_cannot_smuggle_markup():
    assert said(prose.dataset(gathered(synthetic=True))).startswith("These data are synthetic")
    assert said(prose.dataset(gathered(about=NASTY))) == f"A shop. {NASTY}"


def test_the_ledger_says_what_is_used_of_each_table_and_tells_a_warning_both_ways():
    assert said(prose.ledger(ledger())) == (
        "orders: 100 rows came in, 9 are set aside, 91 (91.0 %) are used. "
        "orders, twice: 1 rows, which stay. With them there are 91 rows, 29 customers and 910.50 in money, "
        "without them 90 rows, 29 customers and 900.50 in money. "
        "Used to the last row: costs (12 rows) and events (7 rows)."
    )
    assert said(prose.ledger(ledger().query("table == 'events'"))) == "Used to the last row: events (7 rows)."


def test_thin_and_undeclared_columns_are_named():
    rows = pd.DataFrame({"table": "orders", "column": ["amount", NASTY], "dtype": "string", "filled": [1.0, 0.2]})
    unread = pd.DataFrame({"table": ["orders", "events"], "column": ["note", NASTY], "dtype": "", "filled": np.nan})
    assert said(prose.completeness(rows)) == f"Less than half filled: orders.{NASTY} (20.0 %)."
    text = said(prose.completeness(pd.concat([rows.iloc[:1], unread])))
    assert text.startswith("Every column that is read is filled") and f"with events, not declared and hence not read: {NASTY}." in text


def test_coverage_tells_what_stops_what_lacks_and_what_is_stray():
    text = said(prose.coverage(freshness(), months()))
    assert "events ends on 2025-02-15, 44 days before the latest table" in text and "No table stops" not in text
    assert "events has no row in 1 month between its first and its last, beginning with 2025-01." in text
    assert "orders: dates of 1 rows lie a year or more away" in text
    assert "Cut short: 1970-01 of orders, 2024-11 of orders and 2025-01 of events." in text
    calm = freshness().iloc[:1].assign(stray_rows=0)
    assert said(prose.coverage(calm, months().query("complete"))) == "No table stops before it should: the last rows are of 2025-03-31."
    assert said(prose.coverage(calm.iloc[:0], months().iloc[:0])) == "No table has dates."


def test_ids_without_a_problem_say_what_was_looked_for():
    rows = pd.DataFrame({"table": ["orders"], "problem": ["a tail of .0"]})
    assert said(prose.ids(rows)).startswith("Customer ids have problems in orders.")
    assert said(prose.ids(rows.iloc[:0])).startswith("Nothing is wrong with the customer ids: no spaces")


def test_orphans_are_told_with_their_rows_and_with_the_likely_reason():
    rows = pd.DataFrame(
        {"table": ["orders", "events"], "customers": [200, 90], "unknown": [50, 0], "unknown_share": [0.25, 0.0], "unknown_rows": [300, 0]}
    ).assign(alike=[40, 0], without=[9, 9], without_share=0.1)
    both = gathered(tables={"customers": None, "orders": None, "events": None})
    assert said(prose.orphans(rows, both)) == (
        "orders: 50 of 200 customers (25.0 %), with 300 rows, are not in customers; 40 of these ids differ from a known one only by spaces, "
        "case or leading zeros. All customers of events are in customers."
    )
    assert said(prose.orphans(rows.iloc[:0], gathered())).startswith("There is no table of customers")
    assert said(prose.orphans(rows.iloc[:0], gathered(tables={"customers": None}))).startswith("There is no other table")


def test_personal_data_are_told_by_where_they_are():
    rows = pd.DataFrame(
        {
            "table": "customers",
            "column": ["note", "age", "customer_id", "Vorname", NASTY],
            "looks_like": ["phone number", "birth date", "e-mail address", "name", "address"],
            "seen_in": ["texts", "name", "name", "name", "name"],
            "where": ["kept", "kept", "the key", "not read", "not read"],
            "rows": 40,
            "share": [0.5, np.nan, np.nan, np.nan, np.nan],
        }
    )
    text = said(prose.personal(rows))
    assert "customers.note is kept, and 40 texts (50.0 %) look as if they held a phone number." in text
    assert "customers.age is kept, and its name in the file promises a birth date." in text
    assert "the key of customers is called an e-mail address" in text and f"Vorname (name) and {NASTY} (address). Better not" in text
    assert said(prose.personal(rows.iloc[:0])).startswith("Nothing that was delivered looks like")


def test_attributes_that_describe_nobody_are_named():
    rows = pd.DataFrame(
        {
            "attribute": ["age", "country", "remark", "gender"],
            "sensitive": [False, False, False, True],
            "filled": [0.2, 1.0, 1.0, 1.0],
            "known": [20, 100, 100, 100],
            "values": [5, 1, 0, 2],
            "rare": [0, 4, 100, 0],
            "all_differ": [False, False, True, False],
        }
    )
    text = said(prose.attributes(rows))
    assert "Known of less than half of the customers: age (20.0 %)." in text and "The same for everyone, or nearly: country." in text
    assert "rather than an attribute: remark." in text and "unless the study says why: gender." in text
    assert "The same for everyone" not in said(prose.attributes(rows.assign(rare=[0, 5, 100, 0])))
    assert said(prose.attributes(rows.iloc[:0])).startswith("No attribute is declared")


def test_outliers_are_told_with_their_weight_unless_that_is_hidden():
    rows = pd.DataFrame({"table": "orders", "column": ["amount", "quantity"], "unit": ["EUR", ""], "rows": 5000, "unusual": [5, 0]})
    rows = rows.assign(usual_from=1.5, usual_to=900.0, share=0.0001, total_share=pd.array([0.25, 0.0], "Float64"))
    assert said(prose.outliers(rows)) == (
        "orders.amount: 5 of 5,000 rows (less than 0.1 %) lie outside 1.50 to 900 EUR, and make up 25.0 % of the total."
    )
    assert "make up" not in said(prose.outliers(rows.assign(total_share=pd.array([None, None], "Float64"))))
    assert said(prose.outliers(rows.iloc[1:])) == "No value lies far from the others."


def test_what_is_missing_is_counted():
    rows = pd.DataFrame({"table": ["events", "orders", "orders"], "column": ["", "category", "channel"], "adds": "more"})
    assert said(prose.missing(rows)) == "Not delivered: 1 table and 2 columns the workbench would have a use for."
    assert said(prose.missing(rows.iloc[:1])) == "Not delivered: 1 table the workbench would have a use for."
    assert said(prose.missing(rows.iloc[:0])) == "Every table and every column the workbench knows is there."


def test_windows_are_said_with_their_open_end():
    window = studies.Window(start="2025-01-01T09:00", as_of="2025-04-02", end="2025-07-01")
    assert said(prose.windows(window)) == (
        "Behaviour is observed from 01 January 2025 up to, not including, 02 April 2025. "
        "Outcomes are measured from 02 April 2025 up to, not including, 01 July 2025 (90 days)."
    )
    assert said(prose.windows(None)).startswith("The data are of one moment, as a survey is")
    assert "there is no outcome window" in said(prose.windows(studies.Window(start="2025-01-01", as_of="2025-04-02", end="2025-04-02")))


def test_scope_counts_who_is_clustered_and_who_is_not():
    assert said(prose.scope(pd.DataFrame({"is_active": [True] * 30 + [False] * 10}))).startswith(
        "40 customers were known at as_of; 30 of them (75.0 %)"
    ) and "other 10 carry no segment" in said(prose.scope(pd.DataFrame({"is_active": [True] * 30 + [False] * 10})))


def test_concentration_and_cohorts_survive_hidden_cells():
    assert "The top 20 % of customers (12) account for" in said(prose.concentration(concentration()))
    few = privacy.hide_small_cells(concentration(), ["share"], min_cell=15)
    assert "The top 25 % of customers (15) account for" in said(prose.concentration(few)), "the nearest share that may be shown"
    assert "too few customers" in said(prose.concentration(privacy.hide_small_cells(concentration(), ["share"], min_cell=99)))
    whole, partly = said(prose.cohorts(cohorts())), said(prose.cohorts(hidden(cohorts(), "value", "low", "high")))
    assert whole.startswith("Of customers old enough to tell, active again: 50.0 % after 1 month (n = 63)") and "(n = 60)" in partly
    assert said(prose.cohorts(cohorts().query("month == 0"))) == "No cohort is old enough to tell."


def test_structure_and_recommendation_give_their_reasons():
    found = SimpleNamespace(verdict="none", reasons=(NASTY, "Two."), definitions=((NASTY, 0.0),), blind="Blind.")
    assert (
        said(prose.structure(found))
        == f"Structure: none. {NASTY} Two. Told apart by one recorded value alone, which is a definition and no finding: {NASTY} = 0. Blind."
    )
    assert said(prose.recommendation(RECOMMENDED)) == "Because. Runner-up: Ward k = 2 (stability 0.80, silhouette 0.30)."


def test_a_choice_of_a_person_is_named_as_such():
    assert said(prose.choice("kmeans", 3, RECOMMENDED, "")) == "Used: k-means with k = 3, as recommended."
    assert (
        said(prose.choice("ward", 2, RECOMMENDED, NASTY))
        == f"Used: Ward with k = 2, chosen by a person ({NASTY}); recommended was k-means with k = 3."
    )


def test_agreement_names_each_pair_or_says_there_is_none():
    rows = pd.DataFrame(
        {"method": ["gmm"] * 2, "k": [3, 3], "other": ["ward"] * 2, "other_k": [3, 4], "value": [0.5, 0.4], "n": [1000] * 2}
    )
    assert said(prose.agreement(rows[:1], 3)).endswith(
        "at k = 3 (1 is the same partition, 0 is chance; n = 1,000): Gaussian mixture and Ward 0.50."
    )
    assert said(prose.agreement(rows, 3)).endswith("Of all candidates Gaussian mixture k = 3 and Ward k = 4 agree least, 0.40.")
    assert said(prose.agreement(rows.iloc[:0], 3)) == "Only one solution was a candidate: nothing to agree with."
    assert "gives 98.7 % of the fitted customers the label of Ward's own cut" in said(prose.own_cut(148 / 150, "ward"))


def test_trust_is_said_for_every_segment():
    text = said(prose.trust(stability()))
    assert "40 bootstrap refits" in text and "S2 do not trust (0.60, 0.40 to 0.70)" in text


def test_trust_of_a_hidden_segment_is_a_dash():
    said(prose.trust(hidden(stability(), "value", "low", "high", "mean")))


def test_segments_are_named_by_their_strongest_traits():
    assert said(prose.segments(profiles())).split(". ")[0] == "S1, 63.5 % of customers (n = 40): near everyone's average"
    assert (
        prose.names(profiles())["S2"] == "high orders, high tenure days" and prose.names(profiles())["S3"] == "low orders, low tenure days"
    )
    said(prose.segments(hidden(profiles(), "median", "p25", "p75", "z")))


def test_explained_lists_every_segmentation_for_every_kpi():
    text = said(prose.explained(explained()))
    assert "Revenue: segments 10.0 % (8.0 % to 12.0 %) in 3 cells, RFM 5.0 % (3.0 % to 7.0 %) in 3 cells and random groups" in text
    assert text.count("(n = 70)") == 2


def test_claims_say_what_would_have_to_be_seen():
    declared = SimpleNamespace(
        question=NASTY,
        hypotheses=[
            Hypothesis(name="stay", kpi="retention", test="spread", at_least=0.1),
            Hypothesis(name="more", kpi="aov", test="spread", at_least=25),
            Hypothesis(name="better", kpi="revenue", test="beats_baseline", baseline="rfm"),
        ],
    )
    text = said(prose.claims(declared))
    assert "stay: the highest and the lowest segment differ in retention by at least 10 percentage points." in text
    assert "differ in average order value by at least 25." in text and "explain more of the variance of revenue than RFM does." in text
    assert "No hypothesis was declared" in said(prose.claims(SimpleNamespace(question="Why?", hypotheses=[])))


def test_verdicts_stand_with_claim_evidence_and_family():
    text = said(prose.hypotheses(judged(), LOOKS))
    assert "stay: supported." in text and "Seen: +30.0 (20.0 to 40.0) percentage points, p 0.0010, adjusted 0.0040, n = 1,200." in text
    assert "m = 4 distinct tests" in text and "opened twice" in text and "Lock abc." in text
    assert "No hypothesis was declared" in said(prose.hypotheses(judged().iloc[:0], LOOKS))


def test_what_the_data_lack_is_told_with_what_it_would_need():
    text = said(prose.lacking([name for name in KPIS if name not in ("margin", "csat", "nps")]))
    assert (
        text
        == "Not measured here, and what it would need: margin: orders with their margin; satisfied (CSAT) and net promoter score: feedback."
    )
    assert prose.lacking(list(KPIS)) is None


def test_what_could_not_be_computed_is_a_dash():
    text = said(
        prose.hypotheses(judged(value=np.nan, low=np.nan, high=np.nan, p=np.nan, p_adjusted=np.nan, reason="too few customers"), LOOKS)
    )
    assert "Seen: –, p –, adjusted –" in text and "Too few customers." in text


def test_reasons_keep_the_names_of_segments():
    assert "S2: 30 customers" in said(prose.hypotheses(judged(reason="S1: 30 customers, a proportion needs 50; S2: 30 customers"), LOOKS))


def test_everyone_in_data_without_dates_is_in_scope_and_nobody_is_left_over_where_all_were_active():
    everyone = pd.DataFrame({"is_active": [True] * 40})
    assert said(prose.scope(everyone, "none")) == "All 40 customers in the data are clustered."
    assert said(prose.scope(everyone, "2025-10-03")).startswith("All 40 customers known at 2025-10-03 had ordered or used the product")
    assert "10 carry no segment" in said(prose.scope(pd.DataFrame({"is_active": [True] * 30 + [False] * 10}), "2025-10-03"))


def test_a_missing_table_may_cost_less_than_a_section():
    assert said(prose.absent("orders", "What each segment spends")) == (
        "What each segment spends needs the table orders, which this dataset does not have."
    )


def test_sensitive_attributes_are_named_with_the_reason_and_nothing_is_said_without_them():
    assert said(prose.sensitive(["age", "gender"], NASTY)) == (
        f"Customers are clustered on what the dataset calls sensitive: age and gender. Reason given: {NASTY}"
    )
    assert prose.sensitive([], "") == ""


def test_segments_say_yes_more_or_less_often():
    profile = pd.DataFrame(
        {
            "segment": ["S1", "S1", "S2", "S2"],
            "feature": ["was_invited", "spend"] * 2,
            "unit": ["yes/no", "EUR"] * 2,
            "z": [1.2, 0.6, -0.8, -0.7],
            "marker": ["++", "+", "-", "-"],
        }
    )
    assert prose.names(profile) == {"S1": "more often invited, high spend", "S2": "less often invited, low spend"}


def test_a_mixture_says_how_many_groups_it_wants_and_one_is_an_answer():
    rows = pd.DataFrame(
        {"k": [1, 2, 3], "covariances": ["full", "tied", "diag"], "bic": [5.0, 4.0, 6.0], "icl": [5.0, 6.0, 7.0], "n": [1200] * 3}
    )
    assert said(prose.mixtures(rows)) == (
        "By BIC a mixture of 2 groups fits best (one shape for all; n = 1,200); "
        "by ICL, which asks for groups that are apart, one group (each its own shape)."
    )
    most = said(prose.mixtures(rows.assign(bic=[5.0, 4.0, 3.0], icl=[5.0, 4.0, 3.0])))
    assert "3 groups fits best (without correlations; n = 1,200), the most that were tried, and by ICL" in most
