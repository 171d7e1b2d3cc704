"""Is segmenting worth it at all? What a randomised campaign says of treating by segment instead of treating all or none.

Choosing where to treat and measuring what that earns on the same customers always looks good: the best of several noisy lifts is too high
(the winner's curse). Here what is chosen on one half of the customers is paid for by the other half, over many halves.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.errors import BadInput, nearest
from segkit.kpis.intervals import NAN, Z, enough, mean, proportion
from segkit.targets.gates import by_number

PARTS, SPLITS = 20, 100  # customers are dealt into parts once; a split puts half of the parts on either side
POLICIES = ("treat none", "treat all", "one for all", "by segment", "difference")
CONTACTS = ["segment", "treated", "outcome"]
NO_CONTROL = "nobody was held out by lot, so nobody knows what would have happened without the campaign"
ALIKE = "whichever half decides, it treats all segments alike"


def campaign(arms: pd.DataFrame | None, labels: pd.Series, name: str = "", outcome: str = "converted") -> pd.DataFrame:
    """The contacts of one campaign as `worth` takes them. Out, one row per customer who has a segment: segment, treated, outcome.

    In: arms (customer_id, campaign, treated, and the outcome's column; None where there are no contacts), labels by customer_id; the campaign
    may go unnamed where there is but one. Contacts made before the segments were cut must not be there.
    """
    if arms is None:
        return pd.DataFrame(columns=CONTACTS)
    known = sorted(arms.campaign.unique())
    if name not in known and not (name == "" and len(known) <= 1):
        what = f"There is no campaign {name!r}." if name else "Which campaign is meant?"
        raise BadInput(what, f"there are {len(known)}: {', '.join(known)}", nearest(name, known) if name else "Name one of them.")
    if outcome not in arms:
        raise BadInput(f"The contacts do not say {outcome}.", f"they say {', '.join(arms.columns)}", "Name one of these columns.")
    rows = arms[arms.campaign == name] if name else arms
    found = pd.DataFrame(dict(zip(CONTACTS, (rows.customer_id.map(labels), rows.treated.astype(bool), rows[outcome].astype(float)))))
    return found.dropna(subset=["segment"]).reset_index(drop=True)


def from_counts(counts: pd.DataFrame) -> pd.DataFrame:
    """Contacts as `worth` takes them, one row per customer. In: segment, treated_n, treated_events, control_n, control_events."""
    lines = [(row.segment, True, row.treated_n, row.treated_events) for row in counts.itertuples()]
    lines += [(row.segment, False, row.control_n, row.control_events) for row in counts.itertuples()]
    if wrong := [segment for segment, _, n, events in lines if not 0 <= events <= n]:
        raise ValueError(f"{wrong[0]}: there are more events than customers, or fewer than none")
    times = np.array([each for _, _, n, events in lines for each in (events, n - events)], dtype=int)
    kinds = [(segment, treated, outcome) for segment, treated, _, _ in lines for outcome in (1.0, 0.0)]
    return pd.DataFrame(kinds, columns=CONTACTS).iloc[np.repeat(np.arange(len(kinds)), times)].reset_index(drop=True)


def worth(contacts: pd.DataFrame, value: float, cost: float, seed: int) -> pd.DataFrame:
    """Expected gain per customer of treating nobody, everybody, the better of both, and each segment where lift × value > cost.

    In: contacts of ONE campaign whose control group was held out by lot, one row per customer: segment, treated, outcome (0/1, or money).
    `value`: margin of one conversion (or of one unit of money, where the outcome is money); `cost` of treating one customer; in currency.
    Out, a row per policy (`POLICIES`; difference = by segment − one for all): treated (the segments that all customers together say to
    treat), value (currency per customer, treating nobody is 0), low, high (95 %), n (customers of the campaign who have a segment), se, plug_in, why (what is missing).

    Cross-fitted: one half of the customers of each segment and arm says what to treat, the other half measures what that gains, and the other
    way round; over 100 splits. `value` is the mean: what such choices earn among customers who had no say in them. With equal lifts the
    difference is therefore below 0 on average, or 0; `plug_in` is what choosing and measuring on the same customers would claim.
    se: root mean square, over splits, of the standard error from both halves' influence values (arms' means within half and segment). With one
    split that se is too small, since near a tie halves choose now this, now that: the intervals of two halves cover .91 to .94, of five folds
    .82 to .89. Those of the mean over splits cover .96 to 1.00 (16 cases of 1,000 campaigns), and where segmenting gains nothing they claim that
    it does in at most 1.2 %. They are about choices made on half of the customers, not about the best choice there is; money is best capped.
    Where all halves choose alike for all segments, the difference is 0 without an interval, since equal choices show no certainty.
    Segments that are too small in either arm for `kpis.intervals.enough` are left out, and named in `why`; without any other, or without a
    control group, NaN with the reason. The order of rows changes nothing. (Cross-fitting: Chernozhukov et al., 2018, Econometrics Journal 21,
    C1–C68.)
    """
    contacts, kept, why = large_enough(contacts, value, cost)
    if kept.empty:
        return pd.DataFrame([line(name, [], 0.0 if name == "treat none" else NAN, NAN, why) for name in POLICIES]).assign(n=len(contacts))
    return judged(dealt(kept, seed), value, cost, seed, why).assign(n=len(contacts))


def decisions(contacts: pd.DataFrame, value: float, cost: float, seed: int) -> pd.DataFrame:
    """What treating a customer of each segment gains, and how sure the choice is. In: as for `worth`.

    Out: segment, value (currency per customer treated), low, high (95 % for all segments together: Šidák), n (both arms), treats (share of
    halves that would treat it). NaN where a segment is too small to decide, or nobody was held out.
    """
    from scipy.stats import norm

    contacts, kept, _ = large_enough(contacts, value, cost)
    n = contacts.segment.value_counts()
    found = pd.DataFrame({"segment": sorted(n.index, key=by_number)}).assign(**dict.fromkeys(("value", "low", "high"), NAN))
    found["n"], found["treats"] = found.segment.map(n), NAN
    if kept.empty:
        return found
    parts = dealt(kept, seed)
    everyone, z = parts.sums(np.ones((1, PARTS))), norm.ppf((1 + 0.95 ** (1 / len(parts.names))) / 2)
    gain, half = everyone.gain(value, cost)[0], z * np.sqrt(everyone.variance(value)[0])
    _, by_segment = chosen(parts.sums(splits(seed)), value, cost)
    rows, told = found.segment.isin(parts.names), ["value", "low", "high", "treats"]
    found.loc[rows, told] = np.column_stack([gain, gain - half, gain + half, by_segment.mean(axis=0)])
    return found


def large_enough(contacts: pd.DataFrame, value: float, cost: float) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Contacts that have a segment, those of segments that can be decided, and why not the others."""
    for name, amount in (("value of a conversion", value), ("cost of a treatment", cost)):
        if not (np.isfinite(amount) and amount >= 0):
            raise BadInput(f"The {name} is no amount of money.", f"it is {amount}", "Give 0 or a positive number, in currency.")
    contacts = contacts.dropna(subset=["segment"])
    if contacts.empty or contacts.treated.all():
        return contacts, contacts[:0], NO_CONTROL if len(contacts) else "no contact is of a customer with a segment"
    kind, estimate = ("proportion", proportion) if contacts.outcome.isin((0, 1)).all() else ("mean", mean)
    short = {
        segment
        for (segment, _), outcome in contacts.groupby(["segment", "treated"]).outcome
        if enough(kind, estimate(np.sort(outcome.to_numpy(float))))
    }
    arms = contacts.groupby("segment").treated.nunique()
    small = sorted(short | set(arms.index[arms < 2]), key=by_number)
    kept = contacts[~contacts.segment.isin(small)]
    why = "left out as too small" if len(kept) else "no segment is large enough to decide"
    return contacts, kept, f"{why}: {', '.join(small)}" if small else ""


