"""The demo company: a seeded raw export with planted segments, so that the workbench can be held against a known truth.

A software firm sells seats and credits and sees how its product is used, 2024-01-01 to 2025-12-31. `power` customers order often
and work in it almost daily; `steady` ones order monthly and come weekly; `shelfware` buys like steady, hardly uses what it bought
and mostly leaves in autumn 2025; `newcomers` signed up in summer 2025 and grow fast; `occasional` ones have long been there and
rarely do anything. Everybody else is `none`. Order amounts have one distribution for all: baskets do not differ.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from segkit.demo import plan, traces

MONEY = {"amount", "unit_price", "cost", "revenue"}


def make(customers: int = 5000, seed: int = 7) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The raw export of the demo company, one frame per canonical table, and apart from it the truth.

    Money is euros with two decimals, durations whole seconds, times naive (datetime64[s]), ids strings, unknown missing; rows are
    sorted by time. Orders are as dirty as exports are: 2 % returned lines (negative amount and quantity, same order_id, up to 30
    days later), 1 % of the orders without a customer, .5 % of the lines twice. The truth has (customer_id, segment): power,
    steady, shelfware, newcomers, occasional, or none for those who fit nowhere, signed up after as_of, or never did anything.
    """
    draws = np.random.default_rng(seed).spawn(10)
    people = plan.people(draws[0], customers)
    audience = plan.audience(draws[1], people)
    orders = traces.orders(draws[3], people, traces.order_days(draws[2], people, audience))
    touchpoints = traces.touchpoints(draws[4], people)
    tables = {
        "customers": traces.customers(draws[5], people),
        "orders": traces.dirty(draws[6], orders),
        "events": traces.events(draws[7], people),
        "touchpoints": touchpoints,
        "contacts": traces.contacts(draws[8], audience, orders),
        "feedback": traces.feedback(draws[9], people, touchpoints),
        "costs": traces.costs(touchpoints),
    }
    return tables, people[["customer_id"]].assign(segment=people.story.where(people.story.isin(plan.SEGMENTS), "none"))


def write(folder: Path, truth: Path, customers: int = 5000, seed: int = 7) -> None:
    """`make` as CSV: `folder`/<table>.csv in a folder for the owner alone, the truth in a file apart. Same seed, same bytes."""
    tables, segments = make(customers, seed)
    folder, truth = Path(folder), Path(truth)
    for place in (truth.parent, folder):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for path, rows in {truth: segments, **{folder / f"{name}.csv": rows for name, rows in tables.items()}}.items():
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        table = pa.Table.from_pandas(rows, preserve_index=False)
        exact = [field.with_type(pa.decimal128(18, 2)) if field.name in MONEY else field for field in table.schema]
        csv.write_csv(table.cast(pa.schema(exact)), partial, csv.WriteOptions(quoting_style="none", quoting_header="none"))
        os.replace(partial, path)
