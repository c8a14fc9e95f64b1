"""The process that fetches beside a server."""

import socket
import threading
import time
from types import SimpleNamespace

import pytest

from mercato.core.paths import ShopPaths
from mercato.core.settings import FeedSettings, FetchSettings, Settings, settings_text
from mercato.operating.background import Background
from mercato.operating.feeds.runner import FeedRunner
from mercato.state import State
from mercato.state.fetches import Fetch, Outcome


@pytest.fixture
def shop_with_feed(tmp_path):
    """What a runner needs of an opened shop: its folder, its settings, its state."""
    state = State.open("sqlite:///state.db", tmp_path)

    def make(url):
        settings = Settings(feeds=(FeedSettings(url),), fetch=FetchSettings(private=("127.0.0.1",)))
        (tmp_path / "shop.toml").write_text(settings_text(settings))
        return SimpleNamespace(paths=ShopPaths(tmp_path), settings=settings, state=state)

    yield make
    state.close()


def ended(runner) -> int:
    return runner.child.process.wait(120)


def test_of_two_workers_one_fetches(feed_server, shop_with_feed) -> None:
    feed_server.answers["/items.csv"] = (200, {}, b"id,title\ntea,Tea\n")
    shop = shop_with_feed(feed_server.url("/items.csv"))
    runners = FeedRunner(shop), FeedRunner(shop)
    for runner in runners:
        runner.look()
    assert [ended(runner) for runner in runners] == [0, 0]
    assert [path for path, _ in feed_server.asked] == ["/items.csv"]
    (feed,) = runners[0].feeds()
    assert feed.last.outcome is Outcome.IMPORTED
    first = runners[0].child.process
    runners[0].look()
    assert runners[0].child.process is first  # nothing is due
    for runner in runners:
        runner.stop()


def test_a_server_that_stops_ends_its_process(shop_with_feed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        came = threading.Event()

        def accept() -> None:
            with silent.accept()[0] as connection:
                came.set()
                connection.recv(65_536)
                connection.recv(1)

        threading.Thread(target=accept).start()
        shop = shop_with_feed(f"http://127.0.0.1:{silent.getsockname()[1]}/items.csv")
        runner = FeedRunner(shop)
        runner.look()
        assert came.wait(60)
        running = runner.child.process
        runner.look()
        assert runner.child.process is running and running.poll() is None  # one at a time
        begun = time.monotonic()
        runner.stop()
        assert time.monotonic() - begun < 10 and running.poll() is not None
    assert runner.feeds()[0].last is None
    runner.stop()  # once more does no harm


def test_a_failure_is_logged_once(shop_with_feed, caplog) -> None:
    shop = shop_with_feed("https://shop.example/feed.csv")
    runner = FeedRunner(shop)
    ts = time.time_ns() // 1000
    for later in (0, 1):
        (feed,) = runner.feeds()
        failed = Fetch(
            feed.key, ts + later, feed.settings.url, "items", Outcome.FAILED, detail="no"
        )
        shop.state.fetches.append(failed)
        runner.look()
        runner.look()
        assert runner.child.process is None
    said = [record.getMessage() for record in caplog.records]
    assert said == ["https://shop.example/feed.csv could not be taken over: no"] * 2


def test_only_a_shop_with_feeds_looks_for_them(shop_with_feed) -> None:
    shop = shop_with_feed("https://shop.example/feed.csv")
    shop.refresh = lambda: None
    assert "feeds" in [thread.name for thread in Background(shop).threads]
    shop.settings = Settings()
    assert "feeds" not in [thread.name for thread in Background(shop).threads]
