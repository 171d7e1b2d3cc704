"""Choices that a flat list of strings says, since a notebook's parameters are scalars and flat lists: `spend = log1p`."""

import re

TRANSFORMS = ("auto", "log1p", "yeo_johnson", "none")
LONGEST_NAME = 60
LIGHTEST = 0.001  # weight of a group; what weighs less should be taken out


def sides(key: str, lines: list[str], example: str) -> list[tuple[str, str]]:
    """The two sides of each line. Raises ValueError for a line without them, and for a left side that stands twice."""
    found = []
    for line in lines:
        left, equals, right = (part.strip() for part in str(line).partition("="))
        if not (left and equals and right):
            raise ValueError(f"{key}: {line!r} is not of the form `{example}`")
        if left in dict(found):
            raise ValueError(f"{key}: {left} stands twice")
        found.append((left, right))
    return found


def transforms_of(lines: list[str]) -> dict[str, str]:
    """The shape of each feature named, and of `all` others: `spend = log1p`."""
    found = dict(sides("transforms", lines, "spend = log1p"))
    for name, shape in found.items():
        if shape not in TRANSFORMS:
            raise ValueError(f"transforms: {name} = {shape}; known are {', '.join(TRANSFORMS)}")
    return found


def weights_of(lines: list[str]) -> dict[tuple[str, ...], float]:
    """The weight of each group of features, in standardised features: `spend, n_orders = 1`."""
    found, seen = {}, set()
    for left, right in sides("weights", lines, "spend, n_orders = 1"):
        group = tuple(name.strip() for name in left.split(",") if name.strip())
        try:
            weight = float(right)
        except ValueError:
            weight = 0.0
        if not (group and LIGHTEST <= weight <= 1 / LIGHTEST):
            raise ValueError(f"weights: {left} = {right}; a weight is a number from {LIGHTEST} to {1 / LIGHTEST:,.0f}, of features by name")
        if twice := [name for name in group if name in seen or group.count(name) > 1]:
            raise ValueError(f"weights: {twice[0]} stands twice")
        seen |= set(group)
        found[group] = weight
    return found


def names_of(lines: list[str]) -> dict[str, str]:
    """What people call the segments: `S1 = Weekly basics`."""
    found = dict(sides("segment_names", lines, "S1 = Weekly basics"))
    for segment, name in found.items():
        if not re.fullmatch(r"S[1-9][0-9]?", segment):
            raise ValueError(f"segment_names: {segment!r} is no segment; they are called S1, S2, …")
        if not name.isprintable() or re.fullmatch(r"S[0-9]+", name):
            raise ValueError(f"segment_names: the name of {segment} is one of a segment, or cannot be printed")
        if len(name) > LONGEST_NAME:
            raise ValueError(f"segment_names: the name of {segment} has more than {LONGEST_NAME} characters")
    if len({name.casefold() for name in found.values()}) < len(found):
        raise ValueError("segment_names: two segments have the same name")
    return found
