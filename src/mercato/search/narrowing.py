"""What filters leave of what was found, and the counts of its facets."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.facets import Statistics
from mercato.catalogue.filters import Filter
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
        return dict(self.catalogue.memo.get(key, count, self.looked_at([field], terms)))

    def statistics(self, asked: FacetAsked) -> Statistics | None:
        """Of a facet's numbers, over the rows that the facet counts."""
        field, terms = self._counted(asked)

        def sum_up() -> Statistics | None:
            counted = self._where(terms) if terms != self.terms else self.result
            return self.catalogue.statistics(field, counted.rows)

        if self.base is None:
            return sum_up()
        key = ("statistics", self.base, field, terms)
        return self.catalogue.memo.get(key, sum_up, self.looked_at([field], terms))

    def looked_at(
        self, fields: Sequence[str], terms: tuple[Filter, ...] = ()
    ) -> frozenset[str] | None:
        """The fields that an answer follows from; None where rules have a say."""
        if self.found.rows is not self.catalogue.living or len(self.pinned):
            return None
        names = frozenset(known_field(name, self.catalogue.columns) for name in fields)
        return names.union(*(self.catalogue.fields_of(term) for term in terms))

    def _counted(self, asked: FacetAsked) -> tuple[str, tuple[Filter, ...]]:
        """The field of a facet, and the terms under which it is counted."""
        field = known_field(asked.field, self.catalogue.columns)
        if asked.own_filters:
            return field, self.terms
        others = (term for term in self.terms if self.catalogue.fields_of(term) != {field})
        return field, tuple(others)

    def _where(self, terms: tuple[Filter, ...]) -> Matches:
        if not terms:
            return self.found
        rows, scores = self.found.rows, self.found.scores
        if rows is self.catalogue.living and not len(self.pinned):
            masks = [self.catalogue.mask(term) for term in terms]
            rows = np.flatnonzero(np.logical_and.reduce([self.catalogue.alive, *masks]))
            return Matches(rows, self.catalogue.popularity[rows])
        passing = self._passing(terms[0])
        for term in terms[1:]:
            passing = passing & self._passing(term)
        at = np.flatnonzero(passing)  # for many rows faster than indexing with the mask
        return Matches(rows[at], scores[at])

    def _passing(self, term: Filter) -> NDArray[np.bool_]:
        passing = self.catalogue.mask(term)[self.found.rows]
        if len(self.pinned) and term in self.meant:
            passing = passing | np.isin(self.found.rows, self.pinned)
        return passing
