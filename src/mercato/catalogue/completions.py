"""Find rows and phrases by the beginning of a word, for suggestions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import LONGEST_TOKEN, surface_words
from mercato.catalogue.growing import Layers
from mercato.catalogue.packed import open_array
from mercato.catalogue.prefixes import nearly_starting, starting
from mercato.core import columns as c


def completing_words(item: Mapping[str, Any]) -> set[str]:
    """The words of an item that a shopper may be typing: of title, brand and category; of a
    word with hyphens the whole and its parts."""
    texts = (item.get(name) for name in (c.TITLE, c.BRAND, c.PRODUCT_TYPE))
    return {word for text in texts if text for word in _words_and_parts(text)}


@lru_cache(maxsize=1 << 14)
def _words_and_parts(text: str) -> frozenset[str]:
    found = set(surface_words(text))
    found |= {part for word in found if "-" in word for part in word.split("-") if part}
    return frozenset(word[:LONGEST_TOKEN] for word in found)


@dataclass(frozen=True)
class BaseCompletions:
    """The words and phrases of a release.

    words         : (n_words,) bytes, ascending
    offsets       : (n_words + 1,) int64
    rows          : (n_pairs,) int32, by word, then row
    phrases       : (n_phrases,) bytes, ascending
    phrase_titles : (n_phrases,) int32, different titles with the phrase
    """

    words: NDArray[np.bytes_]
    offsets: NDArray[np.int64]
    rows: NDArray[np.int32]
    phrases: NDArray[np.bytes_]
    phrase_titles: NDArray[np.int32]

    @classmethod
    def open(cls, folder: Path) -> "BaseCompletions":
        return cls(
            np.asarray(open_array(folder, "completion_words"), np.bytes_),
            open_array(folder, "completion_offsets").view(np.int64),
            open_array(folder, "completion_rows").view(np.int32),
            np.asarray(open_array(folder, "phrases"), np.bytes_),
            open_array(folder, "phrase_titles").view(np.int32),
        )

    def rows_with(self, prefix: str) -> NDArray[np.int32]:
        """Rows with a word that starts so, some more than once."""
        found = starting(self.words, prefix)
        return self.rows[self.offsets[found.start] : self.offsets[found.stop]]

    def words_with(self, prefix: str, most: int) -> dict[str, int]:
        """Words that start so → rows that have them, those of the most rows."""
        found = starting(self.words, prefix)
        counts = np.diff(self.offsets[found.start : found.stop + 1])
        first = np.argsort(-counts, kind="stable")[:most]
        spelled = (word.decode() for word in self.words[found][first].tolist())
        return dict(zip(spelled, counts[first].tolist(), strict=True))

    def nearest_word(self, typed: str, letters: str) -> str | None:
        """The word of the most rows whose beginning is one mistake away; None without one.

        letters : see `nearly_starting`
        """
        spans = nearly_starting(self.words, typed, letters)
        if not spans:
            return None
        at = np.concatenate([np.arange(span.start, span.stop) for span in spans])
        best = at[np.argmax(self.offsets[at + 1] - self.offsets[at])]
        return bytes(self.words[best]).decode()

    def phrases_with(self, prefix: str, most: int) -> list[str]:
        """Phrases that start so, the most frequent first."""
        found = starting(self.phrases, prefix)
        titles = self.phrase_titles[found]
        order = np.argsort(-titles, kind="stable")[:most]
        return [phrase.decode() for phrase in self.phrases[found][order].tolist()]


@dataclass(frozen=True)
class Completions:
    """A release's words and those of rows appended since, which are few: word → rows."""

    base: BaseCompletions
    tail: Layers[str, NDArray[np.int32]] = field(default_factory=Layers)

    def appended(self, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> "Completions":
        """With more rows, given in ascending order."""
        found: dict[str, list[int]] = {}
        for row, item in rows:
            for word in completing_words(item):
                found.setdefault(word, []).append(row)
        new = {word: np.array(late, np.int32) for word, late in found.items()}
        return Completions(self.base, self.tail.over(new, _joined))

    def compacted(self, moved: NDArray[np.int32]) -> "Completions":
        """With later rows at other places, see `TextIndex.compacted`."""
        found = {word: moved[np.concatenate(self.tail.all_of(word))] for word in self.tail}
        kept = {word: rows[rows >= 0] for word, rows in found.items()}
        return Completions(
            self.base, Layers(({word: kept[word] for word in kept if len(kept[word])},))
        )

    def words_with(self, prefix: str, most: int) -> list[str]:
        """Words that start so, those of the most rows first, then by their letters."""
        prefix = prefix[:LONGEST_TOKEN]
        counts = self.base.words_with(prefix, most)
        for part in self.tail.parts:
            for word, rows in part.items():
                if word.startswith(prefix):
                    counts[word] = counts.get(word, 0) + len(rows)
        return sorted(counts, key=lambda word: (-counts[word], word))[:most]

    def rows_with(self, prefix: str) -> NDArray[np.integer]:
        """Rows with a word that starts so, some more than once."""
        prefix = prefix[:LONGEST_TOKEN]
        late = [
            rows
            for part in self.tail.parts
            for word, rows in part.items()
            if word.startswith(prefix)
        ]
        return np.concatenate([self.base.rows_with(prefix), *late])


def _joined(old: NDArray[np.int32], new: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.concatenate([old, new])
