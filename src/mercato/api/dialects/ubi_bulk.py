"""OpenSearch's bulk requests for UBI's two indexes: a line says what to do, the next holds the
document (https://docs.opensearch.org/latest/api-reference/document-apis/bulk)."""

import time
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from starlette.requests import Request

from mercato.api.answers import JSONAnswer
from mercato.api.bodies import read_body
from mercato.api.dialects.addresses import UBI as INDEXES
from mercato.api.dialects.addresses import UBI_BULK
from mercato.api.dialects.errors import opensearch_cause, opensearch_error
from mercato.api.dialects.sending import Counter, Route, answering, told_by
from mercato.api.dialects.ubi import SHARDS, OpenSearchProblem, document_id
from mercato.api.metrics import Metrics
from mercato.api.openapi import json_errors
from mercato.core import columns as c
from mercato.core.errors import BadInput
from mercato.data.importers.ubi import UBI
from mercato.shop.opened import Shop

_WRITES = ("index", "create")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


class BulkAnswer(BaseModel):
    """One item for each action, in order, under the action's name."""

    took: int
    errors: bool
    items: list[dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Action:
    """What is to be done with one document.

    wrong : (status, why) where it cannot be
    """

    name: str
    index: str
    id: str
    document: dict[str, Any] | None = None
    wrong: tuple[int, str] | None = None


def add_ubi_bulk(app: FastAPI, shop: Shop, metrics: Metrics) -> None:
    counter = Counter(shop, metrics, UBI)
    router = APIRouter(route_class=answering(opensearch_error))
    router.add_api_route(
        UBI_BULK,
        _bulk(counter),
        methods=["POST"],
        response_model=BulkAnswer,
        responses=json_errors(OpenSearchProblem, 400, 401, 403, 413, 429, 503),
        openapi_extra=_BODY,
    )
    app.router.routes.extend(router.routes)
    for index in INDEXES:
        taking = told_by(opensearch_error, _bulk(counter, index.removeprefix("/")))
        app.add_route(f"{index}{UBI_BULK}", taking, ["POST"])


def _bulk(counter: Counter, index: str = "") -> Route:
    async def post_bulk(request: Request) -> JSONAnswer:
        """Many documents of UBI, as OpenSearch's clients and log shippers send them."""
        begun = time.perf_counter()
        asked = actions(await read_body(request), index)
        sent = [a.document | {c.EVENT_ID: a.id} for a in asked if a.document is not None]
        found = await counter.take(request, sent)
        wrong = {each.index: (400, each.error) for each in found.rejected}
        items, at = [], 0
        for action in asked:
            failed = action.wrong
            if action.document is not None:
                failed, at = wrong.get(at), at + 1
            items.append({action.name: _told(action, failed)})
        errors = any("error" in told for item in items for told in item.values())
        took = int((time.perf_counter() - begun) * 1000)
        return JSONAnswer({"took": took, "errors": errors, "items": items})

    return post_bulk


def actions(body: bytes, index: str = "") -> list[Action]:
    """What a bulk request asks for. Raises BadInput where its lines cannot be told apart.

    index : of actions that name none
    """
    lines = [line for line in body.split(b"\n") if line.strip()]
    found = []
    rest = iter(lines)
    for line in rest:
        said = _object(line)
        name = next(iter(said), "")
        about = said[name] if name else None
        if len(said) != 1 or not isinstance(about, dict):
            raise BadInput("an action such as index", line[:100].decode("utf-8", "replace"), _MEND)
        document = None if name == "delete" else _object(next(rest, b""))
        found.append(_action(name, about, index, document))
    return found


_MEND = 'Send {"index": {"_index": "ubi_events"}} and the document, each on a line.'


def _action(
    name: str, about: dict[str, Any], index: str, document: dict[str, Any] | None
) -> Action:
    of = str(about.get("_index") or index)
    id_ = str(about.get("_id") or "")
    if name not in _WRITES or document is None:
        return Action(name, of, id_, wrong=(400, "events are only ever added: index or create"))
    if f"/{of}" not in INDEXES:
        return Action(name, of, id_, wrong=(404, f"no such index [{of[:100]}]"))
    return Action(name, of, id_ or document_id(document), document)


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
        orjson.dumps(found)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise BadInput("JSON objects, each on a line", str(error), _MEND) from None
    if not isinstance(found, dict):
        raise BadInput("JSON objects, each on a line", type(found).__name__, _MEND)
    return found


def _told(action: Action, failed: tuple[int, str] | None) -> dict[str, Any]:
    where = {"_index": action.index, "_id": action.id}
    if failed is not None:
        return where | {"status": failed[0], "error": opensearch_cause(*failed)}
    return where | {"_version": 1, "result": "created", "status": 201} | SHARDS
