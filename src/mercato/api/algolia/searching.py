"""Queries of Algolia's API answered by a shop."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mercato.api.algolia.answers import Json, facet_answer, not_processed, search_answer
from mercato.api.algolia.asked import Query, Wanted
from mercato.api.algolia.attributes import Attributes, read_aliases
from mercato.api.algolia.calls import facet_call, search_call
from mercato.api.algolia.records import record_of, retrieved
from mercato.core.errors import NotFound
from mercato.shop.opened import Shop
from mercato.shop.search import find


@dataclass(frozen=True)
class Searching:
    """What the routes of the dialect share."""

    shop: Shop

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        return read_aliases(self.shop.settings.algolia.attributes)

    def answer(self, query: Query) -> Json:
        """One query's answer. Raises BadInput or NotFound."""
        begun = time.perf_counter()
        attributes = Attributes(self.shop.live.catalogue.columns, self.aliases)
        asked, index = query.parameters, query.index
        if query.facet is not None:
            found = find(self.shop, facet_call(asked, index, query.facet, attributes))
            return facet_answer(found, query.facet, asked, _milliseconds_since(begun))
        found = find(self.shop, search_call(asked, index, attributes))
        return search_answer(found, asked, index, self.aliases, _milliseconds_since(begun))

    def answers(self, queries: Sequence[Query], *, stop_early: bool) -> Json:
        """All queries' answers, in order."""
        results: list[Json] = []
        enough = False
        for query in queries:
            if enough:
                results.append(not_processed(query.parameters, query.index))
                continue
            results.append(self.answer(query))
            full = query.parameters.hits_per_page
            enough = stop_early and results[-1].get("nbHits", 0) >= max(full, 1)
        return {"results": results}

    def object(self, wanted: Wanted) -> Json:
        """Raises NotFound where there is no such item."""
        catalogue = self.shop.live.catalogue
        row = catalogue.row(wanted.id)
        if row is None:
            found = "ObjectID does not exist"
            raise NotFound("an object of the index", found, "Search for it.")
        return retrieved(record_of(catalogue.item(row), self.aliases), wanted.attributes)

    def objects(self, several: Sequence[Wanted]) -> Json:
        """Objects in the order that they were asked for; null for one that is not there."""
        catalogue = self.shop.live.catalogue
        results: list[Any] = [
            None if catalogue.row(each.id) is None else self.object(each) for each in several
        ]
        return {"results": results}


def _milliseconds_since(begun: float) -> int:
    return max(1, round((time.perf_counter() - begun) * 1000))
