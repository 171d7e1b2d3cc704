"""Who asked to be forgotten stays so: a private list of pseudonyms that neither a key nor damage can empty unseen."""

import stat
import subprocess
import sys

import pytest

from segkit import errors, home, privacy
from segkit.privacy import suppression

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.setenv("SEGKIT_KEY", KEY)
    monkeypatch.delenv("SEGKIT_OUT", raising=False)
    return tmp_path


def put(dataset: str, customer_id: str) -> bool:
    return suppression.suppress(dataset, privacy.pseudonym(dataset, customer_id))


def test_who_is_on_the_list_is_known_by_dataset_and_pseudonym(bench):
    assert suppression.suppressed("demo") == frozenset()
    assert put("demo", "C1") and put("demo", "C2") and put("shop", "C1")
    assert suppression.suppressed("demo") == {privacy.pseudonym("demo", "C1"), privacy.pseudonym("demo", "C2")}
    assert suppression.suppressed("shop") == {privacy.pseudonym("shop", "C1")} and suppression.suppressed("other") == frozenset()
    text = (bench / "data" / "suppressed.csv").read_text()
    assert text.startswith("dataset,pseudonym,key\n") and text.count(privacy.key_name()) == 3 and "C1" not in text


def test_twice_is_once(bench):
    assert put("demo", "C1")
    before = (bench / "data" / "suppressed.csv").read_bytes()
    assert not put("demo", "C1") and (bench / "data" / "suppressed.csv").read_bytes() == before


def test_the_list_is_its_owners_alone(bench):
    for customer_id in ("C1", "C2"):
        put("demo", customer_id)
        assert stat.S_IMODE((bench / "data" / "suppressed.csv").stat().st_mode) == 0o600


def test_the_list_lies_at_home_wherever_runs_are_sent(bench, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("SEGKIT_OUT", str(tmp_path_factory.mktemp("out")))
    put("demo", "C1")
    assert (bench / "data" / "suppressed.csv").is_file() and not (home.out() / "data").exists()


def test_a_list_made_with_another_key_is_refused_and_not_taken_for_empty(bench, monkeypatch):
    put("demo", "C1")
    ours = privacy.key_name()
    monkeypatch.setenv("SEGKIT_KEY", OTHER)
    with pytest.raises(errors.BadInput, match=f"forgotten under another key\n.*made with key {ours}, this one is {privacy.key_name()}"):
        suppression.suppressed("demo")
    assert suppression.suppressed("shop") == frozenset()
    assert put("demo", "C1"), "under the new key it is another pseudonym"
    with pytest.raises(errors.BadInput, match="forgotten under another key"):
        suppression.suppressed("demo")


def test_reading_the_list_makes_no_key(bench, monkeypatch):
    put("demo", "C1")
    monkeypatch.delenv("SEGKIT_KEY")
    with pytest.raises(errors.BadInput, match="this one is missing"):
        suppression.suppressed("demo")
    assert suppression.suppressed("shop") == frozenset() and not (bench / "data" / "key").exists()


@pytest.mark.parametrize(
    "text",
    ["", "dataset,pseudonym\n", "dataset,pseudonym,key\ndemo,C000123,0123abcd\n", "dataset,pseudonym,key\ndemo,p0123\n", "\0\0\n"],
)
def test_a_damaged_list_is_refused_without_being_quoted(bench, text):
    (bench / "data").mkdir()
    (bench / "data" / "suppressed.csv").write_text(text)
    for act in (lambda: suppression.suppressed("demo"), lambda: put("demo", "C1")):
        with pytest.raises(errors.BadInput, match="suppressed.csv is damaged") as caught:
            act()
        assert "C000123" not in str(caught.value)
    assert (bench / "data" / "suppressed.csv").read_text() == text


def test_a_list_saved_by_a_spreadsheet_is_still_the_list(bench):
    put("demo", "C1")
    path = bench / "data" / "suppressed.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert len(suppression.suppressed("demo")) == 1 and put("demo", "C2") and len(suppression.suppressed("demo")) == 2


def test_a_list_that_cannot_be_written_to_its_end_is_the_old_one(bench, monkeypatch):
    put("demo", "C1")
    monkeypatch.setattr(suppression.os, "fsync", lambda file: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        put("demo", "C2")
    assert suppression.suppressed("demo") == {privacy.pseudonym("demo", "C1")}
    assert [path.name for path in (bench / "data").iterdir()] == ["suppressed.csv"]


def test_processes_at_the_same_time_lose_nobody(bench):
    code = (
        "import sys; from segkit import privacy\n"
        "for n in range(10): privacy.suppress('demo', privacy.pseudonym('demo', f'{sys.argv[1]}-{n}'))"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code, str(number)]) for number in range(3)]
    assert [worker.wait(timeout=60) for worker in workers] == [0] * 3
    assert suppression.suppressed("demo") == {privacy.pseudonym("demo", f"{number}-{n}") for number in range(3) for n in range(10)}
