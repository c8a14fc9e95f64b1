"""Items as the records of an Algolia index: attributes laid flat, categories level by level."""

from collections.abc import Iterable, Mapping
from typing import Any

from mercato.api.algolia.attributes import LEVELS, OBJECT_ID
from mercato.catalogue.texts import category_levels
from mercato.core import columns as c

Record = dict[str, Any]


def record_of(item: Mapping[str, Any], aliases: Mapping[str, str]) -> Record:
    """The whole record of an item.

    An attribute with the name of a field of ours stays away: the field says it. Aliases stand
    beside the names of ours.
    """
    record: Record = {OBJECT_ID: item[c.ID]}
    record |= {name: value for name, value in item.items() if name != c.ATTRIBUTES}
    for name, value in item.get(c.ATTRIBUTES, {}).items():
        record.setdefault(name, value)
    levels = category_levels(item.get(c.PRODUCT_TYPE))
    if levels:
        record[LEVELS] = {f"lvl{depth}": level for depth, level in enumerate(levels)}
    for theirs, ours in aliases.items():
        if (value := record.get(ours.removeprefix(f"{c.ATTRIBUTES}."))) is not None:
            record[theirs] = value
    return record


def retrieved(record: Record, wanted: Iterable[str]) -> Record:
    """The part of a record that ``attributesToRetrieve`` names: names, ``*``, and ``-name`` for
    all but this one. The objectID always belongs to it."""
    names = set(wanted)
    without = {name[1:] for name in names if name.startswith("-")}
    if "*" in names or (without and len(without) == len(names)):
        kept = {name: value for name, value in record.items() if name not in without}
    else:
        kept = _named(record, names)
    return {OBJECT_ID: record[OBJECT_ID]} | kept


def _named(record: Record, names: set[str]) -> Record:
    kept: Record = {}
    for name in sorted(names):
        outer, _, inner = name.partition(".")
        if name in record:
            kept[name] = record[name]
        elif outer == c.ATTRIBUTES and inner in record:
            kept[inner] = record[inner]
        elif isinstance(value := record.get(outer), dict) and inner in value:
            kept.setdefault(outer, {})[inner] = value[inner]
    return kept
