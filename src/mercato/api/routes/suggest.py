"""``GET /v1/suggest``."""

from typing import Annotated

from fastapi import FastAPI, Query

from mercato.api.answers import JSONAnswer
from mercato.api.asked import SuggestAsked
from mercato.api.openapi import problems
from mercato.api.shapes import SuggestAnswer
from mercato.shop.opened import Shop
from mercato.shop.suggest import suggest


def add_suggest(app: FastAPI, shop: Shop) -> None:
    @app.get("/v1/suggest", response_model=SuggestAnswer, responses=problems(400, 429, 503))
    async def get_suggest(asked: Annotated[SuggestAsked, Query()]) -> JSONAnswer:
        """Queries, items and categories that go on from what was typed."""

        def answer() -> JSONAnswer:
            return JSONAnswer(
                suggest(shop, asked.q, asked.n, user_id=asked.user_id, visitor_id=asked.visitor_id)
            )

        return await shop.overload.turns.run(answer)
