"""As a query is typed, what its last word may become is found with it."""

import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.core.changes import Change, ItemChange
from mercato.search.search import SearchContext, SearchRequest, search

TITLES = {
    "a": "Rain Jacket",
    "b": "Jack plane",
    "c": "Rain cover",
    "d": "Jackfruit, rain dried",
    "e": "Café chair",
    "f": "蓝牙耳机",
}


@pytest.fixture(scope="module")
def shelf(open_catalogue) -> Catalogue:
    return open_catalogue([{"id": key, "title": title} for key, title in TITLES.items()])


def found(catalogue: Catalogue, q: str, *, begun: bool = True) -> set[str]:
    request = SearchRequest(q, mode="lexical", begun=begun)
    return set(catalogue.ids(search(request, SearchContext(catalogue)).rows))


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("jac", "abd"),
        ("JACK", "abd"),
        ("jackf", "d"),
        ("jac ", ""),
        ("caf", "e"),
        ("café", "e"),
        ("x", ""),
    ],
)
def test_the_last_word_may_be_a_beginning(shelf, q, expected):
    assert found(shelf, q) == set(expected)


def test_only_where_it_is_asked_for(shelf):
    assert found(shelf, "jac", begun=False) == set()
    assert found(shelf, "jack", begun=False) == {"b"}


def test_what_was_typed_whole_comes_first(shelf):
    result = search(SearchRequest("jack", begun=True), SearchContext(shelf))
    assert shelf.ids(result.rows)[0] == "b"


def test_an_item_added_just_now_is_found(shelf):
    item = {"id": "g", "title": "Jacaranda"}
    later = shelf.apply([ItemChange(1, Change.PUT, "g", item)])
    assert found(later, "jaca") == {"g"}
