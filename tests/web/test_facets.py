"""Facets and chips: every choice leads where its label says."""

from starlette.datastructures import QueryParams

from mercato.web.facets import Labels, chips, facets
from mercato.web.languages import language
from mercato.web.links import Listing

ENGLISH = Labels(language("en"), "USD")
COUNTS = {
    "product_type": {
        "Dairy": 9,
        "Dairy > Milk": 5,
        "Dairy > Cheese": 4,
        "Dairy > Milk > Whole": 2,
        "Bakery": 12,
    },
    "brand": {"Acme": 3, "Zeta": 7, "Beta": 7},
    "price": {"..<5": 4, "5..<7.5": 2, "7.5..": 1},
    "size": {"1 l": 21},
}


def read(address: str) -> Listing:
    path, _, query = address.partition("?")
    return Listing.read(path, QueryParams(query))


def by_name(address: str):
    return {facet.name: facet for facet in facets(read(address), COUNTS, ENGLISH)}


def test_a_facet_without_a_choice_is_left_out():
    assert list(by_name("/search?q=x")) == ["category", "price", "brand"]
    assert "size" in by_name("/search?q=x&size=1+l")


def test_categories_open_level_by_level():
    labels = [(each.label, each.count) for each in by_name("/search?q=x")["category"].shown]
    assert labels == [("Bakery", 12), ("Dairy", 9)]
    below = by_name("/browse?category=Dairy")["category"].shown
    assert [each.label for each in below] == ["Milk", "Cheese"]
    assert read(below[0].url).category == "Dairy > Milk"
    assert "category" not in by_name("/browse?category=Dairy+%3E+Cheese")


def test_the_fullest_values_come_first_and_chosen_ones_before_them():
    assert [each.label for each in by_name("/search")["brand"].shown] == ["Beta", "Zeta", "Acme"]
    shown = by_name("/search?brand=Acme&brand=Gone")["brand"].shown
    assert [(each.label, each.count, each.chosen) for each in shown] == [
        ("Gone", 0, True),
        ("Acme", 3, True),
        ("Beta", 7, False),
        ("Zeta", 7, False),
    ]
    assert read(shown[1].url).values("brand") == ("Gone",)
    assert read(shown[2].url).values("brand") == ("Acme", "Gone", "Beta")


def test_ranges_keep_their_order_and_read_as_prices():
    shown = by_name("/search")["price"].shown
    assert [each.label for each in shown] == ["under $5", "$5 to $7.50", "$7.50 and more"]
    assert read(shown[1].url).values("price") == ("5..<7.5",)
    chinese = Labels(language("zh"), "CNY")
    assert chinese.of("price", "5..<7.5") == "¥5 至 ¥7.50"
    assert chinese.of("price", "4.2") == "¥4.20"
    assert chinese.of("price", "cheap..<dear") == "cheap..<dear"


def test_long_facets_unfold():
    counts = {"brand": {f"brand {number:03}": 1 for number in range(200)}}
    (facet,) = facets(read("/search"), counts, ENGLISH)
    assert (len(facet.shown), len(facet.more)) == (8, 52)


def test_each_chip_takes_one_thing_off():
    listing = read(
        "/search?q=x&category=Dairy+%3E+Milk&brand=A&low=2&filter=NOT+size:big&page=3&sort=price%3Aasc"
    )
    labels = [chip.label for chip in chips(listing, ENGLISH)]
    assert labels == ["Milk", "A", "$2 and more", "NOT size:big"]
    without = [read(chip.url) for chip in chips(listing, ENGLISH)]
    assert without[0].category == "Dairy"
    assert without[1].values("brand") == ()
    assert (without[2].low, without[2].filters) == ("", ("NOT size:big",))
    assert without[3].filters == ()
    assert all(each.page == 1 and each.sort == "price:asc" for each in without)


def test_a_category_that_is_browsed_is_no_filter():
    assert chips(read("/browse?category=Dairy"), ENGLISH) == ()
    assert [chip.label for chip in chips(read("/browse?category=Dairy&brand=A"), ENGLISH)] == ["A"]


def test_availability_is_put_into_words():
    assert ENGLISH.of("availability", "in_stock") == "In stock"
    assert ENGLISH.of("availability", "on the moon") == "on the moon"
