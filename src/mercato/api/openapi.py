"""The parts of /openapi.json that FastAPI does not see by itself: bodies read by hand, problems."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter

from mercato.api.scopes import scope_of
from mercato.api.shapes import Problem

_REFERENCE = "#/components/schemas/{model}"
_PROBLEM = {"schema": {"$ref": _REFERENCE.format(model="Problem")}}
_DEFINITIONS = "$defs"
_NOT_OURS = ("HTTPValidationError", "ValidationError")

Responses = dict[int | str, dict[str, Any]]
"""Of a route, by status, as FastAPI takes them."""


def problems(*statuses: int) -> Responses:
    """Responses of a route that are problem documents."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": _PROBLEM},
        }
        for status in statuses
    }


def json_errors(shape: type[BaseModel], *statuses: int) -> Responses:
    """Responses of a route that are errors in a dialect's own shape."""
    return {
        status: {"description": HTTPStatus(status).phrase, "model": shape} for status in statuses
    }


def json_body(shape: "TypeAdapter[Any]") -> dict[str, Any]:
    """The documentation of a required JSON body of this shape."""
    schema = shape.json_schema(ref_template=_REFERENCE)
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


def complete_openapi(app: FastAPI) -> None:
    """Make the application's document whole when it is first asked for."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(plain())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    document["components"]["securitySchemes"] = {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "Asked for once a key was made, see `mercato keys`.",
        }
    }
    for path, operations in document["paths"].items():
        scope = scope_of(path)
        for operation in operations.values():
            if scope is not None:
                operation["security"] = [{}, {"key": []}]
                operation["description"] += f"\n\nNeeds a key for {scope}, where there are keys."
                for status, response in problems(401, 403, 408, 429, 431).items():
                    operation["responses"].setdefault(str(status), response)
            # FastAPI's own answer to wrong parameters, which ours replaces.
            operation["responses"].pop("422", None)
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schemas |= content["schema"].pop(_DEFINITIONS, {})
    for name in _NOT_OURS:
        schemas.pop(name, None)
