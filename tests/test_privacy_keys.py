"""One key, and what is made with it: the same everywhere, different for every purpose, and never told."""

import hashlib
import hmac
import logging
import multiprocessing
import os
import re
import subprocess
import time

import pytest
from conftest import PROJECT

from segkit import privacy
from segkit.errors import BadInput
from segkit.privacy import keys

KEY = "0123456789abcdef-marker"


def independent(message: bytes, key: bytes = KEY.encode()) -> str:
    """HMAC as RFC 2104 writes it: H(K xor opad, H(K xor ipad, text))."""
    block = key.ljust(64, b"\0")
    inside = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inside).hexdigest()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty workbench without a key."""
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.delenv("SEGKIT_KEY", raising=False)
    return tmp_path


@pytest.fixture
def known(home, monkeypatch):
    """A workbench whose key is known."""
    monkeypatch.setenv("SEGKIT_KEY", KEY)
    return home


def stored(home, text: str = KEY, mode: int = 0o600):
    path = home / "data" / "key"
    path.write_text(text)
    path.chmod(mode)
    return path


# --- pseudonyms, digests, secrets


def test_a_pseudonym_is_p_and_twenty_digits_of_an_hmac(known):
    assert privacy.pseudonym("demo", "C000123") == "p" + independent(b"demo\0C000123")[:20]
    assert privacy.pseudonyms("demo", ["Zoë", "17850", "Zoë"]) == [
        "p" + independent(b"demo\0" + each.encode())[:20] for each in ("Zoë", "17850", "Zoë")
    ]
    assert privacy.pseudonyms("demo", []) == [] and privacy.pseudonyms("demo", iter(["a"])) == [privacy.pseudonym("demo", "a")]


@pytest.mark.parametrize("length", [16, 63, 64, 65, 200])
def test_keys_of_any_length_agree_with_the_library(known, monkeypatch, length):
    key = "k" * length
    monkeypatch.setenv("SEGKIT_KEY", key)
    assert privacy.pseudonym("shop", "A 1") == "p" + hmac.new(key.encode(), b"shop\0A 1", "sha256").hexdigest()[:20]


def test_other_datasets_and_other_keys_give_other_pseudonyms(known, monkeypatch):
    here = privacy.pseudonym("demo", "C1")
    assert privacy.pseudonym("demo2", "C1") != here and privacy.pseudonym("demo", "C2") != here
    monkeypatch.setenv("SEGKIT_KEY", KEY + "x")
    assert privacy.pseudonym("demo", "C1") != here


def test_an_id_that_is_no_text_a_file_could_hold_is_no_error(known):
    assert re.fullmatch("p[0-9a-f]{20}", privacy.pseudonym("demo", os.fsdecode(b"\xff1")))


def test_two_customers_never_share_a_pseudonym(known, monkeypatch):
    monkeypatch.setattr(keys, "SIGNS", 1)
    with pytest.raises(BadInput) as caught:
        privacy.pseudonyms("demo", map(str, range(1000, 1020)))
    assert "demo: two customers would get the same pseudonym" in str(caught.value) and "10" not in str(caught.value)


def test_what_is_made_for_one_purpose_tells_nothing_of_another(known):
    assert privacy.secret("tables") == bytes.fromhex(independent(b"\0secret\0tables")) and len(privacy.secret("tables")) == 32
    text = "anna"
    made = {
        privacy.pseudonym("demo", text)[1:],
        privacy.pseudonym("identifiers", text)[1:],
        privacy.digest(text),
        privacy.secret(text).hex()[:20],
        privacy.secret("identifiers").hex()[:20],
        independent(text.encode())[:20],
        privacy.key_name() + "0" * 12,
    }
    assert len(made) == 7
    assert privacy.digest(text) == independent(text.encode(), privacy.secret("identifiers"))[:20]


def test_the_name_of_a_key_tells_it_from_others_but_is_no_part_of_it(known, monkeypatch):
    name = privacy.key_name()
    assert re.fullmatch("[0-9a-f]{8}", name) and name == independent(b"\0name")[:8]
    monkeypatch.setenv("SEGKIT_KEY", KEY[::-1])
    assert privacy.key_name() != name


@pytest.mark.parametrize(
    "text",
    ["anna  MILLER", " Anna\u00a0Miller,", "anna-miller", "ＡＮＮＡ miller", "an\u00adna mil\u200bler", "(Anna) [Miller]", "anna_miller"],
)
def test_a_digest_does_not_depend_on_case_spacing_or_punctuation(known, text):
    assert privacy.digest(text) == privacy.digest("Anna Miller") != privacy.digest("AnnaMiller")


def test_a_composed_letter_is_the_same_as_its_parts(known):
    assert privacy.digest("Zoe\u0308 Müller") == privacy.digest("Zoë MÜLLER") and privacy.digest("Strauß") == privacy.digest("STRAUSS")


def test_a_long_value_is_known_by_its_first_six_words(known):
    assert privacy.digest("a b c d e f g h") == privacy.digest("A b c d e f") != privacy.digest("a b c d e")


def test_a_million_pseudonyms_are_a_matter_of_seconds(known):
    began = time.process_time()
    assert len(set(privacy.pseudonyms("demo", map(str, range(100_000))))) == 100_000
    assert time.process_time() - began < 1, "a million take about two seconds when nothing else runs"


# --- what is kept of identifiers


def test_identifiers_are_kept_as_digests_with_their_length(known):
    rows = privacy.digests_of(
        [
            ("p1", "name", "Anna Miller"),
            ("p1", "email", "Anna.Miller@example.com"),
            ("p1", "name", "anna  miller"),
            (None, "name", "Bo Long de la Cruz y Vega"),
        ]
    )
    assert rows == [
        {"customer_id": "p1", "column": "email", "digest": privacy.digest("anna miller example com"), "words": 4},
        *sorted(
            (
                {"customer_id": "p1", "column": "name", "digest": privacy.digest("Anna Miller"), "words": 2},
                {"customer_id": None, "column": "name", "digest": privacy.digest("bo long de la cruz y"), "words": 6},
            ),
            key=lambda row: row["digest"],
        ),
    ]
    assert not {"anna", "miller", "example"} & set(re.findall(r"\w+", str(rows).lower()))


def test_what_names_nobody_is_not_kept(known):
    gaps = [("p1", "x", value) for value in (None, float("nan"), "", "  ", "--", "Bo", "J. P.", "1980", 1980, "12 34", 3.5)]
    assert privacy.digests_of(gaps) == []
    assert sorted(row["words"] for row in privacy.digests_of([("p1", "x", 12345), ("p1", "x", "Anna"), ("p1", "x", "k-9-ab")])) == [1, 1, 3]


def test_what_many_bear_is_not_kept(known):
    many = [(f"p{number}", "city", "London") for number in range(5)]
    assert privacy.digests_of(many) == [] and len(privacy.digests_of(many[:4])) == 4
    assert privacy.digests_of([*many[:4], ("p9", "surname", "LONDON")]) == [], "whatever the column"
    assert len(privacy.digests_of([("p1", "mail", "anna@example.com")] * 9)) == 1, "one customer is one, however many rows"
    assert len(privacy.digests_of([(None, "mail", "anna@example.com")] * 9)) == 1


def test_the_order_of_the_values_changes_nothing(known):
    values = [(f"p{number % 7}", f"c{number % 3}", f"name number {number % 11}") for number in range(60)]
    assert privacy.digests_of(values) == privacy.digests_of(values[::-1])


# --- where the key comes from


def test_a_key_is_made_once_for_its_owner_alone(home, caplog):
    assert not keys.is_made()
    first = privacy.key()
    path = home / "data" / "key"
    assert re.fullmatch(b"[0-9a-f]{64}", first) and path.read_bytes().strip() == first and keys.is_made()
    assert path.stat().st_mode & 0o777 == 0o600 and os.listdir(home / "data") == ["key"]
    assert privacy.key() == first and [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "a new key was made" in caplog.text and first.decode() not in caplog.text


def test_every_new_key_is_another(home):
    first = privacy.key()
    (home / "data" / "key").unlink()
    assert privacy.key() != first


def test_a_data_folder_that_is_missing_is_made_private(home):
    (home / "data").rmdir()
    privacy.key()
    assert (home / "data").stat().st_mode & 0o077 == 0


def test_the_environment_comes_first_and_white_space_around_a_key_is_nothing(home, monkeypatch):
    stored(home, f"\n {KEY} \n")
    assert privacy.key() == KEY.encode()
    monkeypatch.setenv("SEGKIT_KEY", f" {KEY[::-1]}\n")
    assert privacy.key() == KEY[::-1].encode()
    (home / "data" / "key").unlink()
    assert privacy.key() == KEY[::-1].encode() and not (home / "data" / "key").exists() and keys.is_made()


@pytest.mark.parametrize(
    "text, word", [("", "empty"), (" \t\n", "empty"), ("fifteen-bytes-x", "too short"), (" fifteen-bytes-x  ", "too short")]
)
def test_a_key_too_short_to_keep_a_secret_is_refused(home, monkeypatch, text, word):
    stored(home, text)
    with pytest.raises(BadInput) as from_file:
        privacy.key()
    monkeypatch.setenv("SEGKIT_KEY", text)
    with pytest.raises(BadInput) as from_environment:
        privacy.pseudonym("demo", "C1")
    for caught in (from_file, from_environment):
        assert word in str(caught.value) and "at least 16" in str(caught.value) and "fifteen" not in str(caught.value)
    assert "SEGKIT_KEY is" in str(from_environment.value) and "every pseudonym changes" in str(from_file.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o644])
def test_a_key_that_others_can_touch_is_refused(home, mode):
    path = stored(home, mode=mode)
    with pytest.raises(BadInput) as caught:
        privacy.key()
    assert f"chmod 600 {path}" in str(caught.value) and f"mode {mode:o}" in str(caught.value) and KEY not in str(caught.value)
    assert path.read_text() == KEY, "it is not touched"


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_key_that_is_no_file_is_refused(home, make):
    make(home / "data" / "key")
    with pytest.raises(BadInput) as caught:
        privacy.key()
    assert "data/key" in str(caught.value) and "SEGKIT_KEY" in str(caught.value)


def test_a_link_to_a_key_is_followed_and_one_to_nowhere_is_refused(home):
    elsewhere = home / "elsewhere"
    (home / "data" / "key").symlink_to(elsewhere)
    with pytest.raises(BadInput) as caught:
        privacy.key()
    assert "leads nowhere" in str(caught.value) and not elsewhere.exists()
    elsewhere.write_text(KEY)
    elsewhere.chmod(0o600)
    assert privacy.key() == KEY.encode()


def test_a_key_that_cannot_be_read_or_made_is_refused(home, monkeypatch):
    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "link", denied)
    with pytest.raises(BadInput) as caught:
        privacy.key()
    assert "no key could be made" in str(caught.value) and "SEGKIT_KEY" in str(caught.value) and os.listdir(home / "data") == []
    stored(home)
    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(BadInput) as caught:
        privacy.key()
    assert "data/key cannot be read" in str(caught.value) and "Permission denied" in str(caught.value)


def test_a_workbench_that_cannot_be_written_to_needs_a_key_from_outside(home):
    (home / "data").chmod(0o500)
    if os.access(home / "data", os.W_OK):
        pytest.skip("this user may write anywhere")
    with pytest.raises(BadInput, match="make data/ writable, or set SEGKIT_KEY"):
        privacy.key()


def test_whoever_comes_second_takes_the_key_of_the_first(home, monkeypatch, caplog):
    link = os.link

    def overtaken(partial, path):
        stored(home)
        link(partial, path)

    monkeypatch.setattr(os, "link", overtaken)
    assert privacy.key() == KEY.encode() and os.listdir(home / "data") == ["key"] and not caplog.records


def asked(barrier, answers):
    barrier.wait()
    answers.put(privacy.key())


def test_processes_that_ask_at_the_same_time_get_one_key(home):
    fork = multiprocessing.get_context("fork")
    for _ in range(3):
        barrier, answers = fork.Barrier(4), fork.Queue()
        asking = [fork.Process(target=asked, args=(barrier, answers)) for _ in range(4)]
        for each in asking:
            each.start()
        got = {answers.get(timeout=30) for _ in asking}
        for each in asking:
            each.join(timeout=30)
        assert len(got) == 1 and os.listdir(home / "data") == ["key"]
        (home / "data" / "key").unlink()


def test_neither_the_key_nor_anything_private_can_be_committed():
    names = [
        "data/key",
        "data/.partial-0123-key",
        "data/audit.jsonl",
        "data/suppressed.csv",
        "data/raw/x.csv",
        "data/gathered/demo/x.parquet",
        "data/runs/x",
    ]
    ignored = subprocess.run(["git", "check-ignore", *names], cwd=PROJECT, capture_output=True, text=True)
    if ignored.returncode == 128:
        pytest.skip("not a git repository")
    assert ignored.stdout.split() == names
    assert subprocess.run(["git", "check-ignore", "data/datasets/new.yaml"], cwd=PROJECT, capture_output=True).returncode == 1