@dataclass(frozen=True)
class Sums:
    """Counts, sums and sums of squares of outcomes by group of customers × segment × arm (arm 1 is treated); outcomes are told as
    differences from `middle`, the mean of everyone of that segment and arm, which keeps their digits."""

    n: np.ndarray
    total: np.ndarray
    squares: np.ndarray
    middle: np.ndarray

    @property
    def customers(self) -> np.ndarray:
        """Customers by group and segment, both arms."""
        return self.n.sum(axis=-1)

    def gain(self, value: float, cost: float) -> np.ndarray:
        """Gain of treating a customer, by group and segment."""
        means = self.middle + self.total / self.n
        return value * (means[..., 1] - means[..., 0]) - cost

    def variance(self, value: float) -> np.ndarray:
        """Sampling variance of `gain`."""
        spread = np.maximum(self.squares - self.total**2 / self.n, 0) / (self.n - 1)
        return value**2 * (spread / self.n).sum(axis=-1)


@dataclass(frozen=True)
class Parts:
    """The same of each of 20 parts of the customers."""

    names: list[str]
    each: Sums

    def sums(self, groups: np.ndarray) -> Sums:
        """Sums over groups of parts: (groups, parts) of 0 and 1."""
        added = [np.einsum("gp,psa->gsa", groups, each) for each in (self.each.n, self.each.total, self.each.squares)]
        return Sums(*added, self.each.middle)


