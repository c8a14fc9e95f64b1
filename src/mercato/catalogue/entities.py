"""What phrases of a query name: brands, categories, colours and other values of a catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import Word
from mercato.catalogue.filters import Filter, Or, Term
from mercato.catalogue.memo import Memo
from mercato.catalogue.packed import Texts, open_array, save_array

LONGEST_PHRASE = 5
"""Words."""

MOST_VALUES = 8
"""Values of one field that one phrase may name."""


_REMEMBERED = 2_048
"""Phrases last asked for, some 2 MB."""


def phrase_of(words: Sequence[Word]) -> str:
    """The one spelling of a phrase's words."""
    return " ".join(word.whole for word in words)


@dataclass(frozen=True)
class Entity:
    """What a phrase may name.

    values     : of the field, the most frequent first
    confidence : of the products that hold the phrase and have the field, the share that have one
                 of the values
    """

    field: str
    values: tuple[str, ...]
    confidence: float

    @cached_property
    def filter(self) -> Filter:
        terms = tuple(Term(self.field, value) for value in self.values)
        return terms[0] if len(terms) == 1 else Or(terms)

    @cached_property
    def written(self) -> str:
        """The filter in its grammar."""
        return str(self.filter)


@dataclass(frozen=True)
class Entities:
    """All phrases of a release.

    number_of  : phrase → its number p
    fields     : names; ``field_of`` counts into them
    starts     : (n_phrases + 1,) int64, where the entities of each phrase start
    field_of   : (n_entities,) uint16
    confidence : (n_entities,) float32, falling within a phrase
    at         : (n_entities + 1,) int64, where the values of each start
    """

    number_of: Mapping[str, int]
    fields: Sequence[str]
    starts: NDArray[np.int64]
    field_of: NDArray[np.uint16]
    confidence: NDArray[np.float32]
    at: NDArray[np.int64]
    values: Texts
    read: Memo = field(default_factory=lambda: Memo(_REMEMBERED), compare=False)

    @classmethod
    def open(cls, folder: Path) -> "Entities":
        phrases = Texts.open(folder, "phrases").many
        fields = Texts.open(folder, "fields")
        starts = open_array(folder, "starts").view(np.int64)
        known = phrases(np.arange(len(starts) - 1))
        return cls(
            {phrase: at for at, phrase in enumerate(known)},
            fields.many(np.arange(len(fields))),
            starts,
            open_array(folder, "field").view(np.uint16),
            open_array(folder, "confidence").view(np.float32),
            open_array(folder, "at").view(np.int64),
            Texts.open(folder, "values"),
        )

    def of(self, phrase: str) -> tuple[Entity, ...]:
        """What a phrase may name, the likeliest first."""
        number = self.number_of.get(phrase)
        if number is None:
            return ()
        first, last = self.starts[number : number + 2].tolist()
        return self.read.get(phrase, lambda: tuple(map(self._entity, range(first, last))))

    def _entity(self, number: int) -> Entity:
        values = (self.values[at] for at in range(*self.at[number : number + 2].tolist()))
        field = self.fields[int(self.field_of[number])]
        return Entity(field, tuple(values), float(self.confidence[number]))


def save_entities(folder: Path, entities: Mapping[str, Sequence[Entity]]) -> None:
    """Write phrase → what it may name, the likeliest first."""
    flat = [each for found in entities.values() for each in found]
    fields = list(dict.fromkeys(each.field for each in flat))
    number = {name: at for at, name in enumerate(fields)}
    Texts.of(entities).save(folder, "phrases")
    Texts.of(fields).save(folder, "fields")
    Texts.of(value for each in flat for value in each.values).save(folder, "values")
    save_array(folder, "starts", _starts([len(found) for found in entities.values()]))
    save_array(folder, "at", _starts([len(each.values) for each in flat]))
    save_array(folder, "field", np.array([number[each.field] for each in flat], np.uint16))
    save_array(folder, "confidence", np.array([each.confidence for each in flat], np.float32))


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.array(lengths, np.int64))]).astype(np.int64)
