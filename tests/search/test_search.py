from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.core.changes import Change, ItemChange
from mercato.core.errors import BadInput
from mercato.ranking.fusion import Calibration
from mercato.search.applied import Applied
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search

ITEMS = [
    {"id": "mug-s", "title": "red mug", "price": 4.0, "item_group_id": "mug", "size": "s"},
    {"id": "jar", "title": "tea jar", "price": 2.0},
    {"id": "mug-l", "title": "red mug large", "price": 6.0, "item_group_id": "mug", "size": "l"},
    {"id": "lamp", "title": "desk lamp", "attributes": '{"watts": [60, 5]}'},
    {"id": "bulb", "title": "lamp bulb", "price": 4.0, "attributes": '{"watts": 40}'},
]
MEANING = {"mug": (1.0, 0.0), "jar": (0.8, 0.6), "lamp": (0.0, 1.0), "bulb": (0.0, 1.0)}


def vector_of(item: Mapping[str, Any]) -> NDArray[np.float32]:
    return np.array(MEANING[item["id"].split("-")[0]], np.float32)


@pytest.fixture(scope="module")
def catalogue(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(ITEMS, vector_of=vector_of)


def ids(catalogue: Catalogue, vector: tuple[float, float] | None = None, **asked: Any) -> list[str]:
    query = None if vector is None else np.array(vector, np.float32)
    context = SearchContext(
        catalogue, None if query is None else lambda _: query, Calibration(semantic_threshold=0.7)
    )
    return catalogue.ids(search(SearchRequest(**asked), context).rows)


def test_no_words_list_the_catalogue_by_popularity(catalogue: Catalogue) -> None:
    assert ids(catalogue) == ["mug-s", "jar", "lamp", "bulb"]
    assert ids(catalogue, q="!?", distinct=False) == [item["id"] for item in ITEMS]
    assert ids(catalogue, q=" ", mode="semantic") == ["mug-s", "jar", "lamp", "bulb"]


def test_a_card_is_the_best_match_of_its_group(catalogue: Catalogue) -> None:
    assert ids(catalogue, q="red mug") == ["mug-s"]
    assert ids(catalogue, q="large mug")[0] == "mug-l"
    assert ids(catalogue, q="red mug", distinct=False) == ["mug-s", "mug-l"]


def test_under_a_filter_a_card_is_the_best_of_those_that_pass(catalogue: Catalogue) -> None:
    assert ids(catalogue, q="red mug", filters=("size:l",)) == ["mug-l"]
    assert ids(catalogue, filters=("price:5..",)) == ["mug-l"]


def test_meaning_brings_what_words_do_not(catalogue: Catalogue) -> None:
    vector = (1.0, 0.0)  # cosines: mugs 1, jar .8, lamps 0
    assert ids(catalogue, vector, q="cup", mode="semantic") == ["mug-s", "jar"]
    assert ids(catalogue, vector, q="cup", mode="lexical") == []
    assert set(ids(catalogue, vector, q="bulb")) == {"mug-s", "jar", "bulb"}


def test_without_a_vector_words_alone_decide_and_the_answer_says_so(catalogue: Catalogue) -> None:
    answer = search(SearchRequest("bulb"), SearchContext(catalogue))
    assert answer.applied.mode == "lexical"
    with pytest.raises(BadInput, match="mode=semantic"):
        search(SearchRequest("bulb", mode="semantic"), SearchContext(catalogue))


def test_what_was_applied_is_said(catalogue: Catalogue) -> None:
    request = SearchRequest(filters=('( price:1.0..5 )  AND size:"s"',), sort="price:asc")
    assert search(request, SearchContext(catalogue)).applied == Applied(
        filters=("price:1..5 AND size:s",), sort="price:asc", mode="hybrid", distinct=True
    )


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("price:asc", ["jar", "mug-s", "bulb", "mug-l", "lamp"]),
        ("price:desc", ["mug-l", "mug-s", "bulb", "jar", "lamp"]),
        ("watts:asc", ["lamp", "bulb", "mug-s", "jar", "mug-l"]),  # the least of 60 and 5
        ("watts:desc", ["lamp", "bulb", "mug-s", "jar", "mug-l"]),  # the greatest
    ],
)
def test_sorting_puts_items_without_the_value_last(
    catalogue: Catalogue, sort: str, expected: list[str]
) -> None:
    assert ids(catalogue, sort=sort, distinct=False) == expected


