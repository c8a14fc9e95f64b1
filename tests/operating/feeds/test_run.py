"""Feeds from a real server into the assets of a shop."""

import threading
import time
from dataclasses import replace

import pytest

from mercato.core.errors import BadInput, NotFound
from mercato.core.paths import ShopPaths
from mercato.core.progress import Silent
from mercato.core.settings import FeedSettings, FetchSettings, Settings, settings_text
from mercato.data.store import AssetStore
from mercato.operating.feeds.due import feeds_of
from mercato.operating.feeds.run import fetched_once, run_feeds
from mercato.state import State, alone
from mercato.state.fetches import KEPT, Fetch, Outcome

ITEMS = b"id,title,price,maker\ntea,Tea,4,Leaf\npot,Pot,20,Clay\n"


@pytest.fixture
def shop(feed_server, tmp_path):
    return Shop(tmp_path, feed_server)


class Shop:
    """A shop with some feeds on the server of the test."""

    def __init__(self, root, server):
        self.root, self.server = root, server
        self.paths = ShopPaths(root)
        self.store = AssetStore(self.paths.assets)
        self.settings = Settings()

    def feeds(self, *feeds: FeedSettings):
        named = [replace(each, url=self.server.url(each.url)) for each in feeds]
        fetch = FetchSettings(private=("127.0.0.1",))
        self.settings = replace(Settings(), feeds=tuple(named), fetch=fetch)
        self.paths.settings.write_text(settings_text(self.settings))

    def run(self, everything=True):
        done = run_feeds(self.root, everything=everything, progress=Silent())
        assert not [each for each in self.paths.fetched.iterdir() if each.is_dir()]
        return done

    def outcomes(self, **how):
        return [each.outcome for each in self.run(**how)]

    def fetched_once(self):
        with fetched_once(self.root, [self.server.url("/items.csv")], Silent()) as found:
            return {url: path.read_bytes() for url, path in found.items()}

    def listed(self):
        state = State.open("sqlite:///state.db", self.root)
        try:
            return feeds_of(self.settings, state)
        finally:
            state.close()

    def ids(self):
        return self.store.read("items")["id"].to_pylist()


def test_a_feed_is_imported_once_and_again_when_it_changes(shop) -> None:
    shop.feeds(FeedSettings("/items.csv", full=True))
    shop.server.answers["/items.csv"] = (200, {"ETag": '"1"'}, ITEMS)
    (first,) = shop.run()
    assert (first.outcome, first.rows, first.etag) == (Outcome.IMPORTED, 2, '"1"')
    assert shop.ids() == ["pot", "tea"]
    (source,) = shop.store.read("sources").to_pylist()
    assert source["path"].endswith("/items.csv") and "fetched/127.0.0.1/" in source["path"]

    (second,) = shop.run()
    assert (second.outcome, second.etag, second.sha256) == ("not-modified", '"1"', first.sha256)
    assert shop.server.asked[1][1]["if-none-match"] == '"1"'

    shop.server.answers["/items.csv"] = (200, {"ETag": '"2"'}, ITEMS)
    assert shop.outcomes() == [Outcome.UNCHANGED]
    assert shop.store.version("items") == 0

    shop.server.answers["/items.csv"] = (
        200,
        {"ETag": '"3"'},
        ITEMS.replace(b"pot,Pot,20,Clay\n", b""),
    )
    (last,) = shop.run()
    assert (last.outcome, last.rows) == (Outcome.IMPORTED, 1)  # withdrawn
    assert shop.ids() == ["tea"]


def test_only_what_is_due_is_fetched(shop) -> None:
    shop.feeds(FeedSettings("/items.csv", every_minutes=60), FeedSettings("/more.csv"))
    for path in ("/items.csv", "/more.csv"):
        shop.server.answers[path] = (200, {}, ITEMS)
    assert [feed.due for feed in shop.listed()] == [0, 0]
    before = time.time() * 1e6
    assert len(shop.run(everything=False)) == 2
    for feed in shop.listed():
        assert feed.due == feed.last.ts + 3_600_000_000 > before + 3_599_000_000
    assert shop.run(everything=False) == []
    assert len(shop.server.asked) == 2


def test_a_feed_that_is_read_otherwise_is_fetched_anew(shop) -> None:
    shop.feeds(FeedSettings("/items.csv"))
    shop.server.answers["/items.csv"] = (200, {"ETag": '"1"'}, ITEMS)
    shop.run()
    shop.feeds(FeedSettings("/items.csv", map=("brand=maker",), price_unit="cents"))
    assert shop.outcomes(everything=False) == [Outcome.IMPORTED]
    assert shop.store.read("items").select(["id", "brand", "price"]).to_pylist() == [
        {"id": "pot", "brand": "Clay", "price": 0.2},
        {"id": "tea", "brand": "Leaf", "price": 0.04},
    ]


