"""What names a customer is found wherever it stands in a report, without crying wolf."""

import base64
import json
import random
import shutil
import time

import numpy as np
import pandas as pd
import pytest

from segkit import privacy, show

IDS = {"C000123", "C000124", "12346", "17850", "123", "anna@example.com", "Zoë-1"}
PSEUDONYM = "p0123456789abcdef0123"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A workbench with a key, and a person's own words in a notebook and a study."""
    home = tmp_path / "home"
    (home / "notebooks" / "studies").mkdir(parents=True)
    (home / "data" / "datasets").mkdir(parents=True)
    cells = [{"cell_type": "code", "source": ["# a violet line\n", "about Halvorsen"], "outputs": [{"text": "oyelaran"}]}]
    (home / "notebooks" / "02_behavior.ipynb").write_text(json.dumps({"cells": cells}))
    (home / "notebooks" / "99_broken.ipynb").write_text("{")
    (home / "notebooks" / "studies" / "shop.yaml").write_text("question: do bakers stay?\n")
    monkeypatch.setenv("SEGKIT_HOME", str(home))
    monkeypatch.setenv("SEGKIT_KEY", "a key of a workbench for tests")
    return home


def digests(*values: str) -> privacy.Digests:
    """As gather keeps them."""
    return privacy.Digests.of(pd.DataFrame(privacy.digests_of(("p1", "name", value) for value in values), columns=["digest", "words"]))


@pytest.fixture
def found(tmp_path):
    """found(name of a file, its text, ids, digests) -> number of finds in it."""

    def look(name: str, text: str, ids=frozenset(), known=None) -> int:
        shutil.rmtree(tmp_path / "report", ignore_errors=True)
        folder = tmp_path / "report" / "tables"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        said = privacy.leaking_files(tmp_path / "report", ids, known or privacy.Digests())
        return int(said[0].split("(")[1].strip(")")) if said else 0

    return look


# --- ids in texts


@pytest.mark.parametrize(
    "text, hits",
    [
        ("<td>C000123</td>", 1),
        ("The best customer is C000123.", 1),
        ("(C000123), 'C000124': \"C000123\"", 2),
        ("C000123/C000124", 2),
        ("see customers/C000123-orders#C000124", 2),
        ("customer_C000123 and c000124", 2),
        ("write to anna@example.com!", 1),
        ("mailto:ANNA@example.com", 1),
        ("<p>Zoë-1: fine</p>", 1),
        ("<p>Zoe\u0308-1</p>", 1),
        ("<td>17850</td>", 1),
        ("<td>17850.0</td>", 1),
        ("17850, 12346 and 99999", 2),
        ("[17850,12346]", 2),
        ("customer #17850; customer:12346", 2),
        ("“17850”…", 1),
        ("Was it 17850?", 1),
        ("12346 %, 12346.0 %, 17850%", 0),
        ("12,346 customers, 117,850 orders", 0),
        ("0.12346 and 1.17850 and 12346.5", 0),
        ("123 customers", 0),
        ("2025-12346", 0),
        ("-12346 12346-2025 12346/2025", 0),
        ("XC000123 C0001234 C00012", 0),
        ("anna at example.com, Zoë 1", 0),
        ("", 0),
    ],
)
def test_ids_are_found_where_people_and_programs_write_them(text, hits):
    assert privacy.leaks(text, IDS) == hits


@pytest.mark.parametrize(
    "id, text",
    [
        ("Cust 0001 A", "it is Cust  0001\n A, again"),
        ("12 34 567", "number 12 34 567."),
        ("A|123", "<td>A|123</td>"),
        ("A,123", "seen: A,123"),
        ("C_000123", "(C_000123)"),
        ("#A123", "customer #A123"),
        ("2025-0001", "from 2025-0001 on"),
        ("O'Brien 7", "<p>O'Brien 7</p>"),
        ("北京-12", "客户 北京-12。"),
        ("17850.0", "<td>17850</td>"),
        ("one two three four five six seven eight", "one two three four five six seven eight nine"),
        ("zq7", "customer zq7 said"),
        ("000012", "customer 000012 said"),
    ],
)
def test_ids_of_every_make_are_found(id, text):
    assert privacy.leaks(text, {id, "C000999"}) == (0 if id == "12 34 567" else 1), "a number in groups cannot be told from a count"


@pytest.mark.parametrize(
    "text, hits", [(PSEUDONYM, 1), (f"a {PSEUDONYM}, a {PSEUDONYM[:12]}… and (P0123456789AB)", 3), (f"customer_{PSEUDONYM}=1", 1)]
)
def test_pseudonyms_need_no_list(text, hits):
    assert privacy.leaks(text, set()) == hits and privacy.leaks(text, {PSEUDONYM}) == hits


