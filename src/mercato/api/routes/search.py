"""``GET /v1/search``."""

from typing import Annotated

from fastapi import FastAPI, Query

from mercato.api.answers import JSONAnswer
from mercato.api.asked import SearchAsked
from mercato.api.openapi import problems
from mercato.api.shapes import SearchAnswer
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search


def add_search(app: FastAPI, shop: Shop) -> None:
    # In a thread: on the event loop itself an answer would take 0.3 ms less of some 4
    # (measured), but events, health and other shoppers would wait for each slow one.
    @app.get("/v1/search", response_model=SearchAnswer, responses=problems(400, 404, 429, 503))
    async def get_search(asked: Annotated[SearchAsked, Query()]) -> JSONAnswer:
        """Search the catalogue: one page of hits, with exact totals and facets."""
        call = SearchCall(
            q=asked.q,
            filters=tuple(asked.filter),
            facets=tuple(asked.facet),
            sort=asked.sort,
            page=asked.page,
            per_page=asked.per_page,
            user_id=asked.user_id,
            visitor_id=asked.visitor_id,
            session_id=asked.session_id,
            distinct=asked.distinct,
            mode=asked.mode,
            segments=tuple(asked.segment),
        )
        return await shop.overload.turns.run(lambda: JSONAnswer(search(shop, call)))
