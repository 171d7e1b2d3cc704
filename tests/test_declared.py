"""YAML as people write it: of two keys with one name the last would win, so neither does; numbers are what they seem to be."""

import datetime

import pytest
import yaml

from segkit import declared, studies
from segkit.errors import BadInput


def test_a_key_that_stands_twice_is_refused_with_both_lines(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text("a: 1\nb:\n  amount: x\n  other: y\n  amount: z\n")
    with pytest.raises(BadInput) as refused:
        studies.read_yaml(path, "dataset")
    assert str(refused.value).endswith("is not YAML\n  line 5, column 3: the key 'amount' stands twice, first in line 3")


@pytest.mark.parametrize(
    "text", ["{a: 1, a: 2}", "a: 1\n'a': 2", "- {x: {y: 1, y: 1}}", "a: {1: x, 1: y}", "'1': x\n1: y", "yes: 1\nyes: 2"]
)
def test_keys_stand_once_at_every_depth_and_however_they_are_written(text):
    with pytest.raises(yaml.YAMLError, match="stands twice"):
        declared.mapping(text)


def test_one_part_may_be_written_once_and_used_twice():
    text = "first: &columns {a: 1, b: 2}\nsecond: *columns\nthird: {<<: *columns, b: 3}\n"
    assert declared.mapping(text) == {"first": {"a": 1, "b": 2}, "second": {"a": 1, "b": 2}, "third": {"a": 1, "b": 3}}


def test_a_number_that_begins_with_zero_is_a_text_and_a_clock_is_one_too():
    said = declared.mapping("[010, 0, -7, 1_000, 12:30, 0x1F, 1.50, 2025-01-02, 'x', 08]")
    assert said == ["010", 0, -7, 1000, "12:30", "0x1F", 1.5, datetime.date(2025, 1, 2), "x", "08"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: !!python/object/apply:os.system [x]", "could not determine a constructor"),
        ("a: !!map [1]", "expected a mapping"),
        ("? [a]\n: b", "unhashable"),
        ("a: 2025-02-30", "day is out of range"),
        ("[" * 5000, "recursion"),
        ("a: \0", "special characters"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_in_one_line(tmp_path, text, complaint):
    (tmp_path / "shop.yaml").write_text(text)
    with pytest.raises(BadInput, match="is not YAML") as refused:
        studies.read_yaml(tmp_path / "shop.yaml", "dataset")
    assert complaint in str(refused.value) and str(refused.value).count("\n") == 1
