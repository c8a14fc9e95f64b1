"""How many rows, or cards, have each value of a field."""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.columns import Column, Pairs
from mercato.catalogue.distinct import distinct
from mercato.catalogue.ranges import labels

MOST_VALUES = 1_000
"""Values of one facet that are returned, the most frequent."""


def count_values(
    column: Column, rows: NDArray[np.integer], group: NDArray[np.int32] | None
) -> dict[str, int]:
    """Value → rows that have it, by falling count, then by text; ranges by rising number.

    rows  : the rows to count, ascending
    group : (n_rows,) to count each group once a value; None to count rows
    """
    pairs = column.of_rows(rows)
    if column.bounds is None:
        counts = _count(pairs, len(column.numbers), group, repeats=False)
        return _most_frequent(counts, column)
    names = labels(column.bounds)
    bins = column.bins[pairs.codes]
    n_bins = len(column.numbers) + len(names)
    counts = _count(Pairs(pairs.rows, bins), n_bins, group, repeats=not column.one_each)
    ranges = {name: int(n) for name, n in zip(names, counts, strict=False) if n}
    others = _most_frequent(counts[len(names) :], column)
    return dict([*ranges.items(), *others.items()][:MOST_VALUES])


def _count(
    pairs: Pairs, n_values: int, group: NDArray[np.int32] | None, *, repeats: bool
) -> NDArray[np.int64]:
    """(n_values,) different owners of each value; ``repeats`` says that a row may hold a value
    twice."""
    values = pairs.codes
    if group is not None or repeats:
        owners = pairs.rows if group is None else group[pairs.rows]
        values = distinct(owners.astype(np.int64) * n_values + values) % n_values
    return np.bincount(values, minlength=n_values)


def _most_frequent(counts: NDArray[np.int64], column: Column) -> dict[str, int]:
    codes = np.flatnonzero(counts)
    if len(codes) > MOST_VALUES:
        least = np.partition(counts[codes], -MOST_VALUES)[-MOST_VALUES]
        codes = codes[counts[codes] >= least]
    order = np.lexsort((column.order_by_text(codes), -counts[codes]))
    codes = codes[order[:MOST_VALUES]]
    return dict(zip(column.texts(codes), counts[codes].tolist(), strict=True))
