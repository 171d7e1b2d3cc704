"""Sentences about journeys: where customers are lost, how long they stay, which ways they take, who is credited, what precedes an upgrade."""

import pandas as pd

from segkit.prose.wording import listed
from segkit.show import Html, bullets, interval, number, paragraph

FEW = "Too few customers to say more."


def funnel(rows: pd.DataFrame) -> Html | None:
    """How many came how far, and before which stage most are lost."""
    if rows.empty:
        return None
    shown = rows.dropna(subset=["n"])
    steps = shown.dropna(subset=["value"])
    if steps.empty:
        return paragraph(FEW)
    first, last = shown.iloc[0], shown.iloc[-1]
    said = f"Of {number(first.n)} customers who reached {first.stage} or a later stage, {number(last.n)} ({number(last.share, 'share')}) came to {last.stage}."
    worst = steps.loc[steps.drop_off.astype(float).idxmax()]
    before = rows.stage.iloc[rows.index.get_loc(worst.name) - 1]
    if worst.drop_off > 0:
        went_on = interval(worst.value, worst.low, worst.high, "share")
        said += f" Most are lost between {before} and {worst.stage}: {number(worst.drop_off, 'share')}; {went_on} went on."
    return paragraph(said + _skipped(shown))


def _skipped(shown: pd.DataFrame) -> str:
    """A word about stages that people pass by."""
    seen = shown.dropna(subset=["n_seen"])
    skipped = seen[seen.n_seen < 0.8 * seen.n]
    if skipped.empty:
        return ""
    parts = [f"{row.stage} ({number(1 - row.n_seen / row.n, 'share')})" for row in skipped.itertuples()]
    return f" Reached without a contact in the stage itself: {listed(parts)}."


def time_in_stage(rows: pd.DataFrame) -> Html | None:
    """How long half of the customers stay in each stage, those still there counted as having stayed so far."""
    shown = rows.dropna(subset=["n"]) if len(rows) else rows
    if rows.empty:
        return None
    lines = []
    for row in shown.itertuples():
        there = f"; {number(row.n_there)} of {number(row.n)} are still there" if pd.notna(row.n_there) else ""
        if pd.isna(row.median):
            lines.append(f"{row.stage}: fewer than half have moved on so far{there}.")
        else:
            limits = f" (95 %: {number(row.low)} to {number(row.high)})" if pd.notna(row.high) else ""
            lines.append(f"{row.stage}: half have moved on by day {number(row.median)}{limits}{there}.")
    return bullets(lines) if lines else paragraph(FEW)


def transitions(rows: pd.DataFrame) -> Html | None:
    """The most frequent change of state, and where conversions come from."""
    if rows.empty:
        return None
    shown = rows.dropna(subset=["value"])
    if shown.empty:
        return paragraph(FEW)
    parts = []
    changes = shown[(shown.origin != "(start)") & (shown.origin != shown.target) & ~shown.target.isin(["(conversion)", "(open)"])]
    if len(changes):
        top = changes.loc[changes.moves.astype(float).idxmax()]
        parts.append(
            f"The most frequent change is from {top.origin} to {top.target}: {number(top.moves)} moves by {number(top.n)} customers, "
            f"{interval(top.value, top.low, top.high, 'share')} of all moves from {top.origin}."
        )
    won = shown[shown.target == "(conversion)"]
    if len(won):
        top = won.loc[won.low.astype(float).idxmax()]  # not the rarest state, which may be anywhere by chance
        parts.append(
            f"A conversion is most likely to come next after {top.origin}: {interval(top.value, top.low, top.high, 'share')} of the moves."
        )
    return paragraph(" ".join(parts) or FEW)


def typical_paths(rows: pd.DataFrame) -> Html | None:
    """The most taken way to a conversion, and how much of them these ways account for."""
    if rows.empty:
        return None
    shown = rows.dropna(subset=["n"])
    if shown.empty:
        return paragraph(FEW)
    top = shown.iloc[0]
    if not top.n_converted:
        return paragraph(f"No way has led to a conversion yet. Most customers so far: {top.path} ({number(top.n)}).")
    return paragraph(
        f"Most conversions came by {top.path}: {number(top.n_converted)} customers, {interval(top.value, top.low, top.high, 'share')} of the "
        f"{number(top.n)} who took that way; the journeys of the others may still go on."
    )


def attribution(rows: pd.DataFrame) -> Html | None:
    """Whom each model credits most, where they disagree, and how uncertain that is."""
    if rows.empty:
        return None
    shown = rows.dropna(subset=["share"])
    if shown.empty:
        return paragraph(FEW)
    lines = []
    for model in dict.fromkeys(shown.model):
        part = shown[shown.model == model]
        top = part.loc[part.share.astype(float).idxmax()]
        lines.append(f"{model}: most to {top.channel}: {interval(top.share, top.share_low, top.share_high, 'share')} of conversions.")
    wide = shown.pivot(index="channel", columns="model", values="share").astype(float).dropna()
    if len(wide):
        spread = wide.max(axis=1) - wide.min(axis=1)
        name = spread.idxmax()
        lines.append(
            f"The models disagree most on {name}: {number(wide.loc[name].min(), 'share')} by {wide.loc[name].idxmin()}, "
            f"{number(wide.loc[name].max(), 'share')} by {wide.loc[name].idxmax()}."
        )
    never = wide.index[(wide.get("markov", 0) > 0.01) & (wide.get("linear", 1) == 0)].tolist()
    if never:
        lines.append(
            f"The Markov chain knows but the last contact: it credits {listed(never)} with {number(wide.markov[never].sum(), 'share')}, though no "
            "journey that converted went there."
        )
    lines.append(
        f"Intervals are 95 % of {number(shown.draws.iloc[0])} bootstrap samples of customers. No model proves that a channel causes sales."
    )
    return bullets(lines)


def upsell(rows: pd.DataFrame, days: int = 30) -> Html | None:
    """After which states an upgrade is more likely, and how many states were tested."""
    if rows.empty:
        return None
    tested = rows.dropna(subset=["value"])
    if tested.empty:
        return paragraph("Too few customers have moments of several kinds to compare them with themselves.")
    lines = []
    for row in tested[tested.finding == "upsell moment"].sort_values("value", ascending=False).itertuples():
        what = f"the first use of {row.state}" if row.kind == "feature" else f"a contact in the {row.kind} {row.state}"
        points = [100 * float(each) for each in (row.value, row.low, row.high)]
        lines.append(
            f"After {what}, {number(row.rate, 'share')} buy more than ever before within {days} days, {points[0]:.1f} points more "
            f"({points[1]:.1f} to {points[2]:.1f}) than at the same customers' other moments."
        )
    if not lines:
        lines.append(f"None of {len(tested)} states is shown to be followed by an upgrade within {days} days more often than others.")
    few = int((rows.finding == "too few").sum())
    more = f"; {few} more had too few customers" if few else ""
    lines.append(
        f"{len(tested)} states were tested, and the p-values are adjusted for that (Holm){more}. It is a coincidence in time, not a cause."
    )
    return bullets(lines)
