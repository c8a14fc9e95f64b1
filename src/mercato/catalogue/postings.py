"""The text index: which rows hold the words of a query, and how well they fit."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue import bm25
from mercato.catalogue.analysis import Word, tokens
from mercato.catalogue.packed import open_array
from mercato.catalogue.texts import searched_texts

SHARE_NEEDED = 0.75
"""Minimum should match, ``2<75%`` in the notation of Lucene: of one or two words all, of more
this share, rounded down. Only words that the catalogue knows at all are counted."""

FEW_ROWS = 10
"""Where fewer rows match, a word less is needed, until there are so many or one word is enough.

On 600 queries of Home Depot this finds .82 of the relevant products instead of .68, with a median
of 82 rows instead of 26, and leaves one query without any, instead of 53."""


def needed_words(n_words: int) -> int:
    """How many of ``n_words`` known words a row must hold to match."""
    return n_words if n_words <= 2 else int(n_words * SHARE_NEEDED)


def enough_words(held: NDArray[np.uint8], n_words: int) -> int:
    """`needed_words`, or so many fewer that FEW_ROWS rows match; at least 1.

    held : (n,) how many of the words each row holds
    """
    needed = needed_words(n_words)
    while needed > 1 and np.count_nonzero(held >= needed) < FEW_ROWS:
        needed -= 1
    return needed


NO_ROWS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Postings:
    """The rows that hold a token, ascending, and the token's BM25F score in each.

    rows    : (n,) int32
    impacts : (n,) float32
    """

    rows: NDArray[np.int32]
    impacts: NDArray[np.float32]


@dataclass(frozen=True)
class TextMatches:
    """Rows that match a query's words.

    rows    : (n,) int64, ascending, living
    best    : no row can score more
    sums    : (n_rows,) float32, BM25F of every row of the catalogue, 0 where it holds no word
    held    : (n_rows,) uint8, how many of the known words each row holds, 0 for a dead one
    n_known : words of the query that the catalogue knows
    """

    rows: NDArray[np.int64]
    best: float
    sums: NDArray[np.float32]
    held: NDArray[np.uint8]
    n_known: int

    def scores_of(self, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        """(k,) BM25F times the root of the share of known words that each row holds."""
        share = np.arange(self.n_known + 1, dtype=np.float32) / np.float32(max(self.n_known, 1))
        return np.asarray(self.sums[rows] * np.sqrt(share)[self.held[rows]], np.float32)


@dataclass(frozen=True)
class BaseText:
    """The text index of a release, mapped into memory.

    vocabulary      : (n_tokens,) bytes, ascending
    posting_offsets : (n_tokens + 1,) int64
    posting_rows    : (n_postings,) int32
    posting_impacts : (n_postings,) float32
    """

    vocabulary: NDArray[np.bytes_]
    posting_offsets: NDArray[np.int64]
    posting_rows: NDArray[np.int32]
    posting_impacts: NDArray[np.float32]
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
    """A release's index and the postings of rows appended since."""

    base: BaseText
    tail: Mapping[str, Postings]

    def appended(self, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> "TextIndex":
        """With more rows, given in ascending order."""
        tail = dict(self.tail)
        for token, new in _later_postings(self.base, rows):
            old = tail.get(token)
            tail[token] = new if old is None else _joined(old, new)
        return TextIndex(self.base, tail)

    def postings(self, tokens: Sequence[str]) -> list[tuple[Postings, ...]]:
        """For each token those of the release and of later rows; none where it is unknown."""
        found = []
        for token, at in zip(tokens, self.base.numbers(tokens).tolist(), strict=True):
            parts = []
            if at >= 0:
                part = slice(*self.base.posting_offsets[at : at + 2].tolist())
                parts.append(
                    Postings(self.base.posting_rows[part], self.base.posting_impacts[part])
                )
            if token in self.tail:
                parts.append(self.tail[token])
            found.append(tuple(parts))
        return found

    def rows_with(self, word: Word) -> NDArray[np.integer]:
        """Rows that hold a word, each once."""
        found = dict(zip(word.tokens, self.postings(word.tokens), strict=True))
        rows = _rows_of_word(word, found)
        return NO_ROWS if rows is None else rows

    def match(self, words: Sequence[Word], alive: NDArray[np.bool_]) -> TextMatches:
        """Rows that hold enough of the words; ``alive``: (n_rows,) those that may match."""
        sums = np.zeros(len(alive), np.float32)
        held = np.zeros(len(alive), np.uint8)
        asked = [token for word in words for token in dict.fromkeys(word.tokens)]
        found = dict(zip(asked, self.postings(asked), strict=True))
        for token in asked:
            for part in found[token]:
                sums[part.rows] += part.impacts
        n_known = 0
        for word in words:
            rows = _rows_of_word(word, found)
            if rows is not None:
                held[rows] += 1
                n_known += 1
        known = [token for token in asked if found[token]]
        best = float(self.base.rarities(known).sum())
        held *= alive
        rows = np.flatnonzero(held >= enough_words(held, n_known)) if n_known else NO_ROWS
        return TextMatches(rows, best, sums, held, n_known)


def _later_postings(
    base: BaseText, rows: Sequence[tuple[int, Mapping[str, Any]]]
) -> Iterator[tuple[str, Postings]]:
    """The postings of rows changed since a release, by the release's frequencies and lengths, so
    that they rank beside its own."""
    number: dict[str, int] = {}
    counted: list[tuple[int, int, int, int, int]] = []
    for row, item in rows:
        for field, text in enumerate(searched_texts(item)):
            found = tokens(text) if text else ()
            for token, count in Counter(found).items():
                at = number.setdefault(token, len(number))
                counted.append((at, row, field, count, len(found)))
    if not counted:
        return
    token, row_of, field_of, count_of, length = np.array(sorted(counted), np.int64).T
    frequency = bm25.weighted_frequency(count_of, field_of, length, base.mean_lengths)
    starts = np.ones(len(token), bool)
    starts[1:] = (token[1:] != token[:-1]) | (row_of[1:] != row_of[:-1])
    first = np.flatnonzero(starts)
    token, row_of = token[first], row_of[first].astype(np.int32)
    scores = bm25.saturate(np.add.reduceat(frequency, first)) * base.rarities(list(number))[token]
    bounds = np.searchsorted(token, np.arange(len(number) + 1)).tolist()
    for text, start, stop in zip(number, bounds, bounds[1:], strict=False):
        yield text, Postings(row_of[start:stop], scores[start:stop].astype(np.float32))


def _joined(old: Postings, new: Postings) -> Postings:
    return Postings(
        np.concatenate([old.rows, new.rows]), np.concatenate([old.impacts, new.impacts])
    )


def _rows(postings: tuple[Postings, ...]) -> NDArray[np.int32]:
    if len(postings) == 1:
        return postings[0].rows
    return np.concatenate([np.zeros(0, np.int32), *(each.rows for each in postings)])


def _rows_of_word(
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
