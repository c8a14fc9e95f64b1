import time
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from mercato.core.columns import Placement
from mercato.shop.opened import Shop


@pytest.mark.parametrize("placement", list(Placement))
def test_every_placement_answers_in_one_shape(client: TestClient, placement: Placement) -> None:
    client.put("/v1/items/lamp-north", json={"title": "Lamp", "store_id": "north"})
    asked = {"user_id": "u03", "item_id": "stove-gas", "cart": "stove-gas", "n": 4}
    asked |= {"category": {"category": "Camping"}, "store": {"store": "north"}}.get(placement, {})
    answer = client.get(f"/v1/recommend/{placement}", params=asked)
    assert answer.status_code == 200
    found = answer.json()
    assert list(found) == ["query_id", "placement", "items", "fallback", "degraded"]
    assert found["placement"] == placement
    assert 1 <= len(found["items"]) <= 4
    for card in found["items"]:
        assert list(card) == ["id", "score", "reason", "retriever", "item"]
        assert card["item"]["id"] == card["id"]
        assert card["reason"]["code"] and None not in card["reason"].values()


def test_a_newcomer_gets_a_shelf_too(client: TestClient) -> None:
    assert len(client.get("/v1/recommend/home", params={"n": 7}).json()["items"]) == 7


def test_a_basket_is_given_repeated_or_by_commas(client: TestClient) -> None:
    def shelf(*cart: str) -> list[str]:
        answer = client.get("/v1/recommend/cart", params={"cart": list(cart), "n": 5})
        return [card["id"] for card in answer.json()["items"]]

    both = shelf("stove-gas", "gas-230")
    assert both == shelf("stove-gas,gas-230") == shelf("stove-gas , gas-230")
    assert not {"stove-gas", "gas-230"} & set(both)


def test_the_id_of_an_item_may_hold_a_comma(client: TestClient) -> None:
    client.put("/v1/items/tea,green", json={"title": "Green tea", "price": 3})
    client.put("/v1/items/green", json={"title": "Paint", "price": 3})
    shelf = client.get("/v1/recommend/cart", params={"cart": "tea,green", "n": 100}).json()
    ids = {card["id"] for card in shelf["items"]}
    assert "tea,green" not in ids
    assert "green" in ids


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/v1/recommend/hom", 404, "home, buy-again"),
        ("/v1/recommend/item-similar", 400, "item_id"),
        ("/v1/recommend/item-similar?item_id=nothing", 404, "nothing"),
        ("/v1/recommend/home?n=101", 400, "less than or equal to 100"),
        ("/v1/recommend/home?n=0", 400, "greater than or equal to 1"),
        ("/v1/recommend/home?filter=colour:red", 400, "'color'"),
        ("/v1/recommend/home?user=u03", 400, "Did you mean 'user_id'?"),
    ],
)
def test_what_does_not_fit_is_said(
    client: TestClient, address: str, status: int, said: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_a_new_item_stands_at_once_before_those_who_buy_its_kind(client: TestClient) -> None:
    bought = client.get("/v1/recommend/buy-again", params={"user_id": "u03", "n": 1}).json()
    kind = bought["items"][0]["item"]
    new = {"title": "Just arrived", "product_type": kind["product_type"], "price": 5}
    client.put("/v1/items/just-arrived", json=new)
    shelf = client.get("/v1/recommend/home", params={"user_id": "u03", "n": 10}).json()["items"]
    card = next(each for each in shelf if each["id"] == "just-arrived")
    assert card["retriever"] == "new-items"
    assert card["reason"] == {"code": "new-in-category", "category": kind["product_type"]}
    nobody = client.get("/v1/recommend/home", params={"visitor_id": "nobody", "n": 10}).json()
    assert "just-arrived" not in [each["id"] for each in nobody["items"]]


@pytest.mark.parametrize("placement", ["category", "store"])
def test_a_narrowed_shelf_says_what_it_lacks(client: TestClient, placement: str) -> None:
    answer = client.get(f"/v1/recommend/{placement}")
    assert answer.status_code == 400
    assert f"{placement}=" in answer.json()["detail"]


def test_a_category_holds_nothing_else(client: TestClient) -> None:
    asked = {"category": "Camping", "user_id": "u03", "n": 100}
    items = client.get("/v1/recommend/category", params=asked).json()["items"]
    assert items
    assert all(each["item"]["product_type"].startswith("Camping") for each in items)


def test_chances_of_places_are_logged(client: TestClient, shop: Shop) -> None:
    """Half of the places are left to chance: what stands there was one of at most fifty."""
    recommend = replace(shop.settings.recommend, explore=0.5, new_items=0.0)
    shop.settings = replace(shop.settings, recommend=recommend)
    found = client.get("/v1/recommend/home", params={"user_id": "u03", "n": 12}).json()
    deadline = time.monotonic() + 10
    while not shop.state.answers.count_after(0) and time.monotonic() < deadline:
        time.sleep(0.02)
    (logged,) = shop.state.answers.after(0, 10).rows
    assert list(logged.item_ids) == [card["id"] for card in found["items"]]
    chances = set(logged.propensities)
    assert max(chances) == pytest.approx(0.5, abs=0.2)
    assert min(chances) <= 0.5 / 12
    assert len(chances) == 2
