"""What was declared before the outcomes were opened, and every time they were opened since.

The lock names the segmentation (as_of, horizon, inclusion rule, cluster_on and how it became the matrix, method, k, seed) and the hypotheses. The first look at an
outcome window, by whichever study of the dataset, fixes what was declared; whatever differs from it later is exploratory.
"""

import hashlib
import json
from dataclasses import dataclass

from segkit import store
from segkit.studies import UNDATED, Hypothesis

MATRIX = ("transforms", "winsorise", "scaling", "weights", "indicate_missing")


@dataclass(frozen=True)
class Lock:
    """`window`: dataset, as_of, horizon_days. `segmentation`: everything that fixes the labels. `hypotheses`: name -> what is claimed."""

    window: dict
    segmentation: dict
    hypotheses: dict[str, dict]

    @property
    def sha256(self) -> str:
        """Hash of the whole lock."""
        return digest([self.window, self.segmentation, self.hypotheses])

    @property
    def pairs(self) -> dict[str, str]:
        """Hypothesis name -> hash of (segmentation, what the hypothesis claims): what one look tests. The name itself does not count."""
        return {name: digest([self.segmentation, claim]) for name, claim in self.hypotheses.items()}


def digest(content) -> str:
    """16 hex digits of a canonical JSON rendering."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def lock(made: dict, horizon_days: int, hypotheses: list[Hypothesis]) -> Lock:
    """Build the lock from the stamps of the assignments and the study's hypotheses."""
    segmentation = {key: made[key] for key in ("as_of", "cluster_on", *MATRIX, "method", "k", "seed", "max_fit_rows")}
    inclusion = "everyone" if made["as_of"] == UNDATED else "active before as_of"
    return Lock(
        {"dataset": made["dataset"], "as_of": made["as_of"], "horizon_days": horizon_days},
        segmentation | {"horizon_days": horizon_days, "inclusion": inclusion},
        {each.name: each.claim for each in hypotheses},
    )


@dataclass(frozen=True)
class Looks:
    """`so_far`: every look at this window, this one included, oldest first. `m`: distinct (segmentation, hypothesis) pairs among them."""

    so_far: tuple[dict, ...]
    lock: Lock

    @property
    def m(self) -> int:
        """The size of the family every verdict is adjusted for."""
        return len({pair for look in self.so_far for pair in look["pairs"]})

    def is_declared(self, hypothesis: str) -> bool:
        """Was this hypothesis, on this segmentation, in the lock of the first look?"""
        return self.lock.pairs[hypothesis] in self.so_far[0]["pairs"]


def open_window(lock: Lock, study: str, run: str) -> Looks:
    """Record the look, then hand out the looks so far. Called before a single outcome is read: a look that crashes still counts.

    Without dates there is no window, but what contacts say is an outcome all the same: claims about it are looks.
    """
    if not lock.window["horizon_days"] and not (lock.window["as_of"] == UNDATED and lock.hypotheses):
        return Looks((), lock)
    store.add_look({"run": run, "window": lock.window, "lock": lock.sha256, "pairs": sorted(lock.pairs.values())}, study)
    return Looks(tuple(store.looks(lock.window)), lock)
