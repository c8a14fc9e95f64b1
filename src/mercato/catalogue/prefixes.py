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
    same_letter = starting(words, typed[0])
    near = words[same_letter]
    space = prefix[len(typed) :]
    stems = [typed[:at] + letter for at in range(1, len(typed)) for letter in letters]
    held = {stems[at] for at in np.flatnonzero(_spans(near, stems)[0] >= 0).tolist()}
    starts = [each + space for each in dict.fromkeys(_mistaken(typed, letters, held))]
    lows, highs = _spans(near, starts)
    found = np.flatnonzero(lows >= 0)
    first = same_letter.start
    spans = zip((lows[found] + first).tolist(), (highs[found] + first).tolist(), strict=True)
    return _merged(sorted(spans))


def _spans(
    words: NDArray[np.bytes_], starts: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(k,) where words that start so begin, -1 without any; and where those end."""
    encoded = [start.encode() for start in starts]
    lows = np.searchsorted(words, np.array(encoded, "S"))
    at = np.minimum(lows, max(len(words) - 1, 0))
    here = words[at].tolist() if len(words) else [b""] * len(starts)
    held = np.array([word.startswith(start) for word, start in zip(here, encoded, strict=True)])
    held = held.astype(bool) & (lows < len(words))
    highs = lows.copy()
    after = [encoded[at] + _AFTER for at in np.flatnonzero(held).tolist()]
    if after:
        highs[held] = np.searchsorted(words, np.array(after, "S"))
    return np.where(held, lows, -1), highs


def _mistaken(typed: str, letters: str, held: set[str]) -> Iterator[str]:
    """Beginnings one mistake away; ``held``: those of them, one letter behind what was typed
    right, that any word has."""
    for at in range(1, len(typed)):
        before, letter, after = typed[:at], typed[at], typed[at + 1 :]
        yield before + after
        if after:
            yield before + after[0] + letter + after[1:]
        for other in letters:
            if before + other in held:
                if other != letter:
                    yield before + other + after
                yield before + other + letter + after


def _merged(spans: list[tuple[int, int]]) -> list[slice]:
    """Spans, ascending, without overlaps."""
    found: list[slice] = []
    end = 0
    for low, high in spans:
        if high > end:
            found.append(slice(max(low, end), high))
            end = high
    return found
