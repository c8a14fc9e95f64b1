"""Banners of one slot: what is shown is logged, clicks are counted, and change what is shown."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from mercato.operating.experiments.looking import look_at_all
from mercato.operating.experiments.runner import ExperimentRunner
from mercato.shop.events import accept
from mercato.shop.opened import Shop
from mercato.shop.rules import By, create_rule
from mercato.shop.search import SearchCall, search
from mercato.state import Answer

ME = By("me@here", "test")


@pytest.fixture
def shop(built_shop: Path, tmp_path: Path) -> Iterator[Shop]:
    """With two banners of one slot, and one of none."""
    opened = Shop.open(Path(shutil.copytree(built_shop, tmp_path / "shop")))
    for name, slot in (("summer", "top"), ("winter", "top"), ("news", "")):
        action = {"type": "banner", "title": name, "link": "/browse", "slot": slot}
        create_rule(opened, {"id": name, "actions": [action]}, ME)
    yield opened
    opened.close()


def shown(shop: Shop, page: int = 1) -> tuple[str, list[str]]:
    answer = search(shop, SearchCall("tent", page=page, per_page=1, visitor_id="v"))
    return answer.query_id, [each.id for each in answer.applied.banners]


def click(shop: Shop, query_id: str, banner_id: str, **more: Any) -> None:
    event = {
        "event_id": f"{query_id} {banner_id} {more}",
        "event": "select_promotion",
        "query_id": query_id,
        "promotion_id": banner_id,
        "visitor_id": "v",
    }
    assert accept(shop, [event | more]).result(10).accepted == 1


def logged(shop: Shop, query_id: str) -> Answer:
    """Once it is written: nobody waits for the log of answers but a test."""
    ends = time.monotonic() + 10
    while (found := shop.state.answers.find(query_id)) is None:
        assert time.monotonic() < ends
        time.sleep(0.01)
    return found


def counted(shop: Shop) -> dict[str, dict[str, int]]:
    look_at_all(shop.paths)
    shop.refresh()
    clicks = shop.banners.clicks
    return {"shown": dict(clicks.shown), "clicked": dict(clicks.clicked)}


def test_what_is_clicked_is_shown_more(shop: Shop) -> None:
    times = {"summer": 0, "winter": 0}
    for _ in range(30):
        query_id, banners = shown(shop)
        rival, other = banners if banners[1] == "news" else reversed(banners)
        assert other == "news"
        times[rival] += 1
        click(shop, query_id, other)
        if rival == "winter":
            click(shop, query_id, "winter")
            click(shop, query_id, "winter", channel="again")
    logged(shop, query_id)
    assert min(times.values()) > 0
    assert counted(shop) == {"shown": times, "clicked": {"winter": times["winter"]}}
    chances = shop.banners.clicks.chances(("summer", "winter"))
    assert chances[1] > 0.95


def test_the_chance_is_logged(shop: Shop) -> None:
    query_id, banners = shown(shop)
    request = orjson.loads(logged(shop, query_id).request)
    told = {each["id"]: each for each in request["banners"]}
    assert set(told) == set(banners)
    assert told["news"] == {"id": "news", "slot": "", "propensity": 1.0}
    [rival] = set(banners) - {"news"}
    assert told[rival]["propensity"] == pytest.approx(0.5, abs=1e-9)


def test_a_slot_is_empty_on_further_pages(shop: Shop) -> None:
    query_id, banners = shown(shop, page=2)
    assert banners == ["news"]
    logged(shop, query_id)
    assert counted(shop) == {"shown": {}, "clicked": {}}


def test_a_server_looks_where_banners_compete(shop: Shop) -> None:
    runner = ExperimentRunner(shop)
    assert runner._is_due()
    counted(shop)
    assert not runner._is_due()
