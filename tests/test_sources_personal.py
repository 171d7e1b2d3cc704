"""Personal data are found by their pattern or by a column's name, and what merely looks similar is not."""

import random

import ibis
import pytest

from segkit.sources.quality import personal

HOLDS = {
    personal.EMAIL: ["a.b@c.co.uk", "write to x@y.de please", "MÜLLER@firma.de"],
    personal.PHONE: ["+44 20 7946 0958", "0171/1234567", "(212) 555-0187", "call 089 123456 78", "+491711234567"],
    personal.CARD: ["4111 1111 1111 1111", "5500000000000004", "378282246310005", "card 4111-1111-1111-1111 ok"],
    personal.IBAN: ["GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"],
    personal.NATIONAL: ["078-05-1120", "AB123456C", "756.9217.0769.85", "RSSMRA85T10A562S", "111.444.777-35", "070770-1234", "131052-308T"],
}
HARMLESS = [
    *("536365", "85123A", "C536379", "ORD-2025-000123", "1234567890", "0001234567", "123456789012", "p0a1b2c3d4", "10-20-30", "", "a@b"),
    *("2025-10-01 12:30:00", "01.02.2025 10:30", "2025-10-01/2025-10-31", "20251001-123456", "1.234.567,89", "52.5200 13.4050"),
    *("550e8400-e29b-41d4-a716-446655440000", "4111 1111 1111 1112", "DE89370400440532013001", "heavy user of 100.000.000 rows"),
]


def kinds(texts: list[str | None]) -> dict[str, int]:
    connection = ibis.duckdb.connect()
    return personal.kinds(connection.create_table("texts", ibis.memtable({"text": texts}, schema={"text": "string"})), "text")


@pytest.mark.parametrize("kind", HOLDS)
def test_each_kind_is_found_alone_and_within_a_text(kind):
    for text in HOLDS[kind]:
        assert kinds([text]) == {kind: 1}, text


def test_what_merely_looks_similar_is_not_found():
    assert {text: kinds([text]) for text in HARMLESS if kinds([text])} == {}


def test_texts_are_counted_as_often_as_they_stand_there():
    assert kinds(["x@y.de", "x@y.de", None, "z@y.de, +44 20 7946 0958"]) == {personal.EMAIL: 3, personal.PHONE: 1}


def test_numbers_that_pass_as_cards_by_chance_alone_are_not_told():
    draw = random.Random(1)
    numbers = [str(draw.randrange(4 * 10**15, 5 * 10**15)) for _ in range(300)]
    assert kinds(numbers) == {}
    assert kinds([*numbers[:30], *["4111111111111111"] * 30]) != {}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *[(name, personal.EMAIL) for name in ("E-Mail", "email", "Email Address", "customer_mail")],
        *[(name, personal.PHONE) for name in ("phone", "Telefon privat", "mobile")],
        *[(name, "name") for name in ("Name", "customer name", "Vorname", "lastName", "user_name", "Kunden-Name")],
        *[(name, "address") for name in ("zip_code", "Straße", "PLZ", "shipping address")],
        *[(name, "birth date") for name in ("DateOfBirth", "dob", "birth_year", "Geburtsdatum")],
        *[(name, "network address") for name in ("ip", "ip_address")],
        *[("IBAN", personal.IBAN), ("card_number", personal.CARD), ("SSN", personal.NATIONAL)],
        *[
            (name, "")
            for name in ("email_opt_in", "n_emails", "email_opened", "product_name", "campaign_name", "is_mobile", "company name")
        ],
        *[(name, "") for name in ("StockCode", "Description", "Country", "device", "region", "mailing", "shipping", "amount", "", "…")],
    ],
)
def test_a_column_s_name_says_what_it_promises(name, kind):
    assert personal.by_name(name) == kind
