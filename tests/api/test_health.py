import dataclasses
import os
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.api.gauges import forget_dead
from mercato.api.metrics import CountRequests, Metrics
from mercato.data.store import AssetStore
from mercato.operating.background import Background
from mercato.operating.drain import note_drained
from mercato.shop.opened import Shop

Serve = Callable[..., AbstractContextManager[Any]]


def value(client: TestClient, series: str) -> float:
    for line in client.get("/metrics").text.splitlines():
        if line.startswith(f"{series} "):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"no series {series}")


def test_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").json() == {"status": "ready", "release": 1}


def test_not_ready_once_nothing_can_be_written(api: FastAPI, shop: Shop) -> None:
    client = TestClient(api)
    shop.close()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_not_ready_while_changes_are_not_taken_up(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_for(status: int) -> None:
        deadline = time.monotonic() + 60
        while client.get("/readyz").status_code != status:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    wait_for(200)
    with monkeypatch.context() as patch:
        patch.setattr(AssetStore, "version", lambda *_: 1 // 0)  # the drain meets a bug
        wait_for(503)
        assert "work beside the requests" in client.get("/readyz").json()["detail"]
    wait_for(200)
    assert value(client, 'mercato_background_failures_total{work="drain"}') >= 1


def test_what_fails_beside_the_server_is_counted(shop: Shop) -> None:
    background = Background(shop)
    metrics = Metrics(shop, background)
    (learning,) = (each for each in background.children if each.work == "learning")
    learning.failures = 2
    told = metrics.text().decode().splitlines()
    assert 'mercato_child_failures_total{work="learning"} 2.0' in told
    works = ("feeds", "experiments", "summing", "monitors")
    for work in works:
        assert f'mercato_child_failures_total{{work="{work}"}} 0.0' in told


def test_requests_are_counted_by_route(client: TestClient) -> None:
    for number in range(3):
        client.delete(f"/v1/items/unknown-{number}")
    client.get("/v1/search")
    client.get("/v1/search?page=0")
    gone = 'mercato_requests_total{route="/v1/items/{item_id}",status="404"}'
    assert value(client, gone) == 3
    assert value(client, 'mercato_requests_total{route="/v1/search",status="400"}') == 1
    assert value(client, 'mercato_request_seconds_count{route="/v1/search"}') == 2


def test_events_and_their_way_are_counted(client: TestClient) -> None:
    event = {"event_id": "a", "event": "view_item"}
    client.post("/v1/events", json=[event, {**event, "event_id": "b"}, {}])
    client.post("/v1/events", json=event)
    assert value(client, 'mercato_events_total{result="accepted"}') == 2
    assert value(client, 'mercato_events_total{result="duplicate"}') == 1
    assert value(client, 'mercato_events_total{result="rejected"}') == 1
    deadline = time.monotonic() + 20
    while value(client, "mercato_events_undrained") > 0:  # the drain runs beside the requests
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_release_and_what_came_after(client: TestClient) -> None:
    assert value(client, "mercato_release_number") == 1
    assert 0 < value(client, "mercato_release_age_seconds") < 3600
    assert value(client, "mercato_overlay_items") == 0
    client.put("/v1/items/kettle", json={"title": "Kettle"})
    assert value(client, "mercato_overlay_items") == 1
    assert value(client, "mercato_answers_lost") == 0
    assert value(client, 'mercato_processes{release="1"}') == 1


def test_an_error_is_counted_too(
    client: TestClient, api: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert any(each.cls is CountRequests for each in api.user_middleware)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("mercato.api.routes.suggest.suggest", broken)
    client.get("/v1/suggest")
    assert value(client, 'mercato_requests_total{route="/v1/suggest",status="500"}') == 1


def test_what_is_behind_is_told_by_its_age(client: TestClient, shop: Shop) -> None:
    assert value(client, "mercato_event_lag_seconds") == 0
    assert value(client, "mercato_change_lag_seconds") == 0
    behind = shop.live.catalogue.overlay
    client.put("/v1/items/kettle", json={"title": "Kettle"})
    # As a worker is that has not looked yet: it answers from what was before the change.
    catalogue = dataclasses.replace(shop.live.catalogue, overlay=behind)
    shop.live = dataclasses.replace(shop.live, catalogue=catalogue)
    assert 0 < value(client, "mercato_change_lag_seconds") < 60
    for name in ("requests_in_flight", "writes_waiting", "texts_waiting", "degradation_level"):
        assert value(client, f"mercato_{name}") == 0


def test_an_event_that_comes_late_is_no_lag(quiet: Path) -> None:
    shop = Shop.open(quiet)
    note_drained(shop.state)
    with TestClient(create_api(shop)) as client:
        client.post("/v1/events", json={"event": "view_item", "ts": "2020-01-01T00:00:00Z"})
        assert value(client, "mercato_events_undrained") == 1
        assert 0 < value(client, "mercato_event_lag_seconds") < 60
        shop.state.set("drained-at", str(time.time() - 500))
        assert 500 <= value(client, "mercato_event_lag_seconds") < 560
    shop.close()


def test_looks_into_what_is_remembered_are_counted(client: TestClient, shop: Shop) -> None:
    def looks(result: str) -> float:
        return value(client, f'mercato_cache_looks_total{{cache="kept_shelves",result="{result}"}}')

    assert (looks("hit"), looks("miss")) == (0, 0)
    for _ in range(3):
        shop.overload.turns.look(0.2, 1.0)
    for _ in range(3):
        client.get("/v1/recommend/home")
    assert (looks("hit"), looks("miss")) == (2, 1)


def test_counts_of_several_workers_are_summed_up(
    shop_folder: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    room = tmp_path / f"mercato-counts-{os.getuid()}"
    (room / "of-a-killed-server").mkdir(parents=True)
    with serve(shop_folder, "--workers", "2") as server:
        [counts] = [each for each in room.iterdir() if each.is_dir()]
        assert counts.name != "of-a-killed-server"
        for _ in range(40):  # each over a connection of its own, so that both are asked
            with urlopen(f"{server.address}/healthz") as answer:
                assert answer.read() == b"ok\n"
        with urlopen(f"{server.address}/metrics") as answer:
            lines = answer.read().decode().splitlines()
    assert 'mercato_requests_total{route="/healthz",status="200"} 40.0' in lines
    assert "mercato_release_number 1.0" in lines
    assert "mercato_degradation_level 0.0" in lines
    assert "mercato_requests_in_flight 0.0" in lines
    assert sum(line.startswith("mercato_writes_waiting ") for line in lines) == 1
    assert not counts.exists()


def test_what_stands_of_a_dead_worker_is_left_out(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    for pid in (gone.pid, os.getpid()):
        for kind in ("gauge_livesum", "gauge_livemax", "counter"):
            (tmp_path / f"{kind}_{pid}.db").touch()
    forget_dead(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [f"{kind}_{os.getpid()}.db" for kind in ("gauge_livesum", "gauge_livemax", "counter")]
        + [f"counter_{gone.pid}.db"]
    )
