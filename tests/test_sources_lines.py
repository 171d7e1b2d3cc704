"""Files in which each line is a row: columns of fixed width, and JSON."""

import gzip

import pytest
import test_sources_files
from test_sources_files import put, read, refused

place = test_sources_files.place
WIDTHS = {"id": (1, 3), "at": (5, 12), "amount": (13, 18)}


def test_columns_at_fixed_positions(place):
    lines = ["a   20250101  1.50", "", 'é"  20250102 12.00 note', "c   20250103", "d   20250104  ", "   \t", "e   20250105     1"]
    found, malformed = read(place, "o.txt", "\r\n".join(lines), fixed_width=WIDTHS)
    assert found.id.tolist() == ["a", 'é"', "d", "e"] and found["at"].tolist() == ["20250101", "20250102", "20250104", "20250105"]
    assert found.amount.fillna("-").tolist() == ["1.50", "12.00", "-", "1"] and malformed == [4, 6]
    assert (
        read(place, "p.txt.gz", gzip.compress("é 1\n".encode("latin-1")), fixed_width={"id": (1, 1), "n": (3, 3)}, encoding="latin-1")[
            0
        ].id[0]
        == "é"
    )
    assert "only 0 of its 2 lines reach its last column" in refused(place, "q.txt", "a,1\nb,2\n", fixed_width=WIDTHS)


def test_real_lines_of_fixed_width(place, monkeypatch, real_data):
    monkeypatch.setenv("SEGKIT_DATA", str(real_data))
    widths = {"number": (8, 11), "day": (13, 20), "discs": (21, 23), "dollars": (24, 31)}
    found, malformed = read(place, "cdnow/CDNOW_sample.txt", fixed_width=widths)
    lines = [line.split() for line in (real_data / "cdnow" / "CDNOW_sample.txt").read_text().splitlines()]
    assert found.to_numpy().tolist() == [line[1:] for line in lines] and len(found) == 6_919 and malformed == []


JSON = """{"id": 1, "customer": {"id": "u1", "geo": {"country": "DE"}}, "items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2.5}], "tags": ["x", "y"]}

{"id": 12345678901234567890123, "customer": {"id": 7}, "items": [], "at": "2025-01-01", "tags": ["z"]}
{"id": "007", "customer": null, "ok": true, "amount": 10.25, "mixed": {"a": [1]}}
{"id": 4, "mixed": "plain", "items": [{"sku": "c"}]}
"""


def test_json_lines_keep_lists_and_objects_become_dotted_columns(place):
    found, malformed = read(place, "o.jsonl", JSON)
    assert {*found.columns} == {
        "id",
        "customer.id",
        "customer.geo.country",
        "items",
        "tags",
        "at",
        "ok",
        "amount",
        "mixed",
    } and malformed == []
    assert found.id.tolist() == ["1", "12345678901234567890123", "007", "4"] and found["customer.id"].fillna("-").tolist() == [
        "u1",
        "7",
        "-",
        "-",
    ]
    assert [dict(each) for each in found["items"][0]] == [{"sku": "a", "n": "1"}, {"sku": "b", "n": "2.5"}] and len(found["items"][1]) == 0
    assert list(found.tags[0]) == ["x", "y"] and found["at"].fillna("-").tolist() == ["-", "2025-01-01", "-", "-"]
    assert found.amount[2] == "10.25" and found.ok[2] == "true" and found.mixed.fillna("-").tolist() == ["-", "-", '{"a":[1]}', "plain"]


def test_an_object_of_one_key_is_a_dotted_column_too(place):
    assert read(place, "o.jsonl", '{"who": {"id": "a"}}\n')[0].to_dict("list") == {"who.id": ["a"]}


def test_lines_that_end_now_so_now_so(place):
    assert read(place, "o.jsonl", '{"id": 1}\r\n{"id": 2}\n{"id": 3}\r\r\n')[0].id.tolist() == ["1", "2", "3"]
    assert read(place, "o.txt", "a\r\nb\nc\r", fixed_width={"id": (1, 1)})[0].id.tolist() == ["a", "b", "c"]


def test_json_lines_that_are_cut_or_no_objects_are_named_and_all_others_load(place):
    found, malformed = read(place, "o.ndjson", JSON + '[1, 2]\n{"id": 5}\n{"id": 6, "cust')
    assert malformed == [6, 8] and found.id.tolist() == ["1", "12345678901234567890123", "007", "4", "5"]
    put(place, **{"d/1.jsonl": '{"id": 1}\n{"id', "d/2.jsonl.gz": gzip.compress(b'{"n": 2}\n')})
    found, malformed = read(place, "d")
    assert malformed == [2] and found.id.fillna("-").tolist() == ["1", "-"] and found.n.fillna("-").tolist() == ["-", "2"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('[\n{"id": 1},\n{"id": 2}\n]\n', "only 1 of its 4 lines are whole JSON objects"),
        ("", "o.jsonl is empty"),
        ("{}\n", "has no columns"),
        ('{"id": 1, "ID": 2}\n', "several columns have the same name\n  id, ID"),
        ('{"a": {"b": 1}, "a.b": 2}\n', "several columns have the same name\n  a.b, a.b"),
        ("{" + ", ".join(f'"u{n}": 1' for n in range(1200)) + "}\n", "has 1,200 columns"),
        ('{"id": "Zoë"}\n'.encode("latin-1"), "is not UTF-8"),
        ("id,at\n1,2\n3,4\n", "only 0 of its 3 lines are whole JSON objects"),
    ],
)
def test_what_is_no_json_by_lines_is_refused(place, content, complaint):
    assert complaint in refused(place, "o.jsonl", content)
