"""What ranking looks up of a row, of a release and of later rows."""

from collections.abc import Callable

import numpy as np
import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.facts import KEYS, NUMBERS, fact_key
from mercato.core.changes import Change, ItemChange

ITEMS = [
    {
        "id": "a",
        "title": "mug",
        "brand": "Acme",
        "product_type": "Home > Kitchen > Mugs",
        "price": 10.0,
        "sale_price": 8.0,
        "availability": "in_stock",
        "image_link": "https://shop.test/a.png",
    },
    {"id": "b", "title": "jar", "availability": "out_of_stock", "product_type": "Home"},
]


def keys(catalogue: Catalogue, row: int) -> dict[str, int]:
    found = catalogue.facts.of(np.array([row])).keys[0].tolist()
    return dict(zip(KEYS, found, strict=True))


def numbers(catalogue: Catalogue, row: int) -> dict[str, float]:
    found = catalogue.facts.of(np.array([row])).numbers[0].tolist()
    return dict(zip(NUMBERS, found, strict=True))


@pytest.fixture(scope="module")
def catalogue(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(ITEMS)


def test_numbers_of_a_row(catalogue: Catalogue) -> None:
    assert numbers(catalogue, 0) == pytest.approx(
        {"price": 8, "saving": 1 - 8 / 10, "created": np.nan, "in stock": 1, "image": 1},
        nan_ok=True,
    )
    assert numbers(catalogue, 1) == pytest.approx(
        {"price": np.nan, "saving": 0, "created": np.nan, "in stock": 0, "image": 0}, nan_ok=True
    )


def test_a_category_has_a_key_at_each_level(catalogue: Catalogue) -> None:
    assert keys(catalogue, 0) == {
        "brand": fact_key("ACME "),
        "category": fact_key("Home > Kitchen > Mugs"),
        "parent category": fact_key("Home > Kitchen"),
        "top category": fact_key("Home"),
    }
    alone = fact_key("Home")
    assert list(keys(catalogue, 1).values()) == [0, alone, alone, alone]


def test_a_changed_item_has_its_new_facts(catalogue: Catalogue) -> None:
    day = {"created_at": "1970-01-03T12:00:00Z", "brand": "Bolt", "price": 3.0}
    changed = catalogue.apply([ItemChange(1, Change.PATCH, "b", day)])
    assert numbers(changed, 2) == pytest.approx(
        {"price": 3, "saving": 0, "created": 2.5, "in stock": 0, "image": 0}
    )
    assert keys(changed, 2)["brand"] == fact_key("bolt")
    both = changed.facts.of(np.array([2, 0])).numbers[:, 0]
    assert both.tolist() == [3.0, 8.0]
