"""``_highlightResult`` and ``_snippetResult`` of a hit.

Texts are not escaped, as Algolia's are not: its clients ask for tags that no text holds, escape
what comes, and put real tags in their place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mercato.api.algolia.attributes import OBJECT_ID
from mercato.api.algolia.parameters import Parameters
from mercato.api.algolia.records import Record
from mercato.catalogue.query import Sought
from mercato.core import columns as c
from mercato.search.highlighting import Marked, Sights, Span, marked, sights_of, typed_words

_NOT_READ = frozenset(
    {
        OBJECT_ID,
        c.ID,
        c.LINK,
        c.IMAGE_LINK,
        c.CURRENCY,
        c.AVAILABILITY,
        c.CREATED_AT,
        c.LANGUAGE,
        c.STORE_ID,
        c.ITEM_GROUP_ID,
    }
)
"""Attributes that are not highlighted unless they are named."""

_SNIPPET_WORDS = 10

Shown = Callable[[str], dict[str, Any]]


@dataclass(frozen=True)
class Highlighter:
    """Marks the words of one query.

    sought : as they were understood
    words  : as they were typed, one for each word of ``sought``
    """

    sought: Sequence[Sought]
    words: Sequence[str]
    asked: Parameters

    @classmethod
    def of(cls, sought: Sequence[Sought], asked: Parameters) -> "Highlighter":
        return cls(sought, typed_words(asked.query, sought), asked)

    def results(self, record: Record) -> Record:
        """The two fields of a hit; either is absent where it would be empty."""
        found = {
            "_highlightResult": self._highlights(record),
            "_snippetResult": self._snippets(record),
        }
        return {name: value for name, value in found.items() if value}

    def _highlights(self, record: Record) -> Record:
        names = self.asked.highlighted
        if names is None or "*" in names:
            chosen = {name: value for name, value in record.items() if name not in _NOT_READ}
            return _over(chosen, self._highlight, texts_only=True, keep=self._keeps)
        named = {name: value for name in names if (value := _at(record, name)) is not None}
        return _nested(_over(named, self._highlight, texts_only=False, keep=self._keeps))

    def _snippets(self, record: Record) -> Record:
        found: Record = {}
        for asked in self.asked.snippets:
            name, _, given = asked.partition(":")
            words = int(given) if given.isdecimal() and len(given) < 6 else _SNIPPET_WORDS
            chosen = record if name == "*" else {name: _at(record, name)}
            chosen = {n: v for n, v in chosen.items() if v is not None and n != OBJECT_ID}
            found |= _over(chosen, self._snippeter(words), texts_only=True, keep=self._keeps)
        return _nested(found)

    def _highlight(self, text: str) -> dict[str, Any]:
        sights = sights_of(text)
        found = marked(sights, self.sought)
        level = self._level(found)
        result = {
            "value": self._tagged(text, found.spans, (0, len(text))),
            "matchLevel": level,
            "matchedWords": [self.words[at] for at in found.matched],
        }
        return result if level == "none" else result | {"fullyHighlighted": found.whole}

    def _snippeter(self, words: int) -> Shown:
        def snippet(text: str) -> dict[str, Any]:
            sights = sights_of(text)
            found = marked(sights, self.sought)
            low, high = _window(sights, found, words, len(text))
            before = self.asked.ellipsis if low > 0 else ""
            after = self.asked.ellipsis if high < len(text) else ""
            value = self._tagged(text, found.spans, (low, high))
            return {"value": f"{before}{value}{after}", "matchLevel": self._level(found)}

        return snippet

    def _level(self, found: Marked) -> str:
        if not found.matched:
            return "none"
        return "full" if len(found.matched) == len(self.words) else "partial"

    def _tagged(self, text: str, spans: Sequence[Span], part: Span) -> str:
        pieces, at = [], part[0]
        for low, high in spans:
            if part[0] <= low and high <= part[1]:
                pieces += [text[at:low], self.asked.pre_tag, text[low:high], self.asked.post_tag]
                at = high
        return "".join([*pieces, text[at : part[1]]])

    def _keeps(self, shown: Mapping[str, Any]) -> bool:
        """Whether an element of a list is given."""
        return not self.asked.only_matching or shown["matchLevel"] != "none"


def _over(
    values: Mapping[str, Any],
    show: Shown,
    *,
    texts_only: bool,
    keep: Callable[[Mapping[str, Any]], bool],
) -> Record:
    """``show`` of every text, in the shape of the record. Numbers count as texts where they were
    asked for by name."""

    def shown(value: Any) -> Any:
        if isinstance(value, str):
            return show(value)
        if isinstance(value, list):
            found = [each for each in map(shown, value) if each is not None]
            return [each for each in found if "value" not in each or keep(each)]
        if isinstance(value, dict):
            return {name: each for name in value if (each := shown(value[name])) is not None}
        return None if texts_only or value is None else show(_spelled(value))

    return {name: each for name in values if (each := shown(values[name])) is not None}


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _at(record: Record, name: str) -> Any:
    """The value at ``name`` or ``outer.inner``; None where there is none."""
    if name in record:
        return record[name]
    outer, _, inner = name.partition(".")
    value = record.get(outer)
    if outer == c.ATTRIBUTES:
        return record.get(inner)
    return value.get(inner) if isinstance(value, dict) else None


def _nested(flat: Record) -> Record:
    """``outer.inner`` as an object in an object, as records have it."""
    found: Record = {}
    for name, value in flat.items():
        outer, mark, inner = name.partition(".")
        if mark and outer == c.ATTRIBUTES:
            found[inner] = value
        elif mark:
            found.setdefault(outer, {})[inner] = value
        else:
            found[name] = value
    return found


def _window(sights: Sights, found: Marked, words: int, length: int) -> Span:
    """Where the ``words`` words stand that hold the most marks, the earliest of such stretches."""
    units = sights.units
    if len(units) <= words:
        return 0, length
    if words == 0:
        return 0, 0
    marks = [any(low <= start < high for low, high in found.spans) for start, _ in units]
    most = best = sum(marks[:words])
    first = 0
    for start in range(1, len(units) - words + 1):
        most += marks[start + words - 1] - marks[start - 1]
        if most > best:
            first, best = start, most
    low = 0 if first == 0 else units[first][0]
    high = length if first + words == len(units) else units[first + words - 1][1]
    return low, high
