"""/mercato.js on a shop's own page: what it sends, when, and what it leaves behind."""

import json
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

from mercato.core.columns import Event
from mercato.core.settings import ServeSettings, load_settings, settings_text
from mercato.web.snippet import MOST_BYTES, snippet

Visit = Callable[..., Page]

WAITING = "Object.keys(localStorage).some((name) => name.startsWith('mercato-queue-'))"
VIEW = "mercato('view_item', {items: [{item_id: 'tent-2'}]})"
MANY = "(n) => { for (let at = 0; at < n; at++) mercato('search', {search_term: `term ${at}`%s}) }"
BIG = MANY % ", note: '\u5e10'.repeat(900)"
"""Each takes 900 characters and 2,700 bytes, and some for the rest of it."""

KEEPALIVE_BYTES = 64 * 1024
"""What all requests that may outlive their page have together (Fetch Standard, 4.6)."""


class Pages(BaseHTTPRequestHandler):
    """The shop's own pages, of another origin than Mercato's."""

    html = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(Pages.html)))
        self.end_headers()
        self.wfile.write(Pages.html)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, shop: str, built_shop: Path) -> Path:
    made = Path(shutil.copytree(built_shop, tmp_path_factory.mktemp("snippet") / "shop"))
    settings = load_settings(made / "shop.toml")
    serve = ServeSettings(cors_origins=(shop,), drain_seconds=3600.0)
    (made / "shop.toml").write_text(settings_text(replace(settings, serve=serve)))
    return made


