"""Other forms of a word: what a release's languages decline and conjugate.

The index holds words as they are written, so the form that was typed fits best and names stay
apart; a query's word finds the others through the stem that they share. Two forms belong together
where any of the release's languages says so.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.languages import Language, language
from mercato.catalogue.packed import open_array, save_array

SHORTEST = 3
"""Letters of a word that has other forms."""


@dataclass(frozen=True)
class StemmedWords:
    """The words of a release by their stems in one language.

    stems   : (n,) bytes, ascending
    offsets : (n + 1,) int64
    words   : (n_words,) bytes
    """

    language: Language
    stems: NDArray[np.bytes_]
    offsets: NDArray[np.int64]
    words: NDArray[np.bytes_]

    @classmethod
    def of(cls, spoken: Language, words: Iterable[str]) -> "StemmedWords":
        by_stem: dict[bytes, list[bytes]] = {}
        for word in words:
            by_stem.setdefault(spoken.stem(word).encode(), []).append(word.encode())
        stems = sorted(by_stem)
        ends = np.cumsum([0, *(len(by_stem[stem]) for stem in stems)])
        held = [word for stem in stems for word in by_stem[stem]]
        return cls(spoken, np.array(stems, "S"), ends.astype(np.int64), np.array(held, "S"))

    @classmethod
    def open(cls, folder: Path, spoken: Language) -> "StemmedWords":
        name = spoken.code
        return cls(
            spoken,
            np.asarray(open_array(folder, f"{name}_stems"), np.bytes_),
            open_array(folder, f"{name}_offsets").view(np.int64),
            np.asarray(open_array(folder, f"{name}_words"), np.bytes_),
        )

    def save(self, folder: Path) -> None:
        save_array(folder, f"{self.language.code}_stems", self.stems)
        save_array(folder, f"{self.language.code}_offsets", self.offsets)
        save_array(folder, f"{self.language.code}_words", self.words)

    def forms(self, word: str) -> list[str]:
        """Words of the release with the stem of this one; itself among them if it is there."""
        stem = self.language.stem(word).encode()
        at = int(np.searchsorted(self.stems, stem))
        if at == len(self.stems) or bytes(self.stems[at]) != stem:
            return []
        found = self.words[self.offsets[at] : self.offsets[at + 1]]
        return [each.decode() for each in found.tolist()]


@dataclass(frozen=True)
class Forms:
    """The words of a release in each of its inflected languages."""

    spoken: tuple[StemmedWords, ...]

    @classmethod
    def of(cls, codes: Sequence[str], vocabulary: Iterable[str]) -> "Forms":
        """From the tokens of a release. Raises BadInput for a language that is not known."""
        words = [each for each in vocabulary if inflected(each)]
        languages = (language(code) for code in dict.fromkeys(codes))
        return cls(tuple(StemmedWords.of(each, words) for each in languages if each is not None))

    @classmethod
    def open(cls, folder: Path) -> "Forms":
        languages = (language(code) for code in json.loads((folder / "forms.json").read_text()))
        return cls(tuple(StemmedWords.open(folder, each) for each in languages if each is not None))

    def save(self, folder: Path) -> None:
        for each in self.spoken:
            each.save(folder)
        codes = [each.language.code for each in self.spoken]
        (folder / "forms.json").write_text(json.dumps(codes))

    def others(self, word: str) -> list[str]:
        """Other words of the release that are forms of this one."""
        if not inflected(word):
            return []
        found = dict.fromkeys(form for each in self.spoken for form in each.forms(word))
        return [form for form in found if form != word]

    def is_stop_word(self, word: str) -> bool:
        """Whether it says nothing in any of the languages."""
        return any(word in each.language.stop_words for each in self.spoken)


def inflected(word: str) -> bool:
    """Whether a token may have other forms: letters of an alphabet, enough of them."""
    return len(word) >= SHORTEST and word.isalpha() and max(word) < "\u2e80"