def test_a_failure_keeps_what_is_there_and_is_tried_again(shop) -> None:
    shop.feeds(FeedSettings("/items.csv", every_minutes=1))
    shop.server.answers["/items.csv"] = (200, {"ETag": '"1"'}, ITEMS)
    shop.run()
    shop.server.answers["/items.csv"] = (503, {"Retry-After": "7200"}, b"")
    (failed,) = shop.run()
    assert failed.outcome is Outcome.FAILED and "status 503" in failed.detail
    (feed,) = shop.listed()
    assert feed.due == pytest.approx(failed.ts + 7_200e6, abs=60e6)
    assert shop.outcomes(everything=False) == []

    shop.server.answers["/items.csv"] = (200, {"ETag": '"2"'}, b"id,price\ntea,4\n")
    (refused,) = shop.run()
    assert refused.outcome is Outcome.FAILED and "--map title=THEIRS" in refused.detail
    assert shop.server.asked[-1][1]["if-none-match"] == '"1"'  # still that of the last good one
    assert shop.ids() == ["pot", "tea"]
    assert shop.run()[0].outcome is Outcome.FAILED  # not taken for known
    shop.server.answers["/items.csv"] = (200, {"ETag": '"1"'}, ITEMS)
    assert shop.outcomes() == [Outcome.NOT_MODIFIED]


def test_one_feed_that_fails_does_not_stop_the_others(shop) -> None:
    shop.feeds(
        FeedSettings("/gone.csv"),
        FeedSettings("/items.csv", asset="kings"),
        FeedSettings("/items.csv", map=("brand",)),
        FeedSettings("/items.csv", login_variable="MERCATO_NO_SUCH_LOGIN"),
        FeedSettings("/log.csv", asset="events"),
        FeedSettings("/grades.csv", asset="judgments"),
    )
    log = b"event_id,ts,event,user_id,item_id\ne1,2026-05-01T10:00:00Z,purchase,ana,tea\n"
    shop.server.answers["/items.csv"] = (200, {}, ITEMS)
    shop.server.answers["/log.csv"] = (200, {}, log)
    shop.server.answers["/grades.csv"] = (200, {}, b"query,item_id,grade\ntea,tea,3\n")
    done = shop.run()
    assert [each.outcome for each in done] == [Outcome.FAILED] * 4 + [Outcome.IMPORTED] * 2
    for each, said in zip(
        done, ("404", "asset out of", "our=theirs", "NO_SUCH_LOGIN"), strict=False
    ):
        assert said in each.detail
    assert {"events", "judgments"} <= set(shop.store.names())
    assert shop.store.version("items") is None


def test_a_login_comes_from_the_environment(shop, monkeypatch) -> None:
    monkeypatch.setenv("SHOP_FEED_LOGIN", "ann:secret")
    shop.feeds(FeedSettings("/items.csv", login_variable="SHOP_FEED_LOGIN"))
    shop.server.answers["/items.csv"] = (200, {}, ITEMS)
    assert shop.outcomes() == [Outcome.IMPORTED]
    assert shop.server.asked[0][1]["authorization"] == "Basic YW5uOnNlY3JldA=="  # ann:secret
    assert "secret" not in shop.paths.settings.read_text()


def test_a_host_that_is_not_allowed_is_not_asked(shop) -> None:
    shop.feeds(FeedSettings("/items.csv"))
    text = shop.paths.settings.read_text().replace('private = ["127.0.0.1"]', "private = []")
    shop.paths.settings.write_text(text)
    (done,) = shop.run()
    assert "[fetch] allow" in done.detail
    shop.paths.settings.write_text(text.replace("allow = []", 'allow = ["127.0.0.1"]'))
    (done,) = shop.run()
    assert "public addresses of 127.0.0.1" in done.detail
    assert shop.server.asked == []


def test_two_processes_do_not_fetch_at_once(shop) -> None:
    shop.feeds(FeedSettings("/items.csv"))
    shop.server.answers["/items.csv"] = (200, {}, ITEMS)
    shop.paths.fetched.mkdir()
    left = shop.paths.fetched / "shop.example" / "killed.part"
    left.parent.mkdir()
    left.write_bytes(b"half")
    with alone("sqlite:///state.db", shop.root, "feeds"):
        assert run_feeds(shop.root, everything=True, progress=Silent()) is None
        waiting = threading.Thread(target=lambda: shop.fetched_once())
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        assert shop.server.asked == []
    waiting.join()
    assert [path for path, _ in shop.server.asked] == ["/items.csv"]
    assert not left.exists()


def test_what_a_person_names_is_fetched_once(shop) -> None:
    shop.feeds()
    shop.server.answers["/items.csv"] = (200, {}, ITEMS)
    url = shop.server.url("/items.csv")
    assert shop.fetched_once() == {url: ITEMS}
    assert not list(shop.paths.fetched.iterdir())
    shop.paths.settings.write_text(settings_text(Settings()))
    with pytest.raises(BadInput, match="public addresses of 127.0.0.1"):
        shop.fetched_once()
    with pytest.raises(NotFound):
        with fetched_once(shop.root / "nowhere", [url], Silent()):
            pass
    assert not (shop.root / "nowhere").exists()


def test_old_fetches_are_forgotten_but_not_the_last_good_one(tmp_path) -> None:
    state = State.open("sqlite:///state.db", tmp_path)
    good = Fetch("a", 0, "u", "items", Outcome.IMPORTED, etag='"1"', sha256="s", bytes=1, rows=2)
    other = replace(good, feed="b")
    for each in (good, other):
        state.fetches.append(each)
    for ts in range(1, KEPT + 20):
        state.fetches.append(Fetch("a", ts, "u", "items", Outcome.FAILED, detail="no"))
    assert state.fetches.last("a").ts == KEPT + 19
    assert state.fetches.last("a", good=True) == good
    assert state.fetches.last("b") == other
    assert state.fetches.last("c") is None
    assert len(state.fetches.of("a")) == KEPT + 1
    state.close()
