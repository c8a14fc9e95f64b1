"""Words that are near in the encoder's space, seldom stand in one title, and name things of the
same categories: where a catalogue has two words for one thing, each title uses one of them."""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mercato.catalogue.analysis import STOP_WORDS
from mercato.catalogue.catalogue import Catalogue
from mercato.core import columns as c
from mercato.ranking.synonyms.synonym import Status, Synonym

MOST_WORDS = 4_000
"""The most frequent words of titles."""

FEWEST_TITLES = 5
SHORTEST = 3
"""Titles and letters of a word that is looked at. Assumed."""

LEAST_COSINE = 0.65
"""Of two words' vectors. Assumed."""

LEAST_SHARED = 0.5
"""Cosine of two words' counts by category. Assumed."""

MOST_TOGETHER = 0.05
"""Share of the rarer word's titles that have the other too. Assumed."""

_AT_ONCE = 1_000

_ENDING = re.compile(r"(?:ings?|ed|ions?|ers?|en|e?s)$")
"""Taken off before two words are compared: forms of one word are near, and no news."""

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def from_vectors(catalogue: Catalogue, encode: Encode, most: int) -> list[Synonym]:
    """At most ``most`` proposals, the nearest words first.

    encode : n texts → (n, d) float32, of length 1
    """
    words, held = _held(catalogue)
    if len(words) < 2:
        return []
    counts = np.asarray(held.sum(0)).ravel()
    by_category = _by_category(catalogue, held)
    vectors = encode(words)
    found: list[tuple[float, float, float, int, int]] = []
    for start in range(0, len(words), _AT_ONCE):
        cosines = vectors[start : start + _AT_ONCE] @ vectors.T
        for at, other in zip(*np.nonzero(cosines >= LEAST_COSINE), strict=True):
            one = start + int(at)
            if one < other and not _inflected(words[one], words[other]):
                shared = float(by_category[:, one] @ by_category[:, other])
                both = float((held[:, [one]].T @ held[:, [other]]).sum())
                together = both / float(min(counts[one], counts[other]))
                if shared >= LEAST_SHARED and together <= MOST_TOGETHER:
                    found.append((float(cosines[at, other]), shared, together, one, int(other)))
    found.sort(key=lambda each: (-each[0] * each[1], words[each[3]], words[each[4]]))
    return [
        Synonym(
            tuple(sorted((words[one], words[other]))),
            status=Status.PROPOSED,
            source="vectors",
            score=round(cosine * shared, 4),
            evidence={
                "cosine": round(cosine, 2),
                "same categories": round(shared, 2),
                "titles": [int(counts[one]), int(counts[other])],
                "together": round(together, 3),
            },
        )
        for cosine, shared, together, one, other in found[:most]
    ]


def _inflected(one: str, other: str) -> bool:
    """Whether two words are likely forms of one."""
    shorter, longer = sorted((_ENDING.sub("", one), _ENDING.sub("", other)), key=len)
    return longer.startswith(shorter)


def _held(catalogue: Catalogue) -> tuple[list[str], sparse.csc_array]:
    """Words, and (n_base, n_words) whether a title holds each."""
    titles, vocabulary = catalogue.text.titles, catalogue.text.base.vocabulary
    rows = np.repeat(np.arange(catalogue.n_base), np.diff(titles.offsets))
    shape = (catalogue.n_base, len(vocabulary))
    ones = np.ones(len(rows), np.float32)
    held = sparse.csc_array(sparse.coo_array((ones, (rows, titles.tokens)), shape))
    held.data[:] = 1
    counts = np.asarray(held.sum(0)).ravel()
    order = np.argsort(-counts, kind="stable")
    named = ((at, vocabulary[at].decode()) for at in order if counts[at] >= FEWEST_TITLES)
    kept = [
        (at, word)
        for at, word in named
        if word.isalpha() and len(word) >= SHORTEST and word not in STOP_WORDS
    ][:MOST_WORDS]
    return [word for _, word in kept], held[:, [at for at, _ in kept]]


def _by_category(catalogue: Catalogue, held: sparse.csc_array) -> sparse.csc_array:
    """(n_categories, n_words) of length 1 each: where in the catalogue a word stands."""
    number: dict[str, int] = {}
    of_row = np.array(
        [
            number.setdefault(str(item.get(c.PRODUCT_TYPE) or ""), len(number))
            for item in catalogue.items(np.arange(catalogue.n_base))
        ]
    )
    shape = (len(number), catalogue.n_base)
    ones = np.ones(len(of_row), np.float32)
    category = sparse.csr_array(sparse.coo_array((ones, (of_row, np.arange(len(of_row)))), shape))
    counts = sparse.csc_array(category @ held)
    lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(0)).ravel())
    return sparse.csc_array(counts @ sparse.diags_array(1 / lengths))
