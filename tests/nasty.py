"""Customers who break things: clocks that turn, returns only, ten years of silence, words with quotes, moments a microsecond before the cut-off."""

import datetime as dt
from decimal import Decimal

import ibis
import numpy as np
import pyarrow as pa

from segkit.sources.reading import Reading
from segkit.sources.use_cases import UseCase
from segkit.tables import DTYPES, STAGES, TABLES

AS_OF = dt.datetime(2025, 3, 30)
WORDS = [
    "Ünïcode ☕",
    "O'Brien",
    'says "so"',
    "a`b",
    "back\\slash",
    "semi;colon --",
    "Zed",
    "apple",
    "Apple",
    "äpfel",
    "",
    " ",
    "100 %",
    "{x}",
]
ATTRIBUTES = {
    "age": Reading(column="age", kind="demographic", type="integer"),
    "score": Reading(column="score", kind="need", type="number"),
    "premium": Reading(column="premium", kind="need", type="boolean"),
    "region": Reading(column="region", kind="geographic"),
    "born": Reading(column="born", kind="demographic", type="date"),
    "size": Reading(column="size", kind="need", ordered=["small", "middle", "large"], missing_informs=True),
}
MOMENTS = [  # where clocks, days, months and years turn
    *(dt.datetime(2024, 3, 10, hour, minute) for hour in (1, 2, 3) for minute in (0, 30)),  # 2:30 does not exist in New York
    *(dt.datetime(2024, 11, 3, hour, 30) for hour in (0, 1, 2)),  # 1:30 comes twice
    dt.datetime(2024, 3, 31, 2, 30),
    dt.datetime(2024, 10, 27, 2, 30),
    dt.datetime(2024, 2, 29),
    dt.datetime(2020, 2, 29, 23, 59, 59, 999999),
    dt.datetime(2024, 12, 31, 23, 59, 59, 999999),
    dt.datetime(2025, 1, 1),
    dt.datetime(2024, 6, 8, 0, 0, 0, 1),
    dt.datetime(2024, 6, 9, 11, 59, 59),
    dt.datetime(2024, 6, 10, 12),
    dt.datetime(2024, 6, 10, 17, 59, 59, 999999),
    dt.datetime(2024, 6, 10, 18),
    dt.datetime(2024, 6, 11, 5, 59, 59),
    dt.datetime(2024, 6, 11, 6),
    AS_OF - dt.timedelta(days=90),
    AS_OF - dt.timedelta(days=90, microseconds=1),
    AS_OF - dt.timedelta(microseconds=1),
    AS_OF,
    AS_OF + dt.timedelta(days=3),
]