def dealt(contacts: pd.DataFrame, seed: int) -> Parts:
    """Customers dealt into parts within segment and arm, in the order of their outcomes: nobody's place in the table has a say."""
    names = sorted(contacts.segment.unique(), key=by_number)
    outcome, arm = contacts.outcome.to_numpy(float), contacts.treated.to_numpy(int)
    stratum = 2 * pd.Index(names).get_indexer(contacts.segment) + arm
    order = np.lexsort((outcome, stratum))
    outcome, stratum, rng, part = outcome[order], stratum[order], np.random.default_rng(seed), np.empty(len(order), dtype=int)
    for each in range(2 * len(names)):
        members = np.flatnonzero(stratum == each)
        part[rng.permutation(members)] = np.arange(len(members)) % PARTS
    middle = np.bincount(stratum, outcome) / np.bincount(stratum)
    cells, away, shape = part * len(middle) + stratum, outcome - middle[stratum], (PARTS, len(names), 2)
    found = [np.bincount(cells, weights, PARTS * len(middle)).reshape(shape) for weights in (np.ones(len(away)), away, away * away)]
    return Parts(names, Sums(*found, middle.reshape(-1, 2)))


def splits(seed: int) -> np.ndarray:
    """Which parts are in a half: (2 × 100, parts), a half and then its other half."""
    first = np.random.default_rng(seed).permuted(np.tile(np.arange(PARTS) < PARTS // 2, (SPLITS, 1)), axis=1)
    return np.stack([first, ~first], axis=1).reshape(-1, PARTS).astype(float)


def chosen(sums: Sums, value: float, cost: float) -> tuple[np.ndarray, np.ndarray]:
    """What each group says to treat, by segment (1 treat, 0 leave): one choice for all, and a choice for each."""
    gain = sums.gain(value, cost)
    one = (gain * sums.customers).sum(axis=-1, keepdims=True) > 0
    return np.broadcast_to(one, gain.shape).astype(float), (gain > 0).astype(float)


def paid(choice: np.ndarray, sums: Sums, value: float, cost: float) -> tuple[float, float]:
    """Gain per customer of a choice for each half and segment, mean over splits, and its standard error."""
    by_split = lambda array: array.reshape(SPLITS, -1).sum(axis=1)
    gain, customers = sums.gain(value, cost), sums.customers
    everyone = by_split(customers)
    means = by_split(choice * gain * customers) / everyone
    squares = by_split(choice**2 * customers * (gain**2 + customers * sums.variance(value))) / everyone
    return float(means.mean()), float(np.sqrt(np.mean(np.maximum(squares - means**2, 0) / everyone)))


def judged(parts: Parts, value: float, cost: float, seed: int, why: str) -> pd.DataFrame:
    """A row per policy."""
    halves, everyone = parts.sums(splits(seed)), parts.sums(np.ones((1, PARTS)))
    others = chosen(parts.sums(1 - splits(seed)), value, cost)  # what the other half says, for each half
    own = chosen(everyone, value, cost)
    best, customers, lines = everyone.gain(value, cost), everyone.customers, []
    policies = [
        (0 * others[0], 0 * own[0]),
        (0 * others[0] + 1, 0 * own[0] + 1),
        *zip(others, own),
        (others[1] - others[0], own[1] - own[0]),
    ]
    for name, (crossed, plain) in zip(POLICIES, policies):
        gained, se = paid(crossed, halves, value, cost)
        treated = [segment for segment, treats in zip(parts.names, plain[0]) if treats > 0 and name != "difference"]
        alike = ALIKE if name == "difference" and not crossed.any() else ""
        found = line(name, treated, gained, se, "; ".join(filter(None, (alike, why))))
        lines.append(found | {"plug_in": float((plain * best * customers).sum() / customers.sum())})
    return pd.DataFrame(lines)


def line(policy: str, treated: list[str], value: float, se: float, why: str) -> dict:
    """One row; without an interval where nothing varies."""
    half = Z * se if se > 0 else NAN
    limits = {"value": value, "low": value - half, "high": value + half}
    return {"policy": policy, "treated": ", ".join(treated), **limits, "n": 0, "se": se, "plug_in": NAN, "why": why}
