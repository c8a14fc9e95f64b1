"""Filters in Algolia's grammar let through what they let through there: compared with a reading
by Python itself."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercato.api.algolia import conditions
from mercato.api.algolia.attributes import Attributes
from mercato.api.algolia.filter_lists import joined
from mercato.api.algolia.filters import read_filters
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import Filter, parse
from mercato.core.errors import BadInput

COLORS = ("red", "dark red", "AND", "a:b", 'say "hi"', "it's", "(x)", "-5")
ITEMS = [
    {
        "id": f"i{at}",
        "title": "Thing",
        "color": color,
        "price": price,
        "product_type": "Food > Tea" if at % 2 else "Food",
        "attributes": f'{{"stock": {at % 3}, "_tags": ["new"]}}' if at % 3 else None,
    }
    for at, (color, price) in enumerate(itertools.product(COLORS, (5.0, 10.0, 12.5)))
]


@pytest.fixture(scope="module")
def shelf(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(ITEMS)


@pytest.fixture(scope="module")
def attributes(shelf: Catalogue) -> Attributes:
    return Attributes(shelf.columns, {"tint": "color"})


def passing(wanted: Filter | None, shelf: Catalogue) -> set[str]:
    if wanted is None:
        return {item["id"] for item in ITEMS}
    # Written out and read again, as it reaches the search.
    rows = shelf.mask(parse(str(wanted))).nonzero()[0]
    return set(shelf.ids(rows))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


Test = tuple[str, Callable[[dict[str, Any]], bool]]
NUMBERS = st.sampled_from([5, 10, 10.0, 12.5, 11, -1])


def of_color(color: str) -> Test:
    return f"color:{quoted(color)}", lambda item: item["color"] == color


COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": float.__lt__,
    "<=": float.__le__,
    "=": float.__eq__,
    "!=": float.__ne__,
    ">=": float.__ge__,
    ">": float.__gt__,
}


def of_price(operator: str, number: float) -> Test:
    spelled = f"price {operator} {number}"
    return spelled, lambda item: COMPARED[operator](item["price"], float(number))


def between(low: float, high: float) -> Test:
    return f"price:{low} TO {high}", lambda item: low <= item["price"] <= high


def negated(part: Test) -> Test:
    return f"NOT ({part[0]})", lambda item: not part[1](item)


def both(parts: list[Test]) -> Test:
    return " AND ".join(f"({p[0]})" for p in parts), lambda item: all(p[1](item) for p in parts)


def either(parts: list[Test]) -> Test:
    return " OR ".join(f"({p[0]})" for p in parts), lambda item: any(p[1](item) for p in parts)


LEAVES = st.one_of(
    st.builds(of_color, st.sampled_from([*COLORS, "blue"])),
    st.builds(of_price, st.sampled_from(sorted(COMPARED)), NUMBERS),
    st.builds(between, NUMBERS, NUMBERS),
)
TESTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(negated),
        st.lists(inner, min_size=1, max_size=3).map(both),
        st.lists(inner, min_size=1, max_size=3).map(either),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(TESTS)
def test_filters_say_what_python_says(shelf, attributes, test):
    text, holds = test
    expected = {item["id"] for item in ITEMS if holds(item)}
    assert passing(read_filters(text, attributes), shelf) == expected


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("color:red", lambda i: i["color"] == "red"),
        ("color:'dark red'", lambda i: i["color"] == "dark red"),
        ("tint:red", lambda i: i["color"] == "red"),
        ("attributes.stock:2", lambda i: "2," in str(i["attributes"])),
        ("stock = 2", lambda i: "2," in str(i["attributes"])),
        ("new", lambda i: i["attributes"] is not None),
        ("objectID:i3", lambda i: i["id"] == "i3"),
        ("hierarchicalCategories.lvl0:Food", lambda i: True),
        ('hierarchicalCategories.lvl1:"Food > Tea"', lambda i: i["product_type"] != "Food"),
        ("hierarchicalCategories.lvl1:Food", lambda i: False),
        ("color:a:b", lambda i: i["color"] == "a:b"),
        ("nothing:here", lambda i: False),
        ("NOT nothing:here", lambda i: True),
        ("color:red<score=3> OR price = 5", lambda i: i["color"] == "red" or i["price"] == 5),
        ("color:-5 AND (price > 5 OR stock:1)", lambda i: i["color"] == "-5" and
            (i["price"] > 5 or '": 1,' in str(i["attributes"]))),
        ("price:12.5", lambda i: i["price"] == 12.5),
        ("  ", lambda i: True),
    ],
)  # fmt: skip
def test_forms_of_the_grammar(shelf, attributes, text, holds):
    expected = {item["id"] for item in ITEMS if holds(item)}
    assert passing(read_filters(text, attributes), shelf) == expected


@pytest.mark.parametrize(
    "text",
    [
        "(", ")", "color:", "color:red color:blue", "color:red AND", "AND", "NOT", "price > red",
        "price:1 TO", "price:1 TO x", '"open', "price >", "price > nan", "price > 1e999",
        "objectID > 5", "(" * 60 + "color:red" + ")" * 60, "NOT " * 60 + "color:red",
        " OR ".join(["color:red"] * 1001), "x" * 40_001, "color:(red)",
        "color:red OR color:-5 AND price > 5", "price > 5 AND color:red OR color:blue",
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused(attributes, text):
    with pytest.raises(BadInput):
        read_filters(text, attributes)


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ("color:red", lambda i: i["color"] == "red"),
        (["color:red", "price:5"], lambda i: i["color"] == "red" and i["price"] == 5),
        ([["color:red", "color:(x)"]], lambda i: i["color"] in ("red", "(x)")),
        ([["color:red", ["color:(x)", "price:5"]]],
         lambda i: i["color"] == "red" or (i["color"] == "(x)" and i["price"] == 5)),
        ("price:5,(color:red,color:AND)",
         lambda i: i["price"] == 5 and i["color"] in ("red", "AND")),
        (["color:-red"], lambda i: i["color"] != "red"),
        (["-color:red"], lambda i: i["color"] != "red"),
        (["color:\\-5"], lambda i: i["color"] == "-5"),
        ([], lambda i: True), ([[]], lambda i: True), ("", lambda i: True),
        ("()", lambda i: True), ([""], lambda i: True),
        (["nothing:here"], lambda i: False), (["nothing:-here"], lambda i: True),
    ],
)  # fmt: skip
def test_lists_of_facet_filters(shelf, attributes, given, holds):
    wanted = joined("facetFilters", given, lambda text: conditions.facet(text, attributes))
    assert passing(wanted, shelf) == {item["id"] for item in ITEMS if holds(item)}


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        (["price>5", "price <= 10"], lambda p: 5 < p <= 10),
        ([["price=5", "price!=10"]], lambda p: p != 10),
        ("price>5,price<12", lambda p: 5 < p < 12),
        (["price:5 TO 10"], lambda p: p <= 10),
        (["price:10"], lambda p: p == 10),
        (["price>=1e1"], lambda p: p >= 10),
        (["nothing>1"], lambda p: False),
    ],
)
def test_lists_of_numeric_filters(shelf, attributes, given, holds):
    wanted = joined("numericFilters", given, lambda text: conditions.numeric(text, attributes))
    assert passing(wanted, shelf) == {item["id"] for item in ITEMS if holds(item["price"])}


def test_tags_are_an_attribute_and_restrict(shelf, attributes):
    def tagged(given: Any) -> set[str]:
        return passing(joined("tagFilters", given, lambda t: conditions.tag(t, attributes)), shelf)

    new = {item["id"] for item in ITEMS if item["attributes"]}
    assert tagged(["new"]) == new
    assert tagged("-new") == {item["id"] for item in ITEMS} - new
    assert tagged(["secret"]) == set()


@pytest.mark.parametrize(
    "given",
    [[1.5], [{}], ["color"], [[[["color:red"]]]], "a:1,((b:2)", ["color:red"] * 1001, [True], {}],
)
def test_lists_that_do_not_fit(attributes, given):
    with pytest.raises(BadInput):
        joined("facetFilters", given, lambda text: conditions.facet(text, attributes))
