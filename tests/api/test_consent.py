"""Consent is respected before anything reaches the disk."""

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
