"""Whom an id means: a dataset, and every pseudonym it gave that customer."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from segkit import home, privacy
from segkit.erase import places, rows
from segkit.errors import BadInput, nearest
from segkit.privacy import suppression
from segkit.studies import NAME

MAP = "pseudonyms.parquet"


@dataclass(frozen=True)
class Person:
    """A customer: the id the dataset's own systems use, the pseudonym, and those made with other keys. Never shown."""

    dataset: str
    id: str = field(repr=False)
    pseudonym: str = field(repr=False)
    others: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def words(self) -> frozenset[str]:
        """Every pseudonym: where one stands, this customer is meant."""
        return self.others | {self.pseudonym}

    def ids(self, dataset: str) -> frozenset[str]:
        """What the customer is called in a table of a dataset (empty: unknown). In another dataset the raw id may be somebody else's."""
        return self.words | ({self.id} if dataset in ("", self.dataset) else set())


def person(customer_id: str, dataset: str, roots: list[Path]) -> Person:
    """Whom an id means. Raises BadInput when that cannot be told; the id is not in the message."""
    if not customer_id or re.fullmatch(r"p[0-9a-f]{20}", customer_id):
        what = "a pseudonym is no customer id" if customer_id else "the customer id is empty"
        raise BadInput(what, do="give the id as the dataset's own files write it")
    known = {folder.name for root in roots for folder in places.folders(root / "data" / "gathered")}
    declared = {path.stem for path in (home.root() / "data" / "datasets").glob("*.yaml") if NAME.fullmatch(path.stem)}
    if dataset and dataset not in known | declared:
        raise BadInput(f"there is no dataset {dataset!r}", nearest(dataset, known | declared))
    dataset = dataset or the_one_that_knows(customer_id, sorted(known | declared), roots)
    current = privacy.pseudonym(dataset, customer_id)
    return Person(dataset, customer_id, current, frozenset(pseudonyms(roots, dataset, customer_id) - {current, customer_id}))


def the_one_that_knows(customer_id: str, datasets: list[str], roots: list[Path]) -> str:
    """The only dataset that gathered this customer, or was told to forget them."""
    listed = {(name, word) for name, word, _ in suppression.listed()}
    theirs = [
        name
        for name in datasets
        if pseudonyms(roots, name, customer_id) or listed and (name, privacy.pseudonym(name, customer_id)) in listed
    ]
    if not theirs:
        raise BadInput(
            "no gathered dataset knows this customer id",
            f"looked at: {', '.join(datasets) or 'none'}",
            "name the dataset with --dataset, to keep the customer out of later gatherings",
        )
    if len(theirs) > 1:
        raise BadInput(
            "several datasets know this customer id", f"{', '.join(theirs)}: it may be another person in each", "name one with --dataset"
        )
    return theirs[0]


def pseudonyms(roots: list[Path], dataset: str, customer_id: str) -> set[str]:
    """What a dataset's gatherings call a customer; the id itself where one was made without pseudonyms."""
    found = set()
    for folder in (folder for root in roots for folder in places.folders(root / "data" / "gathered" / dataset)):
        if (folder / MAP).is_file():
            found |= rows.pseudonyms(folder / MAP, customer_id)
        elif any(rows.found(path, [customer_id]) for path in sorted(folder.glob("*.parquet"))):
            found.add(customer_id)
    return found
