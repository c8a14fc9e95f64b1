"""Reads OpenLineage events with the classes that the project generates from its JSON schemas."""

import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import attr
import orjson
import pytest
from openlineage.client import generated
from openlineage.client.generated import base

Event = dict[str, Any]


def _facet_classes() -> dict[str, type]:
    """Address of a schema → the class that was generated from it."""
    modules = (
        importlib.import_module(f"{generated.__name__}.{each.name}")
        for each in pkgutil.iter_modules(generated.__path__)
    )
    found = {}
    for module in modules:
        for _, each in inspect.getmembers(module, inspect.isclass):
            if issubclass(each, base.BaseFacet):
                found[each._get_schema()] = each
    return found


FACETS = _facet_classes()


def _structured(kind: Any, value: Any) -> Any:
    """``value`` as ``kind`` has it: attrs classes refuse what their schema does not name, and
    lack what it requires."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            assert type(None) in inside
            return None
        return _structured(next(each for each in inside if each is not type(None)), value)
    if origin is list:
        assert isinstance(value, list)
        return [_structured(inside[0], each) for each in value]
    if origin is dict:
        assert isinstance(value, dict)
        return {name: _structured(inside[1], each) for name, each in value.items()}
    if attr.has(kind):
        return _object(kind, value)
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return kind(value)
    if kind is not typing.Any:
        allowed = (int, float) if kind is float else (kind,)
        assert isinstance(value, allowed), f"{value!r} is no {kind}"
    return value


def _object(kind: type, value: dict[str, Any]) -> Any:
    given = dict(value)
    if issubclass(kind, base.BaseFacet):
        schema = given.pop("_schemaURL")
        assert given.pop("_producer")
        kind = FACETS[schema]
    if issubclass(kind, base.BaseEvent):
        assert given.pop("schemaURL") == kind._get_schema()
    hints = typing.get_type_hints(kind)
    unknown = given.keys() - hints.keys()
    assert not unknown, f"{kind.__name__} has no {unknown}"
    return kind(
        **{name.lstrip("_"): _structured(hints[name], each) for name, each in given.items()}
    )


@pytest.fixture
def told() -> Callable[[Path], list[Event]]:
    """The events of a shop's folder, oldest first, each checked against the schemas."""

    def read(shop: Path) -> list[Event]:
        lines = [
            line
            for file in sorted((shop / "lineage").glob("*.ndjson"))
            for line in file.read_bytes().splitlines()
        ]
        events = [orjson.loads(line) for line in lines]
        for event in events:
            _structured(base.RunEvent, event)
        return events

    return read
