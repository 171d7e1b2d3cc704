"""Customer-level Parquet at rest, plain or encrypted: opened alike, told apart by its first bytes.

Every encrypted file has a key of its own, made from the workbench's key and a salt; salt and the name of the key stand in front of the
footer, authenticated and in clear, so that a file of another key is told from a damaged one. AES-GCM, footer included: neither columns nor
stamps can be read without the key.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from segkit.errors import BadInput
from segkit.privacy import keys

MAGIC = b"PARE"
NOTE = re.compile(rb"segkit key ([0-9a-f]{8}) salt ([0-9a-f]{32})")


def is_sealed(path: Path) -> bool:
    """Whether a Parquet file is encrypted."""
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def seal():
    """Encryption properties for one new file. Makes the workbench's key when there is none yet."""
    from pyarrow.parquet.encryption import create_encryption_properties

    salt = secrets.token_hex(16)
    return create_encryption_properties(file_key(salt), aad_prefix=f"segkit key {keys.key_name()} salt {salt}".encode())


def file_key(salt: str) -> bytes:
    """The 32 bytes that encrypt one file."""
    return keys.secret(f"runs {salt}")


@contextmanager
def opened(path: Path) -> Iterator[parquet.ParquetFile]:
    """A Parquet file to read from. Raises BadInput when it is damaged, when its key is another one, or when there is no key; makes none."""
    properties = unsealed(path) if is_sealed(path) else None
    with damage_told(path), parquet.ParquetFile(path, decryption_properties=properties) as file:
        yield file


def rows(path: Path) -> pa.Table:
    """All rows of a Parquet file. Raises BadInput as `opened` does."""
    with opened(path) as file:
        return file.read()


def unsealed(path: Path):
    """Decryption properties for an encrypted file."""
    from pyarrow.parquet.encryption import create_decryption_properties

    if not (note := NOTE.search(foot(path))):
        raise damaged(path)
    made_with, salt = (part.decode() for part in note.groups())
    if not keys.is_made():
        raise BadInput(
            f"{path.name} is encrypted, and there is no key", f"it was made with key {made_with}", "set SEGKIT_KEY, or bring data/key back"
        )
    if made_with != (ours := keys.key_name()):
        raise BadInput(
            f"{path.name} is encrypted with another key",
            f"made with another key ({made_with}), this one is {ours}",
            "set SEGKIT_KEY to the key it was made with, or make the table again",
        )
    return create_decryption_properties(file_key(salt))


def foot(path: Path) -> bytes:
    """What stands before the encrypted footer, and that footer: as long as the last eight bytes say."""
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 8, 0))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(size - 8 - length, 0))
        return file.read(min(length, 4096))


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Put what the reader says of a file that is no whole Parquet into words; what the file system says passes."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None):
            raise
        raise damaged(path) from None


def damaged(path: Path) -> BadInput:
    """The file cannot be read, whatever the key."""
    return BadInput(
        f"{path.name} cannot be read", f"the file in {path.parent.name} is damaged", "make it again, or restore it from a backup"
    )