@pytest.mark.parametrize(
    "text", [PSEUDONYM[:11], PSEUDONYM + "00", "x" + PSEUDONYM, "sha256 9d5ed678fe57bcca610140957afab571", "package preface"]
)
def test_what_only_looks_like_a_pseudonym_is_none(text):
    assert privacy.leaks(text, set()) == 0


def test_ids_that_reports_use_as_words_are_not_looked_for():
    ids = {"S1", "S12", "all", "price", "ward", "p25", "violet", "Halvorsen", "oyelaran", "bakers"}
    said = "S1 S12 all Price Ward p25 violet Halvorsen oyelaran bakers"
    assert privacy.leaks(said, ids) == 2, "whom a note in a notebook calls by name, and whom an output named, are no common words"


# --- identifiers


@pytest.mark.parametrize(
    "value, text",
    [
        ("Anna Miller", "Our best customer is Anna Miller."),
        ("Anna Miller", "ANNA  MILLER\n(34)"),
        ("Miller, Anna", "names: Miller, Anna; and"),
        ("Oyelaran", "Best: OYELARAN!"),
        ("anna.miller@example.com", "<a>anna.miller@example.com</a>"),
        ("anna.miller@example.com", "Anna.MILLER (at) anna.miller(@)example.com"),
        ("+44 20 7946-0958", "phone: (+44) 20 7946 0958"),
        ("02079460958", "call 02079460958 now"),
        ("12 Long Lane, Old Town, Northshire, AB1 2CD", "lives at 12 Long Lane, Old Town, Northshire"),
        ("José Ñúñez", "Señor JOSE\u0301 Ñúñez"),
        ("王小明先生", "客户 王小明先生。"),
    ],
)
def test_identifiers_are_found_by_their_digests(value, text):
    assert privacy.leaks(text, set(), digests(value, "Somebody Else")) == 1
    assert privacy.leaks(text, set(), digests("Somebody Else")) == 0 == privacy.leaks(text, set())


@pytest.mark.parametrize(
    "value, text",
    [
        ("Anna Miller", "Anna, and later Miller"),
        ("Anna Miller", "Hanna Miller, Anna Millers"),
        ("02079460958", "0.02079460958 or 1-02079460958"),
        ("12345", "12,345 orders; 112345; 0.12345"),
        ("Ward", "Ward's method, k = 3"),
        ("Price", "the price of it"),
        ("Davies", "Davies–Bouldin (lower is better)"),
        ("May", "in May"),
        ("Baker", "bakers stay"),
    ],
)
def test_what_is_not_the_value_is_no_find(value, text):
    assert privacy.leaks(text, set(), digests(value)) == 0


def test_digests_tell_neither_names_nor_themselves():
    known = digests("Anna Miller", "Oyelaran")
    assert sorted(known.by_words) == [1, 2] and repr(known) == "Digests()"
    assert privacy.Digests.of([]) == privacy.Digests() == digests()


def test_another_key_finds_nothing(monkeypatch):
    known = digests("Anna Miller")
    monkeypatch.setenv("SEGKIT_KEY", "another key of a workbench")
    assert privacy.leaks("Anna Miller", set(), known) == 0


def test_without_identifiers_no_key_is_needed(home, monkeypatch):
    monkeypatch.delenv("SEGKIT_KEY")
    assert privacy.leaks("C000123", IDS) == 1 and not (home / "data" / "key").exists()


# --- files


SVG = '<svg><title>of Anna Miller</title><text x="1">C000123</text></svg>'


