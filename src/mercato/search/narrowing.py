"""What filters leave of what was found, and the counts of its facets."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.facets import Statistics
from mercato.catalogue.filters import Filter, fields_of
from mercato.catalogue.masks import known_field
from mercato.search.matching import Matches
from mercato.search.request import FacetAsked


@dataclass(frozen=True)
class Narrowing:
    """Filters over what a query found.

    terms  : all must hold
    base   : what ``found`` is the same for, so that counts are worth remembering; None where it
             is a query's own
    meant  : those of the terms that were read out of words: they do not move pinned rows
    pinned : rows
    """

    catalogue: Catalogue
    found: Matches
    terms: tuple[Filter, ...]
    base: Hashable | None = None
    meant: frozenset[Filter] = frozenset()
    pinned: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @cached_property
    def result(self) -> Matches:
        """The rows for which all terms hold."""
        return self._where(self.terms)

    def facet(self, asked: FacetAsked, *, distinct: bool) -> dict[str, int]:
        """Counts over the result; unless asked otherwise as it would be without the terms on
        this field alone."""
        field, terms = self._counted(asked)

        def count() -> dict[str, int]:
            counted = self._where(terms) if terms != self.terms else self.result
            return self.catalogue.facet(
                field, counted.rows, distinct=distinct, counting=asked.counting
            )

        if self.base is None or asked.counting.typed:
            return count()
        key = ("facet", self.base, field, terms, distinct, asked.counting)
        return dict(self.catalogue.memo.get(key, count))

    def statistics(self, asked: FacetAsked) -> Statistics | None:
        """Of a facet's numbers, over the rows that the facet counts."""
        field, terms = self._counted(asked)

        def sum_up() -> Statistics | None:
            counted = self._where(terms) if terms != self.terms else self.result
            return self.catalogue.statistics(field, counted.rows)

        if self.base is None:
            return sum_up()
        return self.catalogue.memo.get(("statistics", self.base, field, terms), sum_up)

    def _counted(self, asked: FacetAsked) -> tuple[str, tuple[Filter, ...]]:
        """The field of a facet, and the terms under which it is counted."""
        field = known_field(asked.field, self.catalogue.columns)
        if asked.own_filters:
            return field, self.terms
        return field, tuple(term for term in self.terms if self._fields(term) != {field})

    def _where(self, terms: tuple[Filter, ...]) -> Matches:
        if not terms:
            return self.found
        rows, scores = self.found.rows, self.found.scores
        passing = np.logical_and.reduce([self._passing(term) for term in terms])
        at = np.flatnonzero(passing)  # for many rows faster than indexing with the mask
        return Matches(rows[at], scores[at])

    def _passing(self, term: Filter) -> NDArray[np.bool_]:
        passing = self.catalogue.mask(term)[self.found.rows]
        if len(self.pinned) and term in self.meant:
            passing = passing | np.isin(self.found.rows, self.pinned)
        return passing

    def _fields(self, term: Filter) -> set[str]:
        return {known_field(name, self.catalogue.columns) for name in fields_of(term)}
