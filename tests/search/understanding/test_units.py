from collections.abc import Callable

import pytest

from mercato.catalogue.analysis import words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.query import as_sought
from mercato.ranking.understood import Understood
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search
from mercato.search.understanding.units import other_units, with_leading_zeros

TITLES = {
    "milk": "milk 2000 ml",
    "shampoo": "洗发水 500毫升",
    "bit": "drill bit 1/2 in.",
    "pipe": "pipe 1-1/2 in.",
    "tv": "television 55 inch",
    "flour": "flour 0.5 kg",
    "level": "level 48 in.",
    "apple": "苹果 1kg",
}


@pytest.fixture(scope="module")
def measured(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue([{"id": key, "title": title} for key, title in TITLES.items()])


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("2l", "milk"),
        ("2 liter", "milk"),
        ("2升", "milk"),
        ("500ml", "shampoo"),
        ("0.5 l", "shampoo"),
        ('0.5"', "bit"),
        (".5 in", "bit"),
        ("1.5 inch", "pipe"),
        ("55寸", "tv"),
        ("500 g", "flour"),
        ("500克", "flour"),
        ("4 ft", "level"),
        ("2斤", "apple"),
    ],
)
def test_amounts_are_found_in_other_units_and_spellings(
    q: str, expected: str, measured: Catalogue
) -> None:
    found = search(SearchRequest(q), SearchContext(measured))
    assert measured.ids(found.rows)[0] == expected


@pytest.mark.parametrize("q", ["3 liter", "2 x 4", "18 volt", "iphone 12", "1/2' bolt", "1/0 wire"])
def test_only_what_products_have_is_sought_besides(q: str, measured: Catalogue) -> None:
    before = Understood(q, q, as_sought(words(q)))
    assert other_units(before, measured.text) == before


def test_what_was_typed_counts_more_than_a_conversion(
    open_catalogue: Callable[..., Catalogue],
) -> None:
    catalogue = open_catalogue(
        [{"id": "a", "title": "bowl 1000 ml"}, {"id": "b", "title": "bowl 1 liter"}]
    )
    context = SearchContext(catalogue)
    for q, first in (("1000 ml bowl", "a"), ("1l bowl", "b")):
        assert catalogue.ids(search(SearchRequest(q), context).rows)[0] == first


def test_a_point_gets_its_zero() -> None:
    assert with_leading_zeros(".5 in or v1.5 by .25") == "0.5 in or v1.5 by 0.25"
