"""Brands, categories, colours and other values of the catalogue that a query's words name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mercato.catalogue.analysis import Word
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.entities import LONGEST_PHRASE, Entities, Entity, phrase_of
from mercato.catalogue.filters import Term
from mercato.catalogue.query import Sought
from mercato.core import columns as c
from mercato.ranking.understood import Meant, Step, Understood
from mercato.search.understanding.reading import Reading

STEP = "property"

CERTAIN = 0.9
"""Assumed: from here on a phrase becomes a filter, where the shop wants filters."""

RIVAL = 0.5
"""Assumed: unless it also names another field so surely."""

_SIZED = re.compile(
    r"\b(?:size|sz|eu|us|uk)[ -]?(?P<size>[0-9]{1,3}(?:\.5)?|[2-6]?x{0,4}[sml])\b"
    r"|(?<![a-z0-9])(?P<of>[0-9]{1,3}(?:\.5)?|[2-6]?x{0,4}[sml])[码号]",
    re.I,
)


@dataclass(frozen=True)
class _Named:
    """Stretches from ``start`` to ``stop`` name one of ``entities``."""

    start: int
    stop: int
    entities: tuple[Entity, ...]


def name_properties(
    understood: Understood, entities: Entities, catalogue: Catalogue, reading: Reading
) -> Understood:
    """With what the words name, by the longest phrases, as filters or preferences."""
    if reading.properties == "off" or understood.exact:
        return understood
    understood = _sized(understood, catalogue, reading)
    stretches = [_words_meant(each) for each in understood.sought]
    named = _longest(stretches, entities)
    if not named:
        return understood
    strict = reading.properties == "filter"
    meant, steps = list(understood.meant), list(understood.steps)
    for found in named:
        text = phrase_of([word for each in stretches[found.start : found.stop] for word in each])
        hard = strict and _certain(found)
        for each in found.entities[:1] if hard else found.entities:
            meant.append(Meant(each.filter, text, each.confidence, hard))
            steps.append(Step(STEP, text, each.written, each.confidence))
    understood = replace(understood, meant=tuple(meant), steps=tuple(steps))
    return _without_filters(understood, named, stretches) if strict else understood


def _words_meant(sought: Sought) -> tuple[Word, ...]:
    """The words as typed, or as they were put right."""
    right = next((each for each in sought.alternatives if each.kind == "spelling"), None)
    return right.words if right else sought.words


def _longest(stretches: Sequence[tuple[Word, ...]], entities: Entities) -> list[_Named]:
    """From left to right the longest phrases that name something; none overlap."""
    phrases = [phrase_of(each) for each in stretches]
    found: list[_Named] = []
    start = 0
    while start < len(phrases):
        stops = range(min(len(phrases), start + LONGEST_PHRASE), start, -1)
        joined = ((stop, " ".join(phrases[start:stop])) for stop in stops)
        stop, phrase = next((each for each in joined if each[1] in entities.number_of), (start, ""))
        if phrase:
            found.append(_Named(start, stop, entities.of(phrase)))
        start = max(stop, start + 1)
    return found


def _certain(named: _Named) -> bool:
    best, *others = named.entities
    return best.confidence >= CERTAIN and all(each.confidence < RIVAL for each in others)


def _without_filters(
    understood: Understood, named: Sequence[_Named], stretches: Sequence[tuple[Word, ...]]
) -> Understood:
    """Without the words of what became a filter, unless nothing else would be left."""
    gone = {at for each in named if _certain(each) for at in range(each.start, each.stop)}
    kept = tuple(each for at, each in enumerate(understood.sought) if at not in gone)
    text = " ".join(phrase_of(each) for at, each in enumerate(stretches) if at not in gone)
    return replace(understood, sought=kept, text=text)


def _sized(understood: Understood, catalogue: Catalogue, reading: Reading) -> Understood:
    """With a size that is called so: ``size 42``, ``42码``."""
    match = _SIZED.search(understood.text)
    if match is None:
        return understood
    column = catalogue.columns[c.SIZE]
    for value in (match["size"] or match["of"], match[0]):
        if column.code(value) is not None:
            meant = Meant(Term(c.SIZE, value), match[0], 0.95, hard=reading.properties == "filter")
            step = Step(STEP, match[0], str(meant.filter), meant.confidence)
            return replace(
                understood, meant=(*understood.meant, meant), steps=(*understood.steps, step)
            )
    return understood
