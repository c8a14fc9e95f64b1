"""Every error is a problem document, also those of the framework."""

import re

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from mercato.api.problems import problem
from mercato.core import errors
from mercato.core.errors import MercatoError

MEMBERS = {"type", "title", "status", "detail", "expected", "found", "remedy"}


@pytest.mark.parametrize("kind", MercatoError.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_document(kind: type[MercatoError]) -> None:
    found = problem(kind("a thing", "another", "Mend it."))
    assert set(found) == MEMBERS
    assert re.fullmatch(r"urn:mercato:problem:[a-z]+(-[a-z]+)*", found["type"])
    assert found["detail"] == "expected a thing; found another. Mend it."
    assert found["status"] == kind.status


def test_types_tell_errors_apart() -> None:
    kinds = [getattr(errors, name) for name in ("BadInput", "NotFound", "NotReady", "Overloaded")]
    types = {problem(kind("", "", ""))["type"] for kind in kinds}
    assert types >= {"urn:mercato:problem:bad-input", "urn:mercato:problem:not-found"}
    assert len(types) == len(kinds)


@pytest.mark.parametrize(
    ("method", "address", "status", "allow"),
    [
        ("GET", "/v1/serch", 404, None),
        ("GET", "/v1", 404, None),
        ("POST", "/v1/search", 405, "GET"),
        ("GET", "/v1/events", 405, "POST"),
        ("POST", "/v1/items/a", 405, "DELETE, PATCH, PUT"),
        ("BREW", "/v1/recommend/home", 405, "GET"),
        ("POST", "/healthz", 405, "GET"),
        ("DELETE", "/openapi.json", 405, "GET, HEAD"),
    ],
)
def test_what_reaches_no_route(
    client: TestClient, method: str, address: str, status: int, allow: str | None
) -> None:
    answer = client.request(method, address)
    assert answer.status_code == status
    assert answer.headers.get("allow") == allow
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == MEMBERS


def test_a_storefront_mounted_behind_answers_only_for_the_rest(api: FastAPI) -> None:
    async def storefront(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"window"})

    api.mount("/", storefront)
    client = TestClient(api)
    assert client.get("/").content == b"window"
    assert client.post("/basket").content == b"window"
    assert client.get("/v1/serch").status_code == 404
    assert client.get("/v1/events").status_code == 405


def test_the_unexpected_says_nothing_of_the_inside(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("mercato.api.routes.search.search", broken)
    answer = client.get("/v1/search")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == MEMBERS
    assert "secret" not in answer.text


def test_other_origins_are_those_of_the_settings(client: TestClient) -> None:
    for origin, allowed in (("https://shop.example", True), ("https://evil.example", False)):
        answer = client.get("/v1/search", headers={"origin": origin})
        assert ("access-control-allow-origin" in answer.headers) == allowed
        ahead = {"origin": origin, "access-control-request-method": "PUT"}
        assert (client.options("/v1/items/a", headers=ahead).status_code == 200) == allowed
