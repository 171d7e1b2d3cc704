"""Which files belong together through a shared key: order lines and their headers, accounts and the people who hold them."""

from dataclasses import dataclass, field

import ibis

from segkit.sources.authoring import grain, words
from segkit.sources.authoring.facts import Facts
from segkit.sources.authoring.sniff import Found

COMMON = 0.5  # so many of the different keys here have to stand there


@dataclass(frozen=True)
class Link:
    """A file whose rows are found by a key: `ours` in what it is joined to, `theirs` in itself, where each stands once."""

    to: Found
    ours: str
    theirs: str
    known: float  # share of the different keys here that stand there
    before: "Link | None" = None  # what has to be joined first, because it brings the key


@dataclass(frozen=True)
class View:
    """A file with the columns of the files joined to it, under the names they have then."""

    main: Found
    columns: dict[str, Facts]
    links: list[Link] = field(default_factory=list)
    renamed: dict[str, dict[str, str]] = field(default_factory=dict)  # name of a joined file -> its columns that had to be renamed


def share(connection: ibis.BaseBackend, ours: ibis.Value, theirs: ibis.Value) -> float:
    """How many of the different values here stand there, too."""
    here = ours.cast("string").strip().name("key").as_table().filter(lambda t: t.key.notnull()).distinct()
    there = theirs.cast("string").strip().name("key").as_table().distinct()
    counts = connection.execute(here.aggregate(n=here.count(), known=here.key.isin(there.key).sum())).iloc[0]
    return float(counts.known) / int(counts.n) if counts.n else 0.0


def links(connection: ibis.BaseBackend, main: Found, others: list[Found]) -> list[Link]:
    """Every other file that can be reached from this one through keys, the nearest first; each once."""
    found: list[Link] = []
    edge: list[Link | None] = [None]
    while edge:
        reached: list[Link | None] = []
        for before in edge:
            start = before.to if before else main
            for other in others:
                if other is not main and all(other is not each.to for each in [*found, *reached] if each):
                    if link := between(connection, start, other, before):
                        reached.append(link)
        found += [each for each in reached if each]
        edge = reached
    return found


def between(connection: ibis.BaseBackend, start: Found, other: Found, before: Link | None) -> Link | None:
    """The key that both files have, and of which the other holds each value once."""
    best = None
    for theirs, fact in other.columns.items():
        if not fact.is_key or fact.kind not in ("integer", "text") or fact.is_prose:
            continue
        what = words.concept(theirs, grain.hint(other))
        for ours, mine in start.columns.items():
            if (
                mine.kind in ("integer", "text")
                and words.concept(ours, grain.hint(start)) == what
                and (not before or ours != before.theirs)
            ):
                known = share(connection, start.table[ours], other.table[theirs])
                if known >= COMMON and (best is None or known > best.known):
                    best = Link(other, ours, theirs, known, before)
    return best


def chain(link: Link | None) -> list[Link]:
    """A link with all that has to be joined before it, in order."""
    return [*chain(link.before), link] if link else []


def view(main: Found, wanted: list[Link]) -> View:
    """A file with others joined to it. What is called the same there, and is not the key, gets the file's name behind its own."""
    columns, order, renamed = dict(main.columns), [], {}
    for link in (each for last in wanted for each in chain(last)):
        if any(link.to is each.to for each in order):
            continue
        order.append(link)
        new = {name: f"{name} ({link.to.name})" for name in link.to.columns if name != link.theirs and name in columns}
        renamed |= {link.to.name: new} if new else {}
        columns |= {new.get(name, name): fact for name, fact in link.to.columns.items() if name != link.theirs}
    return View(main, columns, order, renamed)
