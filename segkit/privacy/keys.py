"""The key of a workbench and what is made with it: pseudonyms, digests of names, keys to encrypt with. None of them leads back without it.

The key is SEGKIT_KEY, else the file data/key. It never stands in a message, a log or a table; `key_name` tells one key from another.
Everything is HMAC-SHA-256 of a message, and messages of different kinds begin differently: a pseudonym's with the dataset's name,
which is never empty and holds no zero byte, all others with a zero byte and their kind.
"""

import hashlib
import logging
import os
import re
import secrets
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from segkit import home
from segkit.errors import BadInput

LEAST_BYTES = 16
SIGNS = 20  # hex digits of a pseudonym or digest: 80 bits, so that even ten million customers do not meet by chance
LONGEST = 6  # words of an identifier that are digested; a longer one is known by its first six
LEAST_LETTERS, LEAST_DIGITS = 4, 5  # what is shorter (or, as a bare number, has fewer digits) is too common to name anybody
MANY = 5  # customers: a value that this many bear, such as a city, names none of them
log = logging.getLogger("segkit")


def key() -> bytes:
    """SEGKIT_KEY, else what data/key holds, less the white space around it; a key is made when there is none.

    Raises BadInput for a key that is empty or shorter than 16 bytes, and for a file that others can read or that cannot be read.
    """
    if "SEGKIT_KEY" in os.environ:
        return _long_enough(
            os.fsencode(os.environ["SEGKIT_KEY"]), "SEGKIT_KEY", "set it to the key of this workbench, or unset it to use data/key"
        )
    return _read(_path()) or _made(_path())


def is_made() -> bool:
    """Whether there is a key already: asking for it would not make one."""
    return "SEGKIT_KEY" in os.environ or os.path.exists(_path())


def key_name() -> str:
    """8 hex digits that tell this key from another without telling it."""
    return _hmac(key())(b"\0name")[:8]


def secret(purpose: str) -> bytes:
    """32 bytes for one purpose, such as encryption; whoever learns them learns neither the key nor the secret of another purpose."""
    return bytes.fromhex(_hmac(key())(b"\0secret\0" + purpose.encode()))


def pseudonym(dataset: str, id: str) -> str:
    """What a customer is called in every table of this dataset: p and 20 hex digits."""
    return pseudonyms(dataset, [id])[0]


def pseudonyms(dataset: str, ids: Iterable[str]) -> list[str]:
    """The pseudonyms of raw ids, in their order: p and 20 hex digits of HMAC-SHA-256(key, dataset, zero byte, id)."""
    ids, sign, start = list(ids), _hmac(key()), dataset.encode() + b"\0"
    found = ["p" + sign(start + each.encode(errors="surrogateescape"))[:SIGNS] for each in ids]
    if len(set(found)) < len(set(ids)):
        raise BadInput(f"{dataset}: two customers would get the same pseudonym", "this is chance", "use another key")
    return found


def words(text: str) -> list[str]:
    """A text as it is compared: its words of letters and digits in small letters; `Price-List (2)` is price, list, 2."""
    return re.findall(r"[^\W_]+", plain(text))


def plain(text: str) -> str:
    """A text in small letters, without signs that nobody sees, every letter spelt in one way."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", re.sub("[\u00ad\u200b-\u200d\u2060\ufeff]", "", text))
    return text.casefold()


def digest(text: str) -> str:
    """Keyed digest of an identifier's words: 20 hex digits; the same for any case, spacing and punctuation."""
    return digester()(words(text)[:LONGEST])


def digester() -> Callable[[list[str] | tuple[str, ...]], str]:
    """A function from words to their digest, for many of them: the key is read once."""
    sign = _hmac(secret("identifiers"))
    return lambda words: sign(" ".join(words).encode(errors="surrogateescape"))[:SIGNS]


def digests_of(values: Iterable[tuple[str | None, str, object]]) -> list[dict]:
    """What is kept of the identifiers in a table: enough to find a value in a report, not enough to read it.

    In: (pseudonym or None, name of the column, value). Out, in a fixed order: customer_id, column, digest, words (1 to 6). Left out are
    gaps, values too short to name anybody, and values that five or more customers bear.
    """
    make, rows = digester(), set()
    for pseudonym, column, value in values:
        said = words(str(value)) if value is not None and value == value else []
        if is_telling("".join(said)):
            rows.add((column, make(said[:LONGEST]), pseudonym or "", min(len(said), LONGEST)))
    bearers = Counter(digest for digest, _ in {(digest, pseudonym) for _, digest, pseudonym, _ in rows})
    return [
        {"customer_id": pseudonym or None, "column": column, "digest": digest, "words": length}
        for column, digest, pseudonym, length in sorted(rows)
        if bearers[digest] < MANY
    ]


def is_telling(signs: str) -> bool:
    """Whether letters and digits are enough to name somebody."""
    return len(signs) >= (LEAST_DIGITS if signs.isdigit() else LEAST_LETTERS)


def _path() -> Path:
    return home.root() / "data" / "key"


def _read(path: Path) -> bytes:
    """The key in a file; b"" when there is none."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(file, "rb") as opened:
            mode = os.fstat(file).st_mode
            if not stat.S_ISREG(mode):
                raise BadInput("data/key is not a file", str(path), "move it away, or set SEGKIT_KEY")
            if mode & 0o077:
                raise BadInput("data/key can be read by others", f"{path} has mode {stat.S_IMODE(mode):o}", f"chmod 600 {path}")
            found = opened.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise BadInput("data/key cannot be read", f"{path}: {error.strerror}", "let its owner run segkit, or set SEGKIT_KEY") from None
    return _long_enough(
        found, f"the key in {path}", "put the key back; without it, move the file away: a new key is made, and every pseudonym changes"
    )


def _long_enough(found: bytes, where: str, do: str) -> bytes:
    found = found.strip()
    if len(found) < LEAST_BYTES:
        raise BadInput(f"{where} is {'empty' if not found else 'too short'}", f"a key has at least {LEAST_BYTES} characters", do)
    return found


def _made(path: Path) -> bytes:
    """A new random key, unless another process makes one first: the file appears under its name whole and never replaces one."""
    partial = path.with_name(f".partial-{secrets.token_hex(4)}-key")
    try:
        home.private(path.parent)
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(partial, path)
            log.warning(
                "a new key was made in %s: keep a copy in a safe place, since without it no customer gets the same pseudonym again", path
            )
    except OSError as error:
        raise BadInput("no key could be made", f"{path}: {error.strerror}", "make data/ writable, or set SEGKIT_KEY") from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    if not (found := _read(path)):
        raise BadInput("data/key leads nowhere", f"{path} is a link to a file that is not there", "put the file there, or set SEGKIT_KEY")
    return found


def _hmac(key: bytes) -> Callable[[bytes], str]:
    """HMAC-SHA-256 (RFC 2104) as hex digits. What depends on the key alone is hashed once, which makes many three times as fast."""
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))

    def sign(message: bytes) -> str:
        inside, outside = inner.copy(), outer.copy()
        inside.update(message)
        outside.update(inside.digest())
        return outside.hexdigest()

    return sign
