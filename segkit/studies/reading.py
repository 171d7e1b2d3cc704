"""Studies from YAML: every mistake becomes one line with the key, what is wrong, and the nearest known key."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from segkit import declared, home
from segkit.errors import BadInput, nearest
from segkit.studies.strict import Strict
from segkit.studies.study import NAME, Study

FEW = 6  # words that are all named, where one of them was meant


def path_of(study: str | Path) -> Path:
    """The YAML of a study given by path or by name (then notebooks/studies/NAME.yaml of the home)."""
    path = Path(study)
    if path.suffix in (".yaml", ".yml"):
        return path
    if not NAME.fullmatch(str(study)):
        raise BadInput(
            f"{str(study)!r} is not a study's name",
            "a name is lower-case letters, digits, - and _",
            "name a file such as notebooks/studies/demo.yaml",
        )
    return home.root() / "notebooks" / "studies" / f"{study}.yaml"


def load(study: str | Path, overrides: dict[str, Any] | None = None) -> Study:
    """Read and check a study; `overrides` replace keys of the file (the values of `-p name=value`)."""
    path = path_of(study)
    return check(read_yaml(path, "study") | (overrides or {}), str(path), Study)


def read_yaml(path: Path, what: str) -> dict:
    """The mapping in a YAML file, or a message that says where it stops being one."""
    try:
        content = declared.mapping(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = sorted(file.name for file in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        raise BadInput(f"there is no {what} file {path}", f"in that folder: {', '.join(there) or 'no YAML file'}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{what} file {path} cannot be read", type(error).__name__) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date such as 2025-02-30 is a ValueError
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}" if mark else str(error).splitlines()[0]
        raise BadInput(f"{what} file {path} is not YAML", where) from None
    if not isinstance(content, dict):
        raise BadInput(f"{what} file {path} holds no keys", "expected lines such as `study: demo`")
    return content


def check(content: dict, where: str, kind: type[Strict]) -> Any:
    """Build `kind` from a mapping; every mistake becomes one line: the key, what is wrong, the nearest known key."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        lines = [_mistake(problem, kind) for problem in error.errors(include_url=False)]
        raise BadInput(f"{where} is not a valid {kind.__name__.lower()}", "\n  ".join(lines)) from None


def _mistake(problem: dict, kind: type[Strict]) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{key}': {nearest(str(problem['loc'][-1]), _siblings(problem['loc'], kind))}"
    if problem["type"] == "literal_error" and (known := quoted(problem["ctx"]["expected"])):
        hint = nearest(str(problem["input"]), known) if len(known) > FEW else f"known: {', '.join(known)}"
        return f"{key}: unknown {str(problem['input'])[:80]!r}; {hint}"
    if problem["type"] == "missing":
        return f"{key}: it is missing"
    if problem["type"] == "value_error":
        return f"{key + ': ' if key else ''}{problem['ctx']['error']}"
    return f"{key}: {problem['msg'][0].lower()}{problem['msg'][1:]} (it says {str(problem['input'])[:80]!r})"


def quoted(text: str) -> list[str]:
    """The words, of more than a letter, that stand in quotation marks."""
    return [word for word in re.findall(r"'([^']*)'", text) if len(word) > 1]


def _siblings(location: tuple, kind: type[Strict]) -> list[str]:
    """The keys allowed where an unknown one was found: walk down lists, mappings and models."""
    for part in location[:-1]:
        if isinstance(part, str) and part in kind.model_fields:
            inner = [kind.model_fields[part].annotation]
            while inner and not (isinstance(inner[0], type) and issubclass(inner[0], BaseModel)):
                inner = [arg for arg in getattr(inner[0], "__args__", ()) if arg is not str]
            kind = inner[0] if inner else kind
    return list(kind.model_fields)
