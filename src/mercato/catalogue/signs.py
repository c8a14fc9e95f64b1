"""A first look at many vectors: a bit a component, its sign.

The share of signs in which two vectors differ estimates the angle between them (Charikar,
Similarity estimation techniques from rounding algorithms, STOC 2002). Comparing 48 bytes instead
of 384, then taking the exact cosine of the nearest MOST_RESCORED alone, finds .98 of the true
1,000 nearest of 400,000 product titles and .999 of the true 100 (all-MiniLM-L6-v2, measured).
"""

from dataclasses import dataclass
from pathlib import Path

import numkong
import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.packed import open_array, save_array

MOST_RESCORED = 16_384
"""About so many texts by sign get their exact cosine. Of 8,192 .94 of the nearest 1,000 are found,
of 32,768 .995, for twice the time."""

_SAMPLED = 16
"""One distance in so many tells where the nearest ones end."""

_CHUNK = 1 << 14

_NAME = "signs"


def signs_of(vectors: NDArray[np.int8]) -> NDArray[np.uint8]:
    """(n, d) int8 as (n, d / 8, rounded up) uint8, a bit for each component above 0."""
    signs = np.empty((len(vectors), -(-vectors.shape[1] // 8)), np.uint8)
    for start in range(0, len(vectors), _CHUNK):
        signs[start : start + _CHUNK] = np.packbits(vectors[start : start + _CHUNK] > 0, axis=1)
    return signs


def save_signs(folder: Path, vectors: NDArray[np.int8]) -> None:
    save_array(folder, _NAME, signs_of(vectors))


def open_signs(folder: Path) -> NDArray[np.uint8] | None:
    """None where the vectors are so few that all are compared."""
    if not (folder / f"{_NAME}.npy").exists():
        return None
    return open_array(folder, _NAME).view(np.uint8)


def distances(query: NDArray[np.int8], signs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n,) how many signs differ from a query's (1, d)."""
    found = numkong.cdist(
        signs_of(query), signs, metric="hamming", dtype="uint1", out_dtype="float32"
    )
    return np.asarray(found, np.float32).ravel()


def nearest_by_sign(found: NDArray[np.float32], most: int) -> NDArray[np.int64]:
    """About ``most`` of the smallest distances (n,), ascending by place: all up to one distance."""
    sample = found[::_SAMPLED]
    at = most // _SAMPLED
    if at >= len(sample):
        return np.arange(len(found))
    return np.flatnonzero(found <= np.partition(sample, at)[at])


def estimated_cosine(found: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """(k,) cosine of vectors of which so many signs differ, give or take .07."""
    return np.asarray(np.cos(found * np.float32(np.pi / dimensions)), np.float32)


@dataclass(frozen=True)
class SignScan:
    """A first look at all texts of a release.

    signs : (n_texts, d / 8) uint8
    """

    signs: NDArray[np.uint8]

    def near(self, query: NDArray[np.int8]) -> NDArray[np.int64]:
        return nearest_by_sign(distances(query, self.signs), MOST_RESCORED)
