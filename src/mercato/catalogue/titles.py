"""Titles as rows of tokens, in order: for phrases, and for how near words stand to each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import STOP_WORDS
from mercato.catalogue.bm25 import TEXT_FIELDS
from mercato.catalogue.growing import Growing
from mercato.catalogue.packed import open_array

TITLE_FIELD = next(at for at, each in enumerate(TEXT_FIELDS) if each.name == "title")

MOST_TOKENS = 48
"""Tokens of a title that are kept."""


def _no_offsets() -> Growing[np.int64]:
    return Growing.of(np.zeros(1, np.int64))


def _no_tokens() -> Growing[np.int32]:
    return Growing.of(np.zeros(0, np.int32))


def telling_tokens(tokens: Sequence[str]) -> list[str]:
    """The tokens of a title, in order, without words that say nothing."""
    return [token for token in tokens if token not in STOP_WORDS]


def skipped_tokens(vocabulary: NDArray[np.bytes_]) -> NDArray[np.bool_]:
    """(n_tokens,) tokens that titles are read without, as queries are: words that say nothing."""
    return np.isin(vocabulary, [word.encode() for word in STOP_WORDS])


def title_tokens(
    row: NDArray[np.int64], token: NDArray[np.int64], n_rows: int
) -> dict[str, NDArray[np.generic]]:
    """The arrays of `Titles` from (row, token) as they were read, rows ascending."""
    within = np.arange(len(row)) - np.searchsorted(row, row)
    kept = within < MOST_TOKENS
    offsets = np.searchsorted(row[kept], np.arange(n_rows + 1))
    return {"title_offsets": offsets, "title_tokens": token[kept].astype(np.int32)}


@dataclass(frozen=True)
class TitleTokens:
    """The tokens of k titles, one after the other.

    lengths : (k,) tokens of each
    row     : (n,) which of the k titles a token stands in, ascending
    place   : (n,) where in it, from 0
    tokens  : (n,) int32
    """

    lengths: NDArray[np.int64]
    row: NDArray[np.int64]
    place: NDArray[np.int64]
    tokens: NDArray[np.int32]


@dataclass(frozen=True)
class Titles:
    """Tokens by their numbers, of a release's rows and of rows appended since.

    offsets, tokens           : (n_base + 1,) int64, (n,) int32, CSR
    tail_offsets, tail_tokens : the same for later rows
    """

    offsets: NDArray[np.int64]
    tokens: NDArray[np.int32]
    tail_offsets: Growing[np.int64] = field(default_factory=_no_offsets)
    tail_tokens: Growing[np.int32] = field(default_factory=_no_tokens)

    @classmethod
    def open(cls, folder: Path) -> "Titles":
        return cls(
            open_array(folder, "title_offsets").view(np.int64),
            open_array(folder, "title_tokens").view(np.int32),
        )

    @property
    def n_base(self) -> int:
        return len(self.offsets) - 1

    def of(self, rows: NDArray[np.integer]) -> "TitleTokens":
        """The titles of some rows (k,)."""
        starts, lengths = self._spans(rows, self.offsets)
        late = None
        if len(rows) and rows.max() >= self.n_base:
            late = rows >= self.n_base
            tail = self._spans(np.where(late, rows - self.n_base, 0), self.tail_offsets.array)
            starts, lengths = np.where(late, tail[0], starts), np.where(late, tail[1], lengths)
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(rows) else 0
        row = np.repeat(np.arange(len(rows)), lengths)
        place = np.arange(total) - (ends - lengths)[row]
        at = starts[row] + place
        if late is None:
            return TitleTokens(lengths, row, place, self.tokens[at])
        tokens = np.empty(total, np.int32)
        behind = late[row]
        tokens[~behind] = self.tokens[at[~behind]]
        tokens[behind] = self.tail_tokens.array[at[behind]]
        return TitleTokens(lengths, row, place, tokens)

    def appended(self, titles: Sequence[NDArray[np.integer]]) -> "Titles":
        """With the titles of more rows, in the order of the rows."""
        kept = [title[:MOST_TOKENS] for title in titles]
        ends = np.cumsum([len(title) for title in kept]) + self.tail_offsets.array[-1]
        tokens = np.concatenate([np.zeros(0, np.int32), *kept], dtype=np.int32)
        return replace(
            self,
            tail_offsets=self.tail_offsets.extended(ends.astype(np.int64)),
            tail_tokens=self.tail_tokens.extended(tokens),
        )

    def compacted(self, kept: NDArray[np.int64]) -> "Titles":
        """With only some of the later rows, by their place among them, ascending."""
        starts, ends = self.tail_offsets.array[kept], self.tail_offsets.array[kept + 1]
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(ends - starts)])
        shift = np.repeat(starts - offsets[:-1], ends - starts)
        tokens = self.tail_tokens.array[np.arange(offsets[-1]) + shift]
        return replace(self, tail_offsets=Growing.of(offsets), tail_tokens=Growing.of(tokens))

    @staticmethod
    def _spans(
        rows: NDArray[np.integer], offsets: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Starts and lengths; of any other title for a row beyond the last."""
        at = np.minimum(rows, max(len(offsets) - 2, 0))
        starts = offsets[at]
        return starts, offsets[np.minimum(at + 1, len(offsets) - 1)] - starts
