"""What this browser looked at lately: told to nobody else, and no answer of the engine's."""

from dataclasses import dataclass

from mercato.core.columns import Event
from mercato.web.asked import Ask
from mercato.web.cards import Card, card

_RECENT_EVENTS = 50


@dataclass(frozen=True)
class Recently:
    """cards : the newest first, each product once
    this_visit : the id of the newest that this very visit looked at; None where it did not
    """

    cards: tuple[Card, ...]
    this_visit: str | None


def recently(ask: Ask, n: int, *, but: str | None = None) -> Recently:
    """At most ``n`` products that are still sold; none where nothing personal is wanted.

    but : id of a product that is left out
    """
    visit, catalogue = ask.visit, ask.shop.live.catalogue
    if not visit.personal:
        return Recently((), None)
    ids = ask.shop.pseudonyms
    user_id, visitor_id = ids.maybe(visit.user_id), ids.maybe(visit.visitor_id)
    events = ask.shop.state.events.recent(user_id, visitor_id, limit=_RECENT_EVENTS)
    looks = [each for each in reversed(events) if each.event == Event.VIEW_ITEM]
    rows = {
        each.item_id: catalogue.row(each.item_id)
        for each in looks
        if each.item_id is not None and each.item_id != but
    }
    session_id = ids.maybe(visit.session_id)
    here = (each.item_id for each in looks if each.session_id == session_id)
    return Recently(
        tuple(
            card(catalogue.item(row), ask.currency)
            for row in [row for row in rows.values() if row is not None][:n]
        ),
        next((each for each in here if each is not None and rows.get(each) is not None), None),
    )
