"""Files of text, whatever wrote them: unpacked, in UTF-8, their lines counted; and every byte that is not what was declared is found."""

import codecs
import os
import re
import tempfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from segkit.errors import BadInput

BLOCK, GZIP = 1 << 20, 31
NO_MARKS = bytes(set(range(256)) - set(b'"\n'))
OTHER_KINDS = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x1f\x8b": "compressed with gzip",
    b"PAR1": "Parquet",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of the old kind",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
}


class Text(NamedTuple):
    """A file as the engine reads it, uncompressed UTF-8: lines that are not blank; whether one leaves a quote open, or the file does; whether ends differ."""

    name: str
    path: Path
    lines: int
    has_open_quotes: bool
    is_quote_open: bool
    has_mixed_ends: bool


def plain(path: Path, encoding: str, scratch: Path) -> Text:
    """The file itself, or its copy in `scratch` when it is compressed or in another encoding. Raises BadInput for what is no such text."""
    encoding = codecs.lookup(encoding).name
    is_copied = is_packed(path) or encoding not in ("utf-8", "utf-8-sig", "ascii")
    decoder, lines, seen = codecs.getincrementaldecoder(encoding)(), Lines(), 0
    target = new_file(scratch, path) if is_copied else path
    try:
        with open(target if is_copied else os.devnull, "wb") as copy:
            for block in ahead(pieces(path)):
                if is_first := not seen:
                    refuse_other_kinds(path, block, encoding)
                seen += len(block)
                letters = decoder.decode(block)
                if is_copied:
                    block = block if encoding == "utf-8" else letters.encode()
                    copy.write(block)
                if is_first:
                    refuse_binary(path, block, encoding)
                lines.count(block)
            decoder.decode(b"", final=True)
    except UnicodeError as error:
        before = getattr(error, "object", b"")
        before = before[: error.start].count(b"\n") if isinstance(before, bytes) else 0
        raise wrong_encoding(path, encoding, lines.ended + before + 1) from None
    except (EOFError, zlib.error) as error:
        is_cut = isinstance(error, EOFError)
        raise BadInput(
            f"the file {path.name} cannot be read: {'the archive is cut' if is_cut else 'it is no intact gzip archive'}",
            f"{path.stat().st_size:,} bytes are there",
            "have it delivered again" if is_cut else "is it what its ending says? If it is not compressed, name it without .gz",
        ) from None
    lines.close()
    if not lines.filled:
        raise BadInput(f"the file {path.name} is empty", f"{seen:,} bytes and not one line", "deliver the data, or leave the file out")
    return Text(path.name, target, lines.filled, lines.has_open_quotes, lines.quotes % 2 == 1, lines.has_mixed_ends)


class Lines:
    """Counts lines block by block: those that ended, the returns among the ends, those not blank; and looks for quotes left open in a line."""

    def __init__(self):
        self.ended, self.returns, self.pairs, self.quotes, self.filled, self.has_open_quotes = 0, 0, 0, 0, 0, False
        self._before, self._last, self._open = 0, b"", b""  # of the line that has not ended: its length, its last byte, an open quote

    def count(self, block: bytes) -> None:
        """One more block of the file."""
        if not block:
            return
        self.returns += block.count(b"\r")
        if b"\n" not in block and b"\r" in block:
            block = block.replace(b"\r", b"\n")  # as Macs ended lines once
            self.pairs += block.count(b"\n")
        else:
            self.pairs += (self._last + block).count(b"\r\n")
        letters = np.frombuffer(self._last + block, np.uint8)
        ends = np.flatnonzero(letters == 10)
        lengths = np.diff(ends, prepend=len(self._last) - self._before - 1)
        is_blank = (lengths == 1) | (lengths == 2) & (letters[ends - 1] == 13)
        self.ended += len(ends)
        self.filled += len(ends) - int(is_blank.sum())
        self._before = len(letters) - 1 - int(ends[-1]) if len(ends) else self._before + len(block)
        self._last = block[-1:] if self._before else b""
        self.quotes += block.count(b'"')
        if b'"' in block or self._open:
            odd = (self._open + block.translate(None, NO_MARKS)).replace(b'""', b"")  # the quotes of a line now stand together
            self._open = odd[odd.rfind(b"\n") + 1 :]
            self.has_open_quotes |= b'"' in odd[: len(odd) - len(self._open)]

    @property
    def has_mixed_ends(self) -> bool:
        """Whether some lines end in a return and a newline, and others do not; or a return stands within a line."""
        return self.returns > 0 and not self.returns == self.pairs == self.ended

    def close(self) -> None:
        """The last line may lack its end."""
        self.filled += self._before > 0
        self.has_open_quotes |= self._open == b'"'


