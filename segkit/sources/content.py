"""Is a downloaded file the published one? Its rows are compared, not its wrapping: a zip, a spreadsheet and a CSV of the same data pass."""

import hashlib
from io import BytesIO

import ibis

from segkit.errors import BadInput
from segkit.sources.places import Input


def check(rows: ibis.Table, columns: list[str], input: Input) -> None:
    """Refuse a file whose rows are not the published ones."""
    if (digest := content_sha256(rows, columns)) != input.download.content_sha256:
        raise BadInput(
            f"{input.file} does not hold the published data",
            f"content {digest[:16]}…, expected {input.download.content_sha256[:16]}…",
            "delete it from data/raw, so that it is fetched again; if the publisher changed it, declare a dataset of your own",
        )


def content_sha256(rows: ibis.Table, columns: list[str]) -> str:
    """Digest of all canonical rows in sorted order, as CSV: the same for a CSV and a spreadsheet of the same data."""
    from pyarrow import csv

    text = BytesIO()
    csv.write_csv(rows.select(*columns).order_by(*columns).to_pyarrow(), text)
    return hashlib.sha256(text.getvalue()).hexdigest()
