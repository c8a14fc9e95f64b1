"""Texts that are nearly the same: MinHash finds candidates, the exact Jaccard decides.

Broder, On the resemblance and containment of documents, 1997; banding as in Leskovec, Rajaraman &
Ullman, Mining of Massive Datasets, §3.4. Arrays and numpy only, the same on every engine.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SHINGLE = 4
"""Signs of a shingle; titles are short."""

BANDS, ROWS = 12, 6
"""Texts of similarity s meet in some band with probability 1 - (1 - s⁶)¹²: .99989 at .9, .76 at
.7, .01 at .3."""

_NEIGHBOURS = 10
"""In one bucket a text is compared with so many that stand behind it."""

Bits = NDArray[np.uint64]


def near_pairs(
    texts: Sequence[str], apart: NDArray[np.int64], least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs (i < j) of the (n,) different texts, and their similarity of at least ``least``.

    apart : (n,) only texts with the same number are compared
    """
    text, shingle = _shingles(texts)
    found = _candidates(_signatures(text, shingle, len(texts)), apart)
    similarity = _jaccard(text, shingle, len(texts), *found)
    kept = similarity >= least
    return found[0][kept], found[1][kept], similarity[kept]


def _shingles(texts: Sequence[str]) -> tuple[NDArray[np.int64], Bits]:
    """(m,) number of a text, ascending, and a hash of one of its shingles; each pair once."""
    padded = [f"{text:\0<{SHINGLE}}" for text in texts]
    lengths = np.array([len(text) for text in padded], np.int64)
    letters = np.frombuffer("".join(padded).encode("utf-32-le", "replace"), np.uint32)
    ends = np.cumsum(lengths)
    text = np.repeat(np.arange(len(texts)), lengths)
    hashed = np.zeros(max(len(letters) - SHINGLE + 1, 0), np.uint64)
    for place in range(SHINGLE):
        hashed = _mixed(hashed ^ letters[place : place + len(hashed)].astype(np.uint64))
    whole = np.arange(len(hashed)) + SHINGLE <= ends[text[: len(hashed)]]
    text, hashed = text[: len(hashed)][whole], hashed[whole]
    order = np.lexsort((hashed, text))
    text, hashed = text[order], hashed[order]
    first = np.ones(len(text), bool)
    first[1:] = (text[1:] != text[:-1]) | (hashed[1:] != hashed[:-1])
    return text[first], hashed[first]


def _mixed(values: Bits) -> Bits:
    """SplitMix64's finaliser (Steele, Lea & Flood, 2014): every bit depends on every bit."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _signatures(text: NDArray[np.int64], shingle: Bits, n: int) -> Bits:
    """(BANDS, n) hash of the ROWS smallest hashes of each band."""
    starts = np.searchsorted(text, np.arange(n))
    signatures = np.zeros((BANDS, n), np.uint64)
    for band in range(BANDS):
        for row in range(ROWS):
            salt = _mixed(np.full(1, band * ROWS + row + 1, np.uint64))
            smallest = np.minimum.reduceat(_mixed(shingle ^ salt), starts)
            signatures[band] = _mixed(signatures[band] ^ smallest)
    return signatures


def _candidates(
    signatures: Bits, apart: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (i < j), each once, that share a band."""
    n = signatures.shape[1]
    pairs = [np.zeros(0, np.int64)]
    for band in signatures:
        order = np.lexsort((band, apart))
        for step in range(1, _NEIGHBOURS + 1):
            one, other = order[:-step], order[step:]
            same = (band[one] == band[other]) & (apart[one] == apart[other])
            if not same.any():
                break
            low = np.minimum(one[same], other[same])
            pairs.append(low * n + np.maximum(one[same], other[same]))
    distinct = np.unique(np.concatenate(pairs))
    return distinct // n, distinct % n


def _jaccard(
    text: NDArray[np.int64],
    shingle: Bits,
    n: int,
    one: NDArray[np.int64],
    other: NDArray[np.int64],
) -> NDArray[np.float64]:
    """(pairs,) shared shingles by all of the shingles of both."""
    starts = np.searchsorted(text, np.arange(n + 1))
    found = np.zeros(len(one))
    for at, (i, j) in enumerate(zip(one.tolist(), other.tolist(), strict=True)):
        a, b = shingle[starts[i] : starts[i + 1]], shingle[starts[j] : starts[j + 1]]
        shared = len(np.intersect1d(a, b, assume_unique=True))
        found[at] = shared / (len(a) + len(b) - shared)
    return found
