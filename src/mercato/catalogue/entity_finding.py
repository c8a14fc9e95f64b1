"""Find the phrases that name values of a catalogue's fields, and how surely they do.

A phrase names a value as surely as the products that hold the phrase, in whatever field, have the
value: ``gold`` may be a colour in one shop and a brand of coffee in another, and only the shop's
own products can tell.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import Word, tokens, words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.columns import BaseColumn, Column
from mercato.catalogue.entities import LONGEST_PHRASE, MOST_VALUES, Entity, phrase_of
from mercato.catalogue.property_words import FAMILY_OF_COLOUR, FAMILY_OF_MATERIAL, FAMILY_OF_SIZE
from mercato.core import columns as c
from mercato.core.progress import Step

UNSURE = 0.25
"""Assumed: what is less likely is not kept."""

FEWEST_PRODUCTS = 2
"""That must have a value, except of a brand."""

MOST_DIFFERENT = 300
"""Different values of an attribute that phrases may name."""

SMALLEST_SHARE = 0.01
"""Of the products that must have an attribute."""

MOST_MEANINGS = 3
"""Of one phrase, the likeliest."""

BY_FAMILY = 0.6
"""Assumed: how surely a word means its family where no product holds it, as ``红色`` in an English
catalogue."""

_FAMILIES: tuple[tuple[re.Pattern[str], Mapping[str, str]], ...] = (
    (re.compile(r"colou?rs?|颜色"), FAMILY_OF_COLOUR),
    (re.compile(r"materials?|fabric|材质|面料"), FAMILY_OF_MATERIAL),
    (re.compile(r"sizes?|尺码|尺寸"), FAMILY_OF_SIZE),
)
_STANDARD = (c.BRAND, c.PRODUCT_TYPE, c.COLOR, c.MATERIAL, c.SIZE)
_LETTERS = re.compile(r"[^\W\d_]{2}|[\u3400-\u9fff]")
_JOINED = re.compile(r"\s*(?:&|,|/|\band\b|和|、)\s*")
_SAY_NOTHING = frozenset(
    "yes no true false none other others n/a na unknown default 是 否 无".split()
)


def find_entities(catalogue: Catalogue, step: Step) -> dict[str, list[Entity]]:
    """Phrase → what it may name, the likeliest first. ``step`` is advanced by fields."""
    found: dict[str, list[Entity]] = {}
    holders = _Holders(catalogue)
    for field in fields_named(catalogue):
        for phrase, entity in _Naming(catalogue, field, holders).entities():
            found.setdefault(phrase, []).append(entity)
        step.advance(1)
    return {
        phrase: sorted(each, key=lambda entity: -entity.confidence)[:MOST_MEANINGS]
        for phrase, each in sorted(found.items())
    }


def fields_named(catalogue: Catalogue) -> list[str]:
    """Fields whose values a query may name: some standard ones, and attributes with few values."""
    named = [name for name in _STANDARD if name in catalogue.columns.names()]
    for name in sorted(catalogue.columns.names() - {*c.ITEM_COLUMNS}):
        column = catalogue.columns[name].base
        texts = int(np.isnan(column.numbers).sum())
        enough = len(column.pairs.rows) >= SMALLEST_SHARE * max(catalogue.n_base, 1)
        if enough and 2 <= texts <= MOST_DIFFERENT and not ({"true", "false"} & _some(column)):
            named.append(name)
    return named


def _some(column: BaseColumn) -> set[str]:
    texts = column.texts(np.arange(min(2, len(column.numbers))))
    return {text.casefold() for text in texts}


class _Holders:
    """Which rows hold the words of a phrase, in any field."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._text = catalogue.text
        self._rows: dict[Word, NDArray[np.integer]] = {}

    def of(self, phrase: Sequence[Word]) -> NDArray[np.integer]:
        rows = self._one(phrase[0])
        for word in phrase[1:]:
            rows = np.intersect1d(rows, self._one(word), assume_unique=True)
        return rows

    def _one(self, word: Word) -> NDArray[np.integer]:
        if word not in self._rows:
            self._rows[word] = self._text.rows_with(word)
        return self._rows[word]


