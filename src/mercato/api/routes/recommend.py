"""``GET /v1/recommend/{placement}``."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import FastAPI, Query

from mercato.api.answers import JSONAnswer
from mercato.api.asked import ShelfAsked
from mercato.api.openapi import problems
from mercato.api.shapes import ShelfAnswer as ShelfShape
from mercato.shop.opened import Shop
from mercato.shop.shelf import Card, ShelfAnswer, ShelfCall, shelf


def add_recommend(app: FastAPI, shop: Shop) -> None:
    @app.get(
        "/v1/recommend/{placement}",
        response_model=ShelfShape,
        responses=problems(400, 404, 429, 503),
    )
    async def get_recommend(placement: str, asked: Annotated[ShelfAsked, Query()]) -> JSONAnswer:
        """A shelf of items for a shopper at a placement, each with its reason."""
        call = ShelfCall(
            placement=placement,
            user_id=asked.user_id,
            visitor_id=asked.visitor_id,
            session_id=asked.session_id,
            item_id=asked.item_id,
            cart=tuple(_ids(shop, asked.cart)),
            n=asked.n,
            filters=tuple(asked.filter),
            distinct=asked.distinct,
            category=asked.category,
            store=asked.store,
            q=asked.q,
        )
        return await shop.overload.turns.run(lambda: JSONAnswer(_shape(shelf(shop, call))))


def _ids(shop: Shop, cart: Sequence[str]) -> Iterator[str]:
    """Each id; a comma separates two, unless it belongs to the id of an item."""
    for value in cart:
        if "," in value and shop.live.catalogue.row(value) is None:
            yield from filter(None, map(str.strip, value.split(",")))
        else:
            yield value


def _shape(answer: ShelfAnswer) -> dict[str, Any]:
    return {
        "query_id": answer.query_id,
        "placement": answer.placement,
        "items": [_card(card) for card in answer.items],
        "fallback": answer.fallback,
        "degraded": answer.degraded,
    }


def _card(card: Card) -> dict[str, Any]:
    return {
        "id": card.id,
        "score": card.score,
        "reason": card.reason.to_json(),
        "retriever": card.retriever,
        "item": card.item,
    }
