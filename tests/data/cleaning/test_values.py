"""Measures, trade item numbers, category paths, currencies."""

import pytest

from mercato.core.errors import BadInput
from mercato.data.cleaning.categories import category_slashes, category_spellings
from mercato.data.cleaning.currencies import parse_rates
from mercato.data.cleaning.step import CleaningContext


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0,5 l", "0.5 l"),
        ("0.5L", "0.5 l"),
        ("500ML", "500 ml"),
        ("500 Milliliters", "500 ml"),
        ("12x330ML", "12 x 330 ml"),
        ("6 × 1,5 L", "6 x 1.5 l"),
        ("10x20x30 CM", "10 x 20 x 30 cm"),
        ("1,000 g", "1000 g"),
        ("1.234,5 g", "1234.5 g"),
        ("16 oz.", "16 oz"),
        ("24 ct", "24 count"),
        ("5 kilograms", "5 kg"),
    ],
)
def test_measures_have_one_notation(item_cells, written: str, read: str) -> None:
    assert item_cells("size", [written]) == [read]
    assert item_cells("size", [read]) == [read]


@pytest.mark.parametrize("size", ["XL", "42", "10 M", "9 W", "one size", "32/34", "2 in 1", "M"])
def test_other_sizes_stay(item_cells, size: str) -> None:
    assert item_cells("size", [size]) == [size]


def test_measures_in_attributes(clean) -> None:
    columns = {
        "id": ["a", "b"],
        "title": ["x", "y"],
        "volume": ["0,75L", "n"],
        "note": ["holds 0,75L", "L"],
    }
    found = clean("items", columns)
    assert found.rows["attributes"].to_pylist() == [
        '{"note":"holds 0,75L","volume":"0.75 l"}',
        '{"note":"L","volume":"n"}',
    ]


def test_gtins_are_digits_or_missing(item_cells) -> None:
    written = [
        "4006381333931",
        "4 006381 333931",
        "400-6381-333931",
        "4.00638E+12",
        "4006381333931.0",
    ]
    assert item_cells("gtin", written) == ["4006381333931"] * 3 + [None, "4006381333931"]
    assert item_cells("gtin", ["ISBN-X"]) == ["ISBN-X"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Food|Milk|Oat", "Food > Milk > Oat"),
        ("Food » Milk", "Food > Milk"),
        ("Food › Milk ›", "Food > Milk"),
        ("Food::Milk", "Food > Milk"),
        ("Food / Milk", "Food > Milk"),
        ("Food>Milk", "Food > Milk"),
        ("Audio/Video > AC/DC", "Audio/Video > AC/DC"),
    ],
)
def test_paths_have_one_separator(item_cells, written: str, read: str) -> None:
    assert item_cells("product_type", [written]) == [read]


def test_a_bare_slash_separates_where_half_of_all_paths_have_one() -> None:
    whole = category_slashes().whole
    assert whole is not None
    assert whole({"Food/Milk": 3, "Food/Milk/Oat": 1, "Books": 2}, {}) == {
        "Food/Milk": "Food > Milk",
        "Food/Milk/Oat": "Food > Milk > Oat",
    }
    assert whole({"Audio/Video": 3, "Books": 4}, {}) == {}
    assert whole({"Audio/Video": 3, "Food > Milk": 1}, {}) == {}
    assert whole({"Audio/Video": 3}, {"Hats/Caps": 5}) == {}


def test_spellings_of_a_level_become_the_most_frequent() -> None:
    whole = category_spellings().whole
    assert whole is not None
    values = {"Food > Milk": 5, "FOOD > milk": 2, "food": 1, "Tools > MILK": 1, "Food > milk": 1}
    # Food 6, FOOD 2, food 1; below it Milk 5, milk 3; below Tools MILK stands alone.
    assert whole(values, {}) == {
        "FOOD > milk": "Food > Milk",
        "food": "Food",
        "Food > milk": "Food > Milk",
    }
    assert whole({"FOOD": 2}, {"Food": 3}) == {"FOOD": "Food"}
    assert whole({"FOOD": 4}, {"Food": 3}) == {}


def test_amounts_are_converted_by_declared_rates(clean) -> None:
    context = CleaningContext(currency="USD", rates={"EUR": 1.08})
    found = clean(
        "items",
        {
            "id": ["a", "b", "c", "d"],
            "title": ["x"] * 4,
            "price": ["10.00 EUR", "10.00", "5 GBP", None],
            "sale_price": ["5.00", None, None, None],
            "colour_code": ["7", None, None, None],
        },
        context,
    )
    rows = found.rows
    assert rows["price"].to_pylist() == [10.8, 10.0, 5.0, None]
    assert rows["sale_price"].to_pylist() == [5.4, None, None, None]
    assert rows["currency"].to_pylist() == ["USD", "USD", "GBP", None]
    assert rows["attributes"].to_pylist() == [
        '{"colour_code":"7","original_currency":"EUR","original_price":10,"original_sale_price":5}',
        None,
        None,
        None,
    ]
    counts = {count.step: (count.rows, count.before, count.after) for count in found.cleaned}
    assert counts == {
        "currency-converted": (1, "10.0", "10.8"),
        "currency-foreign": (1, "GBP", "GBP"),
    }


def test_rates_say_what_they_expect() -> None:
    assert parse_rates(["EUR=1.08", "GBP = 1.27"], "USD") == {"EUR": 1.08, "GBP": 1.27}
    for wrong in ("EUR", "EUR=x", "EUR=-1", "EUR=0", "USD=1", "XXQ=2", "EUR=inf", "EUR=nan"):
        with pytest.raises(BadInput, match="exchange_rates"):
            parse_rates([wrong], "USD")
