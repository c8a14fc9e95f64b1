"""Shopper and placement → ordered items. Pure: context in, answer out."""

from mercato.recommend.request import LateEvent, Shelf, ShelfContext, ShelfItem, ShelfRequest
from mercato.recommend.shelves import recommend

__all__ = ["LateEvent", "Shelf", "ShelfContext", "ShelfItem", "ShelfRequest", "recommend"]