@pytest.mark.parametrize(
    "name, text, hits",
    [
        ("a.html", "<p>Customer C000123 is the best.</p>", 1),
        ("a.html", "<td>[&#x27;C000123&#x27;, &quot;C000124&quot;]</td>", 2),
        ("a.html", '<img alt="spend of C000123" src="x">', 1),
        ("a.html", "<img alt=C000123 title='by Anna Miller'>", 2),
        ("a.html", '<p title="Anna Miller">', 1),
        ("a.html", '<img alt="more than > Anna&nbsp;Miller">', 1),
        ("a.html", '<a href="customers/Anna%20Miller">x</a>', 1),
        ("a.html", "<p>C00<b>0123</b> and <i>Anna</i> Miller, <b>Zoë</b>-<b>1</b></p>", 3),
        ("a.html", "<p><b>Anna</b><i>Miller</i> and Anna<br>Miller</p>", 1),
        ("a.html", "<td>Anna</td><td>Miller</td> C00<p>0123", 0),
        ("a.html", "An<wbr>na Mil&shy;ler &#67;000123", 2),
        ("a.html", "<!-- Anna Miller: C000123 -->", 2),
        ("a.html", f"<div>{SVG}</div>", 2),
        ("a.html", f'<img src="data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}" alt="x">', 2),
        ("a.html", '<img src="data:image/svg+xml,%3Ctext%3EAnna%20Miller" alt="x">', 1),
        ("a.html", '<img src="data:image/png;base64,AAAA/C000123/17850/BBBB=" alt="x">', 0),
        ("a.html", '<img src="data:image/png;base64,AAAA BBBB" alt="C000123">', 1),
        ("a.html", "<td>12,346</td><td>50 %</td>", 0),
        ("a.html", '<style>p {width: 17850; color: #17850}</style><p style="color: #17850">x</p>', 0),
        ("a.html", f"<td>{PSEUDONYM}</td><td>{PSEUDONYM[:14]}…</td>", 2),
        ("a.html", "the p-value < 0.05 for Anna Miller and n > 3", 1),
        ("a.svg", SVG, 2),
        ("a.csv", "segment,example\nS1,C000123\nS2,\n", 1),
        ("a.csv", 'segment,example\nS1,"C000123, C000124"\n', 2),
        ("a.csv", 'segment,example\nS1,"Miller\nAnna Miller"\n', 1),
        ("a.csv", "customer_id,spend\n1,5\n2,6\n", 2),
        ("a.csv", "spend, Customer_ID \n", 1),
        ("a.csv", "segment,C000123\nS1,5\n", 1),
        ("a.csv", "segment,Anna Miller\nS1,5\n", 1),
        ("a.csv", "segment,n\nS1,12346\nS2,17850\n", 0),
        ("a.csv", f"who,n\n{PSEUDONYM},3\n", 1),
        ("a.csv", "", 0),
        ("a.csv", "a,b\n", 0),
        ("a.csv", "a,b\n1,2,C000123\n\n4\n", 1),
        ("a.csv", "a\n" + "x" * 200_000 + " C000123\n", 1),
        ("a.json", json.dumps({"best": "C000123", "n": 17850}), 1),
        ("a.json", json.dumps({"said": 'it is "Zoë-1" again', "of": ["Anna\tMiller"]}), 2),
        ("a.json", json.dumps({"C000123": {"Anna Miller": 1}}), 2),
        ("a.json", json.dumps({"sizes": {"S1": 12346}}), 0),
        ("a.json", '{"half": "C000123", ', 1),
        ("a.json", '{"bad": "C000123 \\x Anna Miller"}', 2),
        ("a.txt", "first line\nAnna Miller\n17850\n", 2),
        ("a.jsonl", '{"who": "C000123"}\n{"who": "Anna Miller"}', 2),
    ],
)
def test_leaks_are_found_in_pages_and_tables_but_not_in_counts_and_pictures(found, name, text, hits):
    assert found(name, text, IDS, digests("Anna Miller")) == hits


def test_files_are_named_and_finds_counted_but_customers_are_not_named(tmp_path):
    (tmp_path / "a" / "tables").mkdir(parents=True)
    (tmp_path / "a" / "01_gather.html").write_text("<p>C000123, C000124, C000123</p>")
    (tmp_path / "a" / "tables" / "sizes.csv").write_text("segment,n\nS1,12\n")
    (tmp_path / "a" / "tables" / "kpis.csv").write_text("segment,n\nC000123,12\n")
    (tmp_path / "a" / "tables" / "of C000124.csv").write_text("segment,n\nS1,12\n")
    assert privacy.leaking_files(tmp_path / "a", IDS) == ["01_gather.html (2)", "kpis.csv (1)", "a file whose name tells it (1)"]


def test_bytes_that_are_no_text_are_searched_as_far_as_they_go(tmp_path):
    (tmp_path / "figure.png").write_bytes(b"\x89PNG\xff\xfe\x00 C000123 \xff")
    assert privacy.leaking_files(tmp_path, IDS) == ["figure.png (1)"]


# --- columns of numbers


SPARSE = {str(number) for number in np.random.default_rng(2).integers(10_000, 10_000_000, 3000)}


def of(numbers) -> str:
    return "group,number\n" + "".join(f"S{at},{number}\n" for at, number in enumerate(numbers))


def test_a_numeric_column_of_ids_is_found_whatever_its_name(found):
    ids = sorted(SPARSE)
    assert found("a.csv", of(ids[:5]), SPARSE) == 5 and found("a.csv", of(f"{id}.0" for id in ids[:5]), SPARSE) == 5
    assert found("a.csv", of([*ids[:9], *range(7)]), SPARSE) == 9, "half of them are enough"
    assert found("a.csv", of(["", *ids[:9]]), SPARSE) == 9 and found("a.json", json.dumps([{"n": int(id)} for id in ids[:9]]), SPARSE) == 9
    assert found("a.json", json.dumps({"ids": list(map(int, ids[:6])), "n": [1, 2, 3]}), SPARSE) == 6


