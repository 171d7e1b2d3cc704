"""environment.yml, pyproject.toml and constraints.txt say the same."""

import re
import tomllib
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parent.parent
CONDA = {"duckdb": "python-duckdb", "ibis-framework": "ibis-duckdb", "matplotlib": "matplotlib-base", "tzdata": "python-tzdata"}


def split(requirement: str) -> tuple[str, str]:
    name, bounds = re.fullmatch(r"([A-Za-z0-9_.-]+?)(?:\[[a-z,]+\])?([<>=!].*)?", requirement.replace(" ", "")).groups()
    return name.lower(), bounds or ""


def declared() -> dict[str, str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return dict(map(split, lines))


def test_conda_users_get_the_same_names_and_bounds():
    lines = yaml.safe_load((PROJECT / "environment.yml").read_text())["dependencies"]
    conda = dict(split(line) for line in lines if isinstance(line, str))
    conda |= dict(split(each.split("#")[0]) for line in lines if isinstance(line, dict) for each in line["pip"] if not each.startswith("-"))
    assert conda.pop("python") == ">=3.11" and conda.pop("pip") == ""
    assert conda.pop("openjdk") == ">=17,<22"  # what PySpark runs on; on PyPI there is none
    assert conda == {CONDA.get(name, name): bounds for name, bounds in declared().items()}


def test_the_known_traps_are_pinned_and_explained():
    text = (PROJECT / "pyproject.toml").read_text()
    assert declared()["sqlglot"] == "<30.18" and declared()["duckdb"] == ">=2,<3"
    assert "12101" in text and "12124" in text


def test_every_dependency_is_constrained_to_one_version_and_to_no_place():
    text = (PROJECT / "constraints.txt").read_text()
    pins = dict(line.split("==") for line in text.splitlines() if line and not line.startswith("#"))
    normal = {re.sub(r"[-_.]+", "-", name.lower()) for name in pins}
    assert not {re.sub(r"[-_.]+", "-", name) for name in declared()} - normal
    assert "://" not in text and "--" not in text
