"""Two rankings of the same products make one answer, and each card says whose it is."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.core.errors import BadInput
from mercato.ranking.candidates import Candidates
from mercato.ranking.interleaving import BOTH, FIRST, SECOND
from mercato.search.drafting import DRAFTED, Drafted, drafted
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search

N_ITEMS = 230


class Backwards:
    """The last by words first."""

    def scores(self, candidates: Candidates) -> NDArray[np.float32]:
        return np.array([float(id_) for id_ in candidates.catalogue.ids(candidates.rows)], "f4")


@pytest.fixture(scope="module")
def cups(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    """The longer the title, the later by words; every third one is of another colour of the one
    before it."""
    return open_catalogue(
        [
            {
                "id": str(n),
                "title": "cup" + " tall" * n,
                "price": float(n),
                "item_group_id": f"g{n - (n % 3 == 2)}",
            }
            for n in range(N_ITEMS)
        ]
    )


def asked(cups: Catalogue, seed: int = 1, **more: object) -> Drafted:
    request = SearchRequest("cup", **{"distinct": False, "facets": ("price",)} | more)
    return drafted(request, SearchContext(cups), SearchContext(cups, ranker=Backwards()), seed)


@pytest.mark.parametrize("distinct", [False, True])
def test_all_pages_together_show_each_card_once(cups: Catalogue, distinct: bool) -> None:
    plain = search(SearchRequest("cup", distinct=distinct, facets=("price",)), SearchContext(cups))
    pages = [
        asked(cups, page=page, per_page=40, distinct=distinct)
        for page in range(1, -(-plain.total // 40) + 1)
    ]
    shown = [int(id_) for each in pages for id_ in cups.ids(each.result.rows)]
    groups = [n - (n % 3 == 2) for n in shown] if distinct else shown
    assert sorted(groups) == sorted({n - (n % 3 == 2) if distinct else n for n in range(N_ITEMS)})
    assert {each.result.total for each in pages} == {plain.total}
    assert all(each.result.facets == plain.facets for each in pages)
    with pytest.raises(BadInput, match="a page from 1"):
        asked(cups, page=7, per_page=40)


def test_each_side_shows_its_best_in_its_order(cups: Catalogue) -> None:
    found = asked(cups, per_page=100)
    ids = [int(id_) for id_ in cups.ids(found.result.rows)]
    firsts = [n for n, team in zip(ids, found.teams, strict=True) if team == FIRST]
    seconds = [n for n, team in zip(ids, found.teams, strict=True) if team == SECOND]
    # The ranker scores the first 200: the second ranking begins with 199.
    assert firsts == list(range(50)) and seconds == list(range(199, 149, -1))
    assert all({one, other} == {FIRST, SECOND} for one, other in pairwise_rounds(found.teams))
    behind = asked(cups, page=2, per_page=100)
    assert [int(id_) for id_ in cups.ids(behind.result.rows)] == list(range(50, 150))
    assert set(behind.teams) == {BOTH} and DRAFTED == 100


def pairwise_rounds(teams: tuple[int, ...]) -> list[tuple[int, int]]:
    return list(pairwise(teams))[::2]


def test_who_begins_is_drawn_for_each_search(cups: Catalogue) -> None:
    begins = [asked(cups, seed=seed, per_page=2).teams[0] for seed in range(40)]
    assert 8 < begins.count(FIRST) < 32  # 20 of 40, four standard deviations are 12.6
    assert asked(cups, seed=5).teams == asked(cups, seed=5).teams


def test_what_is_sorted_is_the_first_ranking_alone(cups: Catalogue) -> None:
    found = asked(cups, sort="price:desc", per_page=5)
    assert cups.ids(found.result.rows) == ["229", "228", "227", "226", "225"]
    assert found.teams == ()
