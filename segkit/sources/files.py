"""From a file as it came to a table of text columns; or a message that says which file, and what to do."""
import os
import zipfile
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
            return (place / source.file).resolve()
    if source.download is None:
        hint = "run `segkit demo`" if source.file.startswith("demo/") else "put it there, or set SEGKIT_DATA to the folder that holds it"
        raise BadInput(f"the file {source.file} is missing", f"looked in {', '.join(map(str, places))}", hint)
    return fetch(source.download, source.file)


def fetch(download: Download, file: str) -> Path:
    """Download once into data/raw/downloads. What is inside is checked after reading: the wrapping may change, the rows may not."""
    import pooch

    folder = home.private(home.root() / "data" / "raw" / "downloads")
    name = Path(file).name.split(".")[0] + "-" + download.url.rsplit("/", 1)[-1].replace("+", "_")
    try:
        path = Path(pooch.retrieve(download.url, known_hash=None, fname=name, path=folder))
        if not download.member:
            return path
        inside = folder / download.member.replace("/", "_")
        with zipfile.ZipFile(path) as archive, home.whole_file(inside) as partial:
            partial.write_bytes(archive.read(download.member))
        return inside
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadInput(f"the public copy of {file} could not be fetched", f"{download.url}: {type(error).__name__}",
                       f"put {file} below data/raw or below the folder named by SEGKIT_DATA") from None


def read(connection: ibis.BaseBackend, path: Path) -> ibis.Table:
    """Every column as text, in the file's own names: nothing is guessed here."""
    import duckdb

    name = path.name.lower()
    try:
        if name.endswith((".csv", ".csv.gz")):
            return connection.read_csv(str(path), all_varchar=True, header=True)
        if name.endswith(".xlsx"):
            import pandas as pd

            return connection.create_table(f"sheet_{path.stem}", pd.read_excel(path, engine="calamine", dtype=str), temp=True)
    except (duckdb.Error, OSError, ValueError) as error:
        raise BadInput(f"the file {path.name} cannot be read", type(error).__name__, "is it what its ending says, in UTF-8?") from None
    raise BadInput(f"the file {path.name} is of no known kind", f"readable: {', '.join(READABLE)}")
