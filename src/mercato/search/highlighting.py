"""Where the words of a query stand in a text, as they were understood.

A text is cut where shoppers see words; each is read by the analysis that the index uses, so a
plural, an accent, full-width letters or traditional characters are found as they are searched.
Positions are those of the text as it is shown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from mercato.catalogue.analysis import Word, fold, surface_words, words
from mercato.catalogue.query import Sought
from mercato.search.understanding.beginnings import KIND as BEGINNING

Span = tuple[int, int]
"""From the first character to behind the last."""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = rf"[^\W_{_HAN}][\u0300-\u036f]*"
_RUN = re.compile(
    rf"""[{_HAN}]+|(?:{_LETTER})+(?:[-.'’/&](?:{_LETTER})+)*(?:(?<=\d)(?:''|['"’”′″]))?"""
)
_IS_HAN = re.compile(rf"[{_HAN}]")
_PIECE = re.compile(r"(?:[^\W\d_][\u0300-\u036f]*)+|\d+(?:[.,/]\d+)*")

_LONGEST_RUN = 100
"""Characters of a word that is looked at; a longer one is no word."""


@dataclass(frozen=True)
class Marked:
    """What of a text a query speaks of.

    spans   : disjoint, ascending; those that touch are joined
    matched : positions of the typed words that the text holds, ascending
    whole   : whether every word of the text is marked
    """

    spans: tuple[Span, ...] = ()
    matched: tuple[int, ...] = ()
    whole: bool = False


@dataclass(frozen=True)
class Sights:
    """A text as it is looked through.

    text   : as it is shown
    units  : of each word, ascending
    places : token → where it stands
    """

    text: str
    units: tuple[Span, ...]
    places: dict[str, list[Span]] = field(default_factory=dict)


def sights_of(text: str) -> Sights:
    """Cut a text into words, and note where each of its tokens stands."""
    units: list[Span] = []
    places: dict[str, list[Span]] = {}
    for match in _RUN.finditer(text):
        start, run = match.start(), match.group()
        if len(run) > _LONGEST_RUN and not _IS_HAN.match(run):
            units.append(match.span())
            continue
        read = _run(run) if len(run) <= _LONGEST_RUN else _run.__wrapped__(run)
        units += [(start + low, start + high) for low, high in read.units]
        for low, high, token in read.marks:
            places.setdefault(token, []).append((start + low, start + high))
    return Sights(text, tuple(units), places)


def marked(sights: Sights, sought: Sequence[Sought]) -> Marked:
    """What a query's words, or alternatives of them, mark in a text."""
    spans: list[Span] = []
    matched: list[int] = []
    first = 0
    for stretch in sought:
        held = [_places(word, sights) for word in stretch.words]
        matched += [first + at for at, found in enumerate(held) if found]
        spans += [span for found in held for span in found]
        if not all(held):
            instead = _instead(stretch, sights)
            spans += instead
            if instead:
                matched += [first + at for at, found in enumerate(held) if not found]
        first += len(stretch.words)
    joined = _joined(spans)
    return Marked(joined, tuple(sorted(matched)), bool(joined) and _covers(joined, sights.units))


def _places(word: Word, sights: Sights) -> list[Span]:
    found = sights.places.get(word.whole)
    if found or not word.parts:
        return found or []
    parts = [sights.places.get(part) for part in word.parts]
    return [span for part in parts for span in part or ()] if all(parts) else []


def _instead(stretch: Sought, sights: Sights) -> list[Span]:
    """What alternatives mark; of a word that only begins as the typed one does, its beginning."""
    found: list[Span] = []
    for alternative in stretch.alternatives:
        held = [_places(word, sights) for word in alternative.words]
        spans = [span for places in held for span in places] if all(held) else []
        if alternative.kind == BEGINNING:
            spans = [_cut(span, sights.text, stretch.words[0].whole) for span in spans]
        found += spans
    return found


def _cut(span: Span, text: str, typed: str) -> Span:
    start, end = span
    return start, start + (_beginning(text[start:end], typed) or end - start)


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def _covers(spans: tuple[Span, ...], units: tuple[Span, ...]) -> bool:
    return all(any(low <= start and end <= high for low, high in spans) for start, end in units)


@dataclass(frozen=True)
class _Run:
    """A stretch without spaces: its words, and where in it each token stands."""

    units: tuple[Span, ...]
    marks: tuple[tuple[int, int, str], ...]


@lru_cache(maxsize=1 << 15)
def _run(run: str) -> _Run:
    if _IS_HAN.match(run):
        return _han_run(run)
    whole = (0, len(run))
    found = words(run)
    pieces = [] if _is_plain(found) else [match.span() for match in _PIECE.finditer(run)]
    if len(pieces) < 2:
        tokens = [token for word in found for token in word.tokens]
        return _Run((whole,), tuple((*whole, token) for token in tokens))
    marks = [(low, high, word.whole) for low, high in pieces for word in words(run[low:high])]
    if len(found) == 1:
        marks.insert(0, (*whole, found[0].whole))
    return _Run((whole,), tuple(marks))


def _is_plain(found: tuple[Word, ...]) -> bool:
    return len(found) == 1 and not found[0].parts


def _han_run(run: str) -> _Run:
    units: list[Span] = []
    marks: list[tuple[int, int, str]] = []
    at = 0
    for text in surface_words(run):
        (word,) = words(text) or (Word(text),)
        units.append((at, at + len(text)))
        marks.append((at, at + len(text), word.whole))
        marks += [(at + i, at + i + 1, part) for i, part in enumerate(text) if len(text) > 1]
        at += len(text)
    if at != len(run):  # simplified into another number of characters
        return _Run(((0, len(run)),), tuple((0, len(run), token) for _, _, token in marks))
    return _Run(tuple(units), tuple(marks))


def typed_words(q: str, sought: Sequence[Sought]) -> list[str]:
    """Each word of ``sought`` as it stands in the query, without case; its stem where the query
    has another word in its place."""
    sights = sights_of(q)
    found = []
    for word in (word for stretch in sought for word in stretch.words):
        places = _places(word, sights)
        found.append(q[places[0][0] : places[-1][1]].lower() if places else word.whole)
    return found


def begun(text: str, typed: str) -> tuple[Span, ...]:
    """Of each word of a text that begins as one of the typed words does, this beginning."""
    wanted = surface_words(typed) or [fold(typed).strip()]
    spans = []
    for start, end in sights_of(text).units:
        longest = max((_beginning(text[start:end], each) for each in wanted), default=0)
        if longest:
            spans.append((start, start + longest))
    return tuple(spans)


def _beginning(word: str, typed: str) -> int:
    """Characters of a word that spell what was typed; 0 where it begins otherwise."""
    if not typed or not fold(word).startswith(typed):
        return 0
    return next(n for n in range(1, len(word) + 1) if len(fold(word[:n])) >= len(typed))
