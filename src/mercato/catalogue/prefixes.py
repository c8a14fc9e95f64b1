"""Words by their beginning, in a sorted array; also by a beginning with one mistake in it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_AFTER = b"\xff"
"""Behind every word that starts with the same bytes: UTF-8 has no such byte."""

SHORTEST_MISTAKEN = 4
"""Letters from which one may be wrong; the first one never is."""

LONGEST_MISTAKEN = 24
"""Letters up to which mistakes are looked for."""


def starting(words: NDArray[np.bytes_], prefix: str) -> slice:
    """Where in ascending words those stand that start so."""
    start = prefix.encode()
    low, high = np.searchsorted(words, np.array([start, start + _AFTER], "S"))
    return slice(int(low), int(high))


def nearly_starting(words: NDArray[np.bytes_], prefix: str, letters: str) -> list[slice]:
    """Where those stand whose beginning is one mistake away from ``prefix``, each place once.

    letters : what a wrong or missing letter may be

    A mistake is a letter that is wrong, missing or too much, or two neighbours that changed
    places (Damerau 1964); a space at the end is none. None are looked for in prefixes that are
    short or very long.
    """
    typed = prefix.rstrip(" ")
    if not SHORTEST_MISTAKEN <= len(typed) <= LONGEST_MISTAKEN:
        return []
    space = prefix[len(typed) :]
    starts = [(each + space).encode() for each in dict.fromkeys(_mistaken(typed, letters))]
    lows = np.searchsorted(words, np.array(starts, "S"))
    highs = np.searchsorted(words, np.array([start + _AFTER for start in starts], "S"))
    held = np.flatnonzero(highs > lows)
    return _merged(sorted(zip(lows[held].tolist(), highs[held].tolist(), strict=True)))


def _mistaken(prefix: str, letters: str) -> Iterator[str]:
    for at in range(1, len(prefix)):
        before, typed, after = prefix[:at], prefix[at], prefix[at + 1 :]
        yield before + after
        if after:
            yield before + after[0] + typed + after[1:]
        for letter in letters:
            if letter != typed:
                yield before + letter + after
            yield before + letter + typed + after


def _merged(spans: list[tuple[int, int]]) -> list[slice]:
    """Spans, ascending, without overlaps."""
    found: list[slice] = []
    end = 0
    for low, high in spans:
        if high > end:
            found.append(slice(max(low, end), high))
            end = high
    return found
