"""The executive page of a run, and the page over all runs: computed from published tables, verdict and manifest alone."""

import json
from pathlib import Path

import pandas as pd

from segkit import prose, show
from segkit.publish.limits import limits
from segkit.publish.pages import LABELS, render
from segkit.studies import UNDATED

COUNTS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six", 7: "Seven", 8: "Eight"}
BORDERS = {
    "natural": "natural: gaps separate the segments",
    "reproducible": "reproducible, not shown to be natural: treat borders as soft",
    "constructive": "constructive: a useful cut through one population, not groups that were found",
    "none": "none: these groups are not real",
}
KINDS = {
    "natural": "good",
    "reproducible": "good",
    "constructive": "",
    "none": "bad",
    "supported": "good",
    "refuted": "bad",
    "undecided": "",
}


MAIN = ["revenue", "margin", "aov", "revenue_retention", "retention", "engagement", "conversion", "nps"]  # KPIs of the first page


def page(folder: Path, question: str, run: dict) -> str:
    """The summary of the run whose tables lie in `folder`. `run`: what the header says (see `segkit.manifest.shown`)."""
    from markupsafe import Markup

    tables = {path.stem: pd.read_csv(path) for path in sorted((folder / "tables").glob("*.csv"))}
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    kpis, stability = tables["kpis"], tables["stability"]
    chosen = verdict["segmentation"]
    return render(
        "summary.html.j2",
        title=f"{question} – {run['study']}",
        question=question,
        run=run,
        headline=headline(verdict),
        badges=badges(verdict, tables),
        segments_intro=intro(verdict, tables),
        cards=[card(row, tables) for row in tables["sizes"].to_dict("records")],
        hypotheses=[claim(row) for row in verdict["hypotheses"]],
        family=family(verdict),
        outcomes=Markup(show.kpis(kpis, MAIN)) if len(kpis) else "",
        sensitive=Markup(prose.sensitive(run["sensitive"], run["sensitive_why"])),
        cannot_tell=limits(verdict, run, stability),
        outcomes_intro=f"The {run['horizon_days']} days from {run['as_of']} on. Every customer with a segment counts; who did nothing "
        "counts as nothing. 95 % intervals below the values.",
        steps=steps(tables, chosen),
        tables=[f"{name}.csv" for name in tables],
    )


def headline(verdict: dict) -> str:
    """Structure and claims in two sentences."""
    k = verdict["segmentation"]["k"]
    found = [
        f"{len(names)} {word} ({', '.join(names)})"
        for word in ("supported", "refuted", "undecided")
        if (names := [row["name"] for row in verdict["hypotheses"] if row["verdict"] == word])
    ]
    claims = f" Of {len(verdict['hypotheses'])} claims, {prose.listed(found)}." if found else " Nothing was claimed."
    if len(verdict["hypotheses"]) == 1:
        claims = f" The one claim, {verdict['hypotheses'][0]['name']}, is {verdict['hypotheses'][0]['verdict']}."
    return f"{COUNTS.get(k, k)} segments; structure is {BORDERS[verdict['structure']['verdict']]}.{claims}"


def metric(tables: dict[str, pd.DataFrame], chosen: dict, name: str) -> pd.Series:
    """One line of the scores of the solution used."""
    scores = tables["scores"]
    return scores[(scores.metric == name) & (scores.method == chosen["method"]) & (scores.k == chosen["k"])].iloc[0]


def badges(verdict: dict, tables: dict[str, pd.DataFrame]) -> list[tuple[str, str]]:
    """The findings at a glance: words and whether they are good news."""
    stable = metric(tables, verdict["segmentation"], "stability")
    words = verdict["structure"]["verdict"]
    return [
        (f"structure: {words}", KINDS[words]),
        (
            f"stability {stable.value:.2f} ({stable.low:.2f} to {stable.high:.2f})",
            "good" if stable.value >= 0.8 else "bad" if stable.value < 0.6 else "",
        ),
        *((f"{row['name']}: {row['verdict']}", KINDS[row["verdict"]]) for row in verdict["hypotheses"]),
    ]


def intro(verdict: dict, tables: dict[str, pd.DataFrame]) -> str:
    """How the segments were made."""
    chosen = verdict["segmentation"]
    features = prose.listed([show.words(name) for name in chosen["cluster_on"]])
    n = clustered(tables)
    return f"{prose.NAMES[chosen['method']]} with k = {chosen['k']} on {features}: {show.number(n)} customers, {in_scope(chosen['as_of'])}."


def clustered(tables: dict[str, pd.DataFrame]) -> int:
    """How many customers have a segment. Not the sum of the sizes, of which some may be hidden."""
    return int(tables["scores"].n.max())


def in_scope(as_of: str) -> str:
    """Who was clustered."""
    return "everyone in the data" if as_of == UNDATED else f"all who had ordered or used the product before {as_of}"


