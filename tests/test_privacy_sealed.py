"""Encrypted Parquet: unreadable without its key, told from damage, and no key is made by reading."""

import pyarrow as pa
import pytest
from pyarrow import parquet

from segkit import errors, privacy
from segkit.privacy import sealed

ROWS = pa.table({"customer_id": ["p1f00d5eed", "p2c0ffee42"], "city": ["Xanten", None]}).replace_schema_metadata(
    {b"segkit": b'{"as_of": "2025-07-01"}'}
)
KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.setenv("SEGKIT_KEY", KEY)
    return tmp_path


@pytest.fixture
def table(bench):
    path = bench / "table.parquet"
    parquet.write_table(ROWS, path, encryption_properties=sealed.seal())
    return path


def test_what_is_sealed_comes_back_with_its_stamps(table):
    assert sealed.is_sealed(table) and sealed.rows(table).equals(ROWS, check_metadata=True)


def test_nothing_of_it_is_in_clear_but_the_name_of_the_key(table):
    raw = table.read_bytes()
    assert not any(word in raw for word in (b"Xanten", b"p1f00d5eed", b"customer_id", b"city", b"as_of", KEY.encode()))
    assert privacy.key_name().encode() in raw
    with pytest.raises(OSError):
        parquet.read_table(table)


def test_every_file_has_a_key_of_its_own(table):
    again = table.with_name("again.parquet")
    parquet.write_table(ROWS, again, encryption_properties=sealed.seal())
    salts = [sealed.NOTE.search(sealed.foot(path))[2] for path in (table, again)]
    assert salts[0] != salts[1] and sealed.file_key("a") != sealed.file_key("b") and len(sealed.file_key("a")) == 32
    assert sealed.rows(again).equals(sealed.rows(table))


def test_a_plain_file_needs_no_key(bench, monkeypatch):
    monkeypatch.delenv("SEGKIT_KEY")
    parquet.write_table(ROWS, bench / "plain.parquet")
    assert not sealed.is_sealed(bench / "plain.parquet") and sealed.rows(bench / "plain.parquet").equals(ROWS, check_metadata=True)
    assert not (bench / "data").exists()


def test_another_key_is_told_with_both_names(table, monkeypatch):
    made_with = privacy.key_name()
    monkeypatch.setenv("SEGKIT_KEY", OTHER)
    with pytest.raises(errors.BadInput) as caught:
        sealed.rows(table)
    assert f"made with another key ({made_with}), this one is {privacy.key_name()}" in str(caught.value)
    assert not any(key in str(caught.value) for key in (KEY, OTHER))


def test_without_a_key_none_is_made(table, monkeypatch):
    made_with = privacy.key_name()
    monkeypatch.delenv("SEGKIT_KEY")
    with pytest.raises(errors.BadInput, match=f"table.parquet is encrypted, and there is no key\n.*{made_with}\n.*SEGKIT_KEY"):
        sealed.rows(table)
    assert not (table.parent / "data").exists()


@pytest.mark.parametrize("is_encrypted", [True, False])
@pytest.mark.parametrize(
    "damage", ["a byte of a column", "a byte of the footer", "the key's name", "cut at the end", "cut at the start", "empty"]
)
def test_a_damaged_file_is_told_from_a_foreign_one(bench, is_encrypted, damage):
    path = bench / "table.parquet"
    parquet.write_table(ROWS, path, encryption_properties=sealed.seal() if is_encrypted else None)
    raw = bytearray(path.read_bytes())
    note = bytes(raw).find(b"segkit key ") + 11 if is_encrypted else len(raw) - 20
    flips = {"a byte of a column": 12, "a byte of the footer": -12, "the key's name": note}
    if damage in flips:
        raw[flips[damage]] = raw[flips[damage]] ^ 0x41
    path.write_bytes({"cut at the end": raw[:-5], "cut at the start": raw[5:], "empty": b""}.get(damage, raw))
    try:
        found = sealed.rows(path)
    except errors.BadInput as error:
        assert "table.parquet cannot be read" in str(error) or "the key's name" == damage and "another key" in str(error)
    else:
        assert not is_encrypted, "what is encrypted is also authenticated"
        assert found.num_rows == 2


def test_a_file_that_is_not_there_is_no_damage(bench):
    with pytest.raises(FileNotFoundError):
        sealed.rows(bench / "nowhere.parquet")


def test_an_encrypted_file_of_somebody_else_is_not_ours(bench):
    from pyarrow.parquet.encryption import create_encryption_properties

    parquet.write_table(ROWS, bench / "theirs.parquet", encryption_properties=create_encryption_properties(b"0" * 32))
    with pytest.raises(errors.BadInput, match="theirs.parquet cannot be read"):
        sealed.rows(bench / "theirs.parquet")
