"""Answer as-you-type suggestions."""

from mercato.search.suggest import SuggestContext, Suggestions
from mercato.search.suggest import suggest as complete
from mercato.shop.opened import Shop


def suggest(shop: Shop, q: str, n: int = 8) -> Suggestions:
    """At most ``n`` queries, items and categories each that go on from ``q``."""
    return complete(q, SuggestContext(shop.live.catalogue), n)
