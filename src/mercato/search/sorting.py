"""What rows are ordered by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.columns import Column
from mercato.catalogue.masks import known_field
from mercato.core.errors import BadInput
from mercato.search.ordering import Keys
from mercato.search.reranking import Ranked


def sort_keys(sort: str | None, result: Ranked, catalogue: Catalogue, *, by_score: bool) -> Keys:
    """Relevance, or the place of rows where nothing was sought; before that the field asked for.

    Raises BadInput where ``sort`` names no field or no field of numbers.
    """
    place = catalogue.place[result.rows]
    relevance = (result.stage, -result.scores, place) if by_score else (place,)
    if sort is None:
        return relevance
    order = _read_sort(sort)
    field = known_field(order.field, catalogue.columns)

    def key() -> NDArray[np.float64]:
        return _sort_key(catalogue.columns[field], result.rows, order, catalogue.n_rows)

    if result.rows is catalogue.living:
        return (catalogue.memo.get(("sort", sort), key, frozenset({field})), *relevance)
    return (key(), *relevance)


def can_sort(sort: str, catalogue: Catalogue) -> bool:
    """Whether ``sort`` names a field of numbers that the catalogue has."""
    field = sort.rpartition(":")[0]
    if field not in catalogue.columns.names():
        return False
    key = ("can sort", field)
    return catalogue.memo.get(key, lambda: _has_numbers(catalogue, field), frozenset({field}))


def _has_numbers(catalogue: Catalogue, field: str) -> bool:
    return not bool(np.isnan(catalogue.columns[field].numbers).all())


@dataclass(frozen=True)
class _Sort:
    field: str
    descending: bool


def _read_sort(text: str) -> _Sort:
    field, _, direction = text.rpartition(":")
    if not field or direction not in ("asc", "desc"):
        raise BadInput("sort as field:asc or field:desc", repr(text), "Write it like price:asc.")
    return _Sort(field, direction == "desc")


def _sort_key(
    column: Column, rows: NDArray[np.int64], sort: _Sort, n_rows: int
) -> NDArray[np.float64]:
    """(n,) the least number of each row, or less the greatest; infinite without one."""
    pairs = column.of_rows(rows)
    numbers = column.numbers[pairs.codes]
    if len(numbers) and np.isnan(numbers).all():
        raise BadInput("a field of numbers to sort by", repr(sort.field), "Sort by price.")
    known = ~np.isnan(numbers)
    numbers = -numbers if sort.descending else numbers
    if column.single:
        if known.all() and len(pairs.rows) == len(rows):
            return np.asarray(numbers)
        having = np.zeros(n_rows, bool)
        having[pairs.rows[known]] = True
        found = np.full(len(rows), np.inf)
        found[having[rows]] = numbers[known]
        return found
    key = np.full(n_rows, np.inf)
    np.minimum.at(key, pairs.rows[known], numbers[known])
    return key[rows]
