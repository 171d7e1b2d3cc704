"""What a study states of its segments: levers, fit, weights; each mistake in one line."""

import pytest

from segkit import studies
from segkit.errors import BadInput

BASE = {"study": "s", "dataset": "d", "question": "q?", "cluster_on": ["spend"]}


def test_lines_become_what_they_say():
    assert studies.levers_of(["S1 = price", "S12=more service"]) == {"S1": "price", "S12": "more service"}
    assert studies.fit_of(["S1 = 4", "S2 = 2.5"]) == {"S1": 4.0, "S2": 2.5}
    assert studies.attractiveness_of(["revenue = 3", "churn = -2"]) == {"revenue": 3.0, "churn": -2.0}
    assert studies.levers_of([]) == studies.attractiveness_of([]) == {}


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"levers": ["S1 price"]}, "levers: 'S1 price' is not of the form `S1 = price`"),
        ({"levers": ["Loyal = price"]}, "levers: 'Loyal' is no segment; they are called S1, S2"),
        ({"levers": ["S9 = price"]}, "levers names S9, and k_max is 8"),
        ({"firm_fit": ["S1 = good"]}, "firm_fit: what stands for S1 is no number ('good')"),
        ({"attractiveness": ["revenue = 0"]}, "attractiveness: revenue weighs nothing; leave it out"),
        ({"attractiveness": ["revenue = inf"]}, "what stands for revenue is no number ('inf')"),
        ({"attractiveness": ["revenue = 1", "revenue = 2"]}, "attractiveness: revenue stands twice"),
        ({"expected_lift": 2}, "expected_lift"),
        ({"treatment_cost": -1}, "treatment_cost"),
        ({"margin_share": 0}, "margin_share"),
        ({"clv_months": 0}, "clv_months"),
    ],
)
def test_what_cannot_be_meant_is_refused(said, complaint):
    with pytest.raises(BadInput) as refused:
        studies.check(BASE | said, "s.yaml", studies.Study)
    assert complaint in str(refused.value)
