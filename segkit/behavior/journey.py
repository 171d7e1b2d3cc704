"""How customers travel: how far they get, how long they stay in a stage, where they go from where, and by which ways they come to buy."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from segkit import privacy
from segkit.behavior.journeys import NO_STAGE, OTHER, Journeys, by_channel, shares, shown, touches
from segkit.features import paths

FUNNEL = ["stage", "n", "n_seen", "share", "share_low", "share_high", "value", "low", "high", "drop_off"]
TIME = ["stage", "n", "n_left", "n_there", "median", "low", "high", "p25", "p75"]
START, CONVERSION, OPEN = "(start)", "(conversion)", "(open)"


def funnel(tables: dict, as_of: datetime | None, stages: Sequence[str]) -> pd.DataFrame:
    """How many customers got how far, a line per stage in order; none without contacts in stages.

    Out: stage, n (customers who reached this stage or a later one), n_seen (had a contact in this very stage: who skipped it is in n alone),
    share (of everyone with a stage), share_low, share_high, value (step conversion: of those who reached the stage before, who reached this
    one), low, high (95 %, Wilson), drop_off (1 - value).
    """
    rows = touches(tables, as_of, stages)
    if rows is None or "stage" not in rows.columns:
        return pd.DataFrame(columns=FUNNEL)
    reached = paths.first_reached(rows)
    counts = reached.group_by("stage_rank").aggregate(n_seen=reached.count(), n_last=reached.until.isnull().sum()).execute()
    counts = counts.set_index("stage_rank").reindex(range(1, len(stages) + 1), fill_value=0).astype(int)
    n = counts.n_last[::-1].cumsum()[::-1].to_numpy()
    if not n[0]:
        return pd.DataFrame(columns=FUNNEL)
    overall, step = shares(n, n[0]), shares(n, np.r_[0, n[:-1]])
    overall = overall.rename(columns={"value": "share", "low": "share_low", "high": "share_high"})
    made = pd.DataFrame({"stage": list(stages), "n": n, "n_seen": counts.n_seen.to_numpy(), "drop_off": 1 - step.value})
    return pd.concat([made, overall, step], axis=1)[FUNNEL]


def hide_small_stages(funnel: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """A funnel without the counts that tell of fewer than `min_cell` customers, those who stopped at a stage among them.

    The difference of two stages is who stopped at the first of them, so counts are hidden until each difference shown is large enough;
    a step from a hidden stage is hidden, too, since it tells that stage's count.
    """
    told = [name for name in FUNNEL if name not in ("stage", "n")]
    hidden = privacy.hide_small_steps(funnel[::-1], told, min_cell)[::-1]
    skipped = (hidden.n - hidden.n_seen).astype("Float64")
    few = ((hidden.n_seen > 0) & (hidden.n_seen < min_cell)) | ((skipped > 0) & (skipped < min_cell))
    hidden = privacy.cells.blanked(hidden, ["n_seen"], few.fillna(False).to_numpy(bool))
    return privacy.cells.blanked(hidden, ["value", "low", "high", "drop_off"], hidden.n.isna().shift(fill_value=False).to_numpy())


def time_in_stage(tables: dict, as_of: datetime | None, stages: Sequence[str]) -> pd.DataFrame:
    """Days from a customer's first contact in a stage to the first in any later one. None without stages, or without a cut-off date.

    Who was in a later stage before is not counted; who is still there at as_of has stayed at least until then (right-censored): the
    Kaplan-Meier estimate takes both in. The last stage has no later one. Out: stage, n, n_left (moved on), n_there (still there), median
    (days by which half have moved on; nothing if that day has not come), low, high (95 % of the median, Brookmeyer and Crowley with log-log
    limits; high is nothing where it is open), p25, p75 (days by which a quarter, three quarters have moved on).
    """
    rows = touches(tables, as_of, stages)
    if rows is None or "stage" not in rows.columns or as_of is None:
        return pd.DataFrame(columns=TIME)
    reached = paths.first_reached(rows)
    reached = reached.filter(reached.until.isnull() | (reached.until >= reached.since))
    end = reached.until.fill_null(as_of.date())
    counts = reached.group_by("stage_rank", days=end.delta(reached.since, unit="day"), left=reached.until.notnull())
    counts = counts.aggregate(n=reached.count()).order_by("stage_rank", "days", "left").execute()
    lines = []
    for rank, name in enumerate(stages[:-1] if len(counts) else [], 1):
        here = counts[counts.stage_rank == rank]
        left = int(here.n[here.left].sum())
        staying = kaplan_meier(here.days.to_numpy(), here.left.to_numpy(bool), here.n.to_numpy())
        lines.append({"stage": name, "n": int(here.n.sum()), "n_left": left, "n_there": int(here.n.sum()) - left} | staying)
    return pd.DataFrame(lines, columns=TIME)


def kaplan_meier(days: np.ndarray, left: np.ndarray, n: np.ndarray) -> dict[str, float]:
    """Quartiles of a time that some have not come to the end of. In: days, whether they ended, how many. Out: median, low, high, p25, p75.

    Variance by Greenwood; the interval holds the days at which a test on log(-log S) does not reject S = 1/2.
    """
    day, at = np.unique(days, return_inverse=True)
    ended, all_of = np.bincount(at, weights=n * left, minlength=len(day)), np.bincount(at, weights=n, minlength=len(day))
    risk = all_of[::-1].cumsum()[::-1]
    day, ended, risk = day[ended > 0], ended[ended > 0], risk[ended > 0]
    staying = np.cumprod(1 - ended / risk)
    first = {p: day[staying <= 1 - p + 1e-12][:1] for p in (0.25, 0.5, 0.75)}
    made = {p: float(found[0]) if len(found) else np.nan for p, found in first.items()}
    low = high = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(ended / (risk * (risk - ended)))) / np.abs(np.log(staying))
        z = (np.log(-np.log(staying)) - np.log(np.log(2))) / spread
    inside = np.flatnonzero(np.abs(z) <= 1.959963984540054)
    if len(inside):
        low = float(day[inside[0]])
        high = float(day[inside[-1] + 1]) if inside[-1] + 1 < len(day) else np.nan
    return {"median": made[0.5], "low": low, "high": high, "p25": made[0.25], "p75": made[0.75]}


def transitions(journeys: Journeys, most: int = 12) -> pd.DataFrame:
    """Where journeys go from where, contact by contact (first order). Of more channels than the `most` used, the rest is (other).

    Out: origin, target (both states; a journey begins at (start) and ends at (conversion) or, so far, at (open)), moves, n (customers who
    moved so), value, low, high (share of the moves from the origin; 95 %: Wilson, at as many independent moves as customers' moves are worth).
    """
    names = [*map(shown, journeys.names), START, CONVERSION, OPEN]
    start, won, still = range(len(journeys.names), len(names))
    states = journeys.states if journeys.of == "stage" else np.where(journeys.states <= most, journeys.states, 0)
    ends = np.where(journeys.converted, won, still)
    origins, targets = np.insert(states, journeys.starts, start), np.insert(states, journeys.ends, ends)
    owner = np.repeat(journeys.owner, journeys.ends - journeys.starts + 1)
    each = pd.DataFrame({"origin": origins, "target": targets, "owner": owner}).value_counts().rename("moves").reset_index()
    each["out"] = each.groupby(["origin", "owner"]).moves.transform("sum")
    each["n"] = journeys.n[each.owner]
    for name, product in (("all", each.moves), ("own", each.moves * each.moves), ("both", each.moves * each.out), ("n", 1)):
        each[name] = each.n * product
    made = each.groupby(["origin", "target"], as_index=False)[["n", "all", "own", "both"]].sum()
    alone = each.drop_duplicates(["origin", "owner"])
    out = (alone.n * alone.out).groupby(alone.origin).sum()[made.origin].to_numpy()
    squares = (alone.n * alone.out**2).groupby(alone.origin).sum()[made.origin].to_numpy()
    share = made["all"] / out
    error = (made.own - 2 * share * made.both + share**2 * squares) / out**2  # of a ratio, customers being independent
    worth = np.where(error > 1e-15, share * (1 - share) / error.clip(1e-15), (alone.n.groupby(alone.origin).sum())[made.origin])
    made = pd.concat([made.rename(columns={"all": "moves"})[["origin", "target", "moves", "n"]], shares(share * worth, worth)], axis=1)
    place = {state: at for at, state in enumerate([start, *range(1, len(journeys.names)), 0, won, still])}
    made = made.sort_values(["origin", "target"], key=lambda states: states.map(place), ignore_index=True)
    return made.assign(origin=[names[a] for a in made.origin], target=[names[b] for b in made.target])


def typical_paths(journeys: Journeys, most: int = 10) -> pd.DataFrame:
    """The ways by which most customers came to a conversion. Contacts in the same place one after the other count once.

    Out: path, steps, n (customers who took it, to a conversion or not yet), share (of all customers with a contact), share_low, share_high,
    n_converted, value, low, high (share of n who converted on it; 95 %, Wilson). Open journeys may go on: rates are as of the cut-off date.
    """
    columns = ["path", "steps", "n", "share", "share_low", "share_high", "n_converted", "value", "low", "high"]
    if not len(journeys.ends):
        return pd.DataFrame(columns=columns)
    new = np.r_[True, journeys.states[1:] != journeys.states[:-1]]
    new[journeys.starts] = True
    ends = np.cumsum(new)[journeys.ends - 1]
    states, starts = journeys.states[new].astype(np.int16), np.r_[0, ends[:-1]]
    known: dict[bytes, int] = {}
    kind = np.fromiter((known.setdefault(states[a:b].tobytes(), len(known)) for a, b in zip(starts, ends)), np.int64, len(ends))
    n = journeys.customers(kind, journeys.owner, len(known))
    won = journeys.customers(kind[journeys.converted], journeys.owner[journeys.converted], len(known))
    ways = [np.frombuffer(way, np.int16) for way in known]
    best = sorted(range(len(ways)), key=lambda at: (-won[at], -n[at], ways[at].tolist()))[:most]
    overall = shares(n[best], np.full(len(best), journeys.n.sum()))
    made = pd.DataFrame(
        {
            "path": [" > ".join(shown(journeys.names[state]) for state in ways[at]) for at in best],
            "steps": [len(ways[at]) for at in best],
            "n": n[best],
            "n_converted": won[best],
        }
    )
    overall = overall.rename(columns={"value": "share", "low": "share_low", "high": "share_high"})
    return pd.concat([made, overall, shares(won[best], n[best])], axis=1)[columns]


def channel_mix(tables: dict, as_of: datetime | None, stages: Sequence[str], by_stage: bool = False, most: int = 12) -> pd.DataFrame:
    """Through which channels customers are reached, over all stages or in each of them; channels beyond the `most` used are (other).

    Out: stage (if asked for), channel, touches, n (customers), unit, value, low, high (share of the customers with a contact, in that stage,
    who were reached in it; 95 %, Wilson), conversions, and where the data know costs: cost, cost_per_touch (currency).
    """
    rows = touches(tables, as_of, stages)
    columns = "stage channel touches n unit value low high conversions cost cost_per_touch".split()[0 if by_stage else 1 :]
    if rows is None or (by_stage and "stage" not in rows.columns):
        return pd.DataFrame(columns=columns)
    columns = columns if "cost" in rows.columns else columns[:-2]
    rows, names, _ = by_channel(rows, most)
    keys = ["stage_rank"] if by_stage else []
    made = paths.per_state(rows, *keys, "state").execute()
    everyone = paths.per_state(rows, *keys).execute() if by_stage else int(rows.customer_id.nunique().execute())
    made = made.sort_values([*keys, "state"], key=lambda column: column.where(column > 0, len(names) + len(stages)), ignore_index=True)
    made["channel"] = [shown(names[state]) for state in made.state]
    if by_stage:
        made["stage"] = [(NO_STAGE, *stages)[rank] for rank in made.stage_rank]
        everyone = made.stage_rank.map(everyone.set_index("stage_rank").n)
    made = pd.concat([made.assign(unit="share"), shares(made.n, np.broadcast_to(everyone, len(made)))], axis=1)
    return made.assign(cost_per_touch=made.cost / made.touches)[columns] if "cost" in made else made[columns]


__all__ = ["NO_STAGE", "OTHER", "channel_mix", "funnel", "hide_small_stages", "time_in_stage", "transitions", "typical_paths"]
