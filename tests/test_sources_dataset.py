"""Dataset files: what they may say, what is refused before any row is read, and with which words."""

import re
from pathlib import Path

import pytest
import yaml

from segkit import declared, home, studies
from segkit.errors import BadInput
from segkit.sources import dataset
from segkit.sources.dataset import Dataset, Rule, Source
from segkit.sources.places import Download, Explode, Input, Join
from segkit.sources.reading import Reading

PROJECT = Path(__file__).resolve().parent.parent
DATASETS = sorted(path for path in (PROJECT / "data" / "datasets").glob("*.yaml") if not path.stem.endswith(".use_cases"))
ORDERS = {"customer_id": "id", "ordered_at": "at", "amount": "total"}


def declare(tables, **keys) -> Dataset:
    """A dataset, or what is wrong with it in the words a person sees."""
    return studies.check({"dataset": "shop", "title": "A shop", "tables": tables} | keys, "shop.yaml", Dataset)


def refusal(tables, **keys) -> str:
    with pytest.raises(BadInput) as refused:
        declare(tables, **keys)
    message = str(refused.value)
    assert message.startswith("shop.yaml is not a valid dataset\n") and "pydantic" not in message and "Value error" not in message
    return message


def orders(**keys) -> dict:
    return {"orders": {"file": "o.csv", "columns": ORDERS} | keys}


def customers(*names, **readings) -> dict:
    return {"customers": {"file": "c.csv", "columns": {"customer_id": "id", **dict.fromkeys(names, {"kind": "need"}), **readings}}}


@pytest.mark.parametrize("path", DATASETS, ids=lambda path: path.stem)
def test_every_committed_dataset_is_valid_and_survives_being_written_down(path):
    declared = studies.check(studies.read_yaml(path, "dataset"), str(path), Dataset)
    assert declared.dataset == path.stem
    again = Dataset.model_validate(declared.model_dump(mode="json", exclude_defaults=True))
    assert again == declared and again.model_dump_json() == declared.model_dump_json()


def test_whatever_can_be_said_survives_being_written_down():
    reading = {
        "column": "x",
        "missing": [9, "?", 0.5],
        "values": {"a": True, 1: None, "b": 2},
        "kind": "need",
        "type": "integer",
        "times": -1,
    }
    everything = {
        "customers": {
            "database": "postgres://$USER:$PASSWORD@host/shop",
            "table": "t",
            "timeout_seconds": 5,
            "columns": {"customer_id": None, "n": reading, "text": {"kind": "need", "type": "string", "sensitive": True}},
            "identifiers": ["name"],
        },
        "orders": {
            "inputs": [
                {"file": "a.txt.gz", "fixed_width": {"id": [1, 3], "at": [4, 9]}, "encoding": "cp1252", "constants": {"k": "v"}},
                {"file": "b.csv", "delimiter": "\t", "header": ["id", "at", "total"], "rename": {"total": "sum"}, "copies": "n"},
                {"file": "c.xlsx", "sheet": "2"},
                {"file": "d.sqlite", "query": "SELECT 1"},
            ],
            "overlap": "keep",
            "join": [{"file": "e.csv", "key": "id"}, {"file": "f.csv", "key": {"id": "ID"}}],
            "explode": {"column": "items", "by": ";"},
            "columns": ORDERS | {"ordered_at": {"column": "at", "format": "days since 1899-12-30"}, "is_return": {"formula": "amount < 0"}},
            "missing": [999],
            "decimal": ",",
            "ignore": ["y"],
            "rules": [
                {"name": "a", "when": "amount > 3", "severity": "warn"},
                {"name": "b", "repeated": True},
                {"name": "c", "repeated": ["order_id"], "severity": "refuse"},
                {"name": "d", "unknown_in": "customers"},
            ],
        },
    }
    declared = declare(everything, encrypted=True, timezone="Europe/Berlin")
    assert declare_again(declared) == declared
    assert declared.tables["customers"].columns["n"].missing == ["9", "?", "0.5"]
    assert declared.tables["customers"].columns["n"].values == {"a": "true", "1": "", "b": "2"}
    assert declared.attributes.keys() == {"n", "text"} and declared.is_timed


def declare_again(declared: Dataset) -> Dataset:
    return Dataset.model_validate(declared.model_dump(mode="json", exclude_defaults=True))


