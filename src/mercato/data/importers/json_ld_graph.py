"""Nodes of JSON-LD documents: names without their vocabulary, references resolved.

https://www.w3.org/TR/json-ld11/; contexts other than schema.org's are not looked up.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

Node = dict[str, Any]

MOST_DEPTH = 64
_MOST_OF_ONE_ID = 16

_VOCABULARY = re.compile(r"^(?:https?://(?:www\.)?schema\.org/|schema:)")


class TooDeep(Exception):
    """A document nests deeper than `MOST_DEPTH`."""


class Graph:
    """The nodes of values that belong together, found by their ``@id``."""

    def __init__(self, values: Iterable[object]) -> None:
        """Raises TooDeep."""
        self.values = [compacted(value) for value in values]
        self._nodes: dict[str, list[Node]] = {}
        for value in self.values:
            for node in _nodes(value):
                self._define(node)

    def resolved(self, value: object) -> object:
        """The node that ``value`` refers to, or is a part of; else ``value``."""
        if not isinstance(value, dict) or "@id" not in value:
            return value
        known = self._nodes.get(str(value["@id"]), [])
        if is_reference(value):
            return known[0] if known else value
        return next((node for node in known if _agree(node, value)), value)

    def _define(self, node: Node) -> None:
        """Parts of one node may stand in several places. Pages also give different things one
        id, so parts that contradict each other stay apart."""
        if "@id" not in node or is_reference(node):
            return
        known = self._nodes.setdefault(str(node["@id"]), [])
        for other in known:
            if _agree(other, node):
                other.update(node)
                return
        if len(known) < _MOST_OF_ONE_ID:
            known.append(node)


def is_reference(node: Node) -> bool:
    return node.keys() <= {"@id", "@type"}


def listed(value: object) -> list[Any]:
    """What JSON-LD writes as one value or as a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def types_of(node: object) -> set[str]:
    return {str(each) for each in listed(node.get("@type"))} if isinstance(node, dict) else set()


def local(name: object) -> str:
    """``InStock`` of ``https://schema.org/InStock``, ``schema:InStock`` or itself."""
    return re.split(r"[/#:]", str(name).rstrip("/"))[-1]


def compacted(value: object, depth: int = 0) -> Any:
    """Keys and types by schema.org's short names; ``@value``, ``@list``, ``@set`` unwrapped."""
    if depth > MOST_DEPTH:
        raise TooDeep
    if isinstance(value, list):
        return [compacted(each, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    for wrapper in ("@value", "@list", "@set"):
        if wrapper in value:
            return compacted(value[wrapper], depth + 1)
    node = {_short(key): compacted(each, depth + 1) for key, each in value.items()}
    if "@type" in node:
        node["@type"] = [_short(str(each)) for each in listed(node["@type"])]
    return node


def _short(name: str) -> str:
    return _VOCABULARY.sub("", name) if ":" in name else name


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, list):
        for each in value:
            yield from _nodes(each)
    elif isinstance(value, dict):
        yield value
        for each in list(value.values()):  # parts of the node are put into it meanwhile
            yield from _nodes(each)


def _agree(one: Node, other: Node) -> bool:
    return all(one[key] == other[key] for key in one.keys() & other.keys())
