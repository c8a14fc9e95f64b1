"""The words that a shop writes, to find those a mistyped word may stand for.

Words lie by length, then by alphabet. Of all words of about the right length those are compared
letter by letter that lack no more letters of the typed word, and have no more letters beside it,
than edits are allowed: one pass over 64 bits a word, which needs no table of deletions. On 15,000
words of Home Depot's titles that takes 30 µs a word; a table like SymSpell's, which is no slower
to build than to ask, takes some 340 bytes a word where this takes 50.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from mercato.catalogue.analysis import LONGEST_TOKEN
from mercato.catalogue.packed import open_array, save_array

SHORTEST = 3
"""Letters of the shortest words that are held."""

MOST_WORDS = 1 << 17
"""Of more words the most frequent are held."""

_BINS = 32
"""Letters fall into so many bins by their code: those of one alphabet each into its own."""


@dataclass(frozen=True)
class Near:
    """A word that a typed one may stand for.

    distance  : edits: letters missing, extra, wrong, or two neighbours swapped
    frequency : what the word was counted with
    """

    word: str
    distance: int
    frequency: int


@dataclass(frozen=True)
class Lexicon:
    """n words, mapped into memory where they are of a release.

    letters     : (sum of lengths,) uint32, code points, word behind word
    starts      : (LONGEST_TOKEN + 2,) int64, which word is the first of so many letters
    frequencies : (n,) int32
    signatures  : (n,) uint64, see `signatures_of`
    """

    letters: NDArray[np.uint32]
    starts: NDArray[np.int64]
    frequencies: NDArray[np.int32]
    signatures: NDArray[np.uint64]

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "Lexicon":
        """Of words that consist of letters alone, SHORTEST to LONGEST_TOKEN of them."""
        fit = [word for word in counts if _fits(word)]
        fit = sorted(fit, key=lambda word: (-counts[word], word))[:MOST_WORDS]
        words = sorted(fit, key=lambda word: (len(word), word))
        letters = np.frombuffer("".join(words).encode("utf-32-le"), "<u4").astype(np.uint32)
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        return cls(
            letters,
            np.searchsorted(lengths, np.arange(LONGEST_TOKEN + 2)),
            np.fromiter((counts[word] for word in words), np.int32, len(words)),
            signatures_of(letters, lengths),
        )

    @classmethod
    def open(cls, folder: Path) -> "Lexicon":
        return cls(
            open_array(folder, "letters").view(np.uint32),
            open_array(folder, "starts").view(np.int64),
            open_array(folder, "frequencies").view(np.int32),
            open_array(folder, "signatures").view(np.uint64),
        )

    def save(self, folder: Path) -> None:
        save_array(folder, "letters", self.letters)
        save_array(folder, "starts", self.starts)
        save_array(folder, "frequencies", self.frequencies)
        save_array(folder, "signatures", self.signatures)

    def __len__(self) -> int:
        return len(self.frequencies)

    def near(self, word: str, most: int) -> list[Near]:
        """The words at most ``most`` edits away, the word itself left out."""
        if not _fits(word):
            return []
        first = int(self.starts[max(len(word) - most, 0)])
        last = int(self.starts[min(len(word) + most, LONGEST_TOKEN) + 1])
        held = self.signatures[first:last]
        sought = signatures_of(_codes(word), np.array([len(word)]))[0]
        few_extra = np.bitwise_count(held & ~sought) <= most
        few_missing = np.bitwise_count(sought & ~held) <= most
        at = np.flatnonzero(few_extra & few_missing) + first
        words = self._spelled(at)
        distances = cdist([word], words, scorer=OSA.distance, score_cutoff=most)[0].tolist()
        found = zip(words, distances, self.frequencies[at].tolist(), strict=True)
        return [Near(*each) for each in found if 0 < each[1] <= most]

    def _spelled(self, at: NDArray[np.int64]) -> list[str]:
        """The words at ascending places."""
        bounds = np.searchsorted(at, self.starts).tolist()
        words: list[str] = []
        for length, (start, stop) in enumerate(zip(bounds, bounds[1:], strict=False)):
            if start < stop:
                words += self._of_length(length)[at[start:stop] - self.starts[length]].tolist()
        return words

    def _of_length(self, length: int) -> NDArray[np.str_]:
        start = int(self._offsets[length])
        stop = start + length * int(self.starts[length + 1] - self.starts[length])
        return np.asarray(self.letters[start:stop].view(f"U{length}"), np.str_)

    @cached_property
    def _offsets(self) -> NDArray[np.int64]:
        """(LONGEST_TOKEN + 1,) where in ``letters`` the words of each length begin."""
        size = np.arange(LONGEST_TOKEN + 1) * np.diff(self.starts)
        return np.concatenate([[0], np.cumsum(size)[:-1]])


def signatures_of(letters: NDArray[np.uint32], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(n,) uint64: bit k is set where a word has a letter of bin k, bit 32 + k where it has two.

    An edit sets at most one bit and clears at most one; swapping letters does neither.

    letters : word behind word
    """
    word = np.repeat(np.arange(len(lengths)), lengths)
    count = np.bincount(word * _BINS + letters % _BINS, minlength=len(lengths) * _BINS)
    count = count.reshape(-1, _BINS)
    bit = np.uint64(1) << np.arange(_BINS, dtype=np.uint64)
    once = ((count > 0) * bit).sum(1, dtype=np.uint64)
    twice = ((count > 1) * bit).sum(1, dtype=np.uint64)
    return np.asarray(once | twice << np.uint64(_BINS), np.uint64)


def _codes(word: str) -> NDArray[np.uint32]:
    return np.frombuffer(word.encode("utf-32-le"), "<u4").astype(np.uint32)


def _fits(word: str) -> bool:
    return SHORTEST <= len(word) <= LONGEST_TOKEN and word.isalpha()
