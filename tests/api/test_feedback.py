"""What shoppers say and who they are counts in the next answer, whichever worker gives it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.shop.opened import Shop

ASKED = {"user_id": "newcomer", "n": "5"}


@pytest.fixture
def other(quiet: Path, client: TestClient) -> Iterator[TestClient]:
    """A worker that shares nothing but the shop's folder."""
    shop = Shop.open(quiet)
    with TestClient(create_api(shop), raise_server_exceptions=False) as asking:
        yield asking


def tell(client: TestClient, event: str, item: str, **more: Any) -> None:
    sent = {"event": event, "user_id": "newcomer", "items": [{"item_id": item}], **more}
    assert client.post("/v1/events", json=sent).json()["accepted"] == 1


def home(client: TestClient, **asked: str) -> list[str]:
    found = client.get("/v1/recommend/home", params={**ASKED, **asked}).json()["items"]
    return [card["id"] for card in found]


def hits(client: TestClient, q: str = "tent") -> list[str]:
    asked = {"q": q, "user_id": "newcomer", "per_page": 100}
    return [hit["id"] for hit in client.get("/v1/search", params=asked).json()["hits"]]


def against(how: str) -> Callable[[TestClient, str], None]:
    more = {} if how == "dismiss" else {"rating": "1"} if how == "review" else {"value": 2}
    return lambda client, item: tell(client, how, item, **more)


@pytest.mark.parametrize("how", ["dismiss", "rate", "review"])
def test_what_is_not_liked_leaves_shelves_and_comes_last_in_searches(
    client: TestClient, other: TestClient, how: str
) -> None:
    shelf, found = home(client), hits(client)
    for item in (shelf[0], found[0]):
        against(how)(client, item)
    assert shelf[0] not in home(other)
    assert hits(other) == [*found[1:], found[0]]
    assert (
        client.get("/v1/search", params={"q": "tent", "per_page": 100}).json()["hits"][0]["id"]
        == (found[0])
    )


def test_a_better_word_takes_it_back(client: TestClient, other: TestClient) -> None:
    first = hits(client)
    tell(client, "dismiss", first[0])
    tell(client, "rate", first[0], value=5)
    assert hits(other) == first


def test_stars_say_what_a_shopper_cares_for(client: TestClient, other: TestClient) -> None:
    shelf = home(client)
    tell(client, "rate", "gas-230", value=5)
    assert shelf != home(other)


def bought(client: TestClient, **who: str) -> None:
    sent = {"event": "purchase", "items": [{"item_id": "lantern"}], **who}
    assert client.post("/v1/events", json=sent).json()["accepted"] == 1


def again(client: TestClient, **who: str) -> str:
    found = client.get("/v1/recommend/buy-again", params=who).json()["items"]
    return str(found[0]["id"]) if found and "bought" in found[0]["reason"]["code"] else ""


def test_a_login_joins_what_was_done_before_it_on_another_worker(
    client: TestClient, other: TestClient
) -> None:
    bought(client, visitor_id="phone")
    assert again(other, user_id="anna") == ""
    login = {"type": "identify", "anonymousId": "phone", "userId": "anna"}
    assert client.post("/v1/identify", json=login).status_code == 200
    assert again(other, user_id="anna") == "lantern"
    assert again(other, visitor_id="phone") == "lantern"
    assert again(other, user_id="bert") == ""


def test_ga4s_login_joins_too(client: TestClient, other: TestClient) -> None:
    bought(client, visitor_id="phone")
    login = {"client_id": "phone", "user_id": "anna", "events": [{"name": "login"}]}
    assert client.post("/mp/collect", json=login).status_code == 204
    assert again(other, user_id="anna") == "lantern"
