"""The second stage orders the first 200; all others follow as the first stage had them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.ranking.candidates import Candidates
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search

N_ITEMS = 230


@dataclass
class ByPrice:
    """The cheapest first, with scores far below those of the first stage."""

    asked: list[int] = field(default_factory=list)

    def scores(self, candidates: Candidates) -> NDArray[np.float32]:
        self.asked.append(len(candidates.rows))
        prices = [item["price"] for item in candidates.catalogue.items(candidates.rows)]
        return -np.array(prices, np.float32) - 1_000


@pytest.fixture(scope="module")
def mugs(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    """The longer the title, the later by words; the longest are the cheapest."""
    return open_catalogue(
        [
            {"id": str(n), "title": "mug" + " tall" * n, "price": float(N_ITEMS - n)}
            for n in range(N_ITEMS)
        ]
    )


def shown(catalogue: Catalogue, context: SearchContext, **asked: object) -> list[int]:
    pages = (
        search(SearchRequest("mug", page=page, per_page=50, **asked), context).rows
        for page in range(1, 6)
    )
    return [int(id_) for rows in pages for id_ in catalogue.ids(rows)]


def test_the_first_of_the_first_stage_are_ordered_anew_on_every_page(mugs: Catalogue) -> None:
    first_stage = shown(mugs, SearchContext(mugs))
    assert first_stage == list(range(N_ITEMS))
    ranker = ByPrice()
    again = shown(mugs, SearchContext(mugs, ranker=ranker))
    assert again == [*range(199, -1, -1), *range(200, N_ITEMS)]
    assert ranker.asked == [200] * 5


def test_a_sort_or_a_mode_goes_before_the_ranker(mugs: Catalogue) -> None:
    ranker = ByPrice()
    context = SearchContext(mugs, ranker=ranker)
    assert shown(mugs, context, sort="price:desc") == list(range(N_ITEMS))
    assert shown(mugs, context, mode="lexical") == list(range(N_ITEMS))
    assert not ranker.asked
