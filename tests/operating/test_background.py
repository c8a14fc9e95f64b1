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


def test_a_round_that_meets_a_bug_is_told_and_tried_again_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rounds, done, broken = [], threading.Event(), []

    def work() -> None:
        rounds.append(time.monotonic())
        broken.append(every.is_broken)
        if len(rounds) < 4:
            raise ZeroDivisionError
        done.set()

    every = Every(0.02, "work", work)
    with caplog.at_level(logging.WARNING):
        every.start()
        wait_for(done)
        every.stop()
    assert (every.failures, every.is_broken, broken) == (3, False, [False, True, True, True])
    pauses = [after - before for before, after in zip(rounds, rounds[1:], strict=False)]
    assert all(pause >= least for pause, least in zip(pauses, (0.04, 0.08, 0.16), strict=False))
    [record] = caplog.records
    assert record.getMessage() == "work failed and will be tried again: ZeroDivisionError"
    assert record.exc_info is not None, "where it was is told"


def test_only_what_is_needed_makes_a_server_not_ready(built_shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(built_shop, folder, ignore=shutil.ignore_patterns("build"))
    shop = Shop.open(folder)
    needed = {"refresh", "drain"}
    for name in [each.name for each in Background(shop).threads]:
        background = Background(shop)
        (thread,) = (each for each in background.threads if each.name == name)
        tried = threading.Event()

        def bug(tried: threading.Event = tried) -> None:
            tried.set()
            raise ZeroDivisionError

        thread.work, thread.seconds = bug, 0.001
        thread.start()
        wait_for(tried)
        thread.stop()
        assert (thread.is_broken, background.broken) == (True, name in needed), name
    shop.close()


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
