"""The text index: which rows hold a word, and what it counts there."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue import bm25
from mercato.catalogue.analysis import Word, tokens
from mercato.catalogue.growing import Layers
from mercato.catalogue.packed import open_array
from mercato.catalogue.texts import searched_texts
from mercato.catalogue.titles import Titles, telling_tokens
from mercato.core.columns import TITLE

NO_ROWS = np.zeros(0, np.int64)

_tokens = lru_cache(maxsize=1 << 12)(tokens)
"""Brands, categories and titles come again and again."""


@dataclass(frozen=True)
class Postings:
    """The rows that hold a token, ascending, and the token's BM25F score in each.

    rows    : (n,) int32
    impacts : (n,) float32
    fields  : (n,) uint8, bit f is set where field f of `bm25.TEXT_FIELDS` holds the token
    """

    rows: NDArray[np.int32]
    impacts: NDArray[np.float32]
    fields: NDArray[np.uint8]

    def part(self, which: slice) -> "Postings":
        return Postings(self.rows[which], self.impacts[which], self.fields[which])


_NO_FIELDS = np.zeros(1, np.uint8)

_NO_POSTINGS = Postings(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.uint8))


@dataclass(frozen=True)
class BaseText:
    """The text index of a release, mapped into memory.

    vocabulary      : (n_tokens,) bytes, ascending
    posting_offsets : (n_tokens + 1,) int64
    posting_rows    : (n_postings,) int32
    posting_impacts : (n_postings,) float32
    posting_fields  : (n_postings,) uint8, see `Postings`
    """

    vocabulary: NDArray[np.bytes_]
    posting_offsets: NDArray[np.int64]
    posting_rows: NDArray[np.int32]
    posting_impacts: NDArray[np.float32]
    posting_fields: NDArray[np.uint8]
    n_items: int
    mean_lengths: NDArray[np.float64]

    @classmethod
    def open(cls, folder: Path) -> "BaseText":
        meta = json.loads((folder / "text.json").read_text())
        return cls(
            np.asarray(open_array(folder, "vocabulary"), np.bytes_),
            open_array(folder, "posting_offsets").view(np.int64),
            open_array(folder, "posting_rows").view(np.int32),
            open_array(folder, "posting_impacts").view(np.float32),
            open_array(folder, "posting_fields").view(np.uint8),
            meta["n_items"],
            np.array(meta["mean_lengths"]),
        )

    def numbers(self, tokens: Sequence[str]) -> NDArray[np.int64]:
        """(k,) the positions of tokens in the vocabulary; -1 for those it lacks."""
        encoded = [token.encode() for token in tokens]
        longest = self.vocabulary.itemsize
        sought = np.array([each[:longest] for each in encoded], self.vocabulary.dtype)
        at = np.searchsorted(self.vocabulary, sought)
        known = at < len(self.vocabulary)
        known[known] = self.vocabulary[at[known]] == sought[known]
        known &= np.fromiter(map(len, encoded), np.int64, len(encoded)) <= longest
        return np.where(known, at, -1)

    def frequencies(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """(k,) in how many items of the release tokens stand, by their numbers."""
        held = self.posting_offsets[numbers + 1] - self.posting_offsets[numbers]
        return np.where(numbers < 0, 0, held)

    def rarities(self, tokens: Sequence[str]) -> NDArray[np.float64]:
        """(k,) idf of tokens in the release."""
        return bm25.rarity(self.n_items, self.frequencies(self.numbers(tokens)))


@dataclass(frozen=True)
class TextIndex:
    """A release's index and the postings of rows appended since.

    late : number of a token that the vocabulary lacks, on from its last
    """

    base: BaseText
    titles: Titles
    tail: Layers[str, Postings] = field(default_factory=Layers)
    late: Layers[str, int] = field(default_factory=Layers)

    def appended(self, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> "TextIndex":
        """With more rows, given in ascending order."""
        new = dict(_later_postings(self.base, rows))
        unseen = [token for token in new if token not in self.tail]
        first = len(self.base.vocabulary) + self.late.entries
        numbers = self.base.numbers(unseen).tolist()
        lacking = [token for token, at in zip(unseen, numbers, strict=True) if at < 0]
        late = {token: first + at for at, token in enumerate(lacking)}
        grown = replace(self, tail=self.tail.over(new, _joined), late=self.late.over(late))
        titles = [telling_tokens(_tokens(item[TITLE])) for _, item in rows]
        flat = grown.numbers([token for title in titles for token in title])
        ends = np.cumsum([0, *map(len, titles)]).tolist()
        numbers = [flat[start:stop] for start, stop in zip(ends, ends[1:], strict=False)]
        return replace(grown, titles=self.titles.appended(numbers))

    def compacted(self, moved: NDArray[np.int32], keeper: int) -> "TextIndex":
        """With later rows at other places.

        moved  : (n_rows,) the new place of each row, rising; -1 for one that is left out
        keeper : new place of a dead row; it holds what no other row does any more, since a word
                 once known stays known
        """
        tokens = list(self.tail)
        parts = [self.tail.all_of(token) for token in tokens]
        counts = [sum(len(part.rows) for part in each) for each in parts]
        flat = _concatenated([part for each in parts for part in each])
        rows = moved[flat.rows]
        kept = rows >= 0
        flat = Postings(rows[kept], flat.impacts[kept], flat.fields[kept])
        ends = np.concatenate([[0], np.cumsum(kept)])[np.cumsum([0, *counts])].tolist()
        orphan = Postings(np.array([keeper], np.int32), np.zeros(1, np.float32), _NO_FIELDS)
        tail = {
            token: flat.part(slice(start, stop)) if start < stop else orphan
            for token, start, stop in zip(tokens, ends, ends[1:], strict=False)
        }
        titles = self.titles.compacted(np.flatnonzero(moved[self.titles.n_base :] >= 0))
        return replace(self, tail=Layers((tail,)), titles=titles)

    def numbers(self, tokens: Sequence[str]) -> NDArray[np.int64]:
        """(k,) numbers of tokens, as titles have them; -1 for those that no row ever held."""
        found = self.base.numbers(tokens)
        for at in np.flatnonzero(found < 0).tolist():
            found[at] = self.late.get(tokens[at], -1)
        return found

    def postings(self, tokens: Sequence[str]) -> list[tuple[Postings, ...]]:
        """For each token those of the release and of later rows; none where it is unknown."""
        found = []
        for token, at in zip(tokens, self.base.numbers(tokens).tolist(), strict=True):
            parts = []
            if at >= 0:
                part = slice(*self.base.posting_offsets[at : at + 2].tolist())
                parts.append(
                    Postings(
                        self.base.posting_rows[part],
                        self.base.posting_impacts[part],
                        self.base.posting_fields[part],
                    )
                )
            found.append((*parts, *self.tail.all_of(token)))
        return found

    def rows_with(self, word: Word) -> NDArray[np.integer]:
        """Rows that hold a word, each once."""
        found = dict(zip(word.tokens, self.postings(word.tokens), strict=True))
        rows = rows_of_word(word, found)
        return NO_ROWS if rows is None else rows


def _later_postings(
    base: BaseText, rows: Sequence[tuple[int, Mapping[str, Any]]]
) -> Iterator[tuple[str, Postings]]:
    """The postings of rows changed since a release, by the release's frequencies and lengths, so
    that they rank beside its own."""
    number: dict[str, int] = {}
    counted: list[tuple[int, int, int, int, int]] = []
    for row, item in rows:
        for at_field, text in enumerate(searched_texts(item)):
            found = _tokens(text) if text else ()
            for token, count in Counter(found).items():
                at = number.setdefault(token, len(number))
                counted.append((at, row, at_field, count, len(found)))
    if not counted:
        return
    table = np.array(counted, np.int64)
    token, row_of, field_of, count_of, length = table[np.lexsort(table.T[2::-1])].T
    frequency = bm25.weighted_frequency(count_of, field_of, length, base.mean_lengths)
    starts = np.ones(len(token), bool)
    starts[1:] = (token[1:] != token[:-1]) | (row_of[1:] != row_of[:-1])
    first = np.flatnonzero(starts)
    token, row_of = token[first], row_of[first].astype(np.int32)
    fields = np.bitwise_or.reduceat((1 << field_of).astype(np.uint8), first)
    scores = bm25.saturate(np.add.reduceat(frequency, first)) * base.rarities(list(number))[token]
    bounds = np.searchsorted(token, np.arange(len(number) + 1)).tolist()
    for text, start, stop in zip(number, bounds, bounds[1:], strict=False):
        part = slice(start, stop)
        yield text, Postings(row_of[part], scores[part].astype(np.float32), fields[part])


def _joined(old: Postings, new: Postings) -> Postings:
    return _concatenated([old, new])


def _concatenated(parts: Sequence[Postings]) -> Postings:
    return Postings(
        np.concatenate([_NO_POSTINGS.rows, *(each.rows for each in parts)]),
        np.concatenate([_NO_POSTINGS.impacts, *(each.impacts for each in parts)]),
        np.concatenate([_NO_POSTINGS.fields, *(each.fields for each in parts)]),
    )


def _rows(postings: tuple[Postings, ...]) -> NDArray[np.int32]:
    if len(postings) == 1:
        return postings[0].rows
    return np.concatenate([np.zeros(0, np.int32), *(each.rows for each in postings)])


def rows_of_word(
    word: Word, found: Mapping[str, tuple[Postings, ...]]
) -> NDArray[np.integer] | None:
    """Rows, each once, with the whole word or all its parts; None if no row can have either."""
    whole = _rows(found[word.whole])
    if not word.parts or not all(found[part] for part in word.parts):
        return whole if found[word.whole] else None
    together = _rows(found[word.parts[0]])
    for part in word.parts[1:]:
        together = np.intersect1d(together, _rows(found[part]), assume_unique=True)
    return np.union1d(whole, together)
