"""How learning stands, on /metrics."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from mercato.core.settings import load_settings, settings_text
from mercato.operating.learning.book import RoundBook, note_look
from mercato.operating.learning.due import now
from mercato.operating.learning.round import Stage
from mercato.operating.learning.runner import LearnRunner
from mercato.operating.monitoring.monitors import monitor
from mercato.shop.opened import Shop
from mercato.state import State


def gauges(client: TestClient) -> dict[str, float]:
    found = re.findall(
        r"^(mercato_(?:learn|drift)\w+(?:\{.*\})?) (\S+)$", client.get("/metrics").text, re.M
    )
    return {name: float(value) for name, value in found}


def test_rounds_and_alarms_are_gauges(client: TestClient, shop) -> None:
    assert gauges(client) == {}, "of what never ran nothing is said"
    moment = now()
    RoundBook(shop.state, "test").begin(moment, 1, 1)
    monitor(shop.paths, shop.state)
    found = gauges(client)
    assert found['mercato_learn_stage{stage="gather"}'] == 1
    assert found["mercato_learn_begun_seconds"] * 1e6 == moment
    assert found['mercato_drift_alarms{monitor="conversion"}'] == 0
    assert found["mercato_drift_looked_seconds"] * 1e6 >= moment


def test_a_look_at_two_releases_is_gauges(client: TestClient, shop) -> None:
    begun = RoundBook(shop.state, "test").begin(now(), 1, 1)
    metric = {"control": 0.5, "candidate": 0.25, "difference": -0.25, "low": None, "high": -0.125}
    look = {"shoppers": {"control": 5, "candidate": 95}, "metrics": {"click rate": metric}}
    note_look(shop.state, {"round": begun.number, "stage": "watch", **look})
    found = gauges(client)
    assert found['mercato_learn_shoppers{arm="candidate"}'] == 95
    assert found['mercato_learn_metric{arm="control",metric="click rate"}'] == 0.5
    ends = {name: value for name, value in found.items() if "difference" in name}
    assert ends == {'mercato_learn_difference{end="high",metric="click rate"}': -0.125}


def test_a_server_counts_its_answers_by_release(api: FastAPI, shop_folder: Path) -> None:
    with TestClient(api) as asking:
        assert asking.get("/v1/recommend/home", params={"n": 3}).status_code == 200
        assert asking.get("/v1/search", params={"q": "tent"}).status_code == 200
        assert asking.get("/v1/recommend/nowhere").status_code == 404
    state = State.open("sqlite:///state.db", shop_folder)
    counted = state.served.all()
    state.close()
    assert {number: (each.answers, each.errors) for number, each in counted.items()} == {1: (2, 0)}


@pytest.mark.soak
def test_a_server_starts_a_round_that_is_due(shop_folder: Path) -> None:
    settings = load_settings(shop_folder / "shop.toml")
    every = replace(settings, learn=replace(settings.learn, every="1d"))
    (shop_folder / "shop.toml").write_text(settings_text(every))
    shop = Shop.open(shop_folder)
    try:
        runner = LearnRunner(shop)
        runner.look()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            newest = runner.newest()
            if newest is not None and newest.is_over:
                break
            time.sleep(0.5)
        runner.stop()
        assert newest is not None
        assert newest.stage is Stage.UNCHANGED
    finally:
        shop.close()
