"""The leaf category of items: the deepest level of each one's ``product_type``."""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import PRODUCT_TYPE

NO_CATEGORY = -1


def leaf_categories(catalogue: Catalogue, rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """(len(rows),) code of the leaf category in the column ``product_type``; NO_CATEGORY."""
    column = catalogue.columns[PRODUCT_TYPE]
    distinct, at = np.unique(rows, return_inverse=True)
    pairs = column.of_rows(distinct)
    codes, of_pair = np.unique(pairs.codes, return_inverse=True)
    # A level's path contains those above it, so of one row's levels the longest is the deepest.
    length = np.array([len(text) for text in column.texts(codes)], np.int64)[of_pair]
    shallow_first = np.argsort(length, kind="stable")
    leaf = np.full(len(distinct), NO_CATEGORY, np.int64)
    leaf[np.searchsorted(distinct, pairs.rows[shallow_first])] = pairs.codes[shallow_first]
    return leaf[at]


def category_path(catalogue: Catalogue, code: int) -> str:
    """The path of a category, as ``A > B > C``."""
    return catalogue.columns[PRODUCT_TYPE].texts(np.array([code]))[0]


def rows_of_category(catalogue: Catalogue, code: int) -> NDArray[np.int64]:
    """All rows with the category, dead ones too."""
    parts = list(catalogue.columns[PRODUCT_TYPE].rows_of(code))
    return np.concatenate(parts).astype(np.int64)


def all_leaves(catalogue: Catalogue) -> NDArray[np.int64]:
    """(n_rows,) the leaf category of every row, dead ones too; read only."""
    base = catalogue.base
    early = base.memo.get("leaves", lambda: leaf_categories(catalogue, np.arange(len(base))))
    late = np.arange(len(base), catalogue.n_rows)
    if len(late) == 0:
        return early

    def make() -> NDArray[np.int64]:
        return np.concatenate([early, leaf_categories(catalogue, late)])

    return catalogue.memo.get("leaves", make, frozenset({PRODUCT_TYPE}))
