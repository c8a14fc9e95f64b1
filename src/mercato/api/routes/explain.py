"""``GET /v1/explain``."""

from typing import Annotated

from fastapi import FastAPI, Query

from mercato.api.answers import JSONAnswer
from mercato.api.asked import ExplainAsked
from mercato.api.explain_shapes import Explanation
from mercato.api.openapi import problems
from mercato.shop.explain import explain
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall


def add_explain(app: FastAPI, shop: Shop) -> None:
    @app.get("/v1/explain", response_model=Explanation, responses=problems(400, 404, 503))
    def get_explain(asked: Annotated[ExplainAsked, Query()]) -> JSONAnswer:
        """Why an item stands where it stands in a search: each step, value and contribution."""
        call = SearchCall(
            q=asked.q,
            filters=tuple(asked.filter),
            sort=asked.sort,
            user_id=asked.user_id,
            visitor_id=asked.visitor_id,
            session_id=asked.session_id,
            distinct=asked.distinct,
            mode=asked.mode,
            segments=tuple(asked.segment),
        )
        return JSONAnswer(explain(shop, call, asked.item_id))
