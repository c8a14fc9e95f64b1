"""Numbers, sizes and model numbers: near is not good enough there."""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import Word
from mercato.catalogue.bm25 import TEXT_FIELDS
from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family

_LEAST_CODE = 4
"""Characters of the shortest model number."""

_CODES = np.uint8(1 << next(at for at, f in enumerate(TEXT_FIELDS) if f.name == "codes"))


def _has_digit(word: Word) -> bool:
    return any(letter.isdigit() for letter in word.whole)


def _is_code(word: Word) -> bool:
    """Letters and digits mixed, or a long number."""
    text = word.whole
    mixed = any(letter.isalpha() for letter in text) and not _is_amount(word)
    return _has_digit(word) and len(text) >= _LEAST_CODE and (mixed or len(text) > 2 * _LEAST_CODE)


def _is_amount(word: Word) -> bool:
    """A number and its unit."""
    return len(word.parts) == 2 and word.parts[0][:1].isdigit() and word.parts[1].isalpha()


def _compute(asked: Asked) -> list[Column]:
    words = asked.words
    held, nothing = words.weight > 0, np.zeros(len(asked), np.float32)
    numbers = np.array([_has_digit(word) for word in words.typed], bool)
    codes = np.array([_is_code(word) for word in words.typed], bool)

    def share_of(which: NDArray[np.bool_], of: NDArray[np.bool_]) -> Column:
        return of[which].mean(axis=0) if which.any() else nothing

    in_codes = (words.fields & _CODES) != 0
    return [
        share_of(numbers, words.in_title),
        share_of(numbers, ~held),
        share_of(codes, held),
        in_codes.any(axis=0) if len(in_codes) else nothing,
    ]


CODES = Family(
    "numbers",
    {
        "numbers in title": "Share of the query's numbers and sizes that the title has",
        "numbers missing": "Share of the query's numbers and sizes that the item lacks",
        "model numbers held": "Share of the query's model numbers that the item has",
        "id or gtin": "Whether the item's id or GTIN was typed",
    },
    _compute,
)
