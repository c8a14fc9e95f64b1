"""What would help a search that shoppers are not helped by."""

from dataclasses import dataclass
from enum import StrEnum

from mercato.shop.activity import Listed
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search


class Fix(StrEnum):
    NONE = "none"
    """It finds products now; whoever searches is answered."""
    SYNONYM = "synonym"
    """Shoppers found what they meant by other words."""
    SPELLING = "spelling"
    """It is mistyped, and put right now."""
    PRODUCT = "product"
    """Nothing is found by its words: a product is missing, or its word is another."""
    RESULTS = "results"
    """Products are found, and none is wanted: they are to be judged, or one to be pinned."""


@dataclass(frozen=True)
class Proposed:
    """total : products that are found now
    other : the words that a synonym would name, or that a mistyped query is read as
    """

    fix: Fix
    total: int
    other: str = ""


def proposed(shop: Shop, asked: Listed) -> Proposed:
    """By what shoppers did since, and by what the search answers now."""
    found = search(shop, SearchCall(asked.text, per_page=1, seen=False))
    total, means = found.total, found.did_you_mean
    given_up = "meaning" in found.applied.relaxed
    answered = total > 0 and not given_up and means is None
    if answered and (asked.zero_share or 0) > 0:
        return Proposed(Fix.NONE, total)
    if asked.next_query is not None:
        return Proposed(Fix.SYNONYM, total, asked.next_query)
    if means is not None:
        return Proposed(Fix.SPELLING, total, means)
    if not answered:
        return Proposed(Fix.PRODUCT, 0)
    return Proposed(Fix.NONE if asked.clicks else Fix.RESULTS, total)