@dataclass(frozen=True)
class _Naming:
    """The phrases that name values of one field."""

    catalogue: Catalogue
    field: str
    holders: _Holders

    def entities(self) -> Iterator[tuple[str, Entity]]:
        fewest = 1 if self.field == c.BRAND else FEWEST_PRODUCTS
        for phrase, (of, codes) in self._phrases().items():
            confidence = self._confidence(of, codes)
            if confidence is None and phrase in self._family_words:
                confidence = BY_FAMILY
            n_products = sum(len(self._rows_of(code)) for code in codes)
            if confidence is not None and confidence >= UNSURE and n_products >= fewest:
                yield phrase, Entity(self.field, self._values(codes), round(confidence, 3))

    def _phrases(self) -> dict[str, tuple[tuple[Word, ...], list[int]]]:
        """Phrase → its words and the values that it may name."""
        found: dict[str, tuple[tuple[Word, ...], list[int]]] = {}
        for code, text in enumerate(self._texts):
            for name in self._names(text):
                of = words(name)
                if 0 < len(of) <= LONGEST_PHRASE and _telling(name):
                    found.setdefault(phrase_of(of), (of, []))[1].append(code)
        for phrase, of, codes in self._family_phrases():
            known = found.setdefault(phrase, (of, []))[1]
            known += [code for code in codes if code not in known]
        return found

    def _names(self, text: str) -> set[str]:
        """How shoppers may call a value: ``Hand & Power Tools > Saws`` is ``Saws``."""
        if self.field != c.PRODUCT_TYPE:
            return {text}
        leaf = text.rsplit(c.PATH_SEPARATOR, 1)[-1]
        return {leaf, *_JOINED.split(leaf)} - {""}

    def _family_phrases(self) -> Iterator[tuple[str, tuple[Word, ...], list[int]]]:
        """Words of a family name the values that hold them; a family's own name, and words that
        no value holds, name the values of the whole family."""
        if not self._family_words:
            return
        of_word: dict[str, list[int]] = {}
        of_family: dict[str, list[int]] = {}
        for code, text in enumerate(self._texts):
            held = {token for token in tokens(text) if token in self._family_words}
            for token in held:
                of_word.setdefault(token, []).append(code)
            for family in {self._family_words[token] for token in held}:
                of_family.setdefault(family, []).append(code)
        for word, family in self._family_words.items():
            whole = word == family or word not in of_word
            codes = of_family.get(family, []) if whole else of_word[word]
            # A letter alone is a size only where it is called one.
            if codes and (len(word) > 1 or not word.isascii()):
                of = words(word)
                yield phrase_of(of), of, codes

    def _confidence(self, phrase: Sequence[Word], codes: Sequence[int]) -> float | None:
        """None where no product with the field holds the phrase."""
        holding = self.holders.of(phrase)
        n_having = int(self._having[holding].sum())
        if not n_having:
            return None
        named = np.zeros(self.catalogue.n_base, bool)
        for code in codes:
            named[self._rows_of(code)] = True
        return float(named[holding].sum()) / (n_having + 1)

    def _values(self, codes: Sequence[int]) -> tuple[str, ...]:
        """Of a category only the upper where one lies in the other."""
        frequent = sorted(codes, key=lambda code: (-len(self._rows_of(code)), code))
        kept: list[str] = []
        for text in (self._texts[code] for code in frequent):
            if not any(text.startswith(upper + c.PATH_SEPARATOR) for upper in kept):
                kept.append(text)
        return tuple(kept[:MOST_VALUES])

    def _rows_of(self, code: int) -> NDArray[np.integer]:
        order, starts = self._by_code
        return self._pairs_rows[order[starts[code] : starts[code + 1]]]

    @property
    def _column(self) -> Column:
        return self.catalogue.columns[self.field]

    @cached_property
    def _pairs_rows(self) -> NDArray[np.integer]:
        return self._column.base.pairs.rows

    @cached_property
    def _by_code(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        codes = self._column.base.pairs.codes
        order = np.argsort(codes, kind="stable")
        return order, np.searchsorted(codes[order], np.arange(len(self._texts) + 1))

    @cached_property
    def _texts(self) -> list[str]:
        return self._column.base.texts(np.arange(len(self._column.base.numbers)))

    @cached_property
    def _having(self) -> NDArray[np.bool_]:
        having = np.zeros(self.catalogue.n_base, bool)
        having[self._pairs_rows] = True
        return having

    @cached_property
    def _family_words(self) -> Mapping[str, str]:
        name = self.field.casefold()
        return next((known for pattern, known in _FAMILIES if pattern.search(name)), {})


def _telling(name: str) -> bool:
    """Whether a value says something by itself: no number, no dimensions, no ``yes``."""
    return name.casefold().strip() not in _SAY_NOTHING and bool(_LETTERS.search(name))
