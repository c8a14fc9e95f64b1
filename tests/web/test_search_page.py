"""Listings: what a link promises is what its page shows."""

import re

import pytest


def test_every_facet_leads_to_as_many_products_as_it_says(client, twin):
    found = twin(client, "/search.json", q="milk")["results"]
    assert {facet["name"] for facet in found["facets"]} >= {"category", "price", "brand", "size"}
    for facet in found["facets"]:
        for value in [*facet["shown"], *facet["more"]][:6]:
            followed = client.get(value["url"].replace("?", ".json?", 1)).json()["results"]
            assert followed["total"] == value["count"], (facet["name"], value)
            if facet["name"] != "category":
                assert value["label"] in [chip["label"] for chip in followed["chips"]]


def test_chips_take_filters_off_again(client, twin):
    all_of_it = twin(client, "/search.json", q="milk")["results"]["total"]
    narrow = twin(client, "/search.json", q="milk", brand="Store brand", price="..<1", low="0.5")[
        "results"
    ]
    assert narrow["total"] < all_of_it
    assert len(narrow["chips"]) == 3
    wider = narrow
    while wider["chips"]:
        wider = client.get(wider["chips"][0]["url"].replace("?", ".json?", 1)).json()["results"]
    assert wider["total"] == all_of_it
    cleared = client.get(narrow["unfiltered"].replace("?", ".json?", 1)).json()["results"]
    assert cleared["total"] == all_of_it


def test_paging_shows_everything_once(client, twin):
    found = twin(client, "/search.json", q="cheese")["results"]
    total, seen = found["total"], [card["id"] for card in found["cards"]]
    assert total > len(seen) == 24
    while found["next"]:
        found = client.get(found["next"].replace("?", ".json?", 1)).json()["results"]
        assert found["first"] == len(seen) + 1
        seen += [card["id"] for card in found["cards"]]
        assert found["last"] == len(seen)
    assert len(seen) == len(set(seen)) == total


def test_pages_around_this_one_are_offered(client, twin):
    last = twin(client, "/search.json")["results"]["pages"][-1]["value"]
    middle = int(last) // 2
    shown = twin(client, "/search.json", page=middle)["results"]["pages"]
    labels = [each and each["value"] for each in shown]
    near = [str(middle - 1), str(middle), str(middle + 1)]
    assert labels == ["1", None, *near, None, last]
    assert [each["value"] for each in shown if each and each["chosen"]] == [str(middle)]


@pytest.mark.parametrize(("sort", "rising"), [("price:asc", True), ("price:desc", False)])
def test_sorting_by_price(client, twin, sort, rising):
    cards = twin(client, "/search.json", q="cheese", sort=sort)["results"]["cards"]
    prices = [card["price"]["amount"] for card in cards]
    assert prices == sorted(prices, reverse=not rising)


def test_forms_keep_what_is_chosen(client):
    html = client.get("/search?q=milk&brand=Store+brand&per_page=48&sort=price%3Aasc").text
    form = re.search(r'<form class="bounds".*?</form>', html, re.S)[0]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
    assert fields == {
        "q": "milk",
        "brand": "Store brand",
        "per_page": "48",
        "sort": "price:asc",
    }


def test_bounds_of_the_price_are_kept(client, twin):
    cards = twin(client, "/search.json", low="1,50", high="2")["results"]["cards"]
    assert cards
    assert all(1.5 <= card["price"]["amount"] <= 2 for card in cards)


def test_nothing_found_offers_something_else(client, twin):
    empty = twin(client, "/search.json", q="zzzzqqqq", brand="Store brand")
    assert empty["results"]["total"] == 0
    assert empty["results"]["pages"] == []
    assert empty["instead"]["cards"]
    assert "Nothing found for “zzzzqqqq”" in client.get("/search?q=zzzzqqqq").text


def test_browsing_goes_down_the_tree(client, twin):
    top = twin(client, "/browse.json")["departments"]
    counts = [each["count"] for each in top]
    assert counts == sorted(counts, reverse=True)
    grocery = next(each for each in top if each["name"] == "Grocery")
    page = twin(client, "/browse.json", category="Grocery")
    assert page["results"]["total"] == grocery["count"]
    child = grocery["children"][0]
    below = client.get(child["url"].replace("?", ".json?", 1)).json()
    assert below["results"]["total"] == child["count"]
    assert below["category"] == child["name"]
    assert [name for name, _ in below["crumbs"]] == ["Grocery", child["name"]]


def test_a_search_within_a_category_stays_there(client, twin):
    page = twin(client, "/search.json", q="milk", category="Grocery")
    assert page["category"] == "Grocery"
    everywhere = twin(client, "/search.json", q="milk")["results"]["total"]
    assert 0 < page["results"]["total"] <= everywhere


def test_suggestions(client):
    found = client.get("/suggest?q=chee").json()
    assert found.keys() == {"queries", "items", "categories"}
    assert any("heese" in item["title"] for item in found["items"])
    assert client.get("/suggest").json() == {"queries": [], "items": [], "categories": []}


def test_a_search_in_vain_offers_what_means_the_like(client, twin):
    vain = twin(client, "/search.json", q="milk", brand="No such brand")
    assert vain["results"]["total"] == 0
    assert vain["instead"]["placement"] == "zero-results"
    titles = [card["title"].casefold() for card in vain["instead"]["cards"]]
    assert sum("milk" in title for title in titles) > len(titles) / 2


def test_a_known_shopper_sees_the_best_of_a_category(client, twin, shop):
    assert twin(client, "/browse.json", category="Grocery")["own"] is None
    user = shop.live.histories.shopper_ids[0].as_py()
    client.post("/shopper", data={"user_id": user}, headers={"origin": "http://testserver"})
    own = twin(client, "/browse.json", category="Grocery")["own"]
    assert (own["placement"], own["title"]) == ("category", "For you in Grocery")
    ids = [card["id"] for card in own["cards"]]
    assert len(ids) > 3
    catalogue = shop.live.catalogue
    items = (catalogue.item(catalogue.row(each)) for each in ids)
    assert all(item["product_type"].startswith("Grocery") for item in items)
    narrowed = twin(client, "/browse.json", category="Grocery", brand="Store brand")
    assert narrowed["own"] is None
