"""Consent is respected before anything reaches the disk."""

import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from mercato.shop.opened import Shop


def post(client: TestClient, *consents: Any) -> dict[str, Any]:
    events = [
        {"event_id": f"c{n}", "event": "view_item", "user_id": "u", "visitor_id": "v"}
        | {"session_id": "s", "items": [{"item_id": "lantern"}]}
        | ({} if consent is None else {"consent": consent})
        for n, consent in enumerate(consents)
    ]
    told: dict[str, Any] = client.post("/v1/events", json=events).json()
    return told


def stored(shop: Shop) -> dict[str, tuple[str | None, str | None, str | None]]:
    rows = shop.state.events.after(0, 100).rows
    return {row.event_id: (row.user_id, row.visitor_id, row.session_id) for row in rows}


@pytest.mark.parametrize(
    "denied",
    [False, {"analytics": False}, {"analytics_storage": "denied"}, {"analytics": "DENIED"}],
)
def test_without_analytics_nothing_is_kept(client: TestClient, shop: Shop, denied: Any) -> None:
    told = post(client, denied, None)
    assert told == {"accepted": 1, "duplicates": 0, "rejected": [], "withheld": 1}
    assert set(stored(shop)) == {"c1"}


@pytest.mark.parametrize(
    "denied",
    [
        {"personalization": False},
        {"analytics": True, "personalization_storage": "denied"},
        {"ad_user_data": "GRANTED", "ad_personalization": "DENIED"},
    ],
)
def test_without_personalization_it_is_nobodys(client: TestClient, shop: Shop, denied: Any) -> None:
    assert post(client, denied) == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert stored(shop) == {"c0": (None, None, None)}
    assert shop.state.events.user_of("v") is None


def test_with_consent_or_without_a_word_of_it_everything_is_kept(
    client: TestClient, shop: Shop
) -> None:
    post(client, None, True, {"analytics": "granted", "personalization": True}, {})
    assert set(stored(shop).values()) == {("u", "v", "s")}
    assert all(row.attributes is None for row in shop.state.events.after(0, 100).rows)


@pytest.mark.parametrize("odd", ["maybe", 1, [True], {"analytics": "perhaps"}, {"analytics": 0}])
def test_what_nobody_understands_is_not_agreed_to(client: TestClient, shop: Shop, odd: Any) -> None:
    told = post(client, odd, None)
    assert told["accepted"] == 1
    assert [each["index"] for each in told["rejected"]] == [0]
    assert "consent" in told["rejected"][0]["error"]
    assert set(stored(shop)) == {"c1"}


def test_consent_of_a_payload_is_that_of_its_events(client: TestClient, shop: Shop) -> None:
    events = [{"name": "view_item", "event_id": "a"}, {"name": "view_item", "event_id": "b"}]
    sent = {"client_id": "v", "consent": {"ad_personalization": "DENIED"}, "events": events}
    assert client.post("/v1/events", json=sent).json()["accepted"] == 2
    assert stored(shop) == {"a": (None, None, None), "b": (None, None, None)}


ORDER = {
    "event": "purchase",
    "user_id": "u",
    "query_id": "q",
    "transaction_id": "T-77",
    "ip": "203.0.113.9",
    "user_agent": "Mozilla/5.0",
    "items": [{"item_id": "lantern", "price": 20, "quantity": 2}, {"item_id": "stove"}],
}


def test_what_is_kept_without_personalization_joins_to_nobody(
    client: TestClient, shop: Shop
) -> None:
    sent = [ORDER | {"event_id": f"o{n}", "consent": {"personalization": n == 0}} for n in range(3)]
    assert client.post("/v1/events", json=sent).json()["accepted"] == 3
    assert client.post("/v1/events", json=sent).json()["duplicates"] == 3
    named, *others = [
        [row for row in shop.state.events.after(0, 100).rows if row.event_id == f"o{n}"]
        for n in range(3)
    ]
    assert (named[0].query_id, named[0].transaction_id) == ("q", "T-77")
    for lines in others:
        assert [(row.item_id, row.price, row.quantity) for row in lines] == [
            ("lantern", 20, 2),
            ("stove", None, None),
        ]
        assert [(row.query_id, row.attributes) for row in lines] == [(None, None)] * 2
    orders = {row.transaction_id for lines in others for row in lines}
    assert len(orders) == 1, "one order stays one"
    assert "T-77" not in str(orders)


def test_an_id_made_of_who_it_was_is_hashed_and_known_again(client: TestClient, shop: Shop) -> None:
    event = {"name": "purchase", "params": {"transaction_id": "T-77"}}
    named = {"client_id": "v", "events": [event]}
    denied = named | {"client_id": "w", "consent": {"ad_personalization": "DENIED"}}
    for sent in (named, denied, denied):
        assert client.post("/mp/collect", json=sent).status_code == 204
    ids = [row.event_id for row in shop.state.events.after(0, 100).rows]
    assert [each.partition("-")[0] for each in ids] == ["event", "id"]


def test_programs_stay_marked(client: TestClient, shop: Shop) -> None:
    crawled = ORDER | {"user_agent": "Googlebot/2.1", "consent": {"personalization": False}}
    client.post("/v1/events", json=crawled)
    assert {row.attributes for row in shop.state.events.after(0, 9).rows} == {'{"bot":"true"}'}


def test_a_denial_is_remembered_until_it_is_lifted(client: TestClient, shop: Shop) -> None:
    def logged() -> tuple[str | None, str | None]:
        asked = "/v1/search?q=lantern&user_id=u&visitor_id=v&session_id=s"
        query_id = client.get(asked).json()["query_id"]
        deadline = time.monotonic() + 10
        while (found := shop.state.answers.find(query_id)) is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert ('"v"' in found.request) == (found.visitor_id is not None)
        return found.user_id, found.visitor_id

    assert logged() == ("u", "v")
    post(client, {"personalization": False})
    assert logged() == (None, None)
    post(client, {"analytics": True})
    assert logged() == (None, None), "that says nothing of personalisation"
    client.post("/v1/events", json={"event": "search", "user_id": "u", "consent": True})
    assert logged() == (None, None), "the visitor still denies it"
    event = {"event": "search", "user_id": "u", "visitor_id": "v"}
    client.post("/v1/events", json=event | {"consent": {"personalization": "granted"}})
    assert logged() == ("u", "v")


def test_who_denies_to_be_counted_at_all_is_remembered_as_well(
    client: TestClient, shop: Shop
) -> None:
    post(client, False)
    assert shop.state.consents.denied() == ["u", "visitor:v"]
    assert not stored(shop)
