"""The basket's cookie: what goes in comes out, whatever is in between."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.core.errors import BadInput
from mercato.web.basket import MOST_BYTES, MOST_PIECES, Basket, BasketLine

IDS = st.text(min_size=1, max_size=20)


@given(st.dictionaries(IDS, st.integers(1, MOST_PIECES), max_size=8))
def test_a_cookie_reads_back(quantities):
    basket = Basket()
    for item_id, quantity in quantities.items():
        basket = basket.put(item_id, quantity)
    cookie = basket.cookie()
    # Octets that a cookie's value may have (RFC 6265 §4.1.1).
    assert re.fullmatch(r"[!#-+\--:<-\[\]-~]*", cookie)
    assert Basket.from_cookie(cookie) == basket
    assert basket.pieces == sum(quantities.values())


@given(st.text(max_size=200))
def test_any_cookie_reads_as_some_basket(cookie):
    for line in Basket.from_cookie(cookie).lines:
        assert line.item_id
        assert 1 <= line.quantity <= MOST_PIECES


def test_adding_counts_up_and_stays_in_place():
    basket = Basket().add("a", 2).add("b", 1).add("a", 3)
    assert basket.lines == (BasketLine("a", 5), BasketLine("b", 1))
    assert basket.add("a", 1000).quantity("a") == MOST_PIECES
    assert basket.put("a", 0).lines == (BasketLine("b", 1),)
    assert basket.quantity("c") == 0


def test_a_basket_that_no_cookie_holds_is_refused():
    basket = Basket()
    with pytest.raises(BadInput, match="fits into a cookie"):
        for number in range(MOST_BYTES):
            basket = basket.add(f"product-{number}", 1)
    assert MOST_BYTES - 20 <= len(basket.cookie()) <= MOST_BYTES
