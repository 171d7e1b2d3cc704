"""One person's rows in Parquet files: found, counted and taken out."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from segkit.erase import places
from segkit.privacy import sealed

PERSON = "customer_id"


def is_theirs(rows: pa.Table, ids: Iterable[str]) -> pa.ChunkedArray:
    """True for each row whose customer_id is one of `ids`."""
    return pc.is_in(rows[PERSON].cast(pa.string()), pa.array(sorted(ids), pa.string()))


def found(path: Path, ids: Iterable[str]) -> int:
    """How many rows of a Parquet file are of these ids; 0 for a file without customers."""
    with sealed.opened(path) as file:
        if PERSON not in file.schema_arrow.names:
            return 0
        groups = (file.read_row_group(number, columns=[PERSON]) for number in range(file.num_row_groups))
        return sum(pc.sum(is_theirs(group, ids)).as_py() or 0 for group in groups)


def without(path: Path, ids: Iterable[str]) -> int:
    """Take the rows of these ids out of a Parquet file; how many they were.

    The file is replaced whole, one row group in memory at a time. It stays encrypted if it was, keeps its stamps, adds `forgotten` (how
    many rows went so far), and stays as old as it was.
    """
    if not (hits := found(path, ids)):
        return 0
    with sealed.opened(path) as file, places.as_old_as_before(path) as partial:
        stamps = stamps_of(file.schema_arrow)
        stamps["forgotten"] = stamps.get("forgotten", 0) + hits
        metadata = (file.schema_arrow.metadata or {}) | {b"segkit": json.dumps(stamps, sort_keys=True).encode()}
        with parquet.ParquetWriter(
            partial,
            file.schema_arrow.with_metadata(metadata),
            compression=compression(file),
            store_decimal_as_integer=True,
            encryption_properties=sealed.seal() if sealed.is_sealed(path) else None,
        ) as writer:
            for number in range(file.num_row_groups):
                group = file.read_row_group(number)
                if (kept := group.filter(pc.invert(is_theirs(group, ids)))).num_rows:
                    writer.write_table(kept.replace_schema_metadata(metadata))
    return hits


def compression(file: parquet.ParquetFile) -> str:
    """How a file is compressed, by its first column."""
    there = file.metadata.num_row_groups and file.metadata.num_columns
    return file.metadata.row_group(0).column(0).compression if there else "SNAPPY"


def stamps_of(schema: pa.Schema) -> dict:
    """The stamps inside a Parquet file."""
    return json.loads((schema.metadata or {}).get(b"segkit", b"{}"))


def gone(path: Path) -> int:
    """How many rows were taken out of a Parquet file so far, by its own stamp."""
    with sealed.opened(path) as file:
        return stamps_of(file.schema_arrow).get("forgotten", 0)


def pseudonyms(path: Path, customer_id: str) -> set[str]:
    """What a pseudonym map calls a customer: one word, or none."""
    known = sealed.rows(path)
    return set(known.filter(is_theirs(known, [customer_id]))["pseudonym"].to_pylist())


def quotes(path: Path, ids: Iterable[str], words: Iterable[str]) -> bool:
    """Whether one of `ids` is a customer of a Parquet file, or one of `words` stands anywhere in its texts."""
    if found(path, ids):
        return True
    with sealed.opened(path) as file:
        if any(word.encode() in value for word in words for value in (file.schema_arrow.metadata or {}).values()):
            return True
        return any(stands_in(column, word) for column in columns(file) for word in words)


def columns(file: parquet.ParquetFile) -> Iterator[pa.ChunkedArray]:
    """The columns of a Parquet file that may hold text, as text, a row group at a time."""
    names = [field.name for field in file.schema_arrow if not (pa.types.is_primitive(field.type) or pa.types.is_decimal(field.type))]
    for number in range(file.num_row_groups):
        for column in file.read_row_group(number, columns=names).itercolumns():
            if pa.types.is_dictionary(column.type):
                column = column.cast(column.type.value_type)
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                yield column
            else:
                yield pa.chunked_array([[json.dumps(value, default=str, ensure_ascii=False) for value in column.to_pylist()]], pa.string())


def stands_in(column: pa.ChunkedArray, word: str) -> bool:
    """Whether a word stands in one of a column's texts."""
    return bool(pc.any(pc.match_substring(column, word)).as_py())
