"""What spreadsheets and exports do to customer ids is told, in counts and never by an id."""

import ibis
import pytest

from segkit.sources.quality import ids, personal

GOOD = [f"C{number:05}" for number in range(1, 41)]


def problems(given: list[str], heaviest=(0, 0)) -> dict[str, int]:
    connection = ibis.duckdb.connect()
    lines = ids.problems(connection, "orders", sorted(given), heaviest)
    assert not connection.raw_sql("SHOW ALL TABLES").fetchall(), "the ids are left lying in the engine"
    assert all(line["table"] == "orders" and line["meaning"] and line["share"] == round(line["ids"] / len(given), 4) for line in lines)
    assert not [each for each in given if len(each) > 3 and each.strip() in repr(lines)], "an id stands in the findings"
    return {line["problem"]: line["ids"] for line in lines}


def test_good_ids_have_no_problem():
    assert (
        problems(GOOD) == {} == problems([str(number) for number in range(9990, 10040)]) == problems([str(number) for number in range(50)])
    )
    assert ids.problems(ibis.duckdb.connect(), "costs", [], (0, 0)) == []


@pytest.mark.parametrize(
    ("spoilt", "problem", "n"),
    [
        ([" C90001", "C90002 "], "space before or after", 2),
        (["c00001", "c00002"], "alike but for upper and lower case", 4),
        (["7123", "007123", "0007123", "07999"], "alike but for leading zeros", 3),
        (["17850.0", "12346.0"], "a tail of .0", 2),
        (["1.78E+04", "2E5", "1,2e+11"], "scientific notation", 3),
        (["-1", "Unknown", "N/A", "guest"], "a word for nobody", 4),
        (["anna@example.org"], personal.EMAIL, 1),
        (["+44 20 7946 0958"], personal.PHONE, 1),
        (["4111111111111111"], personal.CARD, 1),
        (["DE89370400440532013000"], personal.IBAN, 1),
        (["078-05-1120"], personal.NATIONAL, 1),
    ],
)
def test_each_problem_is_counted(spoilt, problem, n):
    assert problems([*GOOD, *spoilt]) == {problem: n}


def test_few_different_ids_are_groups_rather_than_customers():
    assert problems(GOOD[:29]) == {"fewer different ids than a segment needs": 29} and problems(GOOD[:30]) == {}


def test_an_id_that_holds_a_tenth_of_all_rows_is_told_where_there_are_enough_rows():
    assert problems(GOOD, (1, 1000)) == {"holds a tenth of all rows": 1} and problems(GOOD, (1, 999)) == {}


def test_plain_ids_are_what_is_left_when_keyboards_and_spreadsheets_are_ignored():
    connection = ibis.duckdb.connect()
    given = connection.create_table("given", ibis.memtable({"id": [" C01 ", "c01", "0017850.0", "17850", "0", "1.0E"]}))
    assert given.select(plain=ids.plain(given.id)).execute().plain.tolist() == ["c01", "c01", "17850", "17850", "0", "1.0e"]
