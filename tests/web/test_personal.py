"""The switch for personal suggestions, what was seen, reasons that open, bundles, comparing."""

import re

import pytest

from mercato.core.columns import Event
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.web.languages import CODES, language
from mercato.web.reasons import honest

BANANAS, OTHER = "1082185", "995242"


def shelves(twin, client):
    page = twin(client, "/index.json")
    return {each["placement"]: [card["id"] for card in each["cards"]] for each in page["shelves"]}


def test_nothing_personal_is_shown_once_it_is_off(client, twin, shop):
    known = shop.live.histories.shopper_ids[0].as_py()
    client.post("/shopper", data={"user_id": known})
    everybody = shelves(twin, client)
    assert "buy-again" in everybody
    client.get(f"/item/{BANANAS}")
    assert [card["id"] for card in twin(client, "/index.json")["seen"]] == [BANANAS]
    assert "item-similar" in shelves(twin, client)

    assert "off" in client.post("/personal", data={"on": "0"}).text
    plain = shelves(twin, client)
    assert "buy-again" not in plain
    assert "item-similar" not in plain
    assert twin(client, "/index.json")["seen"] == []
    client.post("/personal", data={"on": "1"})
    assert "buy-again" in shelves(twin, client)
    client.cookies.clear()
    assert shelves(twin, client) == plain  # somebody of whom nothing is known


def test_what_is_dismissed_is_suggested_no_more(client, twin, events_of, shop):
    known = shop.live.histories.shopper_ids[1].as_py()
    client.post("/shopper", data={"user_id": known})
    before = shelves(twin, client)["home"]
    answer = client.post(
        "/less", data={"item_id": before[0]}, headers={"referer": "http://testserver/browse"}
    )
    assert answer.url.path == "/browse"
    assert events_of(client)[-1].event == Event.DISMISS
    assert before[0] not in shelves(twin, client)["home"]
    elsewhere = client.post(
        "/less", data={"item_id": before[1]}, headers={"referer": "http://evil.example/x"}
    )
    assert elsewhere.url.path == "/"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("reason", ReasonCode)
def test_every_reason_opens_into_what_counted(code, reason):
    assert len(honest(Reason(reason), language(code))) > 10


def test_a_reason_opens_without_a_script(client):
    page = client.get("/").text
    assert re.search(r'<details class="reason"><summary>[^<]+</summary><p>Chosen because', page)


def test_a_bundle_is_added_with_one_press(client, twin, events_of):
    found = twin(client, f"/item/{BANANAS}.json")["bundle"]
    ids = [card["id"] for card in found["cards"]]
    assert ids[0] == BANANAS
    assert found["total"] == pytest.approx(sum(card["price"]["amount"] for card in found["cards"]))
    page = client.get(f"/item/{BANANAS}").text
    form = page[page.index('action="/basket/add-all"') :]
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[: form.index("</form>")]))
    assert client.post("/basket/add-all", data=sent).url.path == "/basket"
    assert [line["card"]["id"] for line in twin(client, "/basket.json")["lines"]] == ids
    added = [row for row in events_of(client) if row.event == Event.ADD_TO_CART]
    # Of the shelf's products the purchase can be credited to the answer that showed them.
    assert [row.placement for row in added] == [None, *["item-together"] * (len(ids) - 1)]
    assert added[1].query_id == sent["query_id"]
    assert client.post("/basket/add-all", data={"items": "nowhere*1"}).status_code == 404


def test_products_stand_beside_each_other(client, twin):
    client.post("/compare/add", data={"item_id": BANANAS})
    answer = client.post("/compare/add", data={"item_id": OTHER})
    assert "Compare: 2" in answer.text
    page = twin(client, "/compare.json")
    assert [card["id"] for card in page["cards"]] == [BANANAS, OTHER]
    rows = {row["name"]: row for row in page["rows"]}
    assert rows["id"]["values"] == [BANANAS, OTHER]
    assert rows["id"]["differs"]
    also = [card["id"] for card in page["also"]["cards"]]
    assert also
    assert not {BANANAS, OTHER} & set(also)
    for more in also[:3]:
        client.post("/compare/add", data={"item_id": more})
    # Four fit; the oldest made room.
    assert [card["id"] for card in twin(client, "/compare.json")["cards"]] == [OTHER, *also[:3]]
    client.post("/compare/remove", data={"item_id": OTHER})
    assert len(twin(client, "/compare.json")["cards"]) == 3
    assert client.post("/compare/add", data={"item_id": "nowhere"}).status_code == 404
