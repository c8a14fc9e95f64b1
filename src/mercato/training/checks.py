"""What a release must show before it is published."""

import numpy as np

from mercato.core.columns import Placement
from mercato.core.errors import ChecksFailed
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search
from mercato.shop.shelf import ShelfCall, shelf

_PROBES = 20
"""Items, from the most bought to the least, that must be found by their own title."""


def check_release(shop: Shop) -> None:
    """Ask a draft what any shopper asks. Raises ChecksFailed with everything that is wrong."""
    wrong = [*_all_items_there(shop), *_titles_found(shop), *_shelves_filled(shop)]
    if wrong:
        raise ChecksFailed(
            "a release that serves every item",
            "; ".join(wrong),
            "The published release still stands. Check the items (mercato doctor DIR), then build.",
        )


def _all_items_there(shop: Shop) -> list[str]:
    expected = shop.live.manifest.counts["items"]
    found = search(shop, SearchCall(distinct=False, per_page=1)).total
    return [] if found == expected else [f"{found} of {expected} items are listed"]


def _titles_found(shop: Shop) -> list[str]:
    catalogue = shop.live.catalogue
    rows = np.unique(np.linspace(0, catalogue.n_base - 1, _PROBES).astype(int))
    wrong = []
    for row in rows:
        item = catalogue.item(int(row))
        call = SearchCall(q=item["title"], filters=(f'id:"{item["id"]}"',), distinct=False)
        if search(shop, call).total != 1:
            wrong.append(f"item {item['id']!r} is not found by its title {item['title']!r}")
    return wrong


def _shelves_filled(shop: Shop) -> list[str]:
    items = shelf(shop, ShelfCall(Placement.HOME, n=1)).items
    return [] if items else ["the home shelf of a new shopper is empty"]