def test_counts_are_not_a_column_of_ids(found):
    ids = sorted(SPARSE)
    assert found("a.csv", of(ids[:4]), SPARSE) == 0, "four numbers are too few to tell"
    assert found("a.csv", of([*ids[:4], *range(20_000, 20_005)]), SPARSE) == 0, "less than half"
    assert found("a.csv", of([*ids[:6], 0.5]), SPARSE) == 0, "not whole numbers"
    assert found("a.csv", of(range(1000, 9000, 7)), set(map(str, range(10_000)))) == 0, "fewer than five digits"


def test_where_customers_are_numbered_one_by_one_counts_are_still_counts(found):
    dense = set(map(str, range(1, 200_001)))
    counts = np.random.default_rng(5).integers(10_000, 190_000, 60)
    assert found("monthly.csv", of(counts), dense) == 0
    shop = set(map(str, np.random.default_rng(6).choice(np.arange(12_346, 18_288), 4372, replace=False)))
    assert found("ledger.csv", of([541909, 406829, 397924, 392692, 25900, 22190, 18536, 18532, 17011, 16202]), shop) == 0
    assert found("leak.csv", of(sorted(shop)[::9]), shop) > 400, "but all of them are no counts"


def test_phone_numbers_in_a_numeric_column_are_found(found):
    phones = [str(number) for number in np.random.default_rng(3).integers(10**9, 10**10, 8)]
    assert found("a.csv", of(phones), set(), digests(*phones)) == 8 and found("a.csv", of(phones[:4]), set(), digests(*phones)) == 0


# --- no false alarm, and no waiting


def ordinary() -> str:
    """A page such as every report has."""
    random = np.random.default_rng(4)
    rows = pd.DataFrame(
        {
            "segment": [f"S{each}" for each in range(1, 41)],
            "n": random.integers(0, 2_000_000, 40),
            "value": random.lognormal(5, 3, 40),
            "low": random.lognormal(4, 3, 40),
            "high": random.lognormal(6, 3, 40),
            "unit": ["GBP", "share", "orders", "days"] * 10,
            "share": random.random(40),
            "month": pd.date_range("2022-01-01", periods=40, freq="MS").strftime("%Y-%m"),
            "day": pd.date_range("2022-01-01", periods=40, freq="19D").strftime("%Y-%m-%d"),
            "amount_left": [f"{value:.2f}" for value in random.lognormal(12, 2, 40)],
        }
    )
    said = "Run 2025-10-03-abcdef01, fingerprint 0123456789ab, seed 7, k-means with k = 4; Davies–Bouldin 0.81 (0.70 to 0.92), p < 0.0001."
    return f"<html><body>{show.paragraph(said)}{show.table(rows)}<p>1,234,567 orders; R² 0.42; 12.5 % of 10,000</p></body></html>", rows


@pytest.mark.parametrize(
    "ids",
    [
        {f"C{number:06d}" for number in range(50_000)},
        set(map(str, range(200_000))),
        set(map(str, range(1_000_000, 9_000_000, 97))),
        {f"S{number}" for number in range(60)},
        {f"user {number}" for number in range(5000)},
        {"all", "segment", "share", "Ward", "p", "n", "days", "GBP", "1", "7", "0.42", "2025", "10", "R"} - {"GBP"},
    ],
    ids=["letters and digits", "one by one", "seven digits", "like segments", "with a blank", "common words"],
)
def test_an_ordinary_report_is_no_leak(found, ids):
    page, rows = ordinary()
    names = ["Anna Miller", "+44 20 7946 0958", "anna@example.com", "1985-07-14", "Ward", "Price", "Rand", "AB1 2CD", "0815-4711", "Summer"]
    for name, text in (("a.html", page), ("a.csv", rows.to_csv(index=False)), ("a.json", rows.to_json(orient="records"))):
        assert found(name, text, ids, digests(*names)) == 0, name


def test_a_large_report_is_searched_in_seconds(tmp_path):
    """6 MB of pages, 100,000 ids and pseudonyms, 100,000 digests: about a second when nothing else runs."""
    draw = random.Random(1)
    ids = {f"C{number:06d}" for number in range(100_000)}
    known = privacy.Digests({2: frozenset(f"{draw.getrandbits(80):020x}" for _ in range(100_000))})
    rows = "".join(
        f"<tr><td>S{draw.randrange(9)}</td><td>{draw.random() * 1000:,.2f}</td><td>{draw.random():.3f}</td></tr>\n" for _ in range(20_000)
    )
    for number in range(6):
        (tmp_path / f"{number}.html").write_text(rows + f"<p>{'C000007' * (number == 3)}</p>")
    began = time.process_time()
    assert privacy.leaking_files(tmp_path, ids | {PSEUDONYM}, known) == ["3.html (1)"]
    assert time.process_time() - began < 8
