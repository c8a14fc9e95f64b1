from pathlib import Path

import orjson
import pytest
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.shop.opened import Shop
from mercato.state import State


def view(event_id: str, **more: object) -> dict[str, object]:
    return {"event_id": event_id, "event": "view_item", "user_id": "u", **more}


def stored(shop: Shop) -> list[str]:
    return [row.event_id for row in shop.state.events.after(0, 1000).rows]


def test_one_event_and_many(client: TestClient, shop: Shop) -> None:
    one = client.post("/v1/events", json=view("a"))
    assert (one.status_code, one.json()) == (
        202,
        {"accepted": 1, "duplicates": 0, "rejected": []},
    )
    many = client.post("/v1/events", json=[view("b"), view("c"), view("a")])
    assert many.json() == {"accepted": 2, "duplicates": 1, "rejected": []}
    assert stored(shop) == ["a", "b", "c"]


def test_ga4s_measurement_protocol_is_taken_as_it_is(client: TestClient, shop: Shop) -> None:
    payload = {
        "client_id": "device",
        "timestamp_micros": 1_777_636_800_000_000,
        "events": [
            {"name": "view_item", "params": {"event_id": "m", "items": [{"item_id": "lantern"}]}}
        ],
    }
    assert client.post("/v1/events", json=payload).json()["accepted"] == 1
    (row,) = shop.state.events.after(0, 10).rows
    assert (row.visitor_id, row.ts, row.item_id) == ("device", 1_777_636_800_000_000, "lantern")


def test_bad_events_are_answered_with_their_place(client: TestClient, shop: Shop) -> None:
    answer = client.post("/v1/events", json=[view("a"), {"event": "no"}, 7, view("b", ts="soon")])
    assert answer.status_code == 202
    found = answer.json()
    assert (found["accepted"], [each["index"] for each in found["rejected"]]) == (1, [1, 2, 3])
    assert "found soon" in found["rejected"][2]["error"]
    assert stored(shop) == ["a"]


def test_a_body_that_holds_no_event_at_all_is_refused(client: TestClient) -> None:
    for body in (b"", b"[", b'"text"', b"7", b"null", b"\xff"):
        answer = client.post("/v1/events", content=body)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.post("/v1/events", content=b"[]").status_code == 202


def test_deep_nesting_is_refused(client: TestClient) -> None:
    deep = b'{"event_id":"e","event":"view_item","a":' + b"[" * 500 + b"]" * 500 + b"}"
    answer = client.post("/v1/events", content=deep)
    assert (answer.status_code, "nest" in answer.json()["remedy"]) == (400, True)
    beyond = b"[" * 5000 + b"]" * 5000
    assert client.post("/v1/events", content=beyond).status_code == 400


def test_too_much_at_once_is_refused_whole(client: TestClient, shop: Shop) -> None:
    many = client.post("/v1/events", json=[view(f"e{n}") for n in range(1001)])
    assert (many.status_code, many.json()["found"]) == (413, "1001")
    large = orjson.dumps([view("e", note="x" * 8_400_000)])
    assert client.post("/v1/events", content=large).status_code == 413
    chunked = client.post(
        "/v1/events", content=(large[at : at + 65_536] for at in range(0, len(large), 65_536))
    )
    assert chunked.status_code == 413
    assert stored(shop) == []


def test_when_too_much_waits_the_sender_is_told_when_to_come_back(shop_folder: Path) -> None:
    shop = Shop.open(shop_folder)
    shop.close()
    shop.state = State.open(shop.settings.state.url, shop_folder, most_waiting=2)
    with TestClient(create_api(shop)) as client:
        answer = client.post("/v1/events", json=[view("a"), view("b"), view("c")])
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert client.post("/v1/events", json=[view("a"), view("b")]).json()["accepted"] == 2


def test_another_process_sees_the_event_at_once(client: TestClient, shop_folder: Path) -> None:
    other = State.open("sqlite:///state.db", shop_folder)
    client.post("/v1/events", json=view("a", items=[{"item_id": "lantern"}]))
    assert [event.item_id for event in other.events.recent("u", None)] == ["lantern"]
    other.close()


def test_an_event_changes_the_next_answer(client: TestClient) -> None:
    asked = {"user_id": "newcomer", "n": 5}
    before = client.get("/v1/recommend/buy-again", params=asked).json()["items"]
    assert "lantern" not in [card["id"] for card in before if "bought" in card["reason"]["code"]]
    bought = {"event_id": "p", "event": "purchase", "user_id": "newcomer"}
    client.post("/v1/events", json={**bought, "items": [{"item_id": "lantern", "quantity": 1}]})
    after = client.get("/v1/recommend/buy-again", params=asked).json()["items"]
    assert after[0]["id"] == "lantern"
    assert after[0]["reason"]["code"] == "bought-before"


def test_what_a_guest_did_counts_once_they_log_in(client: TestClient) -> None:
    line = {"items": [{"item_id": "lantern"}]}
    guest = {"event_id": "g", "event": "purchase", "visitor_id": "phone", **line}
    client.post("/v1/events", json=guest)
    login = {"event_id": "l", "event": "search", "visitor_id": "phone", "user_id": "anna"}
    client.post("/v1/events", json=login)
    shelf = client.get("/v1/recommend/buy-again", params={"user_id": "anna"}).json()
    assert shelf["items"][0]["id"] == "lantern"


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", ""])
def test_browsers_may_send_events_as_they_leave(client: TestClient, content_type: str) -> None:
    """navigator.sendBeacon sends text as text/plain."""
    answer = client.post(
        "/v1/events", content=orjson.dumps(view("a")), headers={"content-type": content_type}
    )
    assert answer.status_code == 202
