"""``/v1/rules``: merchandising rules are listed, tried out and changed."""

from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from mercato.api.access import by
from mercato.api.answers import JSONAnswer
from mercato.api.bodies import read_json
from mercato.api.openapi import Responses, json_body, problems
from mercato.api.origins import from_own_pages
from mercato.api.revisions import IfMatch, etag, seen_revision
from mercato.api.rule_shapes import (
    ConflictsAnswer,
    PreviewAnswer,
    RuleAnswer,
    RulesAnswer,
    SentPreview,
    SentRule,
)
from mercato.ranking.rules.windows import iso
from mercato.shop.opened import Shop
from mercato.shop.rule_preview import preview, read_preview
from mercato.shop.rules import (
    Saved,
    all_conflicts,
    create_rule,
    delete_rule,
    put_rule,
    stored_rule,
    stored_rules,
)
from mercato.state.rules import StoredRule

RuleId = Annotated[str, Path(min_length=1, max_length=64)]
_ALWAYS = (400, 403, 409, 413, 429, 503)
_NEW: Responses = {201: {"description": "The rule is new", "model": RuleAnswer}}
_RULE = json_body(TypeAdapter(SentRule))
_PREVIEW = json_body(TypeAdapter(SentPreview))


def add_rules(app: FastAPI, shop: Shop) -> None:
    _add_reading(app, shop)
    _add_changing(app, shop)


def _add_reading(app: FastAPI, shop: Shop) -> None:
    @app.get("/v1/rules", response_model=RulesAnswer, responses=problems(400, 503))
    def list_rules() -> JSONAnswer:
        """All merchandising rules, by their id."""
        return JSONAnswer({"rules": [_shape(rule) for rule in stored_rules(shop)]})

    # Before the rules themselves: no rule is called so.
    @app.get("/v1/rules/conflicts", response_model=ConflictsAnswer, responses=problems(400, 503))
    def get_conflicts() -> JSONAnswer:
        """What is odd about the enabled rules: those that can hold at once and get in each
        other's way, outdated ones, pinned items that are not there."""
        return JSONAnswer({"conflicts": all_conflicts(shop)})

    @app.get("/v1/rules/{rule_id}", response_model=RuleAnswer, responses=problems(400, 404, 503))
    def get_rule(rule_id: RuleId) -> JSONAnswer:
        """One rule."""
        stored = stored_rule(shop, rule_id)
        return JSONAnswer(_shape(stored), headers=etag(stored.document))


def _add_changing(app: FastAPI, shop: Shop) -> None:
    guards = [Depends(from_own_pages(shop.settings.serve.cors_origins))]

    @app.post(
        "/v1/rules",
        status_code=201,
        response_model=RuleAnswer,
        responses=problems(*_ALWAYS),
        openapi_extra=_RULE,
        dependencies=guards,
    )
    async def post_rule(request: Request) -> JSONAnswer:
        """Add a rule; one without an id gets one. It holds at once, and on every worker within a
        second."""
        sent = await read_json(request)
        saved = await run_in_threadpool(create_rule, shop, sent, by(request))
        return JSONAnswer(_saved(saved), 201, etag(saved.rule.document))

    @app.put(
        "/v1/rules/{rule_id}",
        response_model=RuleAnswer,
        responses=_NEW | problems(412, *_ALWAYS),
        openapi_extra=_RULE,
        dependencies=guards,
    )
    async def put(rule_id: RuleId, request: Request, if_match: IfMatch = None) -> JSONAnswer:
        """Add a rule, or replace it whole; 201 where it is new."""
        sent, seen = await read_json(request), seen_revision(if_match)
        save = partial(put_rule, shop, rule_id, sent, by(request), seen=seen)
        saved = await run_in_threadpool(save)
        is_new = saved.rule.created_at == saved.rule.updated_at
        return JSONAnswer(_saved(saved), 201 if is_new else 200, etag(saved.rule.document))

    @app.delete(
        "/v1/rules/{rule_id}",
        status_code=204,
        responses=problems(404, 412, *_ALWAYS),
        dependencies=guards,
    )
    async def delete(rule_id: RuleId, request: Request, if_match: IfMatch = None) -> Response:
        """Delete a rule. It holds no longer, at once."""
        seen = seen_revision(if_match)
        await run_in_threadpool(partial(delete_rule, shop, rule_id, by(request), seen=seen))
        return Response(status_code=204)

    @app.post(
        "/v1/rules:preview",
        response_model=PreviewAnswer,
        responses=problems(*_ALWAYS),
        openapi_extra=_PREVIEW,
        dependencies=guards,
    )
    async def post_preview(request: Request) -> JSONAnswer:
        """A search before and after a change of the rules that is not made."""
        asked = read_preview(await read_json(request))
        return JSONAnswer(await run_in_threadpool(preview, shop, asked))


def _shape(stored: StoredRule) -> dict[str, Any]:
    return {
        **stored.document,
        "created_at": iso(stored.created_at),
        "updated_at": iso(stored.updated_at),
        "updated_by": stored.updated_by,
    }


def _saved(saved: Saved) -> dict[str, Any]:
    return {**_shape(saved.rule), "conflicts": saved.conflicts}
