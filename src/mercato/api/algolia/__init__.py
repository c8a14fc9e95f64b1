"""Algolia's search API over a shop, so that front ends made for it work unchanged.

Requests become calls of `shop.search` and answers of ours take Algolia's shapes by pure
functions; only `searching` and `routes` know a shop.
"""

from mercato.api.algolia.app import algolia_error, create_algolia
from mercato.api.algolia.routes import PREFIX as ALGOLIA

__all__ = ["ALGOLIA", "algolia_error", "create_algolia"]
