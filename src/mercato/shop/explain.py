"""Why an item stands where it stands in a search; nothing is logged, since nobody was shown it."""

from dataclasses import dataclass, replace
from typing import Any

from mercato.core.errors import NotFound
from mercato.search.explain import explain as explain_row
from mercato.search.explain import explain_page as explain_rows
from mercato.search.explained import Explanation
from mercato.search.request import SearchResult, Window
from mercato.shop.experiments.serving import serving_search
from mercato.shop.known import known_as
from mercato.shop.opened import Shop
from mercato.shop.search import (
    SearchCall,
    as_served,
    search,
    search_context,
    search_request,
)


def explain(shop: Shop, call: SearchCall, item_id: str) -> Explanation:
    """As the shopper's arms of experiments rank; where two rankings make the answer, as the first.

    Raises NotFound for an item that the catalogue lacks, BadInput as `shop.search.search`.
    """
    call = known_as(shop, call)
    serving = serving_search(shop, call.user_id, call.visitor_id)
    row = serving.live.catalogue.row(item_id)
    if row is None:
        raise NotFound("an item of the catalogue", repr(item_id), "Check item_id.")
    call = as_served(serving, call)
    return explain_row(search_request(call), search_context(shop, serving.live, call), row)


@dataclass(frozen=True)
class Explained:
    """A page of an answer that nobody was shown: the result, its items, and why each is there."""

    result: SearchResult
    items: tuple[dict[str, Any], ...]
    explanations: tuple[Explanation, ...]


def explain_page(shop: Shop, call: SearchCall) -> Explained:
    """All items of the page that a call asks for, as `explain` has each. Errors as
    `shop.search.search`."""
    call = known_as(shop, call)
    serving = serving_search(shop, call.user_id, call.visitor_id)
    call = as_served(serving, call)
    context = search_context(shop, serving.live, call)
    result, explanations = explain_rows(search_request(call), context)
    items = tuple(context.catalogue.item(row) for row in result.rows.tolist())
    return Explained(result, items, tuple(explanations))


def item_asked(shop: Shop, call: SearchCall, asked: str) -> str:
    """The id of an item that is named by its id or by its place in the answer, from 1.

    Raises NotFound where it is neither.
    """
    if shop.live.catalogue.row(asked) is not None or not asked.isdecimal():
        return asked
    place = int(asked)
    window = Window(max(place - 1, 0), 1)
    hits = search(shop, replace(call, window=window, seen=False)).hits
    if not hits or place < 1:
        raise NotFound("an item's id or its place in the answer", asked, "Count from 1.")
    return hits[0].id
