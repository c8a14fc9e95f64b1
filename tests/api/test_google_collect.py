"""The pixel of Google's Retail API: what stands in an address is one event.

Parameters and limits as in
https://cloud.google.com/retail/docs/reference/rest/v2/projects.locations.catalogs.userEvents/collect.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.shop.keys import create_key
from mercato.shop.opened import Shop
from mercato.shop.rules import By

ADDRESS = "/v2/projects/1234/locations/global/catalogs/default_catalog/userEvents:collect"
EVENT: dict[str, Any] = {
    "eventType": "detail-page-view",
    "visitorId": "visitor-1",
    "productDetails": [{"product": {"id": "item-1"}}],
}
ETS = 1_777_629_600_000
"""2026-05-01T10:00:00Z in milliseconds."""


@pytest.fixture
def client(quiet: Path) -> Any:
    shop = Shop.open(quiet)
    with TestClient(create_api(shop), raise_server_exceptions=False) as asking:
        asking.shop = shop  # type: ignore[attr-defined]
        yield asking


def stored(client: Any) -> list[tuple[Any, ...]]:
    rows = client.shop.state.events.after(0, 100).rows
    return [(row.event, row.visitor_id, row.item_id, row.ts) for row in rows]


def test_an_event_in_an_address_is_kept_and_answered_with_a_picture(client: Any) -> None:
    asked = f"{ADDRESS}?userEvent={quote(json.dumps(EVENT), safe='')}&ets={ETS}&uri=https%3A%2F%2Fa"
    for _ in range(2):
        answer = client.get(asked)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
        assert answer.content[:6] == b"GIF89a"
        assert answer.headers["cache-control"] == "no-store"
    assert stored(client) == [("view_item", "visitor-1", "item-1", ETS * 1000)], "it counts once"
    (row,) = client.shop.state.events.after(0, 100).rows
    assert json.loads(row.attributes)["uri"] == "https://a"


def test_what_the_event_says_itself_stands(client: Any) -> None:
    event = EVENT | {"eventTime": "2026-05-02T10:00:00Z", "uri": "https://own"}
    sent = {"userEvent": json.dumps(event), "ets": str(ETS), "uri": "https://other"}
    assert client.get(ADDRESS, params=sent).status_code == 200
    (row,) = client.shop.state.events.after(0, 100).rows
    assert row.ts == (ETS + 86_400_000) * 1000
    assert json.loads(row.attributes)["uri"] == "https://own"


def test_rows_of_ga4s_export_come_by_their_rule(client: Any) -> None:
    row = {"event_name": "view_item", "event_timestamp": str(ETS * 1000), "user_pseudo_id": "v"}
    row |= {"event_params": [], "items": [{"item_id": "item-2"}]}
    sent = {"rawJson": json.dumps(row), "prebuiltRule": "ga4_bq", "userEvent": "is not looked at"}
    assert client.get(ADDRESS, params=sent).status_code == 200
    assert stored(client) == [("view_item", "v", "item-2", ETS * 1000)]


def test_longer_ones_are_posted(client: Any) -> None:
    products = [{"product": {"id": f"item-{n}"}} for n in range(2_000)]
    event = EVENT | {"eventType": "search", "productDetails": products}
    body = {"userEvent": json.dumps(event), "ets": str(ETS)}
    assert len(body["userEvent"]) > 65_536, "more than an address holds"
    assert client.post(ADDRESS, json=body).status_code == 200
    assert client.shop.state.events.after(0, 5_000).rows[-1].item_id == "item-1999"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"userEvent": "{"},
        {"userEvent": "[]"},
        {"userEvent": json.dumps(EVENT | {"eventType": "nod"})},
        {"userEvent": json.dumps(EVENT), "ets": "yesterday"},
        {"userEvent": json.dumps(EVENT), "ets": "9" * 5_000},
        {"rawJson": "{}"},
        {"rawJson": "{}", "prebuiltRule": "other"},
    ],
)
def test_what_is_none_is_told_as_google_does(client: Any, sent: dict[str, str]) -> None:
    for answer in (client.get(ADDRESS, params=sent), client.post(ADDRESS, json=sent)):
        assert answer.status_code == 400
        assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert stored(client) == []


def test_the_key_stands_in_the_address(client: Any) -> None:
    made = create_key(client.shop.state, "pixel", ["events"], By("me@here", "keys"))
    client.shop.refresh()
    sent = {"userEvent": json.dumps(EVENT)}
    assert client.get(ADDRESS, params=sent).json()["error"]["status"] == "UNAUTHENTICATED"
    assert client.get(ADDRESS, params=sent | {"key": made.text}).status_code == 200
