"""Addresses say what a listing shows; every filter reads back as it was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from mercato.catalogue.filters import Or, Range, Term, parse
from mercato.core.errors import BadInput
from mercato.web.links import Listing, item_path, listing_path


def read(address: str) -> Listing:
    path, _, query = address.partition("?")
    return Listing.read(path, QueryParams(query))


def test_an_address_reads_back():
    listing = read(
        "/search?q=milk&category=Dairy+%3E+Milk&brand=A+%26+B&brand=C&low=1&sort=price%3Aasc&page=3"
    )
    assert listing.q == "milk"
    assert listing.category == "Dairy > Milk"
    assert listing.values("brand") == ("A & B", "C")
    assert (listing.low, listing.high, listing.sort, listing.page) == ("1", "", "price:asc", 3)
    assert read(listing.url()) == listing


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3, unique=True))
def test_chosen_values_of_a_field_mean_any_of_them(values):
    listing = Listing("/search", chosen=tuple(("brand", value) for value in values))
    (expression,) = listing.expressions()
    terms = tuple(Term("brand", value) for value in values)
    assert parse(expression) == (terms[0] if len(terms) == 1 else Or(terms))


def test_ranges_of_prices_are_taken_as_the_facet_names_them():
    listing = read("/search?price=..%3C5&price=5..%3C10&low=1,50&high=8")
    either, bounds = map(parse, listing.expressions())
    assert either == Or((Range("price", high=5, half_open=True), Range("price", 5, 10, True)))
    assert bounds == Range("price", 1.5, 8)


def test_choosing_goes_back_to_the_first_page():
    listing = read("/search?q=milk&brand=A&page=4")
    assert listing.toggled("brand", "B").url() == "/search?q=milk&brand=A&brand=B"
    assert listing.toggled("brand", "A").url() == "/search?q=milk"
    assert listing.within("Dairy").url() == "/search?q=milk&category=Dairy&brand=A"
    assert listing.within("Dairy").within(None).url() == "/search?q=milk&brand=A"


@pytest.mark.parametrize("wrong", ["page=x", "page=-1", "per_page=1e9", "low=cheap", "high=inf"])
def test_what_is_no_number_is_said(wrong):
    with pytest.raises(BadInput, match="expected a"):
        read(f"/search?{wrong}")


def test_ids_and_categories_survive_addresses():
    assert item_path("a/b?c#d e") == "/item/a%2Fb%3Fc%23d%20e"
    assert read(listing_path("A & B > C/D")).category == "A & B > C/D"
