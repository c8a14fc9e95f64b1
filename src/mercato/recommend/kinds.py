"""What kind of thing each row is: its brand within its leaf category, that category, the one above.

An item that nobody bought yet is known by these alone.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import BRAND, PATH_SEPARATOR, PRODUCT_TYPE
from mercato.recommend.categories import NO_CATEGORY, all_leaves

_NONE = -1
_BRANDS = 1 << 31
"""More than there are brands: a category and a brand are one number."""


class Level(NamedTuple):
    """The kinds that a release has at one level.

    keys : (n_kinds,) ascending
    of_base : (n_base,) the kind of each row, as a position in ``keys``; -1: none
    """

    keys: NDArray[np.int64]
    of_base: NDArray[np.int64]

    def of(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The kind of each key; -1 where the release has none such."""
        if len(self.keys) == 0:
            return np.full(len(keys), _NONE)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where((self.keys[at] == keys) & (keys >= 0), at, _NONE)


@dataclass(frozen=True)
class Kinds:
    """levels : from brand in category to the level above the category."""

    levels: tuple[Level, ...]
    parents: dict[str, int]

    def of_rows(self, catalogue: Catalogue, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """For each level (k,) the kind of each row; rows ascending."""
        keys = _keys(catalogue, rows, self.parents)
        return [level.of(key) for level, key in zip(self.levels, keys, strict=True)]


def kinds_of(catalogue: Catalogue) -> Kinds:
    """The kinds of a release, worked out once."""
    return catalogue.base.memo.get("kinds", lambda: _kinds(catalogue))


def _kinds(catalogue: Catalogue) -> Kinds:
    rows = np.arange(catalogue.n_base)
    codes = np.unique(all_leaves(catalogue)[rows])
    texts = catalogue.columns[PRODUCT_TYPE].texts(codes[codes != NO_CATEGORY])
    parents = {path: at for at, path in enumerate(sorted({_above(text) for text in texts} - {""}))}
    levels = []
    for keys in _keys(catalogue, rows, parents):
        known, at = np.unique(keys, return_inverse=True)
        none = int(np.searchsorted(known, 0))
        levels.append(Level(known[none:], np.where(keys >= 0, at - none, _NONE)))
    return Kinds(tuple(levels), parents)


def _keys(
    catalogue: Catalogue, rows: NDArray[np.int64], parents: dict[str, int]
) -> list[NDArray[np.int64]]:
    """For each level (k,) a number that rows of one kind share; -1: none."""
    leaf = all_leaves(catalogue)[rows]
    known = leaf != NO_CATEGORY
    brand = np.full(len(rows), _NONE)
    pairs = catalogue.columns[BRAND].of_rows(rows)
    brand[np.searchsorted(rows, pairs.rows)] = pairs.codes
    branded = np.where(known & (brand >= 0), leaf * _BRANDS + brand, _NONE)
    codes, at = np.unique(leaf, return_inverse=True)
    told = codes != NO_CATEGORY
    above = np.full(len(codes), _NONE)
    texts = catalogue.columns[PRODUCT_TYPE].texts(codes[told])
    above[told] = [parents.get(_above(text), _NONE) for text in texts]
    return [branded, np.where(known, leaf, _NONE), above[at]]


def _above(path: str) -> str:
    return path.rpartition(PATH_SEPARATOR)[0]
