"""/openapi.json says what there is, and nothing else."""

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from mercato.api.dialects.addresses import SEGMENT
from mercato.core.columns import EVENT_COLUMNS, LINE


def operations(client: TestClient) -> dict[tuple[str, str], dict]:
    paths = client.get("/openapi.json").json()["paths"]
    return {
        (method.upper(), path): operation
        for path, of_path in paths.items()
        for method, operation in of_path.items()
    }


def test_every_route_is_documented(client: TestClient, api: FastAPI) -> None:
    routes = {
        (method, route.path_format)
        for route in api.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    documented = operations(client)
    assert set(documented) == routes
    assert {path for _, path in routes} == {
        "/v1/events",
        "/_bulk",
        "/debug/mp/collect",
        "/mp/collect",
        "/ubi_events",
        "/ubi_events/_doc",
        "/ubi_events/_doc/{id}",
        "/v1/batch",
        "/v1/track",
        "/v2/projects/{project}/locations/{location}/catalogs/{catalog}/userEvents:collect",
        "/v2/projects/{project}/locations/{location}/catalogs/{catalog}/userEvents:import",
        "/v2/projects/{project}/locations/{location}/catalogs/{catalog}/userEvents:write",
        "/v1/search",
        "/v1/suggest",
        "/v1/recommend/{placement}",
        "/v1/items/{item_id}",
        "/v1/items:batch",
        "/v1/rules",
        "/v1/rules/conflicts",
        "/v1/rules/{rule_id}",
        "/v1/rules:preview",
        "/v1/synonyms",
        "/v1/synonyms/{synonym_id}",
        "/v1/synonyms/{synonym_id}:accept",
        "/v1/synonyms/{synonym_id}:reject",
        "/v1/experiments",
        "/v1/experiments/{name}",
        "/v1/experiments/{name}:end",
        "/v1/experiments/{name}:stop",
        "/v1/holdout",
        "/v1/explain",
        "/v1/users/{user_id}",
        "/v1/users/{user_id}/export",
        "/v1/erasures/{number}",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    for operation in documented.values():
        assert operation["description"]
        assert "422" not in operation["responses"]


def test_errors_are_documented_as_problems(client: TestClient) -> None:
    for (_, path), operation in operations(client).items():
        if path.startswith("/v1/") and path not in SEGMENT:
            problem = operation["responses"]["400"]["content"]
            assert list(problem) == ["application/problem+json"]


def test_bodies_are_documented(client: TestClient) -> None:
    documented = operations(client)
    for call in (
        ("POST", "/v1/events"),
        ("PUT", "/v1/items/{item_id}"),
        ("POST", "/v1/items:batch"),
    ):
        assert documented[call]["requestBody"]["required"]
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    event = set(schemas["SentEvent"]["properties"])
    item = set(schemas["SentItem"]["properties"])
    assert event | item == {*EVENT_COLUMNS, "items", "consent"} - {LINE}
