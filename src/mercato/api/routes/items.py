"""``PUT|PATCH|DELETE /v1/items/{id}`` and ``POST /v1/items:batch``: change the catalogue alive."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from mercato.api.answers import JSONAnswer
from mercato.api.asked import LONGEST_ID
from mercato.api.bodies import read_json
from mercato.api.openapi import Responses, json_body, problems
from mercato.api.origins import from_own_pages
from mercato.api.problems import problem
from mercato.api.shapes import BatchAnswer, Changed, SentOperation
from mercato.api.shapes import Item as ItemShape
from mercato.core.errors import BadInput
from mercato.shop.items import Operation, Outcome, change, change_many
from mercato.shop.opened import Shop

MOST_OPERATIONS = 1_000

ItemId = Annotated[str, Path(min_length=1, max_length=LONGEST_ID)]
_ALWAYS = (400, 403, 413, 429, 503)
_NEW: Responses = {201: {"description": "The item is new", "model": Changed}}
_ITEM = json_body(TypeAdapter(ItemShape))
_OPERATIONS = json_body(TypeAdapter(list[SentOperation]))


def add_items(app: FastAPI, shop: Shop) -> None:
    guards = [Depends(from_own_pages(shop.settings.serve.cors_origins))]

    # The path takes slashes, since ids of products hold them.
    @app.put(
        "/v1/items/{item_id:path}",
        response_model=Changed,
        responses=_NEW | problems(404, *_ALWAYS),
        openapi_extra=_ITEM,
        dependencies=guards,
    )
    async def put_item(item_id: ItemId, request: Request) -> JSONAnswer:
        """Add an item, or replace it whole; 201 where it is new. Visible at once."""
        operation = Operation("put", item_id, _item(await read_json(request)))
        is_new = shop.live.catalogue.row(item_id) is None
        seq = await run_in_threadpool(change, shop, operation)
        return JSONAnswer({"id": item_id, "seq": seq}, 201 if is_new else 200)

    @app.patch(
        "/v1/items/{item_id:path}",
        response_model=Changed,
        responses=problems(404, *_ALWAYS),
        openapi_extra=_ITEM,
        dependencies=guards,
    )
    async def patch_item(item_id: ItemId, request: Request) -> JSONAnswer:
        """Change some fields of an item; null empties a field. Visible at once."""
        operation = Operation("patch", item_id, _item(await read_json(request)))
        return JSONAnswer({"id": item_id, "seq": await run_in_threadpool(change, shop, operation)})

    @app.delete(
        "/v1/items/{item_id:path}",
        status_code=204,
        responses=problems(404, *_ALWAYS),
        dependencies=guards,
    )
    async def delete_item(item_id: ItemId) -> Response:
        """Withdraw an item. Visible at once."""
        await run_in_threadpool(change, shop, Operation("delete", item_id, {}))
        return Response(status_code=204)

    @app.post(
        "/v1/items:batch",
        response_model=BatchAnswer,
        responses=problems(*_ALWAYS),
        openapi_extra=_OPERATIONS,
        dependencies=guards,
    )
    async def batch_items(request: Request) -> JSONAnswer:
        """Do many changes in order; each succeeds or fails by itself, and is answered so."""
        operations = _operations(await read_json(request))
        outcomes = await run_in_threadpool(change_many, shop, operations)
        return JSONAnswer({"results": [_result(outcome) for outcome in outcomes]})


def _item(sent: object) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise BadInput("an item as a JSON object", type(sent).__name__, 'Send {"title": "…"}.')
    return sent


def _operations(sent: object) -> list[Operation]:
    if not isinstance(sent, list) or len(sent) > MOST_OPERATIONS:
        found = f"{len(sent)}" if isinstance(sent, list) else type(sent).__name__
        raise BadInput(f"a list of at most {MOST_OPERATIONS} operations", found, "Split it.")
    return [_operation(index, each) for index, each in enumerate(sent)]


def _operation(index: int, sent: object) -> Operation:
    if isinstance(sent, dict):
        op, item_id, item = sent.get("op"), sent.get("id"), sent.get("item")
        named = isinstance(item_id, str) and 0 < len(item_id) <= LONGEST_ID
        if op == "delete" and named:
            return Operation("delete", str(item_id), {})
        if op in ("put", "patch") and named and isinstance(item, dict):
            return Operation("put" if op == "put" else "patch", str(item_id), item)
    raise BadInput(
        f"operation {index} with op (put, patch or delete), id and, unless it deletes, item",
        str(sent)[:200],
        "Nothing was changed; mend it and send all again.",
    )


def _result(outcome: Outcome) -> dict[str, Any]:
    if outcome.error is not None:
        return {"id": outcome.id, "error": problem(outcome.error)}
    return {"id": outcome.id, "seq": outcome.seq}
