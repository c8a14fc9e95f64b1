"""Keys of one scope open what is of that scope, and nothing else."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest
from fastapi import FastAPI
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.api.access import Bucket
from mercato.api.algolia import ALGOLIA
from mercato.api.scopes import SCOPES, scope_of
from mercato.core.scopes import Scope
from mercato.shop.exposure import Exposure
from mercato.shop.keys import create_key, revoke_key, rotate_key
from mercato.shop.opened import Shop
from mercato.shop.overload.levels import Level
from mercato.shop.overload.turns import LAGS
from mercato.shop.rules import By

ME = By("me@here", "keys")
OPEN = {"/healthz", "/readyz", "/openapi.json", "/docs", "/docs/oauth2-redirect"}

ASKING = [
    ("GET", "/v1/search?q=tent", Scope.SEARCH),
    ("GET", "/v1/suggest?q=te", Scope.SEARCH),
    ("GET", "/v1/recommend/home", Scope.SEARCH),
    ("POST", "/v1/events", Scope.EVENTS),
    ("PUT", "/v1/items/x", Scope.ITEMS),
    ("PATCH", "/v1/items/x", Scope.ITEMS),
    ("DELETE", "/v1/items/x", Scope.ITEMS),
    ("POST", "/v1/items:batch", Scope.ITEMS),
    ("GET", "/v1/explain?q=tent&item_id=x", Scope.ADMIN),
    ("GET", "/v1/rules", Scope.ADMIN),
    ("POST", "/v1/rules", Scope.ADMIN),
    ("PUT", "/v1/rules/x", Scope.ADMIN),
    ("DELETE", "/v1/rules/x", Scope.ADMIN),
    ("POST", "/v1/rules:preview", Scope.ADMIN),
    ("GET", "/v1/synonyms", Scope.ADMIN),
    ("DELETE", "/v1/synonyms/x", Scope.ADMIN),
    ("GET", "/v1/nothing", Scope.ADMIN),
    ("GET", "/metrics", Scope.ADMIN),
    ("POST", "/1/indexes/*/queries", Scope.SEARCH),
    ("POST", "/1/events", Scope.EVENTS),
    ("POST", "/mp/collect", Scope.EVENTS),
    ("POST", "/debug/mp/collect", Scope.EVENTS),
    ("POST", "/v1/batch", Scope.EVENTS),
    ("POST", "/v1/t", Scope.EVENTS),
    ("POST", "/v2/projects/p/locations/l/catalogs/c/userEvents:write", Scope.EVENTS),
    ("POST", "/ubi_events/_doc", Scope.EVENTS),
    ("POST", "/_bulk", Scope.EVENTS),
]


def key(shop: Shop, *scopes: str, rate: float | None = None, hours: float | None = None) -> str:
    made = create_key(shop.state, "a key", scopes, ME, rate=rate, hours=hours)
    shop.refresh()
    return made.text


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_opens_its_own_scope_only(client: TestClient, shop: Shop, scope: Scope) -> None:
    headers = bearer(key(shop, scope))
    for method, address, wanted in ASKING:
        status = client.request(method, address, headers=headers).status_code
        refused = scope not in (wanted, Scope.ADMIN)
        assert (status == 403) is refused, (method, address, status)
        assert status != 401


def test_every_address_asks_for_a_scope_but_those_of_health(api: FastAPI) -> None:
    asked = set()
    for route in api.routes:
        if isinstance(route, Route):
            assert (scope_of(route.path) is None) is (route.path in OPEN), route.path
            asked.add(scope_of(route.path))
        else:
            assert isinstance(route, Mount)
            assert route.path == ALGOLIA
    assert asked - {None} == set(Scope)


@pytest.mark.parametrize(
    "near", ["/v1x/items", "/v10", "/metricss", "/1a", "/", "/search", "/item/v1"]
)
def test_addresses_that_only_look_alike_ask_for_none(near: str) -> None:
    assert scope_of(near) is None
    assert list(SCOPES)[-3:] == ["/v1", "/1", "/metrics"], "what is left under them is for admin"


def test_without_keys_loopback_is_open(client: TestClient) -> None:
    assert client.get("/v1/search", params={"q": "tent"}).status_code == 200
    assert client.get("/v1/rules").status_code == 200


def test_without_keys_what_a_proxy_passes_on_changes_nothing(client: TestClient) -> None:
    passed_on = {"X-Forwarded-For": "192.0.2.1"}
    assert client.get("/v1/search?q=tent", headers=passed_on).status_code == 200
    assert client.get("/v1/rules", headers=passed_on).status_code == 403


@pytest.fixture
def reachable(shop: Shop) -> Iterator[TestClient]:
    api = create_api(shop, Exposure(beyond_loopback=True))
    with TestClient(api, raise_server_exceptions=False) as asking:
        yield asking


def test_without_keys_other_machines_change_nothing(reachable: TestClient, shop: Shop) -> None:
    assert reachable.get("/v1/search", params={"q": "tent"}).status_code == 200
    for method, address, wanted in ASKING:
        refused = wanted in (Scope.ITEMS, Scope.ADMIN)
        answer = reachable.request(method, address)
        assert (answer.status_code == 403) is refused, address
    assert "mercato keys" in reachable.get("/v1/rules").json()["remedy"]
    headers = bearer(key(shop, "admin"))
    assert reachable.get("/v1/rules", headers=headers).status_code == 200


def test_once_there_is_a_key_one_is_needed(client: TestClient, shop: Shop) -> None:
    good = key(shop, "search")
    refused = client.get("/v1/search", params={"q": "tent"})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.headers["Content-Type"] == "application/problem+json"
    wrong = [good[:-1], good + "x", good.replace("mk_", "xx_"), "mk_", "x" * 10_000, "mk_é_é"]
    for text in wrong:
        sent = {b"Authorization": f"Bearer {text}".encode()}
        answer = client.get("/v1/search", headers=sent)
        assert answer.status_code == 401, text
    assert client.get("/v1/search", headers=bearer(good)).status_code == 200
    assert client.get("/v1/search", headers={"Authorization": f"Basic {good}"}).status_code == 401
    assert client.get("/healthz").status_code == 200


def test_a_revoked_key_and_one_that_has_ended_open_nothing(client: TestClient, shop: Shop) -> None:
    short, other = key(shop, "search", hours=1 / 36_000), key(shop, "search")  # a tenth of a second
    time.sleep(0.15)
    assert client.get("/v1/search", headers=bearer(short)).status_code == 401
    assert client.get("/v1/search", headers=bearer(other)).status_code == 200
    revoke_key(shop.state, other.split("_")[1], ME)
    shop.refresh()
    assert client.get("/v1/search", headers=bearer(other)).status_code == 401


def test_who_revokes_the_last_key_has_not_opened_the_door(client: TestClient, shop: Shop) -> None:
    only = key(shop, "admin")
    revoke_key(shop.state, only.split("_")[1], ME)
    shop.refresh()
    refused = client.get("/v1/search", params={"q": "tent"})
    assert refused.status_code == 401
    with closing(Shop.open(shop.paths.root)) as begun_again:
        assert not begun_again.keys.opens_by_itself
    assert "mercato keys DIR create NAME --scope search" in refused.json()["remedy"]
    again = key(shop, "search")
    assert client.get("/v1/search?q=tent", headers=bearer(again)).status_code == 200


def test_a_key_is_changed_without_a_gap(client: TestClient, shop: Shop) -> None:
    old = key(shop, "search")
    key_id = old.split("_")[1]

    def opens(*texts: str) -> Sequence[bool]:
        shop.refresh()
        asked = [client.get("/v1/search", headers=bearer(text)) for text in texts]
        return [answer.status_code == 200 for answer in asked]

    new = rotate_key(shop.state, key_id, ME, hours=1).text
    assert opens(old, new) == [True, True]
    newest = rotate_key(shop.state, key_id, ME, hours=0).text
    assert opens(old, new, newest) == [False, False, True]


def test_a_rate_is_that_of_all_processes_together(client: TestClient, shop: Shop) -> None:
    limited = key(shop, "search", rate=3)
    shop.processes = 30
    asked = [client.get("/v1/search", headers=bearer(limited)).status_code for _ in range(3)]
    assert asked == [200, 429, 429]


def test_a_rate_is_kept_for_each_key(client: TestClient, shop: Shop) -> None:
    limited, other = key(shop, "search", rate=2), key(shop, "search")
    statuses = [client.get("/v1/search", headers=bearer(limited)).status_code for _ in range(5)]
    assert statuses[:2] == [200, 200]
    assert 429 in statuses
    refused = client.get("/v1/search", headers=bearer(limited))
    assert refused.headers["Retry-After"] == "1"
    assert client.get("/v1/search", headers=bearer(other)).status_code == 200


def test_tokens_come_back_with_time() -> None:
    bucket = Bucket(2.0)
    assert [bucket.take(0.0) for _ in range(3)] == [True, True, False]
    assert [bucket.take(at) for at in (0.4, 0.5, 0.6, 1.0)] == [False, True, False, True]
    slow = Bucket(0.1)
    assert [slow.take(at) for at in (0.0, 9.9, 10.1)] == [True, False, True]


def test_clients_of_algolia_send_their_own_header(client: TestClient, shop: Shop) -> None:
    text = key(shop, "search")
    body = {"requests": [{"indexName": "items", "query": "tent"}]}
    address = "/1/indexes/*/queries"
    assert client.post(address, json=body, headers={"x-algolia-api-key": text}).status_code == 200
    assert client.post(f"{address}?x-algolia-api-key={text}", json=body).status_code == 200
    refused = client.post(address, json=body)
    assert refused.status_code == 401
    assert set(refused.json()) == {"message", "status"}
    elsewhere = client.get("/v1/search", headers={"x-algolia-api-key": text})
    assert elsewhere.status_code == 401


def test_changes_are_on_record_under_the_key(client: TestClient, shop: Shop) -> None:
    headers = bearer(key(shop, "admin"))
    synonym = {"terms": ["tent", "bivouac"]}
    assert client.post("/v1/synonyms", json=synonym, headers=headers).status_code == 201
    made, added = shop.state.decisions.since()
    assert (made.actor, made.kind) == ("me@here", "key")
    assert added.actor.startswith("key a key (")
    secret = headers["Authorization"].split("_", 2)[2]
    assert secret not in str(made.after), "only its hash is kept"


def test_the_document_names_the_keys(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    search = document["paths"]["/v1/search"]["get"]
    assert {} in search["security"], "open where there is no key"
    assert {"401", "403", "429"} <= set(search["responses"])
    assert "security" not in document["paths"]["/healthz"]["get"]


def test_scripts_of_other_pages_read_what_answers_tell_in_headers(
    client: TestClient, shop: Shop
) -> None:
    origin = {"Origin": "https://shop.example"}
    admin = {**bearer(key(shop, "admin")), **origin}
    rule = {"id": "a", "actions": [{"type": "hide", "items": ["mug"]}]}
    made = client.post("/v1/rules", json=rule, headers=admin)
    limited = {**bearer(key(shop, "search", rate=0.01)), **origin}
    refused = [client.get("/v1/search?q=tent", headers=limited) for _ in range(2)][1]
    for _ in range(LAGS):
        shop.overload.turns.look(0.1 * Level.IMPERSONAL, 1.0)
    less = client.get("/v1/recommend/home?user_id=u03", headers=admin)
    for answer, name in ((made, "etag"), (refused, "retry-after"), (less, "mercato-degraded")):
        assert name in answer.headers
        exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
        assert name in exposed


def test_other_pages_still_ask_before_they_send(client: TestClient, shop: Shop) -> None:
    """A browser's question before a request carries no key."""
    key(shop, "search")
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    assert client.options("/v1/search", headers=asked).status_code == 200
