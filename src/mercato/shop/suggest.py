"""Answer as-you-type suggestions."""

from collections import Counter
from collections.abc import Iterable

from mercato.core.columns import PRODUCT_TYPE
from mercato.search.suggest import Own, SuggestContext, Suggestions
from mercato.search.suggest import suggest as complete
from mercato.shop.everywhere import effects_everywhere
from mercato.shop.experiments.serving import live_for
from mercato.shop.opened import Live, Shop
from mercato.shop.overload.shelves import spares_the_shopper
from mercato.state.events import RecentEvent

RECENT_MOST = 50
"""Newest lines of the shopper, and newest items of the release's history, that are looked at."""


def suggest(
    shop: Shop,
    q: str,
    n: int = 8,
    *,
    user_id: str | None = None,
    visitor_id: str | None = None,
) -> Suggestions:
    """At most ``n`` queries, items and categories each that go on from ``q``; the shopper's own
    queries and categories first."""
    ids = shop.pseudonyms
    user_id, visitor_id = ids.maybe(user_id), ids.maybe(visitor_id)
    live = live_for(shop, user_id, visitor_id)
    own = Own()
    if (user_id or visitor_id) and q.strip() and not spares_the_shopper(known=True):
        events = shop.state.events.recent(user_id, visitor_id, limit=RECENT_MOST)
        own = own_of(live, events, user_id)
    effects = effects_everywhere(shop, live, user_id=user_id, visitor_id=visitor_id)
    context = SuggestContext(live.catalogue, live.suggestions, shop.blocked, own, effects)
    return complete(q, context, n)


def own_of(live: Live, events: Iterable[RecentEvent], user_id: str | None) -> Own:
    """What a shopper searched for and which categories they were in."""
    newest = list(events)[::-1]
    queries = tuple(dict.fromkeys(event.search_term for event in newest if event.search_term))
    catalogue = live.catalogue
    rows = [catalogue.row(event.item_id) for event in newest if event.item_id is not None]
    learned = live.histories.of(user_id).item[-RECENT_MOST:]
    rows += [int(row) for row in catalogue.live_of[learned]]
    items = catalogue.items(dict.fromkeys(row for row in rows if row is not None and row >= 0))
    paths = Counter(item[PRODUCT_TYPE] for item in items if item.get(PRODUCT_TYPE))
    return Own(queries, tuple(path for path, _ in paths.most_common()))
