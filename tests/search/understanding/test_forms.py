"""Queries in an inflected language."""

from collections.abc import Callable

import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.forms import Forms
from mercato.search.search import SearchContext, SearchRequest, search

TITLES = {
    "one": "Schreibtischlampe aus Holz",
    "two": "Lampe rot",
    "three": "Lampen blau",
    "four": "Roter Teppich",
    "five": "Regal für das Bad",
}


@pytest.fixture(scope="module")
def german(open_catalogue: Callable[..., Catalogue]) -> SearchContext:
    catalogue = open_catalogue([{"id": key, "title": title} for key, title in TITLES.items()])
    vocabulary = [token.decode() for token in catalogue.text.base.vocabulary.tolist()]
    return SearchContext(catalogue, forms=Forms.of(["de"], vocabulary))


def found(q: str, context: SearchContext) -> list[str]:
    return context.catalogue.ids(search(SearchRequest(q), context).rows)


def test_the_form_typed_comes_first_and_the_others_are_found(german: SearchContext) -> None:
    assert found("Lampe", german) == ["two", "three"]
    assert found("Lampen", german) == ["three", "two"]
    without = SearchContext(german.catalogue)
    assert found("Lampen", without) == ["three"]


def test_a_form_that_no_title_has_finds_its_word(german: SearchContext) -> None:
    assert found("rotes", german) == found("roten", german)
    assert set(found("rotes", german)) == {"two", "four"}
    assert found("rotes", SearchContext(german.catalogue)) == []


def test_words_that_say_nothing_need_not_be_held(german: SearchContext) -> None:
    steps = search(SearchRequest("Lampe mit dem Holz"), german).understood
    assert [each.words[0].whole for each in steps.sought] == ["lampe", "holz"]
    only = search(SearchRequest("die und der"), german).understood
    assert [each.words[0].whole for each in only.sought] == ["die", "und", "der"]


def test_a_common_form_weighs_no_more_than_a_rare_one(
    open_catalogue: Callable[..., Catalogue],
) -> None:
    """One title has the rare form: it must not come before those with the word as typed."""
    titles = ["lampe"] * 9 + ["lampen"] + ["teppich"] * 90
    catalogue = open_catalogue([{"id": f"{at:03}", "title": t} for at, t in enumerate(titles)])
    context = SearchContext(catalogue, forms=Forms.of(["de"], ["lampe", "lampen"]))
    assert found("lampe", context)[:10] == [f"{at:03}" for at in range(10)]


def test_what_was_done_is_told(german: SearchContext) -> None:
    steps = search(SearchRequest("Lampe"), german).understood.steps
    assert [(step.name, step.text, step.made) for step in steps] == [("forms", "lampe", "lampen")]
