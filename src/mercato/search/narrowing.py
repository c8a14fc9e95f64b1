"""What filters leave of what was found, and the counts of its facets."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import Filter, fields_of
from mercato.catalogue.masks import known_field
from mercato.search.matching import Matches


@dataclass(frozen=True)
class Narrowing:
    """Filters over what a query found.

    terms      : all must hold
    everything : whether the whole catalogue was found, so that counts are worth remembering
    """

    catalogue: Catalogue
    found: Matches
    terms: tuple[Filter, ...]
    everything: bool

    @cached_property
    def result(self) -> Matches:
        """The rows for which all terms hold."""
        return self._where(self.terms)

    def facet(self, name: str, *, distinct: bool) -> dict[str, int]:
        """Counts over the result as it would be without the terms on this field alone."""
        field = known_field(name, self.catalogue.columns)
        others = tuple(term for term in self.terms if self._fields(term) != {field})

        def count() -> dict[str, int]:
            counted = self.result if others == self.terms else self._where(others)
            return self.catalogue.facet(field, counted.rows, distinct=distinct)

        if not self.everything:
            return count()
        return dict(self.catalogue.memo.get(("facet", field, others, distinct), count))

    def _where(self, terms: tuple[Filter, ...]) -> Matches:
        if not terms:
            return self.found
        rows, scores = self.found.rows, self.found.scores
        passing = np.logical_and.reduce([self.catalogue.mask(term)[rows] for term in terms])
        at = np.flatnonzero(passing)  # for many rows faster than indexing with the mask
        return Matches(rows[at], scores[at])

    def _fields(self, term: Filter) -> set[str]:
        return {known_field(name, self.catalogue.columns) for name in fields_of(term)}
