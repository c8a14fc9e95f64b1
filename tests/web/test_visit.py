"""A shopper's way through the shop, without a script: what is shown, what is recorded."""

import re

import pytest

from mercato.core.columns import Event


def link_of(html: str, title: str) -> str:
    found = re.search(r'<a class="open" href="([^"]*)">(?:(?!</a>).)*' + re.escape(title), html)
    return found[1].replace("&amp;", "&")


def kinds(rows) -> list[str]:
    return [row.event for row in rows]


@pytest.fixture
def bananas(shop):
    """Of the supermarket's bananas, one that is sold and has a price."""
    row = shop.live.catalogue.row("1082185")
    return shop.live.catalogue.item(row)


def test_looking_searching_and_clicking_are_recorded(client, events_of):
    results = client.get("/search?q=bananas").text
    link = re.search(r'<a class="open" href="(/item/[^"]*)"', results)[1].replace("&amp;", "&")
    query_id = re.search(r"query_id=(\w+)", link)[1]
    item_id = re.match(r"/item/(\w+)", link)[1]
    client.get(link)
    rows = events_of(client)
    assert kinds(rows) == [Event.VIEW_SEARCH_RESULTS, Event.SELECT_ITEM, Event.VIEW_ITEM]
    search, click, view = rows
    assert (search.search_term, search.query_id, search.item_id) == ("bananas", query_id, None)
    assert (click.item_id, click.query_id, click.placement) == (item_id, query_id, "search")
    assert click.position == 1
    assert (view.item_id, view.query_id) == (item_id, query_id)
    assert {row.channel for row in rows} == {"storefront"}
    assert {row.user_id for row in rows} == {None}
    assert len({row.session_id for row in rows}) == 1
    # A reload is another look, and the same click.
    client.get(link)
    assert kinds(events_of(client))[3:] == [Event.VIEW_ITEM]


def test_positions_go_on_over_pages(client, twin):
    second = twin(client, "/search.json", q="cheese", page=2)["results"]
    assert [card["origin"]["position"] for card in second["cards"]] == list(
        range(25, 25 + len(second["cards"]))
    )


def test_browsers_that_fetch_ahead_are_not_shoppers(client, events_of):
    client.get("/search?q=milk")
    client.get("/item/1082185", headers={"sec-purpose": "prefetch;prerender"})
    client.head("/item/1082185")
    assert kinds(events_of(client)) == [Event.VIEW_SEARCH_RESULTS]


def test_an_origin_that_makes_no_sense_is_left_out(client, events_of):
    client.get("/item/1082185?query_id=<script>&placement=x&position=1")
    client.get("/item/1082185?query_id=ab&placement=search&position=0")
    assert kinds(events_of(client)) == [Event.VIEW_ITEM] * 2
    assert {row.query_id for row in events_of(client)} == {None}


def test_a_look_changes_the_next_answer(client, twin, bananas):
    titles = [shelf["title"] for shelf in twin(client, "/index.json")["shelves"]]
    assert not any(title.startswith("Because you looked") for title in titles)
    client.get("/item/1082185")
    shelves = {shelf["title"]: shelf for shelf in twin(client, "/index.json")["shelves"]}
    assert "Picked for you" in shelves
    mine = shelves[f"Because you looked at {bananas['title']}"]
    assert mine["placement"] == "item-similar"
    assert "1082185" not in [card["id"] for card in mine["cards"]]


def test_the_basket_fills_changes_and_empties(client, events_of, bananas):
    page = client.get("/item/1082185?query_id=ab&placement=search&position=7").text
    form = re.search(r'<form class="put".*?</form>', page, re.S)[0]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
    answer = client.post("/basket/add", data={**fields, "quantity": "2"})
    assert answer.url.path == "/basket"
    assert answer.history[0].status_code == 303
    assert client.get("/basket.json").json()["pieces"] == 2
    client.post("/basket/change", data={"item_id": "1082185", "quantity": "5"})
    total = client.get("/basket.json").json()["totals"]
    assert total == [{"amount": pytest.approx(5 * bananas["price"]), "currency": "USD"}]
    client.post("/basket/change", data={"item_id": "1082185", "quantity": "1"})
    client.post("/basket/change", data={"item_id": "1082185", "quantity": "0"})
    assert "Your basket is empty" in client.get("/basket").text
    rows = [row for row in events_of(client) if "cart" in row.event]
    changes = [(row.event, row.quantity) for row in rows]
    assert changes == [
        (Event.ADD_TO_CART, 2),
        (Event.ADD_TO_CART, 3),
        (Event.REMOVE_FROM_CART, 4),
        (Event.REMOVE_FROM_CART, 1),
    ]
    assert (rows[0].query_id, rows[0].placement, rows[0].position) == ("ab", "search", 7)
    assert rows[0].price == bananas["price"]


