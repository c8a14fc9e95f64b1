"""Write the queries that may be suggested, with the ways in which they may be typed."""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from mercato.catalogue.chinese import HAN
from mercato.catalogue.packed import Texts
from mercato.catalogue.suggested import (
    INNER,
    LONGEST_KEY,
    MOST_INNER,
    SOUNDED,
    SuggestedQueries,
    key_of,
)

MOST_LETTERS = 48
"""Different letters that mistakes are looked for with."""


def suggested_queries(scores: Mapping[str, float]) -> SuggestedQueries:
    """From texts as they are shown, with their scores (above 0; higher comes first)."""
    ordered = sorted(scores, key=lambda text: (-scores[text], text))
    keys: list[tuple[bytes, int]] = []
    letters: Counter[str] = Counter()
    for number, text in enumerate(ordered):
        key = key_of(text)
        letters.update(letter for letter in key if letter.isalnum() and letter < "\u2e80")
        keys += [(each.encode(), number) for each in dict.fromkeys(_keys(key))]
    keys.sort()
    return SuggestedQueries(
        Texts.of(ordered),
        np.array([_cut(key) for key, _ in keys], "S"),
        np.array([number for _, number in keys], np.int32),
        np.array([scores[text] for text in ordered], np.float32),
        "".join(letter for letter, _ in letters.most_common(MOST_LETTERS)) + " ",
    )


def _keys(key: str) -> Iterator[str]:
    yield key
    words = key.split(" ")
    for at in range(1, min(len(words), MOST_INNER + 1)):
        yield INNER + " ".join(words[at:])
    if any(_is_han(sign) for sign in key):
        yield from (SOUNDED + sound for sound in sounds(key))


def _cut(key: bytes) -> bytes:
    """At most LONGEST_KEY bytes, whole characters."""
    return key[:LONGEST_KEY].decode(errors="ignore").encode()


def _is_han(sign: str) -> bool:
    return any(low <= sign <= high for low, high in _RANGES)


_RANGES = tuple((HAN[at], HAN[at + 2]) for at in range(0, len(HAN), 3))


def sounds(text: str) -> tuple[str, str]:
    """How Chinese is typed by its sound: whole syllables, and their first letters; what is not
    Chinese stays, without spaces. ``手机壳`` is ``shoujike`` and ``sjk``."""
    from pypinyin import lazy_pinyin  # only builds need it

    parts = lazy_pinyin(text, errors=lambda run: f" {run}")
    whole = "".join(part.replace(" ", "") for part in parts)
    initials = "".join(
        part.replace(" ", "") if part.startswith(" ") else part[:1] for part in parts
    )
    return whole, initials
