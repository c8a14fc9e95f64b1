"""Expected texts are those of Unicode CLDR (as ``Intl.NumberFormat`` writes them)."""

import pytest

from mercato.web.money import money


@pytest.mark.parametrize(
    ("amount", "currency", "language", "expected"),
    [
        (1234.5, "USD", "en", "$1,234.50"),
        (1234.5, "USD", "zh", "US$1,234.50"),
        (8, "CNY", "en", "CN¥8.00"),
        (8, "CNY", "zh", "¥8.00"),
        (1200, "JPY", "en", "¥1,200"),
        (1200, "JPY", "zh", "JP¥1,200"),
        (2.5, "KWD", "en", "KWD\N{NO-BREAK SPACE}2.500"),
        (0.006, "EUR", "en", "€0.01"),
        (-3, "GBP", "en", "-£3.00"),
        (-0.001, "GBP", "en", "£0.00"),
    ],
)
def test_amounts_read_as_each_language_writes_them(amount, currency, language, expected):
    assert money(amount, currency, language) == expected


def test_bounds_of_ranges_lose_empty_digits_only():
    assert money(5.0, "USD", "en", whole=True) == "$5"
    assert money(2.5, "USD", "en", whole=True) == "$2.50"
