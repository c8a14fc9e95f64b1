"""User Behavior Insights 1.3: as its JavaScript collector sends them, and as documents of the
indexes ``ubi_events`` and ``ubi_queries``
(https://docs.opensearch.org/latest/search-plugins/ubi, …/api-reference/document-apis/bulk)."""

import secrets
from typing import Any, Literal

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request

from mercato.api.answers import JSONAnswer
from mercato.api.bodies import read_json
from mercato.api.dialects.addresses import UBI as INDEXES
from mercato.api.dialects.errors import opensearch_error
from mercato.api.dialects.sending import Counter, Route, answering, told_by
from mercato.api.metrics import Metrics
from mercato.api.openapi import json_body, json_errors
from mercato.api.shapes import EventsAnswer
from mercato.core import columns as c
from mercato.core.errors import BadInput
from mercato.data.importers.ga4_event import content_id
from mercato.data.importers.ubi import UBI
from mercato.shop.events import Accepted, shape_of
from mercato.shop.opened import Shop


class Document(BaseModel):
    """An event has an `action_name`, a query a `user_query` or `query_response_hit_ids`."""

    model_config = ConfigDict(extra="allow")
    action_name: str | None = None
    client_id: str | None = None
    query_id: str | None = None
    timestamp: str | None = None
    event_attributes: dict[str, Any] | None = None
    user_query: str | None = None


class Written(BaseModel):
    """`noop`: the document was there already, or says nothing which our events hold."""

    index: str = Field(alias="_index")
    id: str = Field(alias="_id")
    result: Literal["created", "noop"]
    version: int = Field(alias="_version")


class OpenSearchProblem(BaseModel):
    error: dict[str, Any]
    status: int


_WRONG = json_errors(OpenSearchProblem, 400, 401, 403, 413, 429, 503)


def add_ubi(app: FastAPI, shop: Shop, metrics: Metrics) -> None:
    counter = Counter(shop, metrics, UBI)
    shown, *further = INDEXES
    router = APIRouter(route_class=answering(opensearch_error))
    router.add_api_route(
        shown,
        _collector(counter),
        methods=["POST"],
        response_model=EventsAnswer,
        responses=_WRONG,
        openapi_extra=json_body(TypeAdapter(Document | list[Document])),
    )
    for way, method in ((f"{shown}/_doc", "POST"), (f"{shown}/_doc/{{id}}", "PUT")):
        router.add_api_route(
            way,
            _documents(counter, shown),
            methods=[method],
            name=f"{method} {way}",
            response_model=Written,
            responses={201: {"model": Written}, **_WRONG},
            openapi_extra=json_body(TypeAdapter(Document))
            | ({"parameters": [_ID]} if "{id}" in way else {}),
        )
    app.router.routes.extend(router.routes)
    # The other index is asked for in the same ways.
    for index in further:
        documents = told_by(opensearch_error, _documents(counter, index))
        app.add_route(index, told_by(opensearch_error, _collector(counter)), ["POST"])
        app.add_route(f"{index}/_doc", documents, ["POST"])
        app.add_route(f"{index}/_doc/{{id}}", documents, ["PUT"])


_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _collector(counter: Counter) -> Route:
    async def post_ubi(request: Request) -> JSONAnswer:
        """What UBI's JavaScript collector sends: a document, or a list of them.

        The key is user or password of basic authentication.
        """
        sent = await read_json(request)
        if not isinstance(sent, dict | list):
            raise BadInput("a document or a list of them", type(sent).__name__, "Send an object.")
        found = await counter.take(request, sent if isinstance(sent, list) else [sent])
        return JSONAnswer(shape_of(found))

    return post_ubi


def _documents(counter: Counter, address: str) -> Route:
    index = address.removeprefix("/")

    async def write_document(request: Request) -> JSONAnswer:
        """One document under an id of the sender's, or named by what it says; the same id counts
        once."""
        sent = await read_json(request)
        if not isinstance(sent, dict):
            raise BadInput("a document", type(sent).__name__, "Send an object.")
        name = request.path_params.get("id") or document_id(sent)
        found = await counter.take(request, [sent | {c.EVENT_ID: name}])
        if found.rejected:
            raise BadInput("a document that fits", found.rejected[0].error, "Mend it.")
        return JSONAnswer(_written(index, name, found), 201 if found.accepted else 200)

    return write_document


def document_id(document: dict[str, Any]) -> str:
    """Of a document without one: by what it says where that names a time."""
    return content_id(document) if document.get("timestamp") else secrets.token_hex(16)


def _written(index: str, name: str, found: Accepted) -> dict[str, Any]:
    result = "created" if found.accepted else "noop"
    return {"_index": index, "_id": name, "_version": 1, "result": result} | SHARDS


SHARDS: dict[str, Any] = {
    "_shards": {"total": 1, "successful": 1, "failed": 0},
    "_seq_no": 0,
    "_primary_term": 1,
}
"""What OpenSearch's clients look for in an answer and what says nothing here."""
