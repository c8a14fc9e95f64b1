"""A server has its monitors look once a day, whether or not it learns."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mercato.core.errors import BadInput
from mercato.core.settings import MonitorSettings, Settings
from mercato.operating.background import Background
from mercato.operating.monitoring.monitors import Monitored, last_monitored
from mercato.operating.monitoring.runner import MonitorRunner
from mercato.shop.opened import Shop

DAY = 86_400_000_000


@pytest.fixture
def watched_shop(built_shop: Path, tmp_path: Path) -> Iterator[Shop]:
    unserved = shutil.ignore_patterns("build")
    shop = Shop.open(Path(shutil.copytree(built_shop, tmp_path / "shop", ignore=unserved)))
    yield shop
    shop.close()


def monitored(shop: Shop) -> Monitored:
    found = last_monitored(shop.state)
    assert found is not None
    return found


def test_monitors_look_once_a_day_by_themselves(
    watched_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not watched_shop.settings.learn.every, "nothing is learned"
    assert last_monitored(watched_shop.state) is None
    runner = MonitorRunner(watched_shop)
    runner.look()
    process = runner.child.process
    assert process is not None and process.wait(240) == 0
    at = monitored(watched_shop).at
    started: list[int] = []
    monkeypatch.setattr(runner.child, "start", lambda: started.append(1))
    for since, count in ((0, 0), (DAY - 1, 0), (DAY, 1)):
        monkeypatch.setattr(watched_shop, "wall", lambda since=since: at + since)
        runner.look()
        assert len(started) == count, since
    runner.stop()


def test_it_is_switched_off_by_an_empty_setting(watched_shop: Shop) -> None:
    assert "monitors" in [each.name for each in Background(watched_shop).threads]
    off = replace(watched_shop.settings, monitors=MonitorSettings(every=""))
    watched_shop.settings = off
    assert "monitors" not in [each.name for each in Background(watched_shop).threads]
    runner = MonitorRunner(watched_shop)
    runner.look()
    assert runner.child.process is None


def test_a_setting_that_cannot_be_meant(watched_shop: Shop) -> None:
    watched_shop.settings = replace(Settings(), monitors=MonitorSettings(every="daily"))
    with pytest.raises(BadInput, match=r"\[monitors\] every as 30m"):
        MonitorRunner(watched_shop)
