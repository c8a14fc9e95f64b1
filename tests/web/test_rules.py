"""What merchandising rules do to the storefront: banners, and pages that lead elsewhere."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from mercato.core.events import EventRow
from mercato.shop.opened import Shop
from mercato.shop.rules import By, delete_rule, put_rule

BY = By("ana@host", "test")


@pytest.fixture
def rule(shop: Shop) -> Iterator[Callable[..., None]]:
    """Add a rule for searches with the word cheese, until the test is over."""
    made = []

    def add(rule_id: str, *actions: dict[str, Any], words: str = "cheese") -> None:
        made.append(rule_id)
        queries = [{"match": "contains", "text": words}]
        put_rule(shop, rule_id, {"conditions": {"queries": queries}, "actions": actions}, BY)

    yield add
    for rule_id in made:
        delete_rule(shop, rule_id, BY)


def test_a_banner_stands_above_the_results(
    client: TestClient,
    rule: Callable[..., None],
    events_of: Callable[[TestClient], list[EventRow]],
) -> None:
    banner = {
        "type": "banner",
        "title": "Cheese <week>",
        "text": "Until Sunday",
        "image_link": "https://pictures.example/cheese.jpg",
        "link": "/browse?category=Grocery",
    }
    rule("week", banner)
    page = client.get("/search", params={"q": "cheese"}).text
    assert "<strong>Cheese &lt;week&gt;</strong>" in page and "Until Sunday" in page
    link = re.search('<a href="([^"]+)" class="banner pictured">', page)
    assert link is not None
    led = client.get(link[1].replace("&amp;", "&"), follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, "/browse?category=Grocery")
    [click] = [row for row in events_of(client) if row.event == "select_promotion"]
    assert json.loads(click.attributes or "") == {
        "promotion_id": "week",
        "promotion_name": "Cheese <week>",
    }
    shown = client.get("/search.json", params={"q": "cheese"}).json()["results"]
    assert click.query_id in link[1] and click.query_id != shown["query_id"]
    assert '<img src="https://pictures.example/cheese.jpg" alt=""' in page
    assert "Cheese &lt;week" not in client.get("/search", params={"q": "milk"}).text
    assert "Cheese &lt;week" not in client.get("/search", params={"q": "cheese", "page": 2}).text


def test_a_search_leads_to_another_page(client: TestClient, rule: Callable[..., None]) -> None:
    rule("away", {"type": "redirect", "url": "/browse?category=Grocery"})
    answer = client.get("/search", params={"q": "cheese"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/browse?category=Grocery&led=1"
    assert client.get("/search", params={"q": "cheese"}).status_code == 200
    stays = ({"page": 2}, {"brand": "PRIVATE"}, {"sort": "price:asc"}, {"led": 1})
    for further in stays:
        path = client.get("/search", params={"q": "cheese", **further}, follow_redirects=False)
        assert path.status_code == 200, further


def test_rules_that_lead_to_each_other_end(client: TestClient, rule: Callable[..., None]) -> None:
    rule("there", {"type": "redirect", "url": "/search?q=milk"})
    rule("back", {"type": "redirect", "url": "/search?q=cheese"}, words="milk")
    answer = client.get("/search", params={"q": "cheese"})
    assert answer.status_code == 200 and answer.url.query == b"q=milk&led=1"


def test_another_host_is_left_to_by_the_page_itself(
    client: TestClient, twin: Callable[..., Any], rule: Callable[..., None]
) -> None:
    rule("away", {"type": "redirect", "url": "https://cheese.example/?a=1&b=2"})
    answer = client.get("/search", params={"q": "cheese"}, follow_redirects=False)
    assert answer.status_code == 200
    refresh = '<meta http-equiv="refresh" content="0; url=https://cheese.example/?a=1&amp;b=2">'
    assert refresh in answer.text and "This search continues at cheese.example." in answer.text
    shown = twin(client, "/search.json", q="cheese")
    assert shown["results"]["redirect"] == "https://cheese.example/?a=1&b=2"
    assert shown["away"] == "cheese.example"


def test_scripts_and_programs_are_not_led_away(
    client: TestClient, twin: Callable[..., Any], rule: Callable[..., None]
) -> None:
    rule("away", {"type": "redirect", "url": "/basket"})
    assert twin(client, "/search.json", q="cheese")["results"]["redirect"] == "/basket"
    headers = {"sec-fetch-dest": "empty"}
    answer = client.get("/search?q=cheese", headers=headers, follow_redirects=False)
    assert answer.status_code == 200
