from collections.abc import Callable
from typing import Any

import pytest

from mercato.catalogue.analysis import words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.query import as_sought
from mercato.ranking.understood import Understood
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search
from mercato.search.understanding.patterns import read_patterns
from mercato.search.understanding.reading import Reading

PRICES = {"mug": 10.0, "jug": 20.0, "jar": 30.0, "pot": 40.0, "pan": 50.0, "cup": 60.0}


@pytest.fixture(scope="module")
def priced(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    items = [
        {"id": name, "title": f"clay {name}", "price": price, "availability": "in_stock"}
        for name, price in PRICES.items()
    ]
    items[4] |= {"sale_price": 25.0, "availability": "out_of_stock"}
    items[5] |= {"attributes": '{"rating": 4.5}', "brand": "Budget"}
    return open_catalogue(items)


@pytest.fixture(scope="module")
def unpriced(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue([{"id": name, "title": f"clay {name}"} for name in PRICES])


def read(q: str, catalogue: Catalogue, **how: Any) -> Understood:
    return read_patterns(Understood(q, q, as_sought(words(q))), catalogue, Reading(**how))


def sought(understood: Understood) -> list[str]:
    return [word.whole for each in understood.sought for word in each.words]


def ids(q: str, catalogue: Catalogue) -> set[str]:
    return set(catalogue.ids(search(SearchRequest(q), SearchContext(catalogue)).rows))


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("clay under $30", {"mug", "jug", "pan"}),  # the pan is on sale for 25
        ("clay up to $30", {"mug", "jug", "jar", "pan"}),
        ("clay over $35", {"pot", "cup"}),
        ("clay between $20 and $30", {"jug", "jar", "pan"}),
        ("clay 20元到30元", {"jug", "jar", "pan"}),
        ("clay on sale", {"pan"}),
        ("打折 clay", {"pan"}),
        ("clay in stock", set(PRICES) - {"pan"}),
        ("clay 有货 under $15", {"mug"}),
        ("under $15", {"mug"}),
    ],
)
def test_only_products_that_fit_are_found(q: str, expected: set[str], priced: Catalogue) -> None:
    assert ids(q, priced) == expected


def test_what_is_read_leaves_the_words_and_is_told(priced: Catalogue) -> None:
    found = read("cheap clay cup for under $50", priced)
    assert found.text == "clay cup"
    assert sought(found) == ["clay", "cup"]
    assert [(each.name, each.text) for each in found.steps] == [
        ("cheap", "cheap"),
        ("price", "for under $50"),
    ]
    cheap, price = found.meant
    assert (cheap.hard, price.hard) == (False, True)
    assert str(price.filter) == "price:..<50 OR sale_price:..<50"
    assert str(cheap.filter).startswith("price:..")


@pytest.mark.parametrize(
    "q",
    ["cheap mug", "mug around $20", "mug under 20€", "sale mug", "top rated mug", "优惠 mug"],
)
def test_what_is_vague_is_only_preferred(q: str, priced: Catalogue) -> None:
    found = read(q, priced)
    assert [each.hard for each in found.meant] == [False]
    assert sought(found) == ["mug"]


def test_amounts_in_another_currency_are_converted(priced: Catalogue) -> None:
    (meant,) = read("cup under 20€", priced, rates={"EUR": 1.5}).meant
    assert meant.hard
    assert str(meant.filter) == "price:..<30 OR sale_price:..<30"


@pytest.mark.parametrize(
    "q",
    ["cup under $50", "cheap cup", "cup on sale", "cup in stock", "4+ stars"],
)
def test_a_shop_without_the_field_keeps_the_words(q: str, unpriced: Catalogue) -> None:
    found = read(q, unpriced)
    assert found.meant == ()
    assert found.sought == as_sought(words(q))


def test_a_brand_called_so_is_no_wish(priced: Catalogue) -> None:
    assert read("budget cup", priced).meant == ()


def test_a_bare_number_that_leaves_nothing_is_no_price(priced: Catalogue) -> None:
    assert read("clay under 2", priced).meant == ()
    assert read("clay under $2", priced).meant != ()


def test_few_products_with_the_field_are_preferred_instead(priced: Catalogue) -> None:
    (meant,) = read("cup 4+ stars", priced).meant
    assert (str(meant.filter), meant.hard) == ("rating:4..", False)


@pytest.mark.parametrize(("how", "hard"), [("boost", [False]), ("off", [])])
def test_the_shop_decides_what_becomes_of_it(how: str, hard: list[bool], priced: Catalogue) -> None:
    assert [each.hard for each in read("cup under $50", priced, prices=how).meant] == hard
