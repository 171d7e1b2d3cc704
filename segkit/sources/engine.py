"""The embedded engine, set up the same way wherever it is needed."""

import os
from contextlib import suppress
from pathlib import Path

import duckdb
import ibis

from segkit.errors import BadInput


def connect(file: Path | str = ":memory:", spill: Path | None = None) -> ibis.BaseBackend:
    """A connection that keeps to the memory SEGKIT_MEMORY allows, puts what exceeds it into the private folder `spill`, and draws nothing."""
    limit = os.environ.get("SEGKIT_MEMORY", "")
    config = {"memory_limit": limit} if limit else {}
    try:
        connection = ibis.duckdb.connect(file, **config, **({"temp_directory": str(spill)} if spill else {}))
    except duckdb.Error:
        raise BadInput("the engine does not start", f"SEGKIT_MEMORY is {limit!r}", "write an amount such as 4GB") from None
    with suppress(duckdb.InvalidInputException):  # a kernel without widgets has no bar to switch off
        connection.raw_sql("SET enable_progress_bar = false")
    return connection
