"""Shelves as pages show them."""

from dataclasses import dataclass

from mercato.core.columns import Placement
from mercato.shop.shelf import ShelfAnswer, ShelfCall
from mercato.shop.shelf import shelf as answer_shelf
from mercato.web.asked import Ask
from mercato.web.cards import Card, Origin, card
from mercato.web.links import listing_path
from mercato.web.reasons import honest, reason_text

N_CARDS = 12


@dataclass(frozen=True)
class Shelf:
    """title : in the visit's language
    more : address of all of them; None where there is no such page
    fallback : the retriever that had to fill the shelf, None where none had to
    """

    placement: str
    query_id: str
    title: str
    cards: tuple[Card, ...]
    more: str | None = None
    fallback: str | None = None


def shelf(
    ask: Ask,
    placement: Placement,
    title: str,
    *,
    item_id: str | None = None,
    cart: tuple[str, ...] = (),
    category: str | None = None,
    q: str = "",
    n: int = N_CARDS,
) -> Shelf:
    """Ask for one shelf in the name of the visit."""
    answer = answer_shelf(
        ask.shop,
        ShelfCall(
            placement=placement,
            user_id=ask.visit.ids.user_id,
            visitor_id=ask.visit.ids.visitor_id,
            session_id=ask.visit.ids.session_id,
            item_id=item_id,
            cart=cart,
            n=n,
            distinct=True,
            category=category,
            q=q,
        ),
    )
    return Shelf(
        placement,
        answer.query_id,
        title,
        _cards(ask, answer, item_id),
        more=None if category is None else listing_path(category),
        fallback=answer.fallback,
    )


def _cards(ask: Ask, answer: ShelfAnswer, here: str | None) -> tuple[Card, ...]:
    live = ask.shop.live
    now = live.clock.now(ask.shop.wall())
    return tuple(
        card(
            each.item,
            ask.currency,
            Origin(answer.query_id, answer.placement, position),
            reason_text(each.reason, ask.visit.language, live.catalogue, now, here),
            honest(each.reason, ask.visit.language),
        )
        for position, each in enumerate(answer.items, 1)
    )