def card(row: dict, tables: dict[str, pd.DataFrame]) -> dict:
    """One segment: size, value, what came later, two traits, trust."""
    segment, kpis = row["segment"], tables["kpis"]
    described = prose.names(tables["profiles"])[segment]
    trust = tables["stability"].set_index("segment").loc[segment]
    later = {line.kpi: line for line in kpis[kpis.segment == segment].itertuples()}
    labels = {"revenue": "revenue each", "retention": "active again", "engagement": "weekly users"}
    facts = [
        (label, show.number(later[name].value, "share" if later[name].unit == "share" else ""))
        for name, label in labels.items()
        if name in later
    ]
    spend = row.get("spend_share")
    widest = max(tables["sizes"].share.max(), tables["sizes"].get("spend_share", pd.Series([0.0])).max())
    return {
        "segment": segment,
        "name": f"{given}: {described}" if isinstance(given := row.get("name"), str) and given else described.capitalize(),
        "n": show.number(row["n"]),
        "share": show.number(row["share"], "share"),
        "share_width": round(100 * row["share"] / widest, 1) if row["share"] == row["share"] else 0,
        "spend": show.number(spend, "share") if spend is not None else "",
        "spend_width": round(100 * (spend or 0) / widest, 1),
        "facts": facts,
        "trust": f"{trust.trust}: Jaccard {trust.value:.2f} ({trust.low:.2f} to {trust.high:.2f})",
        "trust_kind": {"highly stable": "good", "valid": "good", "do not trust": "bad"}.get(trust.trust, ""),
    }


def claim(row: dict) -> dict:
    """One hypothesis as a line of the table of claims."""
    row = row | {key: float("nan") for key, value in row.items() if value is None}
    return {
        "name": row["name"],
        "claim": prose.claim(pd.Series(row)),
        "verdict": row["verdict"],
        "reason": row["reason"] or "",
        "seen": prose.seen(pd.Series(row)),
        "p": show.p_value(row["p_adjusted"]),
        "n": show.number(row["n"]),
    }


def family(verdict: dict) -> str:
    """What the p-values are adjusted for."""
    return (
        f"Two-sided, adjusted by Holm over m = {verdict['m']} distinct tests ever made on this outcome window, opened {prose.times(len(verdict['looks']))}. "
        f"The hypotheses were locked before it was opened (lock {verdict['lock']})."
    )


def steps(tables: dict[str, pd.DataFrame], chosen: dict) -> list[tuple[str, str, str]]:
    """The four pages, each with its number."""
    ledger = tables["ledger"]
    main = next((name for name in ("orders", "events", "customers") if name in set(ledger.table)), ledger.table.iloc[0])
    taken = ledger[(ledger.table == main) & ~ledger.severity.isin(["input", "warn"])]
    came, used = taken.iloc[0].rows_left, taken.iloc[-1].rows_left
    n = clustered(tables)
    lines = {
        "01_gather": f"{show.number(came)} rows of {main} came in, {show.number(used)} are used.",
        "02_behavior": f"{show.number(n)} customers, {in_scope(chosen['as_of'])}.",
        "03_segments": f"{len(tables['scores'].groupby(['method', 'k']))} solutions compared; {prose.NAMES[chosen['method']]} with k = {chosen['k']} is used.",
        "04_kpis": f"{tables['kpis'].kpi.nunique()} measures of what came after, and the verdicts."
        if len(tables["kpis"])
        else "No outcome window.",
    }
    return [(name, LABELS[name], line) for name, line in lines.items()]


def all_studies(reports: Path) -> str:
    """The page over every study and run under reports/."""
    studies = [study_of(folder) for folder in sorted(reports.iterdir()) if folder.is_dir() and not folder.name.startswith(".")]
    studies = [study for study in studies if study["runs"] or study["failed"]]
    runs = sum(len(study["runs"]) for study in studies)
    lead = f"{len(studies)} {'study' if len(studies) == 1 else 'studies'}, {runs} {'run' if runs == 1 else 'runs'}."
    return render("all.html.j2", title="Segmentation reports", lead=lead, studies=studies)


def study_of(folder: Path) -> dict:
    """One study's runs, newest cut-off date first."""
    latest = folder / "latest"
    runs = []
    for path in folder.glob("[!.]*/manifest.json"):
        if path.parent.is_symlink():
            continue
        try:
            manifest, verdict = json.loads(path.read_text()), json.loads((path.parent / "verdict.json").read_text())
        except FileNotFoundError:
            continue  # it is being replaced at this moment, by a run that will write the index after us
        words = [row["verdict"] for row in verdict["hypotheses"]]
        runs.append(
            {
                "run_id": manifest["run_id"],
                "as_of": manifest["as_of"],
                "day": "cross-sectional" if manifest["as_of"] == UNDATED else manifest["as_of"],
                "structure": verdict["structure"]["verdict"],
                "segments": f"{verdict['segmentation']['k']} ({prose.NAMES[verdict['segmentation']['method']]})",
                "claims": ", ".join(f"{words.count(word)} {word}" for word in ("supported", "refuted", "undecided") if word in words)
                or "none",
                "published_at": manifest["published_at"].replace("T", " ").replace("Z", " UTC"),
                "question": manifest["question"],
                "synthetic": manifest["synthetic"],
                "multiverse": (folder / "multiverse" / path.parent.name / "index.html").is_file(),
                "is_latest": latest.is_symlink() and latest.resolve() == path.parent.resolve(),
            }
        )
    runs.sort(key=lambda run: (run["as_of"], run["published_at"], run["run_id"]), reverse=True)
    newest = next((run for run in runs if run["is_latest"]), runs[0] if runs else {"question": folder.name, "synthetic": False})
    return {
        "name": folder.name,
        "question": newest["question"],
        "synthetic": newest["synthetic"],
        "runs": runs,
        "failed": (folder / "FAILED.html").is_file(),
    }
