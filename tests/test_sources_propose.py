"""A first dataset file: what it proposes, what it asks, that it can be gathered as it stands, and that it quotes no customer."""

import gzip
import random
import re
from datetime import date, timedelta

import pandas as pd
import pytest
import yaml

from segkit.errors import BadInput
from segkit.sources import authoring, dataset
from segkit.sources.authoring.account import grid


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """A folder for raw data in a home of its own."""
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    for name in ("SEGKIT_DATA", "SEGKIT_OUT", "SEGKIT_FINGERPRINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SEGKIT_KEY", "0123456789abcdef" * 2)
    folder = tmp_path / "data" / "raw"
    folder.mkdir(parents=True)
    return folder


def proposed(raw, **tables):
    """Write files (name=(header, rows)), propose a dataset of them; its text and its content."""
    for name, (header, rows) in tables.items():
        lines = [";".join(map(str, row)) for row in (header, *rows)]
        (raw / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = authoring.new("x", [f"{name}.csv" for name in tables]).read_text()
    dataset.load("x")
    return text, yaml.safe_load(text)["tables"]


def asked(text):
    """The questions, each on one line."""
    lines = [line.strip() for line in text.splitlines()]
    return [
        " ".join([line[4:], *(more[1:].strip() for more in following(lines[n + 1 :]))])
        for n, line in enumerate(lines)
        if line.startswith("# ? ")
    ]


def following(lines):
    for line in lines:
        if not line.startswith("#   "):
            return
        yield line


def orders(n=60, format="%Y-%m-%d", customers=20):
    """Order lines: order, customer, day, pieces, price."""
    draw = random.Random(3)
    start = date(2024, 1, 1)
    return [
        (
            f"{1000 + n // 2}",
            f"{draw.randint(1, customers):05}",
            (start + timedelta(days=5 * n)).strftime(format),
            draw.randint(1, 5),
            f"{draw.random() * 90 + 1:.2f}",
        )
        for n in range(n)
    ]


ORDERS = ("InvoiceNo", "Customer ID", "InvoiceDate", "Quantity", "Price")

# -- orders -----------------------------------------------------------------------------------------------------------------------------


def test_order_lines_need_no_editing(raw):
    text, tables = proposed(raw, shop=(ORDERS, orders()))
    columns = {"customer_id": "Customer ID", "ordered_at": "InvoiceDate", "amount": {"formula": "quantity * unit_price"}}
    columns |= {"order_id": "InvoiceNo", "quantity": "Quantity", "unit_price": "Price"}
    assert tables == {"orders": {"file": "shop.csv", "delimiter": ";", "columns": columns}}
    account = authoring.account("x")
    assert re.search(r"orders +as delivered +(0 +)?60", account) and account.startswith("X (x): 1 table, behaviour over time")


def test_an_amount_is_taken_where_there_is_one_and_a_lone_price_is_one(raw):
    _, tables = proposed(
        raw, shop=(("customer", "date", "price", "qty", "total"), [("a", "2024-01-01", 2, 3, 6), ("a", "2024-01-02", 2, 4, 8)])
    )
    assert tables["orders"]["columns"]["amount"] == "total" and tables["orders"]["columns"]["unit_price"] == "price"
    (raw.parent / "datasets" / "x.yaml").unlink()
    _, tables = proposed(raw, shop=(("client", "order_no", "when", "price"), [("a", 1, "2024-01-01", 2), ("a", 2, "2024-01-02", 2)]))
    assert tables["orders"]["columns"]["amount"] == "price" and "unit_price" not in tables["orders"]["columns"]


@pytest.mark.parametrize("format", ["%d-%m-%Y", "%m/%d/%Y", "%d.%m.%y"])
def test_a_format_that_alone_fits_is_declared(raw, format):
    _, tables = proposed(raw, shop=(ORDERS, orders(format=format)))
    assert tables["orders"]["columns"]["ordered_at"] == {"column": "InvoiceDate", "format": format}


def test_days_that_could_be_months_are_left_to_a_person_and_refused_until_then(raw):
    rows = [(n, f"c{n % 9}", f"0{n % 9 + 1}/0{n % 7 + 1}/2024", 1, 5) for n in range(60)]
    text, tables = proposed(raw, shop=(ORDERS, rows))
    assert tables["orders"]["columns"]["ordered_at"] == "InvoiceDate"
    assert '# ordered_at: {column: InvoiceDate, format: "%d/%m/%Y"}' in text.replace("'", '"')
    assert '# ordered_at: {column: InvoiceDate, format: "%m/%d/%Y"}' in text.replace("'", '"')
    assert any("what is the day and what the month" in question and "60 values" in question for question in asked(text))
    with pytest.raises(BadInput, match=r"(?s)day first \(%d/%m/%Y\).*month first \(%m/%d/%Y\)"):
        authoring.account("x")


def test_what_is_no_sale_is_proposed_as_a_rule_with_a_question(raw):
    rows = (
        orders()
        + [("C1001", "00001", "2024-05-01", -2, "5.00")] * 2
        + [("A1002", "00001", "2024-05-02", 1, "-9.00"), ("1003", "", "2024-05-02", 1, "0")]
    )
    text, tables = proposed(raw, shop=(ORDERS, rows))
    assert [rule["name"] for rule in tables["orders"]["rules"]] == [
        *("no customer", "order A", "cancelled order", "quantity not positive", "price not positive", "identical line")
    ]
    assert tables["orders"]["rules"][-1] == {"name": "identical line", "repeated": True, "severity": "warn"}
    assert sum("cancelled, as it looks" in each or "returns, corrections" in each or "delivered twice" in each for each in asked(text)) == 4
    account = authoring.account("x")
    assert "orders  cancelled order        reject" in account and "orders  identical line         warn" in account


def test_files_and_sheets_of_one_header_are_inputs_of_one_table(raw):
    rows = orders()
    text, tables = proposed(raw, jan=(ORDERS, rows[:35]), feb=(ORDERS, rows[30:]))
    assert [each["file"] for each in tables["orders"]["inputs"]] == ["feb.csv", "jan.csv"] and tables["orders"]["overlap"] == "once"
    assert any("5 different rows stand in two of the inputs" in each for each in asked(text))
    assert "also in an earlier input" in authoring.account("x")


def test_the_same_columns_under_other_names_are_renamed(raw):
    other = ("order_id", "kunde", "datum", "menge", "preis")
    text, tables = proposed(raw, shop=(ORDERS, orders(200)), old=(other, orders()))
    assert tables["orders"]["inputs"][1]["rename"]["kunde"] == "Customer ID"
    assert any("old (60 rows) has other names" in each for each in asked(text))
    assert "delivered: old.csv" in authoring.account("x")


def test_a_file_without_header_is_asked_about(raw):
    (raw / "log.txt").write_text(
        "".join(
            f"{who} {day:%Y%m%d} {price:>8.2f}\n"
            for who, day, price in ((f"{n % 9:05}", date(2024, 1, 1 + n % 28), n * 1.1 + 1) for n in range(90))
        )
    )
    text = authoring.new("x", ["log.txt"]).read_text()
    columns = yaml.safe_load(text)["tables"]["orders"]["columns"]
    assert columns == {"customer_id": "column_1", "ordered_at": {"column": "column_2", "format": "%Y%m%d"}, "amount": "column_3"}
    assert any("which column is which is guessed" in each for each in asked(text)) and "as delivered" in authoring.account("x")


# -- customers --------------------------------------------------------------------------------------------------------------------------


def people(n=60):
    cities, faiths = ["Bonn", "Kiel", "Ulm"], ["catholic", "muslim", "n/a"]
    return [
        (
            f"{7 * n:05}",
            f"Kim{n}",
            f"kim{n}@example.org",
            1960 + n % 40,
            cities[n % 3],
            faiths[n % 3],
            999 if n % 9 == 0 else 20 + n % 50,
            "x",
            "",
            f"0171 55{n:04}",
        )
        for n in range(1, n + 1)
    ]


PEOPLE = ("id", "Name", "E-Mail", "Year_Birth", "City", "Religion", "Score", "Same", "Empty", "contact")


def test_who_is_named_what_is_sensitive_and_what_says_nothing(raw):
    text, tables = proposed(raw, clients=(PEOPLE, people()))
    customers = tables["customers"]
    assert customers["identifiers"] == ["Name", "E-Mail", "contact"] and customers["ignore"] == ["Same", "Empty"]
    assert customers["columns"]["customer_id"] == "id"
    assert customers["columns"]["year_birth"] == {"column": "Year_Birth", "kind": "demographic", "type": "integer"}
    assert customers["columns"]["city"]["kind"] == "geographic"
    assert customers["columns"]["religion"] == {"column": "Religion", "kind": "demographic", "sensitive": True}
    questions = asked(text)
    assert any("Religion looks sensitive" in each for each in questions) and any('"n/a" (20 times)' in each for each in questions)
    assert any('"999" (6 times) stands out' in each for each in questions) and "missing: ['999']" in text
    assert "# the same in every row" in text and "# empty" in text
    assert "as delivered" in authoring.account("x")


def test_no_value_of_a_customer_is_quoted(raw):
    text, _ = proposed(raw, clients=(PEOPLE, people()), shop=(ORDERS, orders()))
    for word in ("Kim1", "example.org", "Bonn", "Kiel", "catholic", "00007", "0171", "2024-"):
        assert word not in text
    assert "Kim" not in (account := authoring.account("x")) and "00007" not in account


def test_customers_without_an_id_are_rows(raw):
    text, tables = proposed(raw, survey=(("Age", "Likes"), [(20 + n % 30, ["Yes", "No"][n % 2]) for n in range(60)]))
    assert tables["customers"]["columns"]["customer_id"] == {"formula": "text(row_number())"} and "rules" not in tables["customers"]
    assert any("is every row one of their own" in each for each in asked(text)) and not any("clocks" in each for each in asked(text))
    assert "cross-sectional" in authoring.account("x")


def test_customers_that_stand_there_twice_are_set_aside_with_a_question(raw):
    rows = people()
    text, tables = proposed(raw, clients=(PEOPLE, [*rows, (*rows[0][:4], "Ulm", *rows[0][5:]), rows[1]]))
    assert tables["customers"]["rules"] == [{"name": "customer stands there again", "repeated": ["customer_id"]}]
    assert any(
        "2 rows repeat a customer" in each for each in asked(text)
    ) and "customers  customer stands there again" in authoring.account("x")


def test_customers_nobody_knows_are_counted(raw):
    text, tables = proposed(raw, clients=(PEOPLE, people()), shop=(ORDERS, orders()))
    assert tables["orders"]["rules"][-1] == {"name": "unknown customer", "unknown_in": "customers", "severity": "warn"}
    assert any("do both bear the same kind of id" in each for each in asked(text)) and "unknown customer" in authoring.account("x")


# -- files that belong together ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(raw):
    """Four German files: customers, their accounts, heads of orders, lines of orders."""
    draw = random.Random(1)
    number = lambda value: f"{value:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    day = lambda n: (date(2022, 1, 1) + timedelta(days=n)).strftime("%d.%m.%Y")
    kunden = [
        (
            f"{n:05}",
            draw.choice(["Herr", "Frau"]),
            f"Müller{n}",
            f"m{n}@beispiel.de",
            f"Weg {n}",
            f"{50000 + 31 * n}",
            draw.choice(["Köln", "Ulm"]),
            day(draw.randint(0, 500)),
            draw.choice(["ja", "nein"]),
        )
        for n in range(1, 301)
    ]
    konten = [(f"K{n:06}", f"{draw.randint(1, 300):05}", draw.choice(["Basis", "Plus"]), number(draw.random() * 5000)) for n in range(400)]
    koepfe = [(f"B{n:06}", draw.choice(konten)[0], day(draw.randint(0, 700)), draw.choice(["Web", "Laden"]), "") for n in range(700)]
    zeilen = [
        (kopf[0], n + 1, f"A{draw.randint(1, 40):03}", draw.randint(1, 9), number(draw.random() * 2000 + 1))
        for kopf in koepfe
        for n in range(draw.randint(1, 3))
    ]
    files = {
        "kunden": (("Kundennr", "Anrede", "Nachname", "E-Mail", "Straße", "PLZ", "Ort", "Registriert am", "Newsletter"), kunden),
        "konten": (("Kontonr", "Kundennr", "Kontoart", "Kreditrahmen"), konten),
        "bestellkoepfe": (("Bestellnr", "Kontonr", "Bestelldatum", "Kanal", "Bemerkung"), koepfe),
        "bestellpositionen": (("Bestellnr", "Pos", "Artikelnr", "Menge", "Einzelpreis"), zeilen),
    }
    for name, (header, rows) in files.items():
        (raw / f"{name}.csv").write_bytes(("\r\n".join(";".join(map(str, row)) for row in (header, *rows)) + "\r\n").encode("cp1252"))
    return [f"{name}.csv" for name in files]


def test_lines_heads_accounts_and_customers_in_german(raw, shop):
    text = authoring.new("x", shop).read_text()
    tables = yaml.safe_load(text)["tables"]
    assert set(tables) == {"customers", "orders"} and "Not used" not in text
    customers, lines = tables["customers"], tables["orders"]
    assert customers["encoding"] == "cp1252" and any("umlauts" in each for each in asked(text))
    assert customers["columns"]["customer_id"] == "Kundennr"
    assert customers["columns"]["signed_up_at"] == {"column": "Registriert am", "format": "%d.%m.%Y"}
    assert customers["columns"]["consent_marketing"] == {"column": "Newsletter", "values": {"ja": "true", "nein": "false"}}
    assert customers["columns"]["anrede"]["sensitive"] and customers["identifiers"] == ["Nachname", "E-Mail", "Straße"]
    assert "PLZ" in customers["ignore"]
    assert lines["decimal"] == "," and lines["file"] == "bestellpositionen.csv"
    assert [(join["file"], join["key"]) for join in lines["join"]] == [("bestellkoepfe.csv", "Bestellnr"), ("konten.csv", "Kontonr")]
    assert lines["columns"] == {
        "customer_id": "Kundennr",
        "ordered_at": {"column": "Bestelldatum", "format": "%d.%m.%Y"},
        "amount": {"formula": "quantity * unit_price"},
        **{"order_id": "Bestellnr", "product_id": "Artikelnr", "quantity": "Menge", "unit_price": "Einzelpreis", "channel": "Kanal"},
    }
    account = authoring.account("x")
    assert "700" in account and "unreadable" not in account and "no match" not in account


def test_firms_bring_their_attributes_to_the_people_they_employ(raw):
    people = [(n, f"F{n % 12:02}", "2024-01-01") for n in range(100)]
    firms = [(f"F{n:02}", ["retail", "bank"][n % 2], f"2.{n}") for n in range(12)]
    _, tables = proposed(raw, users=(("user_id", "org_id", "created_at"), people), companies=(("id", "industry", "size"), firms))
    assert tables["customers"]["join"] == [{"file": "companies.csv", "delimiter": ";", "key": {"org_id": "id"}}]
    assert tables["customers"]["columns"]["industry"] == {"column": "industry", "kind": "firmographic"}
    assert tables["customers"]["columns"]["size"]["type"] == "number" and "as delivered" in authoring.account("x")


def test_a_product_list_gives_orders_their_category_and_what_clashes_is_renamed(raw):
    lines = [(f"c{n % 9}", "2024-01-01", f"p{n % 6}", 5, "note") for n in range(60)]
    products = [(f"p{n}", ["a", "b"][n % 2], n + 0.5, "remark") for n in range(6)]
    text, tables = proposed(
        raw,
        orders=(("customer_id", "date", "sku", "amount", "Comment"), lines),
        products=(("sku", "category", "price", "Comment"), products),
    )
    assert tables["orders"]["columns"]["category"] == "category" and tables["orders"]["columns"]["amount"] == "amount"
    assert tables["orders"]["join"][0]["rename"] == {"Comment": "Comment (products)"} and "unit_price" not in tables["orders"]["columns"]
    assert "as delivered" in authoring.account("x")


def test_what_is_not_used_is_said(raw):
    text, _ = proposed(
        raw,
        shop=(ORDERS, orders()),
        stores=(("store code", "manager"), [("s1", "x"), ("s2", "y")]),
        parts=(("artikel id", "farbe"), [(1, "rot"), (2, "blau")]),
    )
    assert "# Not used: parts (2 rows; columns artikel id, farbe)." in text


def test_the_key_of_customers_is_known_by_what_orders_call_theirs(raw):
    crm = [(f"{n:05}", 20 + n % 30) for n in range(1, 31)]
    text, tables = proposed(raw, crm=(("shopper", "Age"), crm), shop=(ORDERS, orders()))
    assert tables["customers"]["columns"]["customer_id"] == "shopper" and "row_number" not in text
    assert "as delivered" in authoring.account("x")


def test_the_customer_among_columns_without_names_is_found_by_who_is_known(raw):
    lines = [f"{n:05} {n % 30 + 1:04} {date(2024, 1, 1 + n % 28):%Y%m%d} {n + 1.5:>8.2f}\n" for n in range(60)]
    (raw / "lines.txt").write_text("".join(lines))
    (raw / "clients.csv").write_text("id,Age\n" + "".join(f"{n},{20 + n % 30}\n" for n in range(1, 41)))
    text = authoring.new("x", ["lines.txt", "clients.csv"]).read_text()
    assert yaml.safe_load(text)["tables"]["orders"]["columns"]["customer_id"] == "column_2"
    assert any("ids are written in two ways" in each for each in asked(text))


# -- other tables -----------------------------------------------------------------------------------------------------------------------


def test_events_with_times_counted_in_seconds_and_minutes(raw):
    rows = [(f"u{n % 9}", 1_398_138_810 + 90_000 * n, ["open", "save"][n % 2], n % 20 + 0.5) for n in range(80)]
    text, tables = proposed(raw, log=(("user", "timestamp", "event", "duration_minutes"), rows))
    assert tables["events"]["columns"]["occurred_at"] == {"column": "timestamp", "format": "seconds since 1970-01-01"}
    assert tables["events"]["columns"]["feature"] == "event"
    (raw.parent / "datasets" / "x.yaml").unlink()
    text, tables = proposed(raw, log=(("user", "timestamp", "seen"), [(who, when, 1) for who, when, *_ in rows]))
    assert tables["events"]["columns"]["feature"] == {"formula": "'use'"} and any("which feature" in each for each in asked(text))
    assert "as delivered" in authoring.account("x")


def test_an_experiment_in_a_file_of_customers(raw):
    draw = random.Random(2)
    rows = [
        (draw.randint(1, 12), draw.choice(["Mens E-Mail", "No E-Mail"]), draw.randint(0, 1), draw.randint(0, 1), f"{draw.random() * 9:.2f}")
        for n in range(200)
    ]
    text, tables = proposed(raw, test=(("recency", "segment", "visit", "conversion", "spend"), rows))
    assert set(tables["customers"]["columns"]) == {"customer_id", "recency"}
    assert tables["contacts"]["columns"] == {
        "customer_id": {"formula": "text(row_number())"},
        "campaign_id": "segment",
        "is_control": {"formula": "starts_with(lower(segment), 'no ')"},
        **{"clicked": "visit", "converted": "conversion", "revenue": "spend"},
    }
    assert any("drawn by lot" in each for each in asked(text)) and "contacts   as delivered" in authoring.account("x")


def test_journeys_in_one_cell(raw):
    rows = [(" > ".join(["mail", "search", "shop"][: n % 3 + 1]), n % 3, 2) for n in range(30)]
    text, tables = proposed(raw, paths=(("path", "total_conversions", "total_null"), rows))
    (name,) = tables
    assert [each["copies"] for each in tables[name]["inputs"]] == ["total_conversions", "total_null"] and tables[name]["explode"] == {
        "column": "path",
        "by": " > ",
    }
    assert tables[name]["columns"]["is_conversion"] == {"formula": "path_last and outcome == 'won'"}
    assert "touchpoints" in authoring.account("x")


@pytest.mark.parametrize(
    "table, header, row",
    [
        ("costs", ("Monat", "Kanal", "Kosten"), lambda n: (f"2024-{n % 12 + 1:02}", "mail", n + 1)),
        ("feedback", ("customer_id", "date", "rating"), lambda n: (f"c{n % 9}", "2024-01-01", n % 5 + 1)),
        ("contacts", ("customer_id", "campaign", "control", "converted"), lambda n: (f"c{n % 9}", f"k{n % 2}", n % 2, n // 2 % 2)),
        ("touchpoints", ("customer_id", "timestamp", "source", "conversion"), lambda n: (f"c{n % 9}", "2024-01-01", "mail", n % 2)),
    ],
)
def test_each_table_is_known_by_its_columns(raw, table, header, row):
    _, tables = proposed(raw, data=(header, [row(n) for n in range(40)]), shop=(ORDERS, orders()))
    assert set(tables) == {table, "orders"}


# -- names, places, promises ------------------------------------------------------------------------------------------------------------


def test_an_old_file_is_never_overwritten_and_a_bad_name_is_refused(raw):
    proposed(raw, shop=(ORDERS, orders()))
    before = (raw.parent / "datasets" / "x.yaml").read_bytes()
    with pytest.raises(BadInput, match="there is a dataset x already"):
        authoring.new("x", ["shop.csv"])
    assert (raw.parent / "datasets" / "x.yaml").read_bytes() == before
    for name in ("", "X", "../x", "a b", "x" * 65):
        with pytest.raises(BadInput, match="not a dataset's name"):
            authoring.new(name, ["shop.csv"])


def test_files_lie_in_the_data_folders(raw, tmp_path, monkeypatch):
    outside = tmp_path / "elsewhere" / "shop.csv"
    outside.parent.mkdir()
    outside.write_text("customer,date,amount\n" + "".join(f"c{n % 5},2024-01-{n % 28 + 1:02},{n + 1}\n" for n in range(40)))
    with pytest.raises(BadInput, match=r"(?s)shop.csv lies outside.*put it into .*data/raw/shop.csv, or set SEGKIT_DATA"):
        authoring.new("x", [outside])
    with pytest.raises(BadInput, match="there is no file nothing.csv"):
        authoring.new("x", ["nothing.csv"])
    with pytest.raises(BadInput, match="no file is named"):
        authoring.new("x", [])
    assert not (raw.parent / "datasets").exists()
    monkeypatch.setenv("SEGKIT_DATA", str(outside.parent))
    assert yaml.safe_load(authoring.new("x", [outside]).read_text())["tables"]["orders"]["file"] == "shop.csv"
    (raw / "shop.csv").write_bytes(outside.read_bytes())
    with pytest.raises(BadInput, match="means another file"):
        authoring.new("y", [raw / "shop.csv"])


def test_a_folder_stands_for_its_files(raw):
    (raw / "export").mkdir()
    for name, rows in (("a", orders()[:30]), ("b", orders()[30:])):
        pd.DataFrame(rows, columns=ORDERS).to_csv(raw / "export" / f"{name}.csv", index=False)
    (raw / "export" / "readme.md").write_text("x")
    made = yaml.safe_load(authoring.new("x", ["export"]).read_text())["tables"]["orders"]
    assert [each["file"] for each in made["inputs"]] == ["export/a.csv", "export/b.csv"]
    pd.DataFrame(orders(), columns=ORDERS).to_parquet(raw / "lake", partition_cols=["Quantity"])
    made = yaml.safe_load(authoring.new("y", [raw / "lake"]).read_text())["tables"]["orders"]
    assert made["file"] == "lake" and made["columns"]["quantity"] == "Quantity" and "as delivered" in authoring.account("y")


def test_without_customers_there_is_nothing_to_propose(raw):
    with pytest.raises(BadInput, match=r"(?s)no column names a customer.*Not used: parts.*rename"):
        proposed(raw, parts=(("artikel id", "farbe"), [(1, "rot"), (2, "blau")]))
    assert not (raw.parent / "datasets").exists()


def test_the_same_files_give_the_same_bytes_in_any_order(raw):
    rows = people(300)
    first, _ = proposed(raw, clients=(PEOPLE, rows), shop=(ORDERS, orders()))
    random.Random(1).shuffle(rows)
    (raw / "clients.csv").write_text("\n".join(";".join(map(str, row)) for row in (PEOPLE, *rows)) + "\n", encoding="utf-8")
    (raw.parent / "datasets" / "x.yaml").unlink()
    assert authoring.new("x", [raw / "shop.csv", "clients.csv", "shop.csv"]).read_text() == first


def test_nothing_of_the_data_is_left_lying_around(raw):
    proposed(raw, clients=(PEOPLE, people()))
    left = [path for path in (raw.parent / "gathered").rglob("*") if path.is_file()]
    assert left == [] and (raw.parent / "gathered" / "x").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "name",
    [
        "a: b",
        "# c",
        "it's",
        'say "x"',
        "{d}",
        "[e]",
        "- f",
        "&g",
        "*h",
        "!i",
        "%j",
        "@k",
        "yes",
        "null",
        "1.5",
        "ключ",
        "a\u2028tables: {}",
        "\x85x: 1",
    ],
)
def test_whatever_columns_are_called_the_file_says_what_it_means(raw, name):
    frame = pd.DataFrame(
        {"customer_id": [f"c{n % 7}" for n in range(40)], "date": "2024-01-01", "amount": [n + 1.5 for n in range(40)], name: "same"}
    )
    frame.to_parquet(raw / "shop.parquet")
    frame.assign(customer_id=[f"c{n}" for n in range(40)], **{name: [n % 3 for n in range(40)]}).drop(
        columns=["date", "amount"]
    ).to_parquet(raw / "people.parquet")
    made = yaml.safe_load(authoring.new("x", ["shop.parquet", "people.parquet"]).read_text())
    assert set(made["tables"]) == {"customers", "orders"} and made["tables"]["orders"]["ignore"] == [name]
    (attribute,) = [each for each in made["tables"]["customers"]["columns"].values() if isinstance(each, dict)]
    assert attribute["column"] == name


def test_numbers_with_a_point_in_a_table_with_commas_are_read_by_a_formula(raw):
    rows = [(n, f"{n % 50},5", f"{n % 40}.25", n % 7) for n in range(1, 101)]
    _, tables = proposed(raw, people=(("id", "Income total", "Height (m)", "Kids"), rows))
    assert tables["customers"]["decimal"] == ","
    assert tables["customers"]["columns"]["height_m"] == {"formula": "number(column('Height (m)'))", "kind": "behavioral", "type": "number"}
    assert "100.0%" in authoring.account("x")


def test_marks_between_thousands_are_declared_and_what_could_be_either_is_asked(raw):
    rows = [(f"c{n % 9}", "2024-01-01", "1,234.50", "2,500") for n in range(40)]
    text, tables = proposed(raw, shop=(("customer_id", "date", "amount", "qty"), rows))
    assert tables["orders"]["decimal"] == "." and any("qty: three digits stand behind every mark" in each for each in asked(text))
    assert "49,380.00" in authoring.account("x")


def test_signs_of_a_currency_are_asked_about_and_refused(raw):
    text, tables = proposed(
        raw, shop=(("customer_id", "date", "amount"), [(f"c{n % 9}", "2024-01-01", f"{n + 1}.50 EUR") for n in range(40)])
    )
    assert tables["orders"]["columns"]["amount"] == "amount" and any("signs besides the number" in each for each in asked(text))
    with pytest.raises(BadInput, match="wrong type"):
        authoring.account("x")


def test_ids_that_lost_their_zeros_are_seen(raw):
    text, _ = proposed(raw, clients=(("id", "Age"), [(n, 20 + n % 30) for n in range(1, 40)]), shop=(ORDERS, orders()))
    assert any("ids are written in two ways" in each and "pad(" in each for each in asked(text))


def test_the_demo_is_proposed_as_it_is(raw, demo_files):
    (raw / "demo").symlink_to(demo_files[200])
    made = yaml.safe_load(authoring.new("x", [raw / "demo"]).read_text())["tables"]
    for table, source in made.items():
        columns = {name: each if isinstance(each, str) else each["column"] for name, each in source["columns"].items()}
        assert columns == {name: name for name in columns} and "ignore" not in source, table
    assert set(made) == {"customers", "orders", "events", "touchpoints", "contacts", "feedback", "costs"}


@pytest.mark.parametrize(
    "folder, table, columns",
    [
        ("mcdonalds/mcdonalds.csv", "customers", 16),
        ("cdnow/CDNOW_sample.txt", "orders", 4),
        ("marketing_campaign/marketing_campaign.csv", "customers", 27),
        ("online_retail_II_excerpt/online_retail_II.xlsx", "orders", 7),
    ],
)
def test_real_files_need_no_editing(raw, real_data, monkeypatch, folder, table, columns):
    monkeypatch.setenv("SEGKIT_DATA", str(real_data))
    made = yaml.safe_load(authoring.new("x", [folder]).read_text())["tables"]
    assert set(made) == {table} and len(made[table]["columns"]) == columns
    account = authoring.account("x")
    assert "What more would add" in account and max(map(len, account.splitlines())) <= 140


def test_tables_of_text_are_aligned_and_fit_a_terminal():
    rows = pd.DataFrame(
        {
            "rule": ["as delivered", "x" * 200],
            "rows": [0, 1234567],
            "amount_left": ["1234.50", None],
            "orders_left": [None, None],
            "filled": [1.0, 0.25],
        }
    )
    lines = grid(rows, ["rule", "rows", "amount_left", "orders_left", "filled"]).splitlines()
    assert lines[0].split() == ["rule", "rows", "amount", "left", "filled"] and len(set(map(len, lines))) == 1 and len(lines[0]) < 90
    assert lines[2].endswith("         0     1,234.50  100.0%") and lines[3].startswith("x" * 49 + "…  1,234,567            –   25.0%")


def test_packed_files_are_read_as_they_are(raw):
    (raw / "shop.tsv.gz").write_bytes(gzip.compress("\n".join("\t".join(map(str, row)) for row in (ORDERS, *orders())).encode()))
    made = yaml.safe_load(authoring.new("x", ["shop.tsv.gz"]).read_text())["tables"]["orders"]
    assert made["delimiter"] == "\t" and "as delivered" in authoring.account("x")
