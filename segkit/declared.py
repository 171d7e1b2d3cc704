"""YAML as people write it: keys that stand once each, and numbers that say what they seem to say."""

import re
from typing import Any

import yaml

INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)$")  # of YAML 1.2; the older 1.1 takes 010 for 8, and 12:30 for 750


class OnceEach(yaml.SafeLoader):
    """A loader that refuses a key that stands twice: the last would win, and nobody would know."""

    yaml_implicit_resolvers = {
        sign: [(tag, INTEGER if tag.endswith(":int") else pattern) for tag, pattern in resolvers]
        for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict:
        """The mapping; ConstructorError, which names both lines, when a key stands twice."""
        first: dict[str, yaml.Node] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if (other := first.setdefault(str(key.value), key)) is not key:
                problem = f"the key {str(key.value)[:80]!r} stands twice, first in line {other.start_mark.line + 1}"
                raise yaml.constructor.ConstructorError(problem=problem, problem_mark=key.start_mark)
        return super().construct_mapping(node, deep)


def mapping(text: str) -> Any:
    """What a YAML text says. Raises yaml.YAMLError, or ValueError for a date that does not exist."""
    return yaml.load(text, Loader=OnceEach)
