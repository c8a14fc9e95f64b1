"""What must hold of every address that there is, also of those that come tomorrow."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.api.algolia import ALGOLIA
from mercato.api.scopes import scope_of
from mercato.core.scopes import Scope
from mercato.shop.exposure import Exposure
from mercato.shop.keys import create_key
from mercato.shop.opened import Shop
from mercato.shop.rules import By
from mercato.web import create_web

ME = By("me@here", "keys")
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def addresses(app: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Method and address of each route, those of mounted applications among them; parameters are
    filled in."""
    for route in app.routes:
        if isinstance(route, Mount):
            yield from addresses(route.app, prefix + route.path)
        elif isinstance(route, Route):
            path = prefix + re.sub(r"\{(\w+)(:\w+)?\}", "x", route.path)
            for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, path


@pytest.fixture
def everything(shop: Shop) -> Iterator[tuple[FastAPI, TestClient]]:
    app = create_api(shop)
    app.mount("/", create_web(shop))
    yield app, TestClient(app, raise_server_exceptions=False, follow_redirects=False)


def test_a_key_opens_the_routes_of_its_scope_and_no_others(
    everything: tuple[FastAPI, TestClient], shop: Shop
) -> None:
    app, client = everything
    keys = {scope: create_key(shop.state, "k", (scope,), ME).text for scope in Scope}
    shop.refresh()
    known = sorted(set(addresses(app)))
    assert len(known) > 40
    assert {scope_of(path) for _, path in known} == {*Scope, None}
    for method, path in known:
        wanted = scope_of(path)
        if wanted is None:
            continue
        # Some dialects bring their key in the body: an empty one is refused before it is asked for.
        closed = (400, 401) if wanted is Scope.EVENTS else (401,)
        assert client.request(method, path).status_code in closed, (method, path)
        for scope, key in keys.items():
            opens = scope in (wanted, Scope.ADMIN)
            headers = {"Authorization": f"Bearer {key}"}
            status = client.request(method, path, headers=headers).status_code
            assert (status == 403) is not opens, (method, path, scope, status)
            assert status != 401


def test_a_shop_without_keys_shows_others_no_more_than_searches(shop: Shop) -> None:
    app = create_api(shop, Exposure(beyond_loopback=True))
    client = TestClient(app, raise_server_exceptions=False)
    for method, path in addresses(app):
        if scope_of(path) in (Scope.ITEMS, Scope.ADMIN):
            assert client.request(method, path).status_code == 403, (method, path)


HOSTS = {
    "localhost:8000": True,
    "127.0.0.1:8000": True,
    "[::1]:8000": True,
    "testserver": True,
    "shop.localhost": True,
    "shop.example": False,
    "127.0.0.1.evil.example:8000": False,
    "192.168.0.7": False,
    "[2001:db8::1]": False,
    "[::1": False,
}
"""Whether a host is this machine's own."""


def test_a_name_that_was_made_to_lead_here_is_not_this_machine(
    everything: tuple[FastAPI, TestClient],
) -> None:
    """DNS rebinding: to the browser of somebody on this machine the page is of the same origin."""
    client = everything[1]
    for host, own in HOSTS.items():
        headers = {"Host": host, "Origin": f"http://{host}"}
        rules = client.get("/v1/rules", headers=headers).status_code
        changed = client.delete("/v1/items/nothing", headers=headers).status_code
        assert (rules, changed) == ((200, 404) if own else (403, 403)), host
        assert client.get("/v1/search", headers=headers).status_code == 200


def test_pages_of_other_sites_change_nothing(everything: tuple[FastAPI, TestClient]) -> None:
    app, client = everything
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for method, path in addresses(app):
        wanted = scope_of(path)
        # Events and the searches of Algolia's clients come from shops' own pages, wherever.
        if method not in CHANGING or wanted in (Scope.EVENTS, Scope.SEARCH):
            continue
        if path.startswith(f"{ALGOLIA}/"):
            continue
        answer = client.request(method, path, headers=evil)
        assert answer.status_code in (403, 405), (method, path, answer.status_code)


UP = [
    "../shop.toml",
    "../../shop.toml",
    "..%2f..%2fshop.toml",
    "%2e%2e/%2e%2e/shop.toml",
    "..%252f..%252fshop.toml",
    "..\\..\\shop.toml",
    "....//....//shop.toml",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "storefront.css%00.toml",
    "C:%5cWindows%5cwin.ini",
]


def test_no_address_leads_out_of_its_place(
    everything: tuple[FastAPI, TestClient], shop: Shop
) -> None:
    app, client = everything
    secret = (shop.paths.settings).read_text()
    assert "drain_seconds" in secret
    takes = {
        path.removesuffix("x")
        for method, path in addresses(app)
        if method == "GET" and path[-2:] == "/x"
    }
    assert {"/static/", "/item/", f"{ALGOLIA}/indexes/x/"} <= takes
    for start in takes:
        for up in UP:
            answer = client.get(f"{start}{up}")
            assert "drain_seconds" not in answer.text, (start, up)
            assert "root:x:" not in answer.text
            assert answer.status_code in (400, 404, 405, 409, 307), (start, up, answer.status_code)


SCRIPT = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_what_was_typed_and_stored_is_text_in_pages_and_json(
    everything: tuple[FastAPI, TestClient],
) -> None:
    client = everything[1]
    address = f"/v1/items/{quote(SCRIPT, safe='')}"
    item = {"title": SCRIPT, "brand": SCRIPT, "price": 1}
    refused = client.put(address, json={**item, "link": "javascript:alert(1)"})
    assert refused.status_code == 400, refused.text
    assert client.put(address, json=item).status_code == 201
    event = {"event_id": SCRIPT, "event": "search", "search_term": SCRIPT, "visitor_id": SCRIPT}
    client.post("/v1/events", json=event)
    q = quote(SCRIPT)
    for path in (f"/search?q={q}", "/search?q=alert", f"/item/{quote(SCRIPT, safe='')}", f"/{q}"):
        page = client.get(path)
        assert page.headers["content-type"].startswith("text/html"), path
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert 'href="javascript:' not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
    told = [
        client.get(f"/v1/search?q={q}"),
        client.get("/v1/search?q=alert"),
        client.get(f"/v1/suggest?q={q}"),
        client.get(f"/v1/recommend/{q}"),
        client.get(f"/suggest?q={q}"),
        client.get(f"/search.json?q={q}"),
        client.post("/1/indexes/*/queries", json={"requests": [{"indexName": SCRIPT}]}),
    ]
    for answer in told:
        assert "json" in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff", answer.url
