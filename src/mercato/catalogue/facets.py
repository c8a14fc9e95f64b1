"""How many rows, or cards, have each value of a field."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import fold, surface_words
from mercato.catalogue.columns import Column, Pairs
from mercato.catalogue.distinct import distinct
from mercato.catalogue.ranges import labels
from mercato.core import columns as c

MOST_VALUES = 1_000
"""Values of one facet that are returned, the most frequent."""


@dataclass(frozen=True)
class Counting:
    """Which values of a field are counted.

    ranges : whether numbers of many values are counted in ranges
    most   : values that are returned
    level  : of a category alone, from 0; None for all
    typed  : what the words of a value must begin with, in any order; empty for all values
    """

    ranges: bool = True
    most: int = MOST_VALUES
    level: int | None = None
    typed: str = ""

    @property
    def all_values(self) -> bool:
        return self.level is None and not self.typed

    def taken(self, texts: Sequence[str]) -> list[int]:
        """Positions of the values that are counted."""
        typed = surface_words(self.typed) or [fold(self.typed).strip()]
        return [at for at, text in enumerate(texts) if self._takes(text, typed)]

    def _takes(self, text: str, typed: Sequence[str]) -> bool:
        if self.level is not None and text.count(c.PATH_SEPARATOR) != self.level:
            return False
        if not self.typed:
            return True
        found = [fold(text), *surface_words(text)]
        return all(any(word.startswith(each) for word in found) for each in typed)


ALL_VALUES = Counting()


@dataclass(frozen=True)
class Statistics:
    """Of the numbers that rows have in a field; a row with two of them counts twice."""

    min: float
    max: float
    avg: float
    sum: float


def statistics(column: Column, rows: NDArray[np.integer]) -> Statistics | None:
    """Over rows (ascending); None where none of them has a number."""
    if np.isnan(column.numbers).all():
        return None
    numbers = column.numbers[column.of_rows(rows).codes]
    numbers = numbers[~np.isnan(numbers)]
    if not len(numbers):
        return None
    total = float(numbers.sum())
    return Statistics(float(numbers.min()), float(numbers.max()), total / len(numbers), total)


@dataclass(frozen=True)
class OnCards:
    """group, shared: (n_rows,), see `Catalogue`"""

    group: NDArray[np.int32]
    shared: NDArray[np.bool_]


def count_values(
    column: Column,
    rows: NDArray[np.integer],
    cards: OnCards | None,
    counting: Counting = ALL_VALUES,
) -> dict[str, int]:
    """Value → rows that have it, by falling count, then by text; ranges by rising number.

    rows  : the rows to count, ascending
    cards : to count each group once a value; None to count rows
    """
    in_ranges = counting.ranges
    return told(counts_of(column, rows, cards, in_ranges=in_ranges), column, counting)


def counts_of(
    column: Column, rows: NDArray[np.integer], cards: OnCards | None, *, in_ranges: bool
) -> NDArray[np.int64]:
    """How many rows or cards have each value (n_values,); of a field in ranges, first how many
    lie in each range, then of each value that is not a number. Parameters as above."""
    pairs = column.of_rows(rows)
    if column.bounds is None or not in_ranges:
        return _count(pairs, len(column.numbers), cards, repeats=False)
    bins = Pairs(pairs.rows, column.bins[pairs.codes])
    n_bins = len(column.numbers) + len(column.bounds) + 1
    return _count(bins, n_bins, cards, repeats=not column.single)


def told(counts: NDArray[np.int64], column: Column, counting: Counting) -> dict[str, int]:
    """What `counts_of` counted, as it is answered."""
    if column.bounds is None or not counting.ranges:
        return _most_frequent(counts, column, counting)
    names = labels(column.bounds)
    ranges = {name: int(n) for name, n in zip(names, counts, strict=False) if n}
    others = _most_frequent(counts[len(names) :], column, counting)
    return dict([*ranges.items(), *others.items()][: counting.most])


def _count(
    pairs: Pairs, n_values: int, cards: OnCards | None, *, repeats: bool
) -> NDArray[np.int64]:
    """(n_values,) different owners of each value; ``repeats`` says that a row may hold a value
    twice."""
    if repeats:
        owners = pairs.rows if cards is None else cards.group[pairs.rows]
        return np.bincount(_once_each(owners, pairs.codes, n_values), minlength=n_values)
    if cards is None:
        return np.bincount(pairs.codes, minlength=n_values)
    shared = cards.shared[pairs.rows]
    together = np.flatnonzero(shared)
    owners = cards.group[pairs.rows[together]]
    values = _once_each(owners, pairs.codes[together], n_values)
    alone = np.bincount(pairs.codes[~shared], minlength=n_values)
    return alone + np.bincount(values, minlength=n_values)


def _once_each(
    owners: NDArray[np.integer], values: NDArray[np.integer], n_values: int
) -> NDArray[np.int64]:
    """The values of owners, each once an owner."""
    return distinct(owners.astype(np.int64) * n_values + values) % n_values


def _most_frequent(counts: NDArray[np.int64], column: Column, counting: Counting) -> dict[str, int]:
    codes, most = np.flatnonzero(counts), counting.most
    if not counting.all_values:
        codes = codes[counting.taken(column.texts(codes))]
    if len(codes) > most:
        least = np.partition(counts[codes], -most)[-most]
        codes = codes[counts[codes] >= least]
    order = np.lexsort((column.order_by_text(codes), -counts[codes]))
    codes = codes[order[:most]]
    return dict(zip(column.texts(codes), counts[codes].tolist(), strict=True))
