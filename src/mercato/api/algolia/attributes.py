"""Attributes as Algolia's front ends name them, and the fields of ours that they mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mercato.catalogue.columns import Columns
from mercato.catalogue.filters import Filter, Not, Range, Term
from mercato.catalogue.values import STANDARD_FIELDS
from mercato.core import columns as c
from mercato.core.errors import BadInput

OBJECT_ID = "objectID"
LEVELS = "hierarchicalCategories"
"""Under this name and ``.lvl0``, ``.lvl1``, … stand the levels of ``product_type``."""

NOTHING = Term(c.ID, "")
"""A filter that no item passes: ids are not empty."""

_LEVEL = re.compile(rf"{LEVELS}\.lvl(\d)")
_MODIFIED = re.compile(r"(?:searchable|filterOnly|afterDistinct|disjunctive)\((.*)\)", re.DOTALL)
_NOT_COUNTED = frozenset({c.ID, c.GTIN, c.ITEM_GROUP_ID})
_NESTED = f"{c.ATTRIBUTES}."


@dataclass(frozen=True)
class Meaning:
    """What an attribute is to us.

    level : of the category, from 0; None for the whole field
    """

    field: str
    level: int | None = None


@dataclass(frozen=True)
class Attributes:
    """Which attributes the items of a catalogue have.

    aliases : theirs → ours, as the shop has set them
    """

    columns: Columns
    aliases: Mapping[str, str] = field(default_factory=dict)

    def meaning(self, name: str) -> Meaning | None:
        """What an attribute means; None where no item has it."""
        found = self.aliases.get(plain(name), plain(name)).removeprefix(_NESTED)
        if found == OBJECT_ID:
            return Meaning(c.ID)
        if level := _LEVEL.fullmatch(found):
            return Meaning(c.PRODUCT_TYPE, int(level[1]))
        known = found in STANDARD_FIELDS or found in self.columns
        return Meaning(found) if known else None

    def countable(self, most: int) -> list[str]:
        """Attributes worth counting: of numbers, or of at most ``most`` different values."""
        names = []
        for name in sorted(self.columns.names() - _NOT_COUNTED):
            numbers = self.columns[name].numbers
            if len(numbers) <= most or not np.isnan(numbers).any():
                names.append(name)
        return names

    def term(self, name: str, value: str) -> Filter:
        """The attribute has this value; nothing passes where no item has the attribute."""
        meaning = self.meaning(name)
        if meaning is None or meaning.level not in (None, level_of(value)):
            return NOTHING
        return Term(meaning.field, value)

    def numbers(self, name: str, low: float, high: float) -> Filter:
        """The attribute has a number from low to high, both included."""
        meaning = self.meaning(name)
        if meaning is None or low > high:
            return NOTHING
        if meaning.field == c.ID:
            raise BadInput("an attribute of numbers", repr(name), "Compare price, or another one.")
        return Range(meaning.field, low, high)


def plain(name: str) -> str:
    """An attribute without the modifiers that settings wrap around it."""
    while match := _MODIFIED.fullmatch(name.strip()):
        name = match[1]
    return name.strip()


def level_of(category: str) -> int:
    """Of ``A > B > C``: 2."""
    return category.count(c.PATH_SEPARATOR)


def negated(wanted: Filter) -> Filter:
    return wanted.part if isinstance(wanted, Not) else Not(wanted)


def read_aliases(lines: tuple[str, ...]) -> dict[str, str]:
    """``theirs=ours`` as [algolia] attributes in shop.toml has them; raises BadInput."""
    found: dict[str, str] = {}
    for line in lines:
        theirs, mark, ours = (part.strip() for part in line.partition("="))
        if not (theirs and mark and ours):
            raise BadInput(
                "attributes under [algolia] as theirs=ours", repr(line), 'Write "name=title".'
            )
        found[theirs] = ours
    return found
