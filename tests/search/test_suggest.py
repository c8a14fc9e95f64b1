from collections.abc import Callable
from typing import Any

import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.suggested_writing import suggested_queries
from mercato.catalogue.suggestion_rules import Blocked
from mercato.core.changes import Change, ItemChange
from mercato.ranking.rules.effects import Effects
from mercato.ranking.rules.rule import read_rule
from mercato.search.suggest import Own, SuggestContext, Suggestions, suggest
from mercato.training.parts_suggestions import phrase_scores

ASKED = {"steel sink": 9.0, "socks": 5.0, "cotton bathrobe": 3.0, "茶壶": 2.0}
"""What shoppers typed, with scores."""

NOBODY = Own()

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
    catalogue: Catalogue, prefix: str, n: int = 8, own: Own = NOBODY, blocked: str = ""
) -> Suggestions:
    queries = suggested_queries(phrase_scores(catalogue.base) | ASKED)
    context = SuggestContext(catalogue, queries, Blocked.of(blocked.split()), own)
    return suggest(prefix, context, n)


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
    phrases = suggested_queries(phrase_scores(catalogue.base))
    assert phrases.find("cot", 8) == ["cotton", "cotton towels"]
    assert phrases.find("cotton ", 8) == ["cotton towels"]
    assert phrases.find("woo", 8) == []
    # One that always goes on is left out: the steel that is stainless, the towels of cotton.
    assert phrases.find("tow", 8) == ["towels", "cotton towels"]
    assert phrases.find("steel", 8) == ["steel"]


def test_what_shoppers_search_for_comes_before_phrases(catalogue: Catalogue) -> None:
    assert ask(catalogue, "cotton").queries == ("cotton bathrobe", "cotton", "cotton towels")
    assert ask(catalogue, "steel").queries == ("steel sink", "steel")


def test_a_later_word_may_begin_as_typed(catalogue: Catalogue) -> None:
    assert ask(catalogue, "s").queries == ("steel sink", "socks", "steel")
    assert ask(catalogue, "si").queries == ("steel sink",)
    assert ask(catalogue, "bathrobe").queries == ("cotton bathrobe",)


@pytest.mark.parametrize("typed", ["stel", "setel", "stwel", "steeel", "STEL"])
def test_one_mistake_in_four_letters_is_read_over(catalogue: Catalogue, typed: str) -> None:
    found = ask(catalogue, typed)
    assert found.queries[0] == "steel sink"
    assert [each.id for each in found.items] == ["i0", "i1", "i2"]


@pytest.mark.parametrize("typed", ["sel", "xteel", "stttee"])
def test_short_words_first_letters_and_two_mistakes_stay(catalogue: Catalogue, typed: str) -> None:
    found = ask(catalogue, typed)
    assert (found.queries, found.items) == ((), ())


def test_a_mistake_in_a_category_is_read_over(catalogue: Catalogue) -> None:
    assert ask(catalogue, "lnien").categories == ("Home > Bath Linen",)


@pytest.mark.parametrize("typed", ["chahu", "cha", "ch", "茶", "茶壺"])
def test_chinese_is_found_by_its_sound_and_in_either_writing(
    catalogue: Catalogue, typed: str
) -> None:
    found = ask(catalogue, typed)
    assert found.queries == ("茶壶",)
    assert [each.id for each in found.items] == ["i4"]


def test_the_shoppers_own_come_first(catalogue: Catalogue) -> None:
    own = Own(("Socks wool", "steel", "socks WOOL", "sofa"), ("Clothes > Socks", "Gone"))
    found = ask(catalogue, "so", own=own)
    assert found.queries == ("socks wool", "socks")  # no product is a sofa
    assert ask(catalogue, "c").categories == ("Clothes",)
    mixed = Own((), ("Home > Bath Linen",))
    assert ask(catalogue, "", own=mixed) == Suggestions()


def test_own_queries_that_name_somebody_are_not_shown(catalogue: Catalogue) -> None:
    own = Own(("steel@wool.com", "steel 0170 1234567", "steel sink plug"))
    assert ask(catalogue, "steel", own=own).queries[0] == "steel sink plug"


def test_blocked_words_are_nowhere(catalogue: Catalogue) -> None:
    found = ask(catalogue, "s", own=Own(("Socks",)), blocked="SOCKS plug 茶")
    assert "socks" not in found.queries
    assert [each.id for each in found.items] == ["i0", "i1", "i3", "i5"]
    assert found.categories == ()
    assert ask(catalogue, "茶", blocked="茶") == Suggestions()


def test_what_rules_hide_everywhere_is_not_suggested(catalogue: Catalogue) -> None:
    hide = {"type": "hide", "items": ["i0", "i5"]}
    rule = read_rule({"id": "recalled", "scope": "everywhere", "actions": [hide]})
    found = suggest("st", SuggestContext(catalogue, effects=Effects((rule,))))
    # The blue towels of the group stand in for the red ones.
    assert [each.id for each in found.items] == ["i1", "i2", "i6"]


def test_releases_from_before_suggest_phrases(catalogue: Catalogue) -> None:
    assert suggest("cot", SuggestContext(catalogue)).queries == ("cotton", "cotton towels")


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
