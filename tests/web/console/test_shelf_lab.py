"""The shelf lab shows the shelves that shoppers see, and who may look at whose."""

import pytest

from mercato.shop.rules import By, create_rule, delete_rule
from mercato.shop.shelf import ShelfCall, shelf

BANANAS = "1082185"


@pytest.fixture
def lab(merchant):
    def read(**asked):
        answer = merchant.get("/console/shelves.json", params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read


def ids(shelf):
    return [each["card"]["id"] for each in shelf]


def test_a_shelf_is_what_the_api_would_answer(lab, shop):
    user_id = lab()["shoppers"][0]["user_id"]
    shown = lab(placement="buy-again", user_id=user_id)
    answer = shelf(shop, ShelfCall("buy-again", user_id=user_id, n=12, distinct=True))
    assert ids(shown["shelf"]) == [card.id for card in answer.items]
    assert [each["retriever"] for each in shown["shelf"]] == [
        card.retriever for card in answer.items
    ]
    assert all(each["card"]["reason"] for each in shown["shelf"])


def test_a_session_is_built_by_looking(lab):
    before = lab(placement="home")
    after = lab(placement="home", viewed=[BANANAS])
    assert [id_ for id_, _ in after["session"]] == [BANANAS]
    assert ids(after["shelf"]) != ids(before["shelf"])
    assert before["shelf"][0]["look"].endswith(f"viewed={before['shelf'][0]['card']['id']}")


def test_what_rules_and_reranking_moved_is_told(lab, shop):
    first, *rest = ids(lab(placement="home")["shelf"])
    hidden = {"scope": "everywhere", "actions": [{"type": "hide", "items": [first]}]}
    rule = create_rule(shop, hidden, By("me", "test")).rule
    shown = lab(placement="home")
    delete_rule(shop, rule.id, By("me", "test"))
    assert ids(shown["shelf"])[: len(rest)] == rest
    assert [each["plain"] for each in shown["shelf"]] == [*range(2, 13), None]
    assert shown["reranking"]["new_items"] == 0.1


def test_a_shelf_says_what_it_lacks(lab, merchant):
    assert lab(placement="item-similar")["needs"] == "item"
    assert lab(placement="item-similar", item=BANANAS)["shelf"]
    assert lab(placement="category")["needs"] == "category"
    assert merchant.get("/console/shelves?placement=nowhere").status_code == 400
    assert merchant.get("/console/shelves?placement=home&release=99").status_code == 404


def test_one_shoppers_shelf_is_not_everybodys(viewer, merchant, shop):
    assert viewer.get("/console/shelves").status_code == 200
    assert viewer.get("/console/shelves.json").json()["shoppers"] == []
    assert viewer.get("/console/shelves?user_id=1").status_code == 403
    assert viewer.get("/console/search?q=milk&user_id=1").status_code == 403
    before = len(list(shop.state.audit.since(0)))
    merchant.get("/console/shelves?user_id=1")
    looked = list(shop.state.audit.since(0))[before:]
    assert [(each.actor, each.asset) for each in looked] == [("ana", "histories")]
    assert looked[0].subject is not None