def test_a_purchase_is_one_event_however_often_it_is_sent(client, events_of, bananas):
    client.post("/basket/add", data={"item_id": "1082185", "quantity": "3"})
    client.post("/basket/add", data={"item_id": "995242"})
    basket = client.get("/basket.json").json()
    assert [line["quantity"] for line in basket["lines"]] == [3, 1]
    assert basket["goes_with"]["cards"]
    inside = {line["card"]["id"] for line in basket["lines"]}
    assert not inside & {card["id"] for card in basket["goes_with"]["cards"]}
    cookie = client.cookies["mercato_basket"]
    done = client.post("/basket/checkout", data={"order": basket["order"]})
    assert done.url.path == "/thanks"
    assert "mercato_basket" not in client.cookies
    client.cookies.set("mercato_basket", cookie, domain="testserver.local", path="/")
    client.post("/basket/checkout", data={"order": basket["order"]})
    rows = [row for row in events_of(client) if row.event == Event.PURCHASE]
    assert [(row.item_id, row.quantity) for row in rows] == [("1082185", 3), ("995242", 1)]
    assert {row.transaction_id for row in rows} == {basket["order"]}
    assert [row.price for row in rows] == [
        line["card"]["price"]["amount"] for line in basket["lines"]
    ]
    assert rows[0].currency == "USD"
    # What was bought just now can be bought again.
    shelves = client.get("/index.json").json()["shelves"]
    again = next(shelf for shelf in shelves if shelf["placement"] == "buy-again")
    assert {"1082185", "995242"} <= {card["id"] for card in again["cards"]}


def test_the_script_is_answered_in_data(client):
    answer = client.post(
        "/basket/add", data={"item_id": "1082185"}, headers={"accept": "application/json"}
    )
    assert answer.json()["pieces"] == 1
    assert answer.json()["notice"].startswith("Added to the basket: ")
    assert client.get("/basket.json").json()["pieces"] == 1


def test_a_known_shopper_sees_what_they_buy(client, shop, twin):
    picks = twin(client, "/shopper.json")["picks"]
    assert len(picks) > 3
    assert len({pick["habits"][0]["category"] for pick in picks}) == len(picks)
    chosen = picks[0]["user_id"]
    visitor = client.get("/basket") and client.cookies["mercato_visitor"]
    client.post("/basket/add", data={"item_id": "1082185"})
    home = client.post("/shopper", data={"user_id": chosen})
    assert f"Welcome back, shopper {chosen}" in home.text
    # Nothing of the shopper before is taken along.
    assert client.cookies["mercato_visitor"] != visitor
    assert "mercato_basket" not in client.cookies
    again, discover = twin(client, "/index.json")["shelves"][:2]
    catalogue = shop.live.catalogue
    bought = set(catalogue.ids(shop.live.histories.of(chosen).item))
    assert (again["placement"], discover["placement"]) == ("buy-again", "home")
    assert {card["id"] for card in again["cards"]} <= bought
    assert not {card["id"] for card in discover["cards"]} & bought
    assert all(card["reason"].startswith("Bought ") for card in again["cards"])
    assert all(card["reason"] for card in discover["cards"])


def test_events_of_a_known_shopper_carry_their_id(client, events_of):
    client.post("/shopper", data={"user_id": "16"})
    client.get("/item/1082185")
    assert {row.user_id for row in events_of(client)} == {"16"}
    client.post("/shopper", data={"user_id": ""})
    client.get("/item/1082185")
    assert {row.user_id for row in events_of(client)} == {None}


def test_an_unknown_shopper_is_as_good_as_new(client):
    home = client.post("/shopper", data={"user_id": "nobody 名字"})
    assert "nobody 名字" in home.text
    assert "Popular right now" in home.text
    assert "Nothing is known of this shopper yet" in home.text
    assert "Buy again" not in home.text


def test_cookies_are_hidden_from_scripts_and_stay_here(client):
    headers = client.get("/?lang=en").headers.get_list("set-cookie")
    assert len(headers) == 3
    for each in headers:
        assert "HttpOnly" in each
        assert "SameSite=lax" in each
        assert "Secure" not in each
    secure = client.get("https://testserver/")
    assert all("Secure" in each for each in secure.headers.get_list("set-cookie"))


@pytest.mark.parametrize("name", ["visitor", "session", "user", "lang", "basket"])
@pytest.mark.parametrize("value", ["x" * 3000, "%00%0a", "'\\", "*1.*.2*-3", "a*99999999999999"])
def test_cookies_of_any_content_are_survived(client, name, value):
    answer = client.get("/basket", headers={"cookie": f"mercato_{name}={value}"})
    assert answer.status_code == 200
