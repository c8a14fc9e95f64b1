"""Words that a shop's titles write both in one and in two, as ``dropcloth`` and ``drop cloth``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.packed import open_array, save_array

SHORTEST_PART = 2
SHORTEST_WHOLE = 6
"""Letters; shorter words and pairs meet by chance, as ``can`` and ``not`` in ``cannot``."""

NONE = -1

_AT_ONCE = 1 << 17
"""Pairs whose letters are put together at once."""


@dataclass(frozen=True)
class Compounds:
    """Tokens, stemmed like those of the text index.

    wholes : (n,) bytes, ascending
    cuts   : (n,) uint8, bytes of the first of the two words
    """

    wholes: NDArray[np.bytes_]
    cuts: NDArray[np.uint8]

    @classmethod
    def of(
        cls,
        vocabulary: NDArray[np.bytes_],
        offsets: NDArray[np.int64],
        tokens: NDArray[np.int32],
    ) -> "Compounds":
        """From the tokens of titles.

        vocabulary      : (n_tokens,) ascending
        offsets, tokens : CSR over titles, by number in the vocabulary
        """
        row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        whole = _wholes(vocabulary, row, tokens)  # (len(tokens) - 1,)
        # A word with a hyphen gives the whole, then its parts: that is no second way to write it.
        hyphened = np.zeros(len(tokens), bool)
        hyphened[:-2] = (whole[1:] == tokens[:-2]) & (row[1:-1] == row[:-2])
        in_two = np.unique(whole[(whole != NONE) & ~np.append(False, hyphened[:-2])])
        in_one = np.unique(tokens[~hyphened])
        wholes = np.intersect1d(in_two, in_one)
        at = np.searchsorted(whole, wholes, sorter=(order := np.argsort(whole, kind="stable")))
        firsts = tokens[:-1][order[at]]
        cuts = np.char.str_len(vocabulary[firsts])
        return cls(vocabulary[wholes], cuts.astype(np.uint8))

    @classmethod
    def open(cls, folder: Path) -> "Compounds":
        wholes = np.asarray(open_array(folder, "compounds"), np.bytes_)
        return cls(wholes, open_array(folder, "compound_cuts").view(np.uint8))

    def save(self, folder: Path) -> None:
        save_array(folder, "compounds", self.wholes)
        save_array(folder, "compound_cuts", self.cuts)

    def parts(self, tokens: Sequence[str]) -> list[tuple[str, ...] | None]:
        """For each token the two that it is also written as, if any."""
        if not len(self.wholes) or not tokens:
            return [None] * len(tokens)
        sought = np.array([token.encode() for token in tokens], "S")
        at = np.minimum(np.searchsorted(self.wholes, sought), len(self.wholes) - 1)
        known = self.wholes[at] == sought
        return [
            (token[:cut], token[cut:]) if each else None
            for token, each, cut in zip(tokens, known.tolist(), self.cuts[at].tolist(), strict=True)
        ]


def _wholes(
    vocabulary: NDArray[np.bytes_], row: NDArray[np.int64], tokens: NDArray[np.int32]
) -> NDArray[np.int64]:
    """(len(tokens) - 1,) the token that each one and the next of its title give together, else
    NONE."""
    sizes = np.char.str_len(vocabulary)
    letters = np.array([token.isalpha() for token in vocabulary.tolist()], bool)
    apt = letters & (sizes >= SHORTEST_PART)
    inside = (row[1:] == row[:-1]) & apt[tokens[1:]] & apt[tokens[:-1]]
    key = tokens[:-1][inside].astype(np.int64) * len(apt) + tokens[1:][inside]
    keys, which = np.unique(key, return_inverse=True)
    found = np.full(len(keys), NONE)
    for start in range(0, len(keys), _AT_ONCE):
        first, second = np.divmod(keys[start : start + _AT_ONCE], len(apt))
        joined = np.char.add(vocabulary[first], vocabulary[second])
        at = np.minimum(np.searchsorted(vocabulary, joined), len(vocabulary) - 1)
        known = (vocabulary[at] == joined) & (sizes[at] >= SHORTEST_WHOLE)
        found[start : start + _AT_ONCE] = np.where(known, at, NONE)
    whole = np.full(max(len(tokens) - 1, 0), NONE)
    whole[inside] = found[which]
    return whole