def test_a_sorted_card_is_the_groups_first_in_that_order(catalogue: Catalogue) -> None:
    assert ids(catalogue, sort="price:asc") == ["jar", "mug-s", "bulb", "lamp"]
    assert ids(catalogue, sort="price:desc") == ["mug-l", "bulb", "jar", "lamp"]


def test_a_change_of_price_does_not_upset_the_order_of_equals(catalogue: Catalogue) -> None:
    later = catalogue.apply([ItemChange(1, Change.PATCH, "jar", {"price": 3.0})])
    assert ids(later) == ids(catalogue)


def test_what_stands_out_of_stock_is_found(catalogue: Catalogue) -> None:
    fields = {"availability": "out_of_stock"}
    later = catalogue.apply([ItemChange(1, Change.PATCH, "jar", fields)])
    assert ids(later, q="jar") == ["jar"]
    assert ids(later, q="jar", filters=("availability:in_stock",)) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"page": 0}, "page from 1"),
        ({"page": 3, "per_page": 2}, "a page from 1 to 2"),
        ({"q": "zzz", "page": 2}, "a page from 1 to 1"),
        ({"per_page": 0}, "per_page from 1 to 100"),
        ({"per_page": 101}, "per_page from 1 to 100"),
        ({"mode": "magic"}, "hybrid, lexical, semantic"),
        ({"sort": "price"}, "field:asc or field:desc"),
        ({"sort": "price:up"}, "field:asc or field:desc"),
        ({"sort": "prise:asc"}, "Did you mean 'price'"),
        ({"sort": "size:asc"}, "a field of numbers"),
        ({"facets": ("prise",)}, "Did you mean 'price'"),
        ({"filters": ("prise:1",)}, "Did you mean 'price'"),
    ],
)
def test_what_does_not_fit_is_refused(
    catalogue: Catalogue, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        ids(catalogue, **asked)


def test_an_empty_result_has_its_first_page(catalogue: Catalogue) -> None:
    answer = search(SearchRequest("zzz", facets=("size",)), SearchContext(catalogue))
    assert (answer.total, answer.rows.tolist(), answer.facets) == (0, [], {"size": {}})


def test_an_empty_catalogue_answers(open_catalogue: Callable[..., Catalogue]) -> None:
    empty = open_catalogue([])
    assert ids(empty, q="mug", sort="price:asc", facets=("brand",)) == []
    grown = empty.apply([ItemChange(1, Change.PUT, "a", {"title": "mug"})])
    assert ids(grown, q="mug") == ids(grown) == ["a"]


def test_what_was_given_up_is_said(open_catalogue: Callable[..., Catalogue]) -> None:
    """Two of three words would be needed, but fewer than ten items hold two."""
    titles = ["tea mug", "tea", "mug"]
    shelf = open_catalogue([{"id": title, "title": title} for title in titles])
    answer = search(SearchRequest("tea mug lamp oak"), SearchContext(shelf))
    assert (answer.total, answer.applied.relaxed) == (3, ("words:1/2",))
    shelf = open_catalogue([{"id": str(n), "title": "tea mug"} for n in range(10)])
    assert search(SearchRequest("tea mug"), SearchContext(shelf)).applied.relaxed == ()


def test_nothing_found_is_answered_by_what_is_nearest(catalogue: Catalogue) -> None:
    """The cosine of the mugs is .6: below the threshold of .7, above three quarters of it."""
    query = np.array((0.6, -0.8), np.float32)
    context = SearchContext(catalogue, lambda _: query, Calibration(semantic_threshold=0.7))
    answer = search(SearchRequest("zzz"), context)
    assert (catalogue.ids(answer.rows), answer.applied.relaxed) == (["mug-s"], ("meaning",))
    found = search(SearchRequest("jar"), context)
    assert (catalogue.ids(found.rows), found.applied.relaxed) == (["jar"], ())
    assert search(SearchRequest("zzz", mode="lexical"), context).total == 0
