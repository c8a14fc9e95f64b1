from collections.abc import Callable
from typing import Any

import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.core.changes import Change, ItemChange
from mercato.search.suggest import SuggestContext, Suggestions, suggest

TITLES = ["Stainless Steel Sink", "Steel Shelf", "Steel Sink Plug", "WD-40 Spray", "绿茶茶壶"]


def item(number: int, title: str, **fields: Any) -> dict[str, Any]:
    return {"id": f"i{number}", "title": title, **fields}


@pytest.fixture(scope="module")
def catalogue(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    items = [item(at, title) for at, title in enumerate(TITLES)]
    items += [
        item(5, "Cotton Towels red", brand="Sterling", item_group_id="towel"),
        item(6, "Cotton Towels blue", brand="Sterling", item_group_id="towel"),
        item(7, "Cotton Towels green", product_type="Home > Bath Linen"),
        item(8, "Cotton Socks", product_type="Clothes > Socks"),
        item(9, "Wool Socks", product_type="Clothes > Socks"),
    ]
    return open_catalogue(items)


def ask(
    catalogue: Catalogue, prefix: str, n: int = 8, queries: tuple[str, ...] = ()
) -> Suggestions:
    return suggest(prefix, SuggestContext(catalogue, queries), n)


def items(catalogue: Catalogue, prefix: str, n: int = 8) -> list[str]:
    return [each.id for each in ask(catalogue, prefix, n).items]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("st", ["i0", "i1", "i2", "i5"]),  # steel thrice, and the brand Sterling
        ("steel s", ["i0", "i1", "i2"]),
        ("steel sin", ["i0", "i2"]),
        ("STEEL  Sink", ["i0", "i2"]),
        ("sinks pl", ["i2"]),  # a finished word counts in any number
        ("wd-4", ["i3"]),
        ("40", ["i3"]),
        ("bath", ["i7"]),
        ("茶", ["i4"]),
        ("zz", []),
        ("", []),
        ("  ", []),
    ],
)
def test_items_go_on_from_what_is_typed(
    catalogue: Catalogue, prefix: str, expected: list[str]
) -> None:
    assert items(catalogue, prefix) == expected


def test_a_group_is_one_item_and_the_most_popular_come_first(catalogue: Catalogue) -> None:
    assert items(catalogue, "cotton to") == ["i5", "i7"]
    assert items(catalogue, "s", n=2) == ["i0", "i1"]


def test_phrases_that_three_titles_share_are_queries(catalogue: Catalogue) -> None:
    # "cotton" goes on with "towels" in three titles of four: both are worth a suggestion.
    assert ask(catalogue, "cot").queries == ("cotton", "cotton towels")
    assert ask(catalogue, "cotton ").queries == ("cotton towels",)
    assert ask(catalogue, "woo").queries == ()


def test_a_phrase_that_always_goes_on_is_left_out(catalogue: Catalogue) -> None:
    assert ask(catalogue, "tow").queries == ("towels",)
    assert ask(catalogue, "steel").queries == ("steel",)


def test_what_shoppers_search_for_comes_before_phrases(catalogue: Catalogue) -> None:
    queries = ("cotton bathrobe", "wool", "Cotton  Towels")
    found = ask(catalogue, "cotton", queries=queries).queries
    assert found[:2] == ("cotton bathrobe", "Cotton  Towels")


def test_categories_come_by_their_last_level(catalogue: Catalogue) -> None:
    assert ask(catalogue, "soc").categories == ("Clothes > Socks",)
    assert ask(catalogue, "linen b").categories == ("Home > Bath Linen",)
    assert ask(catalogue, "c").categories == ("Clothes",)


def test_changes_are_suggested_at_once(catalogue: Catalogue) -> None:
    later = catalogue.apply(
        [
            ItemChange(1, Change.PUT, "new", {"title": "Steel Gnome", "product_type": "Garden"}),
            ItemChange(2, Change.DELETE, "i1", {}),
            ItemChange(3, Change.PATCH, "i0", {"price": 1.0}),
        ]
    )
    assert items(later, "steel") == ["i0", "i2", "new"]
    assert items(later, "gno") == ["new"]
    assert items(later, "shelf") == []
    assert ask(later, "gard").categories == ("Garden",)