@pytest.fixture(scope="module")
def address(folder: Path, serve_shop: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    with serve_shop(folder) as found:
        yield found


@pytest.fixture
def opened(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    assert context.cookies() == [], "whatever happened, no cookie was set"
    context.close()


@pytest.fixture
def visit(opened: BrowserContext, shop: str, address: str) -> Callable[..., Page]:
    """Open a page of the shop with the snippet in it."""

    def open_page(attributes: str = "", before: str = "") -> Page:
        script = f'<script src="{address}/mercato.js" {attributes}></script>'
        head = f"<!doctype html><title>Shop</title><script>{before}</script>"
        Pages.html = (head + script).encode()
        page = opened.new_page()
        page.goto(shop)
        return page

    return open_page


def events(folder: Path, least: int = 0, seconds: float = 60.0) -> list[dict[str, Any]]:
    """What the state holds, oldest first; waits until there are ``least``, then a moment more."""
    deadline = time.monotonic() + seconds
    while True:
        with sqlite3.connect(folder / "state.db") as database:
            database.row_factory = sqlite3.Row
            found = [dict(row) for row in database.execute("SELECT * FROM events ORDER BY seq")]
        if len(found) >= least or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def mark(folder: Path) -> int:
    return len(events(folder))


def until(page: Page, met: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait in the browser, so that routes answer meanwhile."""
    deadline = time.monotonic() + seconds
    while not met() and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert met()


def bodies(page: Page, address: str) -> list[bytes]:
    """What the page sends from now on."""
    sent: list[bytes] = []

    def note(request: Request) -> None:
        if request.url.startswith(f"{address}/v1/events"):
            sent.append(request.post_data_buffer or b"")

    page.on("request", note)
    return sent


def test_it_is_small_and_knows_every_event() -> None:
    text = snippet().content.decode()
    assert len(text.encode()) < MOST_BYTES <= 3 * 1024
    assert "//" not in text.replace("://", "")
    known = text[text.index("/^(") + 1 : text.index(")$/") + 2]
    assert all(re.fullmatch(known, name) for name in Event)
    assert not re.fullmatch(known, "page_view")


def test_what_happens_is_told(visit: Visit, folder: Path) -> None:
    before = mark(folder)
    page = visit(
        before="mercato=function(){(mercato.q=mercato.q||[]).push(arguments)};"
        "mercato('view_item',{items:[{item_id:'tent-2'}]})",
    )
    page.evaluate(
        "mercato('user', 'u7');"
        "mercato('add_to_cart', {items: [{item_id: 'tent-2', quantity: 2}]});"
        "mercato('page_view'); mercato('search', {search_term: 'tent'})"
    )
    viewed, added, searched = events(folder, before + 3)[before:]
    assert (viewed["event"], viewed["item_id"], viewed["user_id"]) == ("view_item", "tent-2", None)
    assert (added["event"], added["quantity"], added["user_id"]) == ("add_to_cart", 2, "u7")
    assert searched["search_term"] == "tent"
    assert len({each["visitor_id"] for each in (viewed, added, searched)}) == 1
    page.wait_for_function("localStorage.length == 1")  # the visitor's id: nothing waits
    visit().evaluate(VIEW)
    (later,) = events(folder, before + 4)[before + 3 :]
    assert later["visitor_id"] == viewed["visitor_id"]


def test_nothing_is_kept_or_sent_before_consent(visit: Visit, folder: Path) -> None:
    before = mark(folder)
    page = visit('data-consent="wait"')
    page.evaluate(VIEW)
    page.wait_for_timeout(800)
    assert mark(folder) == before
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.evaluate("mercato('consent', true)")
    (told,) = events(folder, before + 1)[before:]
    assert told["visitor_id"]
    page.evaluate("mercato('consent', false); mercato('view_item', {items: [{item_id: 'tent-2'}]})")
    page.wait_for_timeout(800)
    assert mark(folder) == before + 1
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_what_happens_without_a_network_is_told_later(
    visit: Visit, opened: BrowserContext, folder: Path
) -> None:
    before = mark(folder)
    page = visit()
    opened.set_offline(True)
    page.evaluate(VIEW)
    page.wait_for_timeout(600)
    assert page.evaluate(WAITING)
    page.close()  # and with it all that only the page knew
    assert mark(folder) == before
    opened.set_offline(False)
    visit()
    assert len(events(folder, before + 1)) == before + 1


@pytest.mark.parametrize("refused", [(503, 429), (401, 403), (408, 500)])
def test_a_server_that_says_not_now_is_asked_again(
    refused: tuple[int, int],
    visit: Visit,
    opened: BrowserContext,
    shop: str,
    address: str,
    folder: Path,
) -> None:
    before, asked = mark(folder), []

    def answer(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "[]"))
        if len(asked) < 3:
            headers = {"Access-Control-Allow-Origin": shop}
            route.fulfill(status=refused[len(asked) - 1], headers=headers)
        else:
            route.continue_()

    page = visit()
    opened.route(f"{address}/v1/events", answer)
    page.evaluate(VIEW)
    until(page, lambda: len(asked) >= 3)
    assert len(events(folder, before + 1)) == before + 1
    assert [each[0]["event_id"] for each in asked] == [asked[0][0]["event_id"]] * 3


@pytest.mark.parametrize("dated", [False, True])
def test_it_waits_as_long_as_the_server_says(
    dated: bool, visit: Visit, opened: BrowserContext, shop: str, address: str, folder: Path
) -> None:
    before, asked = mark(folder), []

    def busy_once(route: Route) -> None:
        asked.append(time.monotonic())
        if len(asked) > 1:
            return route.continue_()
        # A date has no fractions of a second.
        wait = formatdate(time.time() + 4, usegmt=True) if dated else "3"
        headers = {"Access-Control-Allow-Origin": shop, "Retry-After": wait}
        headers["Access-Control-Expose-Headers"] = "Retry-After"
        return route.fulfill(status=429, headers=headers)

    page = visit()
    opened.route(f"{address}/v1/events", busy_once)
    page.evaluate(VIEW)
    until(page, lambda: len(asked) >= 1)
    for _ in range(4):  # what happens meanwhile makes it ask no sooner
        page.wait_for_timeout(500)
        page.evaluate(VIEW)
        page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_function(f"!{WAITING}")
    assert asked[1] - asked[0] > 2.9
    assert len(events(folder, before + 5)) == before + 5


def test_many_big_events_go_out_in_parts(visit: Visit, address: str, folder: Path) -> None:
    before, page = mark(folder), visit()
    sent = bodies(page, address)
    page.evaluate(BIG, 60)  # 54,000 characters, 162,000 bytes
    told = events(folder, before + 60)[before:]
    assert [each["search_term"] for each in told] == [f"term {at}" for at in range(60)]
    page.wait_for_function(f"!{WAITING}")
    assert max(map(len, sent)) <= 60_000
    assert sum(map(len, sent)) < 60 * 3_000, "and each once"


def test_one_event_that_is_too_large_to_outlive_its_page_is_told(
    visit: Visit, address: str, folder: Path
) -> None:
    before, page = mark(folder), visit()
    sent = bodies(page, address)
    page.evaluate(f"{VIEW}; mercato('search', {{search_term: 'x', note: 'y'.repeat(2e5)}}); {VIEW}")
    assert len(events(folder, before + 3)) == before + 3
    page.wait_for_function(f"!{WAITING}")
    large = [len(body) > KEEPALIVE_BYTES for body in sent]
    assert large.count(True) == 1 and max(map(len, sent)) < 201_000, "it went alone"


def test_what_a_leaving_page_cannot_send_the_next_one_does(visit: Visit, folder: Path) -> None:
    before, page = mark(folder), visit()
    page.evaluate(f"({BIG})(60); setTimeout(() => location.assign('about:blank'))")
    page.wait_for_url("about:blank")
    first = len(events(folder, before + 1)) - before
    assert 0 < first < 60, "a part of it, as a beacon"
    visit().wait_for_function(f"!{WAITING}")
    told = [each["search_term"] for each in events(folder, before + 60)[before:]]
    assert sorted(told) == sorted(f"term {at}" for at in range(60)), "each once"


def test_an_event_that_nobody_can_read_holds_nothing_up(visit: Visit, folder: Path) -> None:
    before, page = mark(folder), visit()
    page.evaluate(
        "let deep = {}; for (let n = 0; n < 400; n++) deep = {deep};"  # answered 400, as a whole
        "const round = {}; round.round = round;"  # no JSON
        f"({MANY % ''})(70); mercato('search', {{search_term: 'deep', deep}});"
        "mercato('search', {search_term: 'round', round});"
        "mercato('search', {search_term: 'odd', value: 'much'});"  # refused alone
        f"{VIEW}; mercato('search', {{deep}}); ({MANY % ''})(40)"
    )
    told = events(folder, before + 111)[before:]
    assert [each["search_term"] for each in told] == [
        *(f"term {at}" for at in range(70)),
        None,
        *(f"term {at}" for at in range(40)),
    ]
    page.wait_for_function(f"!{WAITING}")


def test_withdrawn_consent_empties_the_queue(
    visit: Visit, opened: BrowserContext, folder: Path
) -> None:
    before, page = mark(folder), visit()
    opened.set_offline(True)
    page.evaluate(BIG, 60)
    page.wait_for_function(WAITING)
    page.wait_for_timeout(600)  # it has tried
    page.evaluate("mercato('consent', false)")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    opened.set_offline(False)
    page.wait_for_timeout(2_500)  # it would have tried again
    page.goto("about:blank")
    visit("data-consent='wait'").evaluate("mercato('consent', true)")
    assert len(events(folder, before + 1, seconds=1.0)) == before


def test_an_answer_to_what_was_withdrawn_takes_no_later_event_along(
    visit: Visit, opened: BrowserContext, address: str, folder: Path
) -> None:
    before, page = mark(folder), visit()
    under_way: list[Route] = []

    def hold_the_first(route: Route) -> None:
        under_way.append(route)
        if len(under_way) > 1:
            route.continue_()

    opened.route(f"{address}/v1/events", hold_the_first)
    page.evaluate(VIEW)
    until(page, lambda: len(under_way) >= 1)
    page.evaluate(f"mercato('consent', false); mercato('consent', true); {VIEW}")
    under_way[0].continue_()
    until(page, lambda: len(under_way) >= 2)
    first, second = events(folder, before + 2)[before:]
    assert first["visitor_id"] != second["visitor_id"]


def test_the_last_events_of_a_page_are_told_once(visit: Visit, folder: Path) -> None:
    before = mark(folder)
    page = visit()
    page.evaluate("mercato('purchase', {transaction_id: 't1', items: [{item_id: 'tent-2'}]})")
    page.goto("about:blank")  # before the queue was sent
    assert len(events(folder, before + 1)) == before + 1
    again = visit()
    again.wait_for_function(
        "!Object.keys(localStorage).some((k) => k.startsWith('mercato-queue-'))"
    )
    assert mark(folder) == before + 1, "sent again by the next page, it counted once"


def test_a_tag_of_ga4_is_heard(visit: Visit, folder: Path) -> None:
    before = mark(folder)
    early = (
        "dataLayer=[];function gtag(){dataLayer.push(arguments)};gtag('js',new Date());"
        "gtag('event','view_item',{currency:'EUR',items:[{item_id:'tent-2',price:99}]})"
    )
    page = visit("data-ga4", before=early)
    page.evaluate(
        "gtag('event','scroll');dataLayer.push({ecommerce:null});"
        "dataLayer.push({event:'add_to_cart',ecommerce:{items:[{item_id:'tent-2',quantity:1}]}})"
    )
    viewed, added = events(folder, before + 2)[before:]
    assert (viewed["event"], viewed["price"], viewed["currency"]) == ("view_item", 99, "EUR")
    assert (added["event"], added["item_id"]) == ("add_to_cart", "tent-2")
    page.evaluate("dataLayer.push(null)")
    assert page.evaluate("dataLayer.length") == 6, "whoever listens besides still hears all"


def test_a_browser_without_storage_sends_too(visit: Visit, folder: Path) -> None:
    before = mark(folder)
    forbid = "Object.defineProperty(self,'localStorage',{get(){throw new DOMException('no')}})"
    page = visit(before=forbid)
    page.evaluate(VIEW)
    assert len(events(folder, before + 1)) == before + 1


def test_what_a_key_of_yesterday_could_not_send_that_of_today_does(
    visit: Visit, folder: Path
) -> None:
    from mercato.shop.keys import create_key, revoke_key
    from mercato.shop.rules import By
    from mercato.state import State

    state = State.open("sqlite:///state.db", folder)
    made = create_key(state, "website", ["events"], By("me@here", "keys"))
    try:
        time.sleep(1.2)  # workers follow within a second
        before = mark(folder)
        page = visit('data-key="mk_0000000a_of-last-year"')
        with page.expect_response(lambda answer: "/v1/events" in answer.url) as told:
            page.evaluate(VIEW)
        assert told.value.status == 401
        page.wait_for_timeout(300)
        assert page.evaluate(WAITING)
        page.close()
        page = visit(f'data-key="{made.text}"')  # the shop put its new key in
        page.evaluate(VIEW)
        assert len(events(folder, before + 2)) == before + 2
        page.wait_for_function(f"!{WAITING}")
    finally:
        revoke_key(state, made.key.id, By("me@here", "keys"))
        state.close()