def is_packed(path: Path) -> bool:
    """Whether the name says gzip."""
    return path.name.lower().endswith(".gz")


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file, unpacked. Raises EOFError for an archive that is cut: what is missing would never be missed."""
    with open(path, "rb") as file:
        if not is_packed(path):
            yield from iter(lambda: file.read(BLOCK), b"")
            return
        archive = zlib.decompressobj(GZIP)
        while packed := file.read(BLOCK // 4):
            while packed:
                if archive.eof:  # archives may follow each other, and zeros may fill up the last
                    if not (packed := packed.lstrip(b"\0")):
                        break
                    archive = zlib.decompressobj(GZIP)
                yield archive.decompress(packed)
                packed = archive.unused_data
        if not archive.eof:
            raise EOFError


def ahead(found: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; the next is read, and unpacked, while one is looked at."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, found, None)
        while (piece := coming.result()) is not None:
            coming = reader.submit(next, found, None)
            yield piece


def evened(text: Text, scratch: Path) -> Text:
    """A copy in which all lines end alike; a return within one is white space."""
    path, held = new_file(scratch, text.path), b""
    with open(text.path, "rb") as whole, open(path, "wb") as copy:
        while block := whole.read(BLOCK):
            block = held + block
            held = block[len(block.rstrip(b"\r")) :]
            copy.write(re.sub(rb"\r+\n", b"\n", block[: len(block) - len(held)]).replace(b"\r", b" "))
    return text._replace(path=path, has_mixed_ends=False)


def new_file(scratch: Path, path: Path) -> Path:
    """A name in `scratch` that nobody else has."""
    handle, name = tempfile.mkstemp(prefix=path.name.split(".")[0][:40] + "-", dir=scratch)
    os.close(handle)
    return Path(name)


def refuse_other_kinds(path: Path, block: bytes, encoding: str) -> None:
    """Raise BadInput for what begins like a file of another kind."""
    for start, kind in OTHER_KINDS.items():
        if block.startswith(start):
            raise BadInput(f"the file {path.name} is no text", f"it is {kind}", "give it the ending of what it is, or export it as CSV")
    if encoding.startswith("utf-8") and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInput(f"the file {path.name} is not UTF-8", "it begins like UTF-16", "say `encoding: utf-16` in the dataset file")


def refuse_binary(path: Path, block: bytes, encoding: str) -> None:
    """Raise BadInput where no text has a byte of zero."""
    if b"\0" in block:
        raise BadInput(
            f"the file {path.name} is no text in {encoding}",
            "it holds bytes of zero",
            "is it what its ending says? Text that Windows calls Unicode needs `encoding: utf-16`",
        )


def wrong_encoding(path: Path, encoding: str, line: int) -> BadInput:
    """Which line is not in the declared encoding, and what that says about the file."""
    if not encoding.startswith("utf-8"):
        do = "say in `encoding` what it is: utf-8, cp1252 (Windows in Western Europe), latin-1, utf-16"
        return BadInput(f"the file {path.name} is not {encoding}", f"line {line:,} is the first that cannot be read so", do)
    wrong = right = 0
    for each in encoded_lines(path):
        if not each.isascii():
            is_right = is_utf8(each)
            right, wrong = right + is_right, wrong + (not is_right)
    facts = f"lines that are not: {wrong:,}, the first is line {line:,}; lines with accents or other such letters that are: {right:,}"
    do = "say `encoding: cp1252` in the dataset file (Windows in Western Europe; or latin-1, or what it is)"
    if right:
        do = (
            f"the file mixes encodings: have it written again in one. `encoding: cp1252` would read it, and spoil the other {right:,} lines"
        )
    return BadInput(f"the file {path.name} is not UTF-8", facts, do)


def encoded_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file in its own encoding, without their ends."""
    rest = b""
    for piece in pieces(path):
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
    yield rest


def is_utf8(line: bytes) -> bool:
    """Whether these bytes are UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
