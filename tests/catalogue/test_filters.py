import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import (
    And,
    Filter,
    Not,
    Or,
    Range,
    Term,
    conjuncts,
    fields_of,
    parse,
    parse_all,
)
from mercato.core.errors import BadInput

names = st.one_of(st.sampled_from(("brand", "price", "AND", "a b", 'q"', "x:y")), st.text("aé \\"))
numbers = st.one_of(st.integers(-1000, 1000).map(float), st.floats(-1e6, 1e6))
ranges = st.one_of(
    st.builds(Range, names, low=numbers),
    st.builds(Range, names, high=numbers, half_open=st.booleans()),
    st.builds(Range, names, numbers, numbers, st.booleans()),
)
terms = st.one_of(st.builds(Term, names, st.text()), ranges)


def joined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, several), st.builds(Or, several), st.builds(Not, parts))


filters = st.recursive(terms, joined, max_leaves=6)


@settings(max_examples=300, deadline=None)
@given(filters)
def test_what_is_written_reads_back_the_same(wanted: Filter) -> None:
    assert parse(str(wanted)) == wanted


@settings(max_examples=300, deadline=None)
@given(st.text('ab:"\\()<. 1-ANDORNOT', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        wanted = parse(text)
    except BadInput:
        return
    assert parse(str(wanted)) == wanted


def test_and_binds_tighter_than_or_and_not_tightest() -> None:
    a, b, c = Term("a", "1"), Term("b", "2"), Term("c", "3")
    assert parse("a:1 OR b:2 AND NOT c:3") == Or((a, And((b, Not(c)))))
    assert parse("(a:1 OR b:2) AND c:3") == And((Or((a, b)), c))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("price:10..50", Range("price", 10, 50)),
        ("price:10..<50", Range("price", 10, 50, half_open=True)),
        ("price:10..", Range("price", low=10)),
        ("price:..50", Range("price", high=50)),
        ("price:-5.5..1e3", Range("price", -5.5, 1000)),
        ("created_at:1970-01-02..", Range("created_at", low=86_400)),
        ("created_at:1970-01-01T00:01:00Z..", Range("created_at", low=60)),
        ('size:"10..50"', Term("size", "10..50")),
        ('"a b":"x \\"y\\" \\\\"', Term("a b", 'x "y" \\')),
        ("url:http://a", Term("url", "http://a")),
    ],
)
def test_values(text: str, wanted: Filter) -> None:
    assert parse(text) == wanted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a field's name"),
        ("brand", "':' and a value behind 'brand'"),
        ("brand:", "a value for 'brand'"),
        ("brand:Acme price:1..2", "AND or OR"),
        ("(brand:Acme", "a closing bracket"),
        ("brand:Acme AND", "a field's name"),
        ("price:..", "a range of 'price' with an end"),
        ("price:ten..20", "a number or a date at an end of 'price'"),
        ('brand:"Acme', "a filter"),
        ("(" * 100 + "a:b" + ")" * 100, "at most 40 brackets"),
        ("a:" + "b" * 40_000, "at most 40000 characters"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, expected: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert expected in caught.value.expected


def test_all_terms_that_must_hold_are_found_in_brackets_too() -> None:
    a, b, c = Term("a", "1"), Term("b", "2"), Term("c", "3")
    assert conjuncts([And((a, And((b, c)))), Or((a, b))]) == [a, b, c, Or((a, b))]
    assert fields_of(Or((a, Not(b)))) == {"a", "b"}


def test_the_terms_of_a_request_are_bounded() -> None:
    half = " OR ".join(["a:1", "NOT (b:2 AND c:..3)"] * 167)  # 501 terms
    assert len(parse_all([half])) == 1
    with pytest.raises(BadInput, match="at most 1000 terms; found 1002"):
        parse_all([half, half])


ITEMS: list[dict[str, Any]] = [
    {"id": "1", "title": "t", "brand": "Acme", "price": 10.0, "product_type": "A > B"},
    {"id": "2", "title": "t", "brand": "ACME", "price": 20.5, "product_type": "A>C"},
    {"id": "3", "title": "t", "brand": "Bolt & Co", "size": "10", "gtin": "0012"},
    {"id": "4", "title": "t", "price": -3.0, "attributes": {"watts": 60, "Tags": ["x", "Y"]}},
    {"id": "5", "title": "t", "attributes": {"watts": "60 W", "Tags": "y", "price": 15}},
]


@pytest.fixture(scope="module")
def catalogue(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(
        [{**item, "attributes": json.dumps(item.get("attributes", {}))} for item in ITEMS]
    )


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("brand:acme", "12"),
        ('brand:"bolt  &  CO"', "3"),
        ("NOT brand:acme", "345"),
        ("price:10", "1"),
        ("price:10.00", "1"),
        ("price:10..20.5", "125"),
        ("price:10..<20.5", "15"),
        ("price:..0", "4"),
        ("product_type:a", "12"),
        ('product_type:"A > B"', "1"),
        ('product_type:"B"', ""),
        ("size:10", "3"),
        ("size:5..", "3"),
        ("gtin:12", ""),
        ("gtin:0012", "3"),
        ("watts:60", "4"),
        ('watts:"60 w"', "5"),
        ("watts:1..100", "4"),
        ("tags:Y", "45"),
        ("tags:x AND tags:y", "4"),
        ("id:3", "3"),
        ("id:nobody", ""),
        ("color:red", ""),
        ("brand:acme AND (price:..15 OR NOT product_type:A)", "1"),
        ("price:..0 OR price:10 OR PRICE:15..21 OR id:3", "12345"),
        ("price:10 OR id:2 OR id:nobody OR (brand:acme AND price:10)", "12"),
        ("price:99 OR price:98", ""),
    ],
)
def test_a_filter_lets_through(catalogue: Catalogue, text: str, ids: str) -> None:
    rows = catalogue.mask(parse(text)).nonzero()[0]
    assert "".join(catalogue.ids(rows)) == ids


def test_an_unknown_field_names_the_nearest(catalogue: Catalogue) -> None:
    with pytest.raises(BadInput, match="'bran'.*Did you mean 'brand'"):
        catalogue.mask(parse("bran:Acme"))
    with pytest.raises(BadInput, match="'title'"):
        catalogue.mask(parse("title:t"))


def test_a_range_of_ids_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(BadInput, match="one id"):
        catalogue.mask(parse("id:1..3"))
