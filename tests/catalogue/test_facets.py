"""Facets against counting item by item."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import parse
from mercato.core.changes import Change, ItemChange
from mercato.core.errors import BadInput

prices = st.floats(0.5, 400).map(lambda price: round(price, 2))
fields = st.fixed_dictionaries(
    {"title": st.just("t"), "price": prices},
    optional={
        "item_group_id": st.sampled_from(("g", "h")),
        "attributes": st.fixed_dictionaries({"sizes": st.lists(st.integers(30, 60), max_size=4)}),
    },
)


@settings(max_examples=40, deadline=None)
@given(st.lists(fields, min_size=16, max_size=40), st.lists(fields, max_size=5), st.booleans())
def test_ranges_hold_what_their_labels_let_through(
    open_catalogue: Callable[..., Catalogue],
    items: list[dict[str, Any]],
    later: list[dict[str, Any]],
    distinct: bool,
) -> None:
    stored = [
        {**item, "id": str(at), "attributes": json.dumps(item.get("attributes", {}))}
        for at, item in enumerate(items)
    ]
    changes = [ItemChange(at, Change.PUT, str(at), item) for at, item in enumerate(later, start=1)]
    catalogue = open_catalogue(stored).apply(changes)
    owner = catalogue.group if distinct else np.arange(catalogue.n_rows)
    sized = any(item.get("attributes", {}).get("sizes") for item in [*items, *later])
    for name in ("price", "sizes") if sized else ("price",):
        counts = catalogue.facet(name, catalogue.living, distinct=distinct)
        expected = {}
        for value in counts:
            through = catalogue.mask(parse(f"{name}:{value}")) & catalogue.alive
            expected[value] = len(set(owner[through].tolist()))
        assert counts == expected
        if name == "price":  # every item has one, so each lies in some range
            assert sum(counts.values()) >= len(set(owner[catalogue.living].tolist()))


@pytest.fixture(scope="module")
def shirts(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    """Two shirts in three colours each, one without a brand."""
    return open_catalogue(
        [
            {
                "id": f"{shirt}-{color}",
                "title": "shirt",
                "item_group_id": shirt,
                "color": color,
                "brand": "Acme" if shirt == "s1" else None,
                "product_type": "Clothes > Shirts",
                "attributes": json.dumps({"tags": ["new", "New", color]}),
            }
            for shirt, color in [
                ("s1", "red"),
                ("s1", "Red"),
                ("s1", "blue"),
                ("s2", "red"),
                ("s2", "green"),
            ]
        ]
    )


def test_rows_are_counted_where_cards_are_not_asked_for(shirts: Catalogue) -> None:
    rows = shirts.living
    assert shirts.facet("color", rows, distinct=False) == {"red": 3, "blue": 1, "green": 1}
    assert shirts.facet("brand", rows, distinct=False) == {"Acme": 3}
    assert shirts.facet("tags", rows, distinct=False) == Counter(new=5, red=3, blue=1, green=1)


def test_a_card_counts_once_for_each_value_of_its_items(shirts: Catalogue) -> None:
    rows = shirts.living
    assert shirts.facet("color", rows, distinct=True) == {"red": 2, "blue": 1, "green": 1}
    levels = {"Clothes": 2, "Clothes > Shirts": 2}
    assert shirts.facet("product_type", rows, distinct=True) == levels


def test_only_the_rows_given_are_counted(shirts: Catalogue) -> None:
    assert shirts.facet("color", np.array([2, 4]), distinct=True) == {"blue": 1, "green": 1}
    assert shirts.facet("color", np.array([], np.int64), distinct=True) == {}


def test_the_most_frequent_values_come_first_then_by_text(shirts: Catalogue) -> None:
    assert list(shirts.facet("color", shirts.living, distinct=False)) == ["red", "blue", "green"]


def test_later_values_stand_between_those_of_the_release(
    open_catalogue: Callable[..., Catalogue],
) -> None:
    items = [{"id": name, "title": "t", "brand": name} for name in ("b", "d", "f")]
    later = [
        ItemChange(at, Change.PUT, name, {"title": "t", "brand": name})
        for at, name in enumerate(("e", "c", "a", "ca", "g"), start=1)
    ]
    catalogue = open_catalogue(items).apply(later)
    counts = catalogue.facet("brand", catalogue.living, distinct=False)
    assert list(counts) == ["a", "b", "c", "ca", "d", "e", "f", "g"]


def test_a_thousand_values_are_returned_the_most_frequent(
    open_catalogue: Callable[..., Catalogue],
) -> None:
    brands = [f"b{number:04}" for number in range(1_500)] + ["b1400", "b1499"]
    items = [{"id": str(at), "title": "t", "brand": name} for at, name in enumerate(brands)]
    counts = open_catalogue(items).facet("brand", np.arange(len(items)), distinct=True)
    assert len(counts) == 1_000
    assert list(counts)[:3] == ["b1400", "b1499", "b0000"]
    assert list(counts)[-1] == "b0997"


def test_a_field_that_no_item_has_is_empty_if_it_is_standard_else_refused(
    shirts: Catalogue,
) -> None:
    assert shirts.facet("material", shirts.living, distinct=True) == {}
    with pytest.raises(BadInput, match="'colour'.*Did you mean 'color'"):
        shirts.facet("colour", shirts.living, distinct=True)
    with pytest.raises(BadInput, match="items share"):
        shirts.facet("id", shirts.living, distinct=True)
