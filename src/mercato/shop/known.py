"""Shoppers as the shop knows them: under pseudonyms, where it wants that."""

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from mercato.shop.opened import Shop

if TYPE_CHECKING:
    from mercato.shop.search import SearchCall
    from mercato.shop.shelf import ShelfCall

Call = TypeVar("Call", "SearchCall", "ShelfCall")


def known_as(shop: Shop, call: Call) -> Call:
    """A call with the ids under which anything of the shopper is stored; twice does no harm."""
    ids = shop.pseudonyms
    if ids.key is None:
        return call
    return replace(
        call,
        user_id=ids.maybe(call.user_id),
        visitor_id=ids.maybe(call.visitor_id),
        session_id=ids.maybe(call.session_id),
    )