def test_short_forms_mean_what_the_long_ones_say():
    short = declare(
        {"orders": {"file": "o.csv", "sheet": "", "columns": {"customer_id": "id", "ordered_at": None, "amount": {"times": 0.01}}}}
    )
    long = {
        "inputs": [{"file": "o.csv"}],
        "columns": {name: {"column": column} for name, column in zip(ORDERS, ("id", "ordered_at", "amount"))},
    }
    long["columns"]["amount"]["times"] = 0.01
    assert short == declare({"orders": long})
    assert short.tables["orders"].rules == [] and Rule(name="r", repeated="order_id").repeated == ["order_id"]


def test_one_foreign_column_may_serve_two_canonical_ones():
    assert declare(orders(columns=ORDERS | {"order_id": "at", "channel": "at"})).tables["orders"].columns["channel"].column == "at"


def test_a_dataset_without_orders_and_events_has_no_time():
    assert not declare(customers("x")).is_timed
    assert "nobody to segment" in refusal({"costs": {"file": "c.csv", "columns": {"period_start": None, "channel": None, "amount": None}}})


def test_editors_can_check_dataset_files_by_a_json_schema():
    schema = Dataset.model_json_schema()
    assert {"Source", "Input", "Join", "Explode", "Download", "Reading", "Rule"} <= schema["$defs"].keys()
    assert schema["required"] == ["dataset", "title", "tables"] and schema["additionalProperties"] is False
    jsonschema = pytest.importorskip("jsonschema")
    for path in DATASETS:
        jsonschema.validate(yaml.safe_load(path.read_text()), schema)
    said = {"dataset": "shop", "title": "A shop", "tables": orders(missing=[999, "?"], rules=[{"name": "r", "repeated": True}])}
    jsonschema.validate(said, schema)
    for wrong in ({"colums": {}}, {"columns": {"amount": 3}}, {"decimal": ";"}, {"rules": [{"when": "x"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(said | {"tables": orders(**wrong)}, schema)


@pytest.mark.parametrize("model", [Dataset, Source, Input, Join, Explode, Download, Reading, Rule])
def test_the_reference_names_every_key(model):
    prose = re.sub(r"```.*?```", "", (PROJECT / "docs" / "datasets.md").read_text(), flags=re.DOTALL)
    told = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`([^`]+)`", prose))))
    assert not set(model.model_fields) - told


def test_the_examples_of_the_reference_are_valid():
    for text in re.findall(r"```yaml\n(.*?)```", (PROJECT / "docs" / "datasets.md").read_text(), re.DOTALL):
        said = yaml.safe_load(text)
        declare(said["tables"] if "tables" in said else said, **{key: said[key] for key in said.keys() & {"timezone", "currency"}})


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"fiel": "x.csv"}, "tables.orders: unknown key 'fiel': do you mean 'file'?"),
        ({"colums": {}}, "unknown key 'colums': do you mean 'columns'?"),
        ({"product": {}}, "unknown key 'product'"),
        ({"columns": ORDERS | {"amount": {"colunm": "x"}}}, "unknown key 'tables.orders.columns.amount.colunm': do you mean 'column'?"),
        ({"rules": [{"name": "r", "wen": "x"}]}, "unknown key 'tables.orders.rules.0.wen': do you mean 'when'?"),
        ({"explode": {"column": "x", "bye": ">"}}, "unknown key 'tables.orders.explode.bye': do you mean 'by'?"),
        ({"join": [{"file": "x.csv", "ky": "id"}]}, "unknown key 'tables.orders.join.0.ky': do you mean 'key'?"),
        ({"inputs": [{"file": "a.csv"}]}, "tables.orders: file belongs into one of the inputs"),
        ({"file": None, "columns": {}}, "tables.orders"),
        ({"columns": {"customer_id": "id", "amount": "amount"}}, "required column 'ordered_at' is not declared"),
        ({"columns": ORDERS | {"chanel": "x"}}, "tables.orders: unknown column 'chanel'; do you mean 'channel'?"),
        ({"columns": ORDERS | {"amount": 3}}, "tables.orders.columns.amount: input should be a valid dictionary"),
        ({"columns": ORDERS | {"amount": {"column": "x", "formula": "y"}}}, "columns.amount: it needs either a column or a formula"),
        ({"columns": ORDERS | {"amount": {"column": ""}}}, "columns.amount: it needs either a column or a formula"),
        ({"columns": ORDERS | {"amount": {"formula": "x", "times": 2}}}, "a formula says it all: it takes no format, times"),
        ({"columns": ORDERS | {"amount": {"formula": "x", "missing": [9]}}}, "a formula says it all"),
        ({"columns": ORDERS | {"amount": {"formula": "x.y"}}}, "columns.amount.formula: formula 'x.y': 'x.y' is not part of the language"),
        ({"columns": ORDERS | {"amount": {"formula": "amount / 100"}}}, "tables.orders.amount: the formula names itself: give the file's column"),
        ({"columns": ORDERS | {"amount": {"formula": "column('amount')"}}}, "names itself"),
        (
            {"columns": ORDERS | {"amount": {"formula": "quantity * 2"}, "quantity": {"formula": "number(q)"}}},
            "amount: the formula names quantity, which comes further down",
        ),
        ({"columns": ORDERS | {"amount": {"column": "x", "format": "%Y"}}}, "a format is for times, amount is money"),
        ({"columns": ORDERS | {"ordered_at": {"column": "x", "times": 2}}}, "`times` is for numbers, ordered_at is timestamp"),
        ({"columns": ORDERS | {"amount": {"column": "x", "times": float("inf")}}}, "finite number"),
        ({"columns": ORDERS | {"amount": {"column": "x", "kind": "need"}}}, "amount cannot be an attribute: those are further columns"),
        ({"columns": ORDERS | {"region": {"column": "x", "kind": "geographic"}}}, "orders: region cannot be an attribute"),
        (
            {"columns": ORDERS | {"amount": {"column": "x", "type": "integer"}}},
            "tables.orders.amount: `type`, `ordered`, `missing_informs`, `static` and `sensitive` are for",
        ),
        ({"columns": ORDERS | {"amount": {"column": "x", "sensitive": True}}}, "which need their kind"),
        ({"columns": {1: "x"}}, "tables.orders.columns"),
        ({"columns": []}, "tables.orders.columns: input should be a valid dictionary"),
        ({"decimal": ";"}, "tables.orders.decimal: input should be '', '.' or ','"),
        ({"overlap": "twice"}, "tables.orders.overlap: unknown 'twice'; known: once, keep"),
        ({"missing": 999}, "tables.orders.missing: input should be a valid list"),
        ({"identifiers": ["id"]}, "identifiers are never kept, and id stands elsewhere too"),
        ({"identifiers": ["mail"], "ignore": ["mail"]}, "identifiers are never kept, and mail stands elsewhere too"),
        (
            {"identifiers": ["mail"], "columns": ORDERS | {"channel": {"formula": "lower(mail)"}}},
            "channel: identifiers are never kept, and the formula writes mail into channel",
        ),
        ({"identifiers": [""]}, "at least 1 character"),
        ({"ignore": ["segkit_line"]}, "names beginning with segkit_ are the workbench's own"),
        ({"explode": {"column": "SEGKIT_input"}}, "the workbench's own"),
        ({"explode": "items"}, "tables.orders.explode: input should be a valid dictionary"),
        ({"download": {"url": "https://x/y.zip", "content_sha256": "0" * 64}, "join": [{"file": "x", "key": "id"}]}, "has to be its only input"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_work_is_refused(keys, complaint):
    assert complaint in refusal(orders(**keys))


def test_a_table_needs_a_place_to_come_from():
    assert "tables.orders: it needs a file, a database, or inputs" in refusal({"orders": {"columns": ORDERS}})
    assert "tables.orders.inputs: list should have at least 1 item" in refusal({"orders": {"inputs": [], "columns": ORDERS}})
    assert "tables.orders: input should be" in refusal({"orders": "o.csv"})
    assert "tables: dictionary should have at least 1 item" in refusal({})
    assert "unknown table 'wxyz'; known: contacts" in refusal({"wxyz": {"file": "v.csv", "columns": {}}})
    assert "unknown table 'order'; do you mean 'orders'?" in refusal({"order": {"file": "v.csv", "columns": {}}})


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"titel": "x"}, "unknown key 'titel': do you mean 'title'?"),
        ({"title": None}, "title: input should be a valid string"),
        *(
            ({"timezone": zone}, "is not a time zone such as Europe/London")
            for zone in ("Berlin", "", "../../etc/passwd", "/etc/localtime")
        ),
        *(
            ({"timezone": zone}, "is not a time zone")
            for zone in ("UTC'; DROP TABLE orders; --", "posix/Europe/London", "localtime", "a\0b")
        ),
        ({"encrypted": "perhaps"}, "encrypted: input should be a valid boolean"),
    ],
)
def test_a_dataset_says_what_it_is(keys, complaint):
    assert complaint in refusal(orders(), **keys)


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ([{"name": "r"}], "rule 'r' needs one of `when`, `repeated` and `unknown_in`"),
        ([{"name": "r", "when": "amount > 1", "repeated": True}], "needs one of"),
        ([{"name": "r", "repeated": []}], "needs one of"),
        ([{"name": "r", "repeated": False}], "needs one of"),
        ([{"when": "amount > 1"}], "tables.orders.rules.0.name: it is missing"),
        ([{"name": "", "repeated": True}], "at least 1 character"),
        ([{"name": "r", "repeated": True, "severity": "drop"}], "severity: unknown 'drop'; known: reject, warn, refuse"),
        ([{"name": "r", "when": "amount >"}], "rules.0: formula 'amount >' cannot be read"),
        ([{"name": "r", "when": "__import__('os')"}], "rules.0: formula \"__import__('os')\": unknown function"),
        ([{"name": "r", "repeated": True}] * 2, "tables.orders: two rules have the same name, 'r'"),
        ([{"name": "r", "unknown_in": "customers"}], "unknown_in names customers, or a table of customers further up"),
        ([{"name": "r", "unknown_in": "orders"}], "unknown_in names customers"),
        ([{"name": "missing amount", "when": "amount > 1"}], "the ledger has a line of that name already"),
        ([{"name": "no match in x.csv", "when": "amount > 1"}], "the ledger has a line of that name already"),
        ([{"name": "malformed line", "when": "amount > 1"}], "the ledger has a line of that name already"),
    ],
)
def test_a_rule_has_a_name_and_one_test(rules, complaint):
    assert complaint in refusal(orders(rules=rules))


def test_who_is_known_is_looked_up_in_a_table_that_is_gathered_before():
    known = [{"name": "unknown", "unknown_in": "customers"}]
    assert declare(orders(rules=known) | customers("x"))  # customers come first, wherever they stand
    events = {"events": {"file": "e.csv", "columns": {"customer_id": None, "occurred_at": None, "feature": None}}}
    unknown_in_orders = events["events"] | {"rules": [{"name": "unknown", "unknown_in": "orders"}]}
    assert declare(orders() | {"events": unknown_in_orders})
    assert "further up" in refusal({"events": unknown_in_orders} | orders())
    nobody = customers("x")
    nobody["customers"]["rules"] = [{"name": "unknown", "unknown_in": "orders"}]
    assert "further up" in refusal(orders() | nobody)
    costs = {"costs": {"file": "c.csv", "columns": {"period_start": None, "channel": None, "amount": None}}}
    assert "further up" in refusal(costs | orders(rules=[{"name": "unknown", "unknown_in": "costs"}]))
    costs["costs"]["rules"] = known
    assert "further up" in refusal(customers("x") | costs)


@pytest.mark.parametrize(
    "name", ["reason", "input", "line", "Pseudonym", "known_id", "segment", "is_active", "first_seen_at", "Customer_ID"]
)
def test_an_attribute_cannot_take_the_name_of_a_column_of_ours(name):
    assert f"an attribute cannot be called {name}" in refusal(customers(name))


@pytest.mark.parametrize("name", ["segkit_line", "SEGKIT_x", "größe", "a b", "1st", "x;--", "_x", "x" * 64])
def test_an_attribute_is_called_by_a_word(name):
    assert "cannot name an attribute" in refusal(customers(name))


def test_an_attribute_has_a_kind_a_type_and_a_name_of_its_own():
    assert "unknown column 'region'; known: consent_marketing" in refusal(customers(region="r"))
    assert "(an attribute of customers needs its kind)" in refusal(customers(region={"column": "r", "sensitive": True}))
    assert "cannot be called" in refusal(customers("Age", "age"))
    assert "signed_up_at cannot be an attribute" in refusal(customers("signed_up_at"))
    assert "kind: unknown 'geographical'; do you mean 'geographic'?" in refusal(customers(region={"kind": "geographical"}))
    assert "type: unknown 'text'; known: string, integer, number, boolean, date" in refusal(customers(x={"kind": "need", "type": "text"}))
    assert "a format is for times, x is string" in refusal(customers(x={"kind": "need", "format": "%Y"}))
    assert declare(customers(x={"kind": "need", "type": "date", "format": "%Y"})).attributes["x"].format == "%Y"


def test_an_identifier_may_be_asked_for_yes_or_no_and_may_be_the_id():
    readings = {
        "has_mail": {"formula": "not missing(mail)", "kind": "technographic", "type": "boolean"},
        "customer_id": {"formula": "lower(mail)"},
    }
    declared = customers(**readings)
    declared["customers"]["identifiers"] = ["mail"]
    assert declare(declared).attributes.keys() == {"has_mail"}


@pytest.mark.parametrize(
    ("format", "complaint"),
    [
        ("soon", "is no format such as %d-%m-%Y"),
        ("%d-%m", "is no format"),
        ("seconds since yesterday", "is no format"),
        ("seconds since 2025-02-30", "is no format"),
        ("minutes since 1970-01-01", "is no format"),
        ("seconds since 1970-01-01'; DROP TABLE x", "is no format"),
        ("seconds since ٢٠٢٥-01-01", "is no format"),
        ("%Y-%Q", "%Q means nothing here; known: %A %B"),
        ("%Y-%m-%d %Z", "%Z means nothing here"),
        ("%Y%", "% means nothing here"),
        ("%Y-%m-%d %I:%M", "%I counts to 12 and needs %p"),
    ],
)
def test_a_format_is_a_pattern_with_a_year_or_a_count_since_a_day(format, complaint):
    assert complaint in refusal(orders(columns=ORDERS | {"ordered_at": {"column": "at", "format": format}}))


def test_formats_of_every_kind_are_taken():
    for format in ("%d-%m-%y %H:%M:%S", "%-d.%-m.%Y", "%Y%m%d", "%b %d, %Y %I:%M %p", "%Y-%j", "100%% %Y", "%Y-%m-%dT%H:%M:%S.%f%z"):
        assert declare(orders(columns=ORDERS | {"ordered_at": {"column": "at", "format": format}}))
    for unit in ("seconds", "milliseconds", "days"):
        assert declare(orders(columns=ORDERS | {"ordered_at": {"column": "at", "format": f"{unit} since 1899-12-30"}}))


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("missing: [no]", "YAML takes yes, no, on and off for false: put what the file says in quotes"),
        ("missing: [~]", "null is written in quotes"),
        ("missing: ['']", "an empty cell is missing anyway"),
        ("missing: [[9]]", "no single value"),
        ("values: {yes: 1}", "put what the file says in quotes"),
        ("values: {~: 1}", "null is written in quotes"),
        ("values: {a: [1]}", "no single value"),
        ("values: [a]", "valid dictionary"),
    ],
)
def test_what_yaml_would_misread_is_refused(said, complaint):
    assert complaint in refusal(orders(columns=ORDERS | {"channel": {"column": "x"} | yaml.safe_load(said)}))


def test_values_and_missing_are_what_the_file_says_as_text():
    said = declared.mapping("{missing: [999, -1, 0.5, 1900-01-01, '007', 007, n/a], values: {1: yes, 2: no, 'no': 0, a: ~, 2025-01-02: b}}")
    reading = declare(orders(columns=ORDERS | {"channel": {"column": "x"} | said})).tables["orders"].columns["channel"]
    assert reading.missing == ["999", "-1", "0.5", "1900-01-01", "007", "007", "n/a"]
    assert reading.values == {"1": "true", "2": "false", "no": "0", "a": "", "2025-01-02": "b"}


def test_a_dataset_is_found_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "environment.yml").touch()
    (tmp_path / "data" / "datasets").mkdir(parents=True)
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    written = {"dataset": "shop", "title": "A shop", "tables": orders()}
    for name in ("shop", "other"):
        (home.root() / "data" / "datasets" / f"{name}.yaml").write_text(yaml.safe_dump(written, sort_keys=False))
    assert dataset.load("shop") == declare(orders())
    with pytest.raises(BadInput, match="other.yaml calls itself 'shop'\n  the file's name says 'other'"):
        dataset.load("other")
    for name in ("../shop", "Shop", "", "shop.yaml", "x" * 65):
        with pytest.raises(BadInput, match="is not a dataset's name"):
            dataset.load(name)
    with pytest.raises(BadInput, match="there is no dataset file .*sop.yaml\n  in that folder: other.yaml, shop.yaml"):
        dataset.load("sop")