class Nasty:
    """Rows of random customers, each of a kind that breaks something."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.rows = {name: [] for name in TABLES if name != "costs"}

    def pick(self, values):
        return values[int(self.rng.integers(len(values)))]

    def maybe(self, value, p=0.2):
        return None if self.rng.random() < p else value

    def moment(self) -> dt.datetime:
        if self.rng.random() < 0.4:
            return self.pick(MOMENTS)
        return dt.datetime(2023, 1, 1) + dt.timedelta(seconds=int(self.rng.integers(0, 2.4 * 365 * 86_400)))

    def money(self) -> Decimal:
        return self.pick([Decimal(0), Decimal("-3.5000"), Decimal("0.0001"), Decimal(int(self.rng.integers(-(10**6), 10**8))) / 10_000])

    def order(self, who, **said):
        at = said.get("ordered_at") or self.moment()
        line = {
            "customer_id": who,
            "ordered_at": at,
            "amount": self.money(),
            "order_id": self.maybe(self.pick(["A1", "a1", "B2", "ß", "Z", f"{who}-{self.rng.integers(9)}"])),
            "product_id": self.maybe(self.pick(WORDS)),
            "category": self.maybe(self.pick(WORDS)),
            "quantity": self.maybe(int(self.rng.integers(-2, 9))),
            "unit_price": self.maybe(abs(self.money())),
            "channel": self.maybe(self.pick(WORDS)),
            "is_return": self.maybe(bool(self.rng.random() < 0.15)),
        }
        self.rows["orders"].append(line | said)

    def customer(self, who, kind):
        everything = kind in ("many", "shared", "turn")
        if kind == "one":
            self.order(who, is_return=False)
        if kind == "returns":
            for _ in range(3):
                self.order(who, is_return=True, amount=-abs(self.money()))
        if kind == "same moment":
            at = self.moment()
            for number in range(6):
                self.order(who, ordered_at=at, order_id=self.pick(["x", "X", "é", "e", None, f"{number}"]))
        if kind == "silent":
            for year in (2004, 2014, 2024):
                self.order(who, ordered_at=dt.datetime(year, 2, 28, 12), is_return=False, order_id=str(year))
        if kind == "bare":
            optional = {name: None for name, column in TABLES["orders"].columns.items() if not column.required}
            for _ in range(4):
                self.order(who, **optional)
        if kind == "zero":
            for number in range(3):
                self.order(who, amount=Decimal(number - 1), is_return=None, order_id=f"z{number}")
        if kind == "clockwork":
            for number in range(5):
                at = dt.datetime(2024, 1, 1, 9) + dt.timedelta(days=30 * number)
                self.order(who, ordered_at=at, amount=Decimal("33.3300"), order_id=f"c{number}", is_return=False)
        if everything:
            for _ in range(int(self.rng.integers(2, 25))):
                self.order(who, **({"order_id": "shared"} if kind == "shared" and self.rng.random() < 0.5 else {}))
        if kind == "turn":
            for at in MOMENTS:
                self.order(who, ordered_at=at, is_return=False, order_id=f"t{at}")
        if everything or kind == "events":
            self.elsewhere(who)
        if kind in ("fading", "growing"):
            for days in range(180):
                if (days > 30) == (kind == "fading") and self.rng.random() < 0.8:
                    self.event(who, AS_OF - dt.timedelta(days=days, hours=3))
        if kind == "performing":
            for begun in (AS_OF - dt.timedelta(days=int(days)) for days in self.rng.integers(1, 300, 6)):
                self.perform(who, begun, self.pick([1, 4, 24 * 50]))
        known = {
            "customer_id": who,
            "signed_up_at": self.maybe(self.pick([self.moment(), self.moment(), dt.datetime(1, 1, 1), dt.datetime(1600, 2, 29)])),
            "consent_marketing": self.maybe(bool(self.rng.random() < 0.5)),
            "age": self.maybe(int(self.rng.integers(0, 99))),
            "score": self.maybe(self.pick([float("nan"), float("inf"), -float("inf"), 0.1, 1e300, -0.0])),
            "premium": self.maybe(bool(self.rng.random() < 0.7)),
            "region": self.maybe(self.pick(WORDS)),
            "size": self.maybe(self.pick(["small", "middle", "large", "huge"])),
            "born": self.maybe(dt.date(1900, 2, 28) + dt.timedelta(days=int(self.rng.integers(0, 40_000)))),
        }
        if kind != "unknown" and self.rng.random() < 0.9:
            self.rows["customers"].append(known)

    def event(self, who, at, **said):
        line = {
            "customer_id": who,
            "occurred_at": at,
            "feature": self.pick(WORDS),
            "duration_seconds": self.maybe(int(self.rng.integers(0, 4000))),
            "session_id": self.maybe(self.pick(["s1", "S1", f"{who}{at:%j%H}"]), 0.4),
        }
        self.rows["events"].append(line | said)

    def touch(self, who, at, **said):
        line = {
            "customer_id": who,
            "occurred_at": at,
            "stage": self.maybe(self.pick([*STAGES, "elsewhere", ""])),
            "channel": self.pick(WORDS),
            "cost": self.maybe(abs(self.money())),
            "is_conversion": bool(self.rng.random() < 0.2),
        }
        self.rows["touchpoints"].append(line | said)

    def perform(self, who, begun, hours):
        """One of the use cases, in time or too late, or two steps of it at one moment."""
        later = begun + dt.timedelta(hours=hours * int(self.rng.integers(0, 3)))
        which = self.pick(["in_order", "any_order", "mixed"])
        if which == "in_order":
            self.event(who, begun, feature="Zed")
            self.event(who, later, feature="apple")
        if which == "any_order":
            self.touch(who, begun, channel="a`b")
            self.order(who, ordered_at=begun, is_return=self.maybe(False))
            self.event(who, later, feature="O'Brien")
        if which == "mixed":
            self.touch(who, begun, stage="decision")
            self.order(who, ordered_at=later, category="Ünïcode ☕", is_return=False)

    def elsewhere(self, who):
        """What a customer does beside buying."""
        for _ in range(int(self.rng.integers(1, 30))):
            at = self.moment()
            for step in range(int(self.rng.integers(1, 4))):
                self.event(who, at + dt.timedelta(minutes=step * int(self.rng.integers(0, 40))))
        for _ in range(int(self.rng.integers(0, 12))):
            self.touch(who, self.moment())
            self.rows["contacts"].append(
                {
                    "customer_id": who,
                    "campaign_id": self.pick(WORDS),
                    "contacted_at": self.maybe(self.moment()),
                    "is_control": bool(self.rng.random() < 0.3),
                    "opened": self.maybe(bool(self.rng.random() < 0.5)),
                    "clicked": self.maybe(bool(self.rng.random() < 0.2)),
                    "converted": bool(self.rng.random() < 0.1),
                    "revenue": self.maybe(self.money()),
                    "cost": self.maybe(abs(self.money())),
                }
            )
            self.rows["feedback"].append(
                {
                    "customer_id": who,
                    "given_at": self.moment(),
                    "csat": self.maybe(int(self.rng.integers(1, 6))),
                    "nps": self.maybe(int(self.rng.integers(0, 11))),
                    "topic": self.maybe(self.pick(WORDS)),
                }
            )


CUSTOMERS = ["none", "one", "returns", "same moment", "silent", "bare", "zero", "clockwork", "many", "shared", "turn", "events", "unknown"]
CUSTOMERS += ["fading", "growing", "performing", "performing"]


def tables(seed: int, per_kind: int = 5, categories: int = 0) -> dict[str, pa.Table]:
    """Canonical tables of such customers, all columns in; one of them may have bought in very many categories."""
    made = Nasty(seed)
    for number in range(per_kind):
        for kind in CUSTOMERS:
            made.customer(f"c{made.rng.integers(10**9):09d}{number}", kind)
    for number in range(categories):
        made.order("widely", category=f"{made.pick(WORDS)}{number}", ordered_at=dt.datetime(2024, 5, 5), order_id=f"w{number % 7}")
    return {name: typed(name, rows) for name, rows in made.rows.items()}


def typed(name: str, rows: list[dict]) -> pa.Table:
    """Rows with the types of the contract, attributes with theirs."""
    kinds = {column: DTYPES[each.dtype] for column, each in TABLES[name].columns.items()}
    if name == "customers":
        kinds |= {attribute: DTYPES[reading.type] for attribute, reading in ATTRIBUTES.items()}
    known = TABLES[name].columns
    fields = [field.with_nullable(field.name not in known or not known[field.name].required) for field in ibis.schema(kinds).to_pyarrow()]
    return pa.Table.from_pylist(rows, pa.schema(fields))  # as DuckDB writes them: what is never missing cannot be


USE_CASES = tuple(
    UseCase.model_validate({"actor": "somebody", "goal": "Something.", **said})
    for said in (
        {"name": "in_order", "pattern": {"within_days": 30, "steps": [{"feature": "Zed"}, {"feature": "apple"}]}},
        {
            "name": "any_order",
            "preconditions": {"premium": [True], "age": list(range(60))},
            "pattern": {"ordered": False, "within_days": 90, "steps": [{"feature": "O'Brien"}, {"order": "any"}, {"channel": "a`b"}]},
        },
        {"name": "mixed", "pattern": {"within_days": 0.5, "steps": [{"stage": "decision"}, {"category": "Ünïcode ☕"}]}},
    )
)
