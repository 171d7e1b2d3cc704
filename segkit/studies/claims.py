"""Hypotheses: what a study may claim of the outcome window, each with the test that decides it and a threshold in the KPI's own unit."""

import re
from typing import Literal

from pydantic import Field, model_validator

from segkit.studies.strict import Strict

KPIS = (
    *("revenue", "margin", "orders", "aov", "revenue_retention", "gross_retention", "retention", "churn", "staying_on"),
    *("engagement", "usage_days", "features_tried", "stickiness"),
    *("conversion", "open_rate", "click_rate", "revenue_per_contact", "campaign_roi", "lead_to_customer", "csat", "nps", "answered"),
)
TESTS = ("spread", "beats_baseline", "top_share", "ordering", "lift", "trend")
BASELINES = ("rfm", "best_feature", "expected_orders", "random")
SHARES = (
    "retention",
    "churn",
    "staying_on",
    "engagement",
    "stickiness",
    "conversion",
    "open_rate",
    "click_rate",
    "lead_to_customer",
    "csat",
    "answered",
)
RATIOS = (
    "aov",
    "revenue_retention",
    "gross_retention",
    "stickiness",
    "open_rate",
    "click_rate",
    "revenue_per_contact",
    "campaign_roi",
    "nps",
)
SUMS = ("revenue", "margin", "orders", "usage_days")  # what adds up over customers
LIFTS = ("conversion", "click_rate")  # what who was held out can do, too
TRENDS = ("revenue", "orders", "usage_days")  # what is known period by period
SEGMENT = re.compile(r"S[1-9][0-9]?")
TAKES = {
    "baseline": "beats_baseline",
    "top": "top_share",
    "order": "ordering",
    "campaign": "lift",
    "segment": "lift or trend",
}


class Hypothesis(Strict):
    """A claim about a KPI of the outcome window, declared before that window is opened.

    `at_least` is the threshold: in the KPI's unit (spread, ordering), as a share of variance (beats_baseline), as a share of the total
    (top_share), as a difference of shares (lift), in the KPI's unit per period of 30 days (trend). `top` segments, ranked by the KPI before
    as_of; `order`, highest first, else as the KPI ranks them before as_of; `segment`, one, or `any` for a lift in at least one.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    kpi: Literal[KPIS]
    test: Literal[TESTS]
    at_least: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    baseline: Literal[("", *BASELINES)] = ""
    top: int = Field(default=0, ge=0, le=19)
    order: list[str] = []
    campaign: str = ""
    segment: str = ""

    @model_validator(mode="after")
    def _is_a_claim(self):
        for key, test in TAKES.items():
            if getattr(self, key) and self.test not in test:
                raise ValueError(f"`{key}` belongs to the test {test}, not to {self.test}")
        getattr(self, f"_{self.test}")()
        return self

    def _spread(self):
        self._at_most_one()

    def _beats_baseline(self):
        if not self.baseline:
            raise ValueError(f"test beats_baseline needs a baseline: {', '.join(BASELINES)}")
        if self.kpi in RATIOS:
            raise ValueError(
                f"beats_baseline explains one value per customer; {self.kpi} is a number of the whole segment: use revenue or orders"
            )
        if self.at_least > 1:
            raise ValueError(f"at_least {self.at_least:g}: beats_baseline compares shares of variance, which are at most 1")

    def _top_share(self):
        if self.kpi not in SUMS:
            raise ValueError(f"top_share adds a KPI up over customers: {', '.join(SUMS)}, not {self.kpi}")
        if not self.top:
            raise ValueError("test top_share needs `top`: how many segments, ranked by the KPI before as_of")
        if not 0 < self.at_least < 1:
            raise ValueError(f"at_least {self.at_least:g}: top_share is a share of the total, between 0 and 1 (write 0.60 for 60 %)")

    def _ordering(self):
        if len(set(self.order)) < len(self.order) or any(not SEGMENT.fullmatch(each) for each in self.order) or len(self.order) == 1:
            raise ValueError(f"order {self.order}: name every segment once, highest first, such as [S2, S1, S3]")
        self._at_most_one()

    def _lift(self):
        if self.kpi not in LIFTS:
            raise ValueError(
                f"lift compares what was done by who was contacted and by who was held out: {' or '.join(LIFTS)}, not {self.kpi}"
            )
        if self.segment and self.segment != "any" and not SEGMENT.fullmatch(self.segment):
            raise ValueError(f"segment {self.segment!r}: a segment such as S2, `any`, or nothing for all customers")
        self._at_most_one()

    def _trend(self):
        if self.kpi not in TRENDS:
            raise ValueError(f"trend follows a KPI period by period: {', '.join(TRENDS)}, not {self.kpi}")
        if not SEGMENT.fullmatch(self.segment):
            raise ValueError("test trend needs `segment`: the one held against all others, such as S2")

    def _at_most_one(self):
        most = 2 if self.kpi == "nps" else 1
        if self.kpi in (*SHARES, "nps") and self.at_least > most:
            raise ValueError(
                f"at_least {self.at_least:g}: {self.kpi} is a share, so that differences are at most {most} (write 0.10 for ten percentage points)"
            )

    @property
    def claim(self) -> dict:
        """What is claimed, whatever it is called; keys that say nothing are left out, so that a new one leaves old claims what they were."""
        told = self.model_dump(exclude={"name"})
        return {key: each for key, each in told.items() if each or key in ("at_least", "baseline")}
