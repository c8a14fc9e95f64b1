"""How often words of a query stand together in products."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import Word
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.postings import NO_ROWS

ROWS_LOOKED_AT = 256
"""Of a word's rows the first, which are the most popular, stand for all."""

SMOOTHING = 5.0
"""Rows that are thought to be there, with other words as frequent as everywhere."""


class CoOccurrence:
    """The rows of words, each read once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._text = catalogue.text
        self._n_rows = max(catalogue.n_rows, 1)
        self._rows: dict[Word, NDArray[np.integer]] = {}

    def read(self, words: Iterable[Word]) -> None:
        new = [word for word in dict.fromkeys(words) if word not in self._rows]
        simple = [word for word in new if not word.parts]
        for word, parts in zip(
            simple, self._text.postings([word.whole for word in simple]), strict=True
        ):
            held = [part.rows for part in parts]
            self._rows[word] = held[0] if len(held) == 1 else np.concatenate([NO_ROWS, *held])
        for word in new:
            if word.parts:
                self._rows[word] = self._text.rows_with(word)

    def nats_of(self, words: Sequence[Word], at_least: int = 0) -> float:
        """Of products that hold all of the words; infinite where a word is unknown.

        at_least : rows of the first word, where it is sought more often than its rows tell
        """
        if not all(len(self._rows[word]) for word in words):
            return math.inf
        first = self._rows[words[0]]
        nats = -math.log(max(len(first), at_least) / self._n_rows)
        for word in words[1:]:
            nats -= math.log(self._share(words[0], word))
        return nats

    def nats_among(self, words: Sequence[Word], others: Sequence[Word]) -> float:
        """How much rarer other words are where these are held than everywhere."""
        if not all(len(self._rows[word]) for word in words):
            return math.inf
        return -sum(
            max(
                math.log(self._share(word, other) * self._n_rows / len(self._rows[other]))
                for word in words
            )
            for other in others
            if other not in words and len(self._rows[other])
        )

    def rows(self, word: Word) -> int:
        """How many hold a word that was read."""
        return len(self._rows[word])

    def together(self, word: Word, other: Word) -> float:
        """About how many rows hold both words."""
        return _together(self._rows[word], self._rows[other])

    def _share(self, word: Word, other: Word) -> float:
        """Of the rows that hold a word, those that hold another too."""
        mine, theirs = self._rows[word], self._rows[other]
        everywhere = len(theirs) / self._n_rows
        return (_together(mine, theirs) + SMOOTHING * everywhere) / (len(mine) + SMOOTHING)


def _together(mine: NDArray[np.integer], theirs: NDArray[np.integer]) -> float:
    """About how many rows are in both."""
    few, many = (mine, theirs) if len(mine) <= len(theirs) else (theirs, mine)
    if not len(few):
        return 0.0
    some = few[:ROWS_LOOKED_AT]
    at = np.minimum(np.searchsorted(many, some), len(many) - 1)
    return float(np.count_nonzero(many[at] == some)) * len(few) / len(some)
