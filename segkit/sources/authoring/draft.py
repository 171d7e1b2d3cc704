"""The text of a first dataset file: what was found as YAML, what a person should know as comments, what a person must decide as `# ?`."""

import re
import textwrap
from dataclasses import dataclass, field
from typing import Any

import yaml

from segkit.tables import TABLES

WIDTH = 130
LISTS = {
    "identifiers": "they name persons: read to make sure that no report does, and never kept",
    "ignore": "in the file, and not read",
}


class Dumper(yaml.SafeDumper):
    """YAML as a person writes it: what has quotes or line breaks inside stands in double quotes, on one line."""

    def represent_str(self, text: str) -> yaml.Node:
        """A text."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "'" in text or not text.isprintable() else None)


Dumper.add_representer(str, Dumper.represent_str)


@dataclass(frozen=True)
class Line:
    """One column as it is proposed: its reading, a note behind it, questions above it, and other readings to choose from."""

    reading: str | dict | None
    note: str = ""
    asked: tuple[str, ...] = ()
    instead: tuple[Any, ...] = ()
    is_guess: bool = False


@dataclass
class Draft:
    """One canonical table as it is proposed. Notes are for reading, `asked` is for deciding."""

    table: str
    inputs: list[dict]
    notes: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    keys: dict[str, Any] = field(default_factory=dict)  # overlap, explode, decimal
    joins: list[tuple[dict, str]] = field(default_factory=list)
    columns: dict[str, Line] = field(default_factory=dict)
    identifiers: dict[str, str] = field(default_factory=dict)
    ignore: dict[str, str] = field(default_factory=dict)
    rules: list[tuple[dict, str, str]] = field(default_factory=list)  # rule, note, question


def text(name: str, title: str, drafts: list[Draft], remarks: list[str]) -> str:
    """The whole file."""
    dtypes = {TABLES[draft.table].columns[name].dtype for draft in drafts for name in draft.columns if name in TABLES[draft.table].columns}
    lines = [
        "# A first dataset file, written by `segkit new` from what it saw in the files. On the left stand our names, on the right the files' own.",
        "# Lines that begin with `# ?` are questions only a person can answer. Correct what is wrong, then run:",
        f"#     segkit check {name}",
        pair("dataset", name),
        "# ? what reports are to call it",
        pair("title", title),
        *(["# ? where the clocks stood that wrote these times, such as Europe/Berlin", pair("timezone", "UTC")] * ("timestamp" in dtypes)),
        *(["# ? what amounts are in, such as EUR", pair("currency", "currency")] * ("money" in dtypes)),
        *(line for each in remarks for line in said(each)),
        "tables:",
        *(f"  {line}".rstrip() for draft in drafts for line in table(draft)),
    ]
    return "\n".join(lines) + "\n"


def table(draft: Draft) -> list[str]:
    """The lines of one table."""
    lines = [line for each in draft.notes for line in said(each)] + [line for each in draft.asked for line in question(each)]
    lines.append(f"{draft.table}:")
    inner = [pair(key, value) for key, value in draft.inputs[0].items()] if len(draft.inputs) == 1 else []
    if len(draft.inputs) > 1:
        inner += ["inputs:", *(f"  - {flow(each)}" for each in draft.inputs)]
    inner += [pair(key, value) for key, value in draft.keys.items()]
    if draft.joins:
        inner += ["join:", *(f"  - {flow(join)}{behind(note)}" for join, note in draft.joins)]
    inner += ["columns:"]
    for name, each in draft.columns.items():
        inner += [f"  {line}" for asked in each.asked for line in question(asked)]
        inner += [f"  # {pair(name, other)}" for other in each.instead]
        inner += [f"  {pair(name, each.reading)}{behind(each.note)}"]
    for key in ("identifiers", "ignore"):
        if names := getattr(draft, key):
            inner += [f"{key}:  # {LISTS[key]}", *(f"  - {flow(name)}{behind(note)}" for name, note in names.items())]
    if draft.rules:
        inner += ["rules:  # in this order; `segkit check` shows what each sets aside"]
        for rule, note, asked in draft.rules:
            inner += [f"  {line}" for line in question(asked)] if asked else []
            inner += [f"  - {flow(rule)}{behind(note)}"]
    return lines + [f"  {line}" for line in inner]


def pair(key: str, value: Any) -> str:
    """A key and its value on one line; mappings and lists in brackets."""
    if isinstance(value, (dict, list)):
        return f"{flow(key)}: {flow(value)}"
    return yaml.dump({key: value}, Dumper=Dumper, allow_unicode=True, width=10**6).strip().replace(": null", ":")


def flow(value: Any) -> str:
    """A value as YAML on one line, quoted as it has to be anywhere."""
    return yaml.dump([value], Dumper=Dumper, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6).strip()[1:-1]


def behind(note: str) -> str:
    """A note at the end of a line."""
    return f"  # {note}" if note else ""


def said(note: str, first: str = "# ", then: str = "# ") -> list[str]:
    """A note on lines of its own. Whatever a column is called, it cannot end the comment."""
    plain = re.sub(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+", " ", note)
    return textwrap.wrap(plain, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False)


def question(asked: str) -> list[str]:
    """A question on lines of its own; only the first begins with `# ?`, so that questions can be counted."""
    return said(asked, "# ? ", "#   ")
