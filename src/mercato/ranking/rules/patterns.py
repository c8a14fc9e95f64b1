"""What a query must look like for a rule to hold, compared on analysed words.

Words are compared as the catalogue's index sees them: folded, without plural endings, Chinese in
simplified characters. A word that has parts is compared part by part (``WD-40`` as ``wd 40``),
and a Chinese one by its characters: how a text is cut into words depends on what stands around
them, and ``手机`` is meant to hold for ``手机壳``, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from mercato.catalogue.analysis import Word, words

Unit = str
"""A part of a word that is compared as a whole."""


class Match(StrEnum):
    EXACT = "exact"
    """The query has these words, in this order, and no others."""
    CONTAINS = "contains"
    """The query has all of these words, in any order."""
    STARTS_WITH = "starts_with"
    """The query's first words are these."""


def units_of(text: str) -> tuple[Unit, ...]:
    """What a query is compared by."""
    return tuple(unit for word in words(text) for unit in _units(word))


@dataclass(frozen=True)
class Pattern:
    """One way in which the query of a rule may look."""

    match: Match
    text: str

    @cached_property
    def words(self) -> tuple[tuple[Unit, ...], ...]:
        """The units of each word; empty where the text has no word."""
        return tuple(_units(word) for word in words(self.text))

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        return tuple(unit for word in self.words for unit in word)

    def holds(self, query: Sequence[Unit]) -> bool:
        """Whether it holds for a query's units."""
        if self.match is Match.EXACT:
            return self.units == tuple(query)
        if self.match is Match.STARTS_WITH:
            return self.units == tuple(query[: len(self.units)])
        return all(_stands_in(word, query) for word in self.words)

    def to_json(self) -> dict[str, str]:
        return {"match": str(self.match), "text": self.text}


def _units(word: Word) -> tuple[Unit, ...]:
    # A Chinese word's parts are its characters, each once; compared are all, in their order.
    if word.parts and set(word.parts) == set(word.whole):
        return tuple(word.whole)
    return word.parts or (word.whole,)


def _stands_in(part: tuple[Unit, ...], query: Sequence[Unit]) -> bool:
    """Whether the units follow each other somewhere in the query."""
    first = part[0]
    return any(
        unit == first and tuple(query[at : at + len(part)]) == part for at, unit in enumerate(query)
    )
