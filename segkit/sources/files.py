"""From a file as it came to a table of text columns; or a message that says which file, and what to do."""

import gzip
import os
import zipfile
import zlib
from pathlib import Path

import ibis

from segkit import home
from segkit.errors import BadInput
from segkit.sources.dataset import Download, Source

READABLE = (".csv", ".csv.gz", ".xlsx")


def local_path(source: Source) -> Path:
    """The file below SEGKIT_DATA, else below data/raw; downloaded to data/raw when neither has it and the dataset names an address."""
    places = [Path(os.environ["SEGKIT_DATA"])] if os.environ.get("SEGKIT_DATA") else []
    places.append(home.root() / "data" / "raw")
    for place in places:
        if (place / source.file).is_file():
            return (place / source.file).absolute()
    if source.download is None:
        hint = "run `segkit demo`" if source.file.startswith("demo/") else "put it there, or set SEGKIT_DATA to the folder that holds it"
        raise BadInput(f"the file {source.file} is missing", f"looked in {', '.join(map(str, places))}", hint)
    return fetch(source.download, source.file)


def fetch(download: Download, file: str) -> Path:
    """Download once into data/raw/downloads. What is inside is checked after reading: the wrapping may change, the rows may not."""
    import pooch

    folder = home.private(home.root() / "data" / "raw" / "downloads")
    name = Path(file).name.split(".")[0] + "-" + download.url.rsplit("/", 1)[-1].replace("+", "_")
    path = folder / name
    try:
        pooch.retrieve(download.url, known_hash=None, fname=name, path=folder)
        if not download.member:
            return path
        inside = folder / download.member.replace("/", "_")
        with zipfile.ZipFile(path) as archive, home.whole_file(inside) as partial:
            partial.write_bytes(archive.read(download.member))
        return inside
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        path.unlink(missing_ok=True)  # else what is no archive would be taken for one the next time
        raise BadInput(
            f"the public copy of {file} could not be fetched",
            f"{download.url}: {type(error).__name__}",
            f"put {file} below data/raw or below the folder named by SEGKIT_DATA",
        ) from None


def read(connection: ibis.BaseBackend, path: Path) -> ibis.Table:
    """Every column as text, in the file's own names: nothing is guessed here."""
    import duckdb
    from python_calamine import CalamineError

    name = path.name.lower()
    try:
        if name.endswith((".csv", ".csv.gz")):
            return connection.read_csv(str(path), all_varchar=True, header=True, delim=separator(path), quote='"', escape='"', skip=0)
        if name.endswith(".xlsx"):
            import pandas as pd

            sheet = pd.read_excel(path, engine="calamine", dtype=str, keep_default_na=False)
            return connection.create_table(f"sheet_{path.stem}", sheet.rename(columns=str).astype("str"), temp=True)
    except (duckdb.Error, CalamineError, OSError, EOFError, ValueError, zlib.error) as error:
        raise BadInput(
            f"the file {path.name} cannot be read",
            type(error).__name__,
            "is it what its ending says, in UTF-8, every line as long as the header?",
        ) from None
    raise BadInput(f"the file {path.name} is of no known kind", f"readable: {', '.join(READABLE)}")


def separator(path: Path) -> str:
    """What stands between the names of a CSV's header. Never guessed from the rows: a single odd one could pass for the header."""
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rb") as file:
        header = next((line for line in file if line.strip()), b"")
    return max(",;\t|", key=lambda mark: header.count(mark.encode()))
