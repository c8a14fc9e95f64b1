import logging
import shutil
import threading
import time
from pathlib import Path

import pytest

from mercato.core.errors import NotReady
from mercato.operating.background import PRUNE_SECONDS, Background, Every
from mercato.shop.opened import Shop


def wait_for(done: threading.Event) -> None:
    assert done.wait(30)


def test_a_work_is_done_again_and_again_until_told_to_stop() -> None:
    rounds, third = [], threading.Event()

    def work() -> None:
        rounds.append(time.monotonic())
        if len(rounds) == 3:
            third.set()

    every = Every(0.01, "work", work)
    every.start()
    wait_for(third)
    every.stop()
    done = len(rounds)
    time.sleep(0.05)
    assert len(rounds) == done
    assert all(after - before >= 0.01 for before, after in zip(rounds, rounds[1:], strict=False))


def test_a_failed_round_is_logged_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    rounds, done = [], threading.Event()

    def work() -> None:
        rounds.append(1)
        if len(rounds) < 4:
            raise NotReady("room", "a full disk", "Free some.")
        if len(rounds) == 4:
            raise OSError("something else")
        done.set()

    every = Every(0.01, "work", work)
    with caplog.at_level(logging.WARNING):
        every.start()
        wait_for(done)
        every.stop()
    assert every.failures == 4
    assert [record.getMessage() for record in caplog.records] == [
        "work failed and will be tried again: NotReady: expected room; found a full disk. "
        "Free some.",
        "work failed and will be tried again: OSError: something else",
    ]


def test_stopping_does_not_wait_for_the_pause() -> None:
    every = Every(3600, "work", lambda: None)
    every.start()
    begun = time.monotonic()
    every.stop()
    assert time.monotonic() - begun < 30


def test_a_shop_is_pruned_however_often_its_server_starts_again(
    built_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prunings: list[object] = []
    monkeypatch.setattr("mercato.operating.background.prune", lambda *_: prunings.append(_))
    folder = tmp_path / "shop"
    shutil.copytree(built_shop, folder, ignore=shutil.ignore_patterns("build"))
    done = []
    for ago in (None, 10, PRUNE_SECONDS + 10, 10):
        shop = Shop.open(folder)
        if ago is not None:
            shop.state.set("pruned-at", str(time.time() - ago))
        shop.state.set("drained-at", "0")
        (drain,) = (each for each in Background(shop).threads if each.name == "drain")
        drain.work()
        done.append(len(prunings))
        shop.close()
    assert done == [1, 1, 2, 2]
