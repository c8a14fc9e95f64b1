"""``/v1/experiments``: experiments are listed, begun, widened, stopped and ended."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Query
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from mercato.api.access import by
from mercato.api.answers import JSONAnswer
from mercato.api.bodies import read_json
from mercato.api.experiment_shapes import (
    ExperimentAnswer,
    ExperimentsAnswer,
    SentExperiment,
    SentShare,
)
from mercato.api.openapi import json_body, problems
from mercato.api.origins import from_own_pages
from mercato.api.revisions import IfMatch, etag, seen_revision
from mercato.core.errors import BadInput
from mercato.shop.experiments.definition import Definition
from mercato.shop.experiments.keeping import (
    begin_experiment,
    delete_experiment,
    end_experiment,
    experiment,
    experiments_of,
    stop_arm,
    stop_experiment,
    widen,
)
from mercato.shop.opened import Shop

ExperimentName = Annotated[str, Path(min_length=1, max_length=63)]
Reason = Annotated[str, Query(min_length=1, max_length=2_000)]
_ALWAYS = (400, 403, 409, 413, 429, 503)
_CHANGED = (404, 412, *_ALWAYS)
_SENT = json_body(TypeAdapter(SentExperiment))
_SHARE = json_body(TypeAdapter(SentShare))


def add_experiments(app: FastAPI, shop: Shop) -> None:
    guards = [Depends(from_own_pages(shop.settings.serve.cors_origins))]
    _add_reading(app, shop)
    _add_beginning(app, shop, guards)
    _add_ending(app, shop, guards)


def _add_reading(app: FastAPI, shop: Shop) -> None:
    @app.get("/v1/experiments", response_model=ExperimentsAnswer, responses=problems(400, 503))
    def list_experiments() -> JSONAnswer:
        """All experiments, by their name, with what they came to at their last look."""
        found = [_shape(shop, each) for each in experiments_of(shop.state)]
        return JSONAnswer({"experiments": found})

    @app.get(
        "/v1/experiments/{name}",
        response_model=ExperimentAnswer,
        responses=problems(400, 404, 503),
    )
    def get_experiment(name: ExperimentName) -> JSONAnswer:
        """One experiment, with what it came to at its last look."""
        found = experiment(shop.state, name)
        return JSONAnswer(_shape(shop, found), headers=etag(found.to_json()))


def _add_beginning(app: FastAPI, shop: Shop, guards: list[Any]) -> None:
    @app.post(
        "/v1/experiments",
        status_code=201,
        response_model=ExperimentAnswer,
        responses=problems(*_ALWAYS),
        openapi_extra=_SENT,
        dependencies=guards,
    )
    async def post_experiment(request: Request) -> JSONAnswer:
        """Begin an experiment. It runs at once, and on every worker within a second."""
        sent = await read_json(request)
        made = await run_in_threadpool(begin_experiment, shop, _without_fate(sent), by(request))
        return JSONAnswer(await run_in_threadpool(_shape, shop, made), 201, etag(made.to_json()))

    @app.patch(
        "/v1/experiments/{name}",
        response_model=ExperimentAnswer,
        responses=problems(*_CHANGED),
        openapi_extra=_SHARE,
        dependencies=guards,
    )
    async def patch_experiment(
        name: ExperimentName, request: Request, if_match: IfMatch = None
    ) -> JSONAnswer:
        """Let another share of all shoppers take part; those who stay, stay in their arm."""
        share, seen = _share(await read_json(request)), seen_revision(if_match)
        change = partial(widen, shop.state, name, share, by(request), seen=seen)
        return await run_in_threadpool(_followed, shop, change)


def _add_ending(app: FastAPI, shop: Shop, guards: list[Any]) -> None:
    @app.post(
        "/v1/experiments/{name}:stop",
        response_model=ExperimentAnswer,
        responses=problems(*_CHANGED),
        dependencies=guards,
    )
    async def stop(
        name: ExperimentName,
        request: Request,
        arm: Annotated[str | None, Query(max_length=63)] = None,
        reason: Reason = "by hand",
        if_match: IfMatch = None,
    ) -> JSONAnswer:
        """Break an experiment off, or one of its variants: its shoppers are served as without
        it."""
        stop = stop_experiment if arm is None else partial(stop_arm, arm=arm)
        seen = seen_revision(if_match)
        change = partial(stop, shop.state, name, reason=reason, by=by(request), seen=seen)
        return await run_in_threadpool(_followed, shop, change)

    @app.post(
        "/v1/experiments/{name}:end",
        response_model=ExperimentAnswer,
        responses=problems(*_CHANGED),
        dependencies=guards,
    )
    async def end(
        name: ExperimentName,
        request: Request,
        reason: Reason = "by hand",
        if_match: IfMatch = None,
    ) -> JSONAnswer:
        """End an experiment that is decided; what it came to stays."""
        seen = seen_revision(if_match)
        change = partial(end_experiment, shop.state, name, reason, by(request), seen=seen)
        return await run_in_threadpool(_followed, shop, change)

    @app.delete(
        "/v1/experiments/{name}",
        status_code=204,
        responses=problems(*_CHANGED),
        dependencies=guards,
    )
    async def delete(name: ExperimentName, request: Request, if_match: IfMatch = None) -> Response:
        """Forget an experiment that is over."""
        seen = seen_revision(if_match)
        await run_in_threadpool(
            partial(delete_experiment, shop.state, name, by(request), seen=seen)
        )
        return Response(status_code=204)


def _without_fate(sent: object) -> object:
    """Only what happens to an experiment says so. Raises BadInput where a caller does."""
    known = frozenset(SentExperiment.model_fields)
    if isinstance(sent, dict) and (unknown := sorted(sent.keys() - known)):
        told = ", ".join(sorted(known))
        raise BadInput(
            f"an experiment with fields out of {told}", repr(unknown[0]), "Leave it out."
        )
    return sent


def _share(sent: object) -> float:
    value = sent.get("share") if isinstance(sent, dict) and set(sent) == {"share"} else None
    if type(value) not in (int, float):
        raise BadInput('{"share": 0.2}', repr(sent)[:80], "Only the share can be changed.")
    return float(value)  # type: ignore[arg-type]


def _followed(shop: Shop, change: Callable[[], Definition]) -> JSONAnswer:
    """The experiment as it is told once it is changed, and this worker follows it."""
    changed = change()
    shop.refresh()
    return JSONAnswer(_shape(shop, changed), headers=etag(changed.to_json()))


def _shape(shop: Shop, found: Definition) -> dict[str, Any]:
    reading = shop.state.readings.get(found.name)
    return {**found.to_json(), "reading": None if reading is None else reading.reading}
