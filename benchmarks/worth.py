"""How often segmenting is said to pay where it cannot, beside the plug-in gain, which always says so; and how often where it does.

Rows {name, value, unit, target, holds}: python -m benchmarks.worth --reps 1000 --seed 1000
"""

import argparse
import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.verdicts import share
from segkit import targets

VALUE, COST = 10, 0.2
CUSTOMERS, BASE = (3200, 2400, 1600, 800), (0.08, 0.1, 0.12, 0.15)  # of four segments, half of each held out
EQUAL = (0.01, 0.02, 0.03)  # lifts: treating loses, makes no difference, pays
DIFFERENT = (0.06, 0.02, -0.01, -0.03)


def campaign(draw: np.random.Generator, lifts: tuple) -> pd.DataFrame:
    """One experiment in four segments."""
    halves = np.array(CUSTOMERS) // 2
    events = {"treated": draw.binomial(halves, np.add(BASE, lifts)), "control": draw.binomial(halves, BASE)}
    counts = {f"{arm}_{what}": each for arm, found in events.items() for what, each in (("n", halves), ("events", found))}
    return targets.from_counts(pd.DataFrame({"segment": ["S1", "S2", "S3", "S4"]} | counts))


def gains(draw: np.random.Generator, lifts: tuple, reps: int) -> pd.DataFrame:
    """What segmenting is said to gain beyond one choice for all, a row per experiment."""
    found = [targets.worth(campaign(draw, lifts), VALUE, COST, 7).set_index("policy").loc["difference"] for _ in range(reps)]
    return pd.DataFrame(found)


def rows(reps: int, seed: int) -> Iterator[dict]:
    """All of it."""
    draw = np.random.default_rng(seed)
    for lift in EQUAL:
        found = gains(draw, (lift,) * 4, reps)
        yield share(found.low > 0, f"segmenting said to pay, all lifts {lift} (a gain of {VALUE * lift - COST:+.1f})", at_most=0.025)
        yield share(found.plug_in > 0, f"naive: chosen and measured on the same customers, all lifts {lift}", at_least=0.1)
    found = gains(draw, DIFFERENT, reps)
    yield share(found.low > 0, "segmenting said to pay, lifts of .06 to -.03", at_least=0.6)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--reps", type=int, default=1000, help="experiments per row")
    ask.add_argument("--seed", type=int, default=1000, help="fresh seeds start at 1000")
    asked = ask.parse_args()
    for row in rows(asked.reps, asked.seed):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
