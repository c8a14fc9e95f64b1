"""Write what suggestions need: which rows have which typed word, and phrases that titles share."""

from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import STOP_WORDS, surface_words
from mercato.catalogue.completions import completing_words
from mercato.catalogue.distinct import distinct
from mercato.catalogue.packed import save_array
from mercato.core import columns as c

FEWEST_TITLES = 3
"""Different titles that must share a phrase before it is suggested as a query."""

LONGEST_PHRASE = 3
"""Words of a phrase."""

SWALLOWED = 0.9
"""A phrase is left out where this share of its titles go on with the same next word."""


class CompletionWriter:
    """Takes items in the order of their rows."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._words = array("i")
        self._rows = array("i")
        self._n_rows = 0
        self._phrases = _PhraseCounter()
        self._titles: set[str] = set()

    def add(self, item: Mapping[str, Any]) -> None:
        number = self._number
        found = [number.setdefault(word, len(number)) for word in completing_words(item)]
        self._words.extend(found)
        self._rows.extend([self._n_rows] * len(found))
        self._n_rows += 1
        title = item[c.TITLE]
        if title not in self._titles:
            self._titles.add(title)
            self._phrases.add(surface_words(title))

    def write(self, folder: Path) -> None:
        """Write words (sorted by bytes) with their rows (CSR), and phrases with their titles."""
        words = np.array([word.encode() for word in self._number], "S")
        order = np.argsort(words, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        key = rank[np.array(self._words, np.int64)] if len(order) else np.zeros(0, np.int64)
        by_word = np.lexsort((np.array(self._rows, np.int64), key))
        save_array(folder, "completion_words", words[order])
        offsets = np.searchsorted(key[by_word], np.arange(len(order) + 1))
        save_array(folder, "completion_offsets", offsets)
        save_array(folder, "completion_rows", np.array(self._rows, np.int32)[by_word])
        phrases = self._phrases.frequent()
        texts = sorted(phrases, key=str.encode)
        save_array(folder, "phrases", np.array([text.encode() for text in texts], "S"))
        counts = np.array([phrases[text] for text in texts], np.int32)
        save_array(folder, "phrase_titles", counts)


class _PhraseCounter:
    """Counts runs of words over titles, the longer ones only where the shorter are frequent."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._words = array("i")
        self._titles = array("i")
        self._n_titles = 0

    def add(self, words: list[str]) -> None:
        number = self._number
        self._words.extend([number.setdefault(word, len(number)) for word in words])
        self._titles.extend([self._n_titles] * len(words))
        self._n_titles += 1

    def frequent(self) -> dict[str, int]:
        """Phrase → different titles that have it."""
        spelled = list(self._number)
        word = np.array(self._words, np.int64)
        title = np.array(self._titles, np.int64)
        start = np.arange(len(word))
        run = np.zeros(len(word), np.int64)  # the number of the phrase that starts here
        prefixes: list[str] = [""]
        found: dict[str, int] = {}
        for length in range(1, LONGEST_PHRASE + 1):
            inside = start + length - 1 < len(word)
            start, run = start[inside], run[inside]
            last = start + length - 1
            inside = title[last] == title[start]
            start, run, last = start[inside], run[inside], last[inside]
            keys, run = np.unique(run * len(spelled) + word[last], return_inverse=True)
            titles = _titles_of(run, title[start], len(keys), self._n_titles)
            before, ends = np.divmod(keys, max(len(spelled), 1))
            kept = np.flatnonzero(titles >= FEWEST_TITLES)
            for at in kept.tolist():
                whole = prefixes[before[at]]
                if whole and titles[at] >= SWALLOWED * found.get(whole, 0):
                    found.pop(whole, None)
            prefixes = [
                f"{prefixes[b]} {spelled[e]}".strip()
                for b, e in zip(before.tolist(), ends.tolist(), strict=True)
            ]
            found |= {prefixes[at]: int(titles[at]) for at in kept.tolist()}
            frequent = titles[run] >= FEWEST_TITLES
            start, run = start[frequent], run[frequent]
        return {phrase: n for phrase, n in found.items() if _telling(phrase.split())}


def _titles_of(
    run: NDArray[np.int64], title: NDArray[np.int64], n_runs: int, n_titles: int
) -> NDArray[np.int64]:
    """(n_runs,) different titles with each run."""
    pairs = distinct(run * max(n_titles, 1) + title)
    return np.bincount(pairs // max(n_titles, 1), minlength=n_runs)


def _telling(words: list[str]) -> bool:
    """Whether a shopper could mean it: it starts with letters and ends in more than a letter."""
    first, last = words[0], words[-1]
    if first in STOP_WORDS or last in STOP_WORDS or not first[0].isalpha():
        return False
    return len(last) > 1 or not last.isascii()
