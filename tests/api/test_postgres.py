"""A shop whose state is on PostgreSQL: workers see each other's events; a server that goes away is
a problem document, and comes back by itself."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.core.settings import StateSettings, load_settings, settings_text
from mercato.shop.opened import Shop


@pytest.fixture
def on_postgres(shop_folder: Path, own_postgres: Any) -> Path:
    file = shop_folder / "shop.toml"
    settings = replace(load_settings(file), state=StateSettings(url=own_postgres.url()))
    file.write_text(settings_text(settings))
    return shop_folder


@pytest.fixture
def workers(on_postgres: Path) -> Iterator[tuple[TestClient, TestClient]]:
    """Two, as two hosts are."""
    apps = [create_api(Shop.open(on_postgres)) for _ in range(2)]
    with TestClient(apps[0], raise_server_exceptions=False) as first:
        with TestClient(apps[1], raise_server_exceptions=False) as second:
            yield first, second


def event(number: int, item: str = "jacket-rain-blue") -> dict[str, Any]:
    return {
        "event_id": f"e{number}",
        "event": "view_item",
        "user_id": "ana",
        "items": [{"item_id": item}],
    }


def test_the_other_worker_knows_an_event_at_once(workers: tuple[TestClient, TestClient]) -> None:
    first, second = workers
    assert first.post("/v1/events", json=[event(1)]).json()["accepted"] == 1
    assert second.post("/v1/events", json=[event(1)]).json()["duplicates"] == 1
    item = first.get("/v1/search?q=").json()["hits"][0]["id"]
    told = first.patch(f"/v1/items/{item}", json={"title": "Snowshoe of zebra"})
    assert told.status_code == 200, told.text
    deadline = time.monotonic() + 10
    while not second.get("/v1/search?q=zebra").json()["total"]:
        assert time.monotonic() < deadline


def test_no_answer_is_an_error_of_the_servers_own(
    workers: tuple[TestClient, TestClient],
    own_postgres: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mercato.state.writer.LOST_SECONDS", 0.2)
    first, second = workers
    own_postgres.kill()
    asked = [
        first.post("/v1/events", json=[event(2)]),
        second.get("/v1/search?q=tent&user_id=ana"),
        second.get("/v1/recommend/home?user_id=ana"),
        first.get("/v1/suggest?q=te&user_id=ana"),
        first.patch("/v1/items/tent-2p", json={"price": 3}),
        first.get("/v1/rules"),
        first.get("/metrics"),
    ]
    assert asked[0].status_code == 503
    assert asked[0].headers["content-type"] == "application/problem+json"
    assert asked[0].headers["retry-after"]
    assert "127.0.0.1" not in asked[0].text
    assert [each.status_code for each in asked if each.status_code not in (200, 404, 503)] == []
    own_postgres.start()
    assert first.post("/v1/events", json=[event(2)]).json()["accepted"] == 1
    for each in workers:
        assert each.get("/v1/search?q=tent&user_id=ana").status_code == 200
        assert each.get("/readyz").status_code == 200
