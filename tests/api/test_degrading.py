"""A busy server leaves out what it says that it leaves out, in the stated order, and no more."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.shop.opened import Shop
from mercato.shop.overload.levels import Level
from mercato.shop.overload.turns import LAGS
from mercato.web import create_web

HEADER = "Mercato-Degraded"
SEARCH = "/v1/search?q=tent&user_id=u03"


@pytest.fixture
def asking(shop: Shop) -> Iterator[TestClient]:
    """Without a lifespan: nothing but the test sets the level."""
    app = create_api(shop)
    app.mount("/", create_web(shop))
    yield TestClient(app)


def at(shop: Shop, level: Level) -> None:
    """Raise the level; it never falls within a test."""
    for _ in range(LAGS):
        shop.overload.turns.look(0.1 * level, 1.0)
    assert shop.overload.turns.level is level


def test_at_rest_nothing_is_left_out(asking: TestClient) -> None:
    answer = asking.get(SEARCH)
    assert answer.json()["applied"]["degraded"] == []
    assert HEADER not in answer.headers
    assert asking.get("/v1/recommend/home?user_id=u03").json()["degraded"] == []


def test_first_the_shopper_is_no_longer_looked_up(asking: TestClient, shop: Shop) -> None:
    personal = asking.get("/v1/recommend/buy-again?user_id=u03").json()
    assert personal["items"] and personal["fallback"] is None
    at(shop, Level.IMPERSONAL)
    answer = asking.get("/v1/recommend/home?user_id=u03")
    assert answer.json()["degraded"] == ["personalisation"]
    assert answer.headers[HEADER] == "personalisation"
    nobodys = asking.get("/v1/recommend/home")
    assert HEADER not in nobodys.headers
    cards, others = answer.json()["items"], nobodys.json()["items"]
    assert [card["id"] for card in cards] == [card["id"] for card in others]


def test_then_words_alone_are_sought(asking: TestClient, shop: Shop) -> None:
    by_words = asking.get("/v1/search?q=tent&mode=lexical").json()
    at(shop, Level.WORDS)
    answer = asking.get("/v1/search?q=tent").json()
    assert answer["applied"]["mode"] == "lexical"
    if shop.live.encode_query is not None:
        assert answer["applied"]["degraded"] == ["semantic"]
    assert [hit["id"] for hit in answer["hits"]] == [hit["id"] for hit in by_words["hits"]]
    assert asking.get("/v1/search").json()["applied"]["degraded"] == []


def test_last_answers_may_be_some_seconds_old(asking: TestClient, shop: Shop) -> None:
    whole = asking.get("/v1/search?q=tent").json()
    gone = whole["hits"][0]["id"]
    kept = whole["hits"][1]["id"]
    asking.delete(f"/v1/items/{gone}")
    asking.patch(f"/v1/items/{kept}", json={"price": 1.25})
    at(shop, Level.KEPT)
    answer = asking.get("/v1/search?q=tent").json()
    assert answer["applied"]["degraded"] == ["freshness"]
    assert answer["total"] == whole["total"], "as it was counted then"
    ids = [hit["id"] for hit in answer["hits"]]
    assert ids == [hit["id"] for hit in whole["hits"]][1:], "nothing that was withdrawn"
    assert answer["hits"][0]["item"]["price"] == 1.25, "prices as they are now"
    assert answer["query_id"] != whole["query_id"], "each answer is logged as its own"


def test_a_shelf_that_was_filled_lately_is_shown_again(asking: TestClient, shop: Shop) -> None:
    at(shop, Level.WORDS)
    first = asking.get("/v1/recommend/home?user_id=u03").json()
    again = asking.get("/v1/recommend/home?user_id=ben").json()
    assert first["degraded"] == ["personalisation"]
    assert again["degraded"] == ["personalisation", "freshness"]
    assert [card["id"] for card in again["items"]] == [card["id"] for card in first["items"]]
    asking.delete(f"/v1/items/{first['items'][0]['id']}")
    later = asking.get("/v1/recommend/home").json()["items"]
    assert [card["id"] for card in later] == [card["id"] for card in first["items"]][1:]


def test_a_rule_holds_at_once_whatever_is_kept(asking: TestClient, shop: Shop) -> None:
    first = asking.get("/v1/search?q=tent").json()["hits"][0]["id"]
    at(shop, Level.KEPT)
    rule = {"name": "none of it", "conditions": {}, "actions": [{"type": "hide", "items": [first]}]}
    made = asking.post("/v1/rules", json=rule)
    assert made.status_code == 201, made.text
    ids = [hit["id"] for hit in asking.get("/v1/search?q=tent").json()["hits"]]
    assert first not in ids


def test_pages_tell_it(asking: TestClient, shop: Shop) -> None:
    assert "There is a crowd" not in asking.get("/").text
    at(shop, Level.WORDS)
    page = asking.get("/")
    assert page.status_code == 200
    assert "There is a crowd" in page.text
    assert asking.get("/").headers[HEADER].endswith("freshness")


REFUSED = {
    ("GET", "/v1/search?q=tent"): "application/problem+json",
    ("GET", "/v1/recommend/home"): "application/problem+json",
    ("GET", "/v1/suggest?q=te"): "application/problem+json",
    ("POST", "/1/indexes/*/queries"): "application/json",
    ("GET", "/search?q=tent"): "text/plain; charset=utf-8",
}
"""Method and address → the kind of the refusal."""


def test_beyond_the_last_level_requests_are_to_come_again(asking: TestClient, shop: Shop) -> None:
    turns = shop.overload.turns
    turns.settings = replace(turns.settings, degrade=True)
    turns._in_flight = turns.settings.most_in_flight  # as many as may wait
    for (method, address), kind in REFUSED.items():
        queries = {"requests": [{"indexName": "items", "query": "tent"}]}
        answer = asking.request(method, address, json=queries if method == "POST" else None)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1"), address
        assert answer.headers["Content-Type"] == kind
    event = {"event_id": "e", "event": "view_item", "items": [{"item_id": "x"}]}
    assert asking.post("/v1/events", json=event).status_code == 202, "events are always taken"
    assert asking.get("/healthz").status_code == 200
    assert "mercato_requests_refused_total 5.0" in asking.get("/metrics").text
    turns._in_flight = 0
    assert asking.get("/v1/search").status_code == 200


def test_what_was_left_out_is_counted_and_in_the_log(asking: TestClient, shop: Shop) -> None:
    at(shop, Level.KEPT)
    asking.get(SEARCH)
    asking.get(SEARCH)
    text = asking.get("/metrics").text
    assert 'mercato_degraded_answers_total{left_out="freshness"} 1.0' in text
    assert "mercato_degradation_level 3.0" in text
    shop.state.writer.close()
    requests = [each.request for each in shop.state.answers.after(0, 10).rows]
    assert '"degraded"' in requests[-1]
