"""Writing a dataset file: a first draft from the files themselves (`new`), and the account of what it brings in (`check`)."""

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from segkit import home
from segkit.errors import BadInput
from segkit.sources import dataset, engine, files
from segkit.sources.authoring import draft, propose, sniff
from segkit.sources.authoring.account import account
from segkit.sources.places import Input
from segkit.studies import NAME

__all__ = ["account", "new", "questions"]


def new(name: str, given: Iterable[str | Path]) -> Path:
    """Write data/datasets/NAME.yaml from what some files hold, with questions where a person must decide; returns its path.

    The files lie below SEGKIT_DATA or data/raw, and are named by path or as the dataset file will name them. Never overwrites, never copies.
    Raises BadInput, and then writes nothing.
    """
    if not NAME.fullmatch(name):
        raise BadInput(f"{name!r} is not a dataset's name", "a name is lower-case letters, digits, - and _, at most 64")
    path = home.root() / "data" / "datasets" / f"{name}.yaml"
    if path.exists():
        raise BadInput(f"there is a dataset {name} already", str(path), "give the new one another name, or take the old file away first")
    named = dict(place for each in given for place in located(each))
    if not named:
        raise BadInput("no file is named", do="name the files the dataset comes from: segkit new NAME FILE…")
    text = drafted(name, sorted(named.items()))
    dataset.check(yaml.safe_load(text), f"the draft of {name}", dataset.Dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    with home.whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
    return path


def questions(path: Path) -> int:
    """How many questions a dataset file asks."""
    return sum(line.lstrip().startswith("# ? ") for line in path.read_text(encoding="utf-8").splitlines())


def drafted(name: str, named: list[tuple[str, Path]]) -> str:
    """The text of the dataset file. In: what it will call each file, and where that lies."""
    shelf = home.out() / "data" / "gathered" / name
    with home.alone(shelf), TemporaryDirectory(prefix=".partial-", dir=shelf) as folder:  # what is left when killed is swept
        connection = engine.connect(Path(folder) / "work.duckdb", Path(folder) / "spill")
        try:
            drafts, remarks = propose.proposed(connection, sniff.sniffed(connection, named, Path(folder)))
        finally:
            connection.disconnect()
    if not any("customer_id" in each.columns for each in drafts):
        raise BadInput(
            "no column names a customer",
            "\n  ".join(remarks),
            "rename the column that does to customer_id, or write the dataset file by hand",
        )
    return draft.text(name, name.replace("_", " ").replace("-", " ").capitalize(), drafts, remarks)


def located(given: str | Path) -> list[tuple[str, Path]]:
    """What a dataset file calls a file, and where it lies: below SEGKIT_DATA or data/raw. Of a folder: its files, or all of it when it is Parquet."""
    places = [Path(os.path.abspath(each)) for each in (os.environ.get("SEGKIT_DATA"), home.root() / "data" / "raw") if each]
    path = Path(os.path.abspath(given))
    if not path.exists() and not Path(given).is_absolute():
        path = next((place / given for place in places if (place / given).exists()), path)
    if not path.exists():
        raise BadInput(f"there is no file {given}", f"looked in {', '.join(map(str, (Path.cwd(), *places)))}")
    inside = [
        there.relative_to(root).as_posix()
        for place in places
        for there, root in ((path, place), (path.resolve(), place.resolve()))
        if there.is_relative_to(root)
    ]
    if not inside:
        raise BadInput(
            f"{path.name} lies outside the data folders",
            f"a dataset's files lie below {' or '.join(map(str, places))}; this one is in {path.parent}",
            f"put it into {places[-1] / path.name}, or set SEGKIT_DATA to the folder that holds it",
        )
    if path.is_dir():
        within = sorted(
            each
            for each in path.iterdir()
            if each.name.lower().endswith((*files.READABLE, *sniff.BASE)) and not each.name.startswith(files.ASIDE)
        )
        is_parquet = all(each.name.lower().endswith(files.PARQUET) for each in within)
        if not is_parquet:
            return [place for each in within for place in located(each)]
    return [nameable(inside[0], path)]


def nameable(file: str, path: Path) -> tuple[str, Path]:
    """Refuse what gathering would not find again under this name."""
    found = files.locate(Input(file=file, table="any") if file.lower().endswith(sniff.BASE) else Input(file=file))
    if path.is_file() and [each.resolve() for each in found] != [path.resolve()]:
        raise BadInput(
            f"the name {file} means another file",
            ", ".join(map(str, found)),
            "rename the file: SEGKIT_DATA is looked in first, and * ? [ ] are patterns",
        )
    return file, path
