"""``GET /v1/holdout``: what all experiments did together."""

from fastapi import FastAPI

from mercato.api.answers import JSONAnswer
from mercato.api.experiment_shapes import HoldoutAnswer
from mercato.api.openapi import problems
from mercato.operating.experiments.held_out import last_holdout
from mercato.shop.opened import Shop


def add_holdout(app: FastAPI, shop: Shop) -> None:
    @app.get("/v1/holdout", response_model=HoldoutAnswer, responses=problems(400, 503))
    def get_holdout() -> JSONAnswer:
        """Everybody beside those whom no experiment touches, as of the last look; there is one a
        day where `[experiments] holdout` is above 0."""
        return JSONAnswer({"holdout": last_holdout(shop.state)})
