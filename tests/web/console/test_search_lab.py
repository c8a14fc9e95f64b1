"""The search lab tells of results what the search itself does, and changes what it says it does."""

import pytest

from mercato.shop.rules import By, delete_rule


def lab(merchant, **asked):
    return merchant.get("/console/search.json", params=asked).json()


def test_results_are_those_that_a_shopper_sees(merchant, twin):
    shown = [card["id"] for card in twin(merchant, "/search.json", q="milk")["results"]["cards"]]
    results = lab(merchant, q="milk")["results"]
    assert [each["card"]["id"] for each in results] == shown[: len(results)]
    assert [each["position"] for each in results] == list(range(1, len(results) + 1))


def test_bars_share_one_scale(merchant):
    bars = [bar for each in lab(merchant, q="milk")["results"] for bar in each["bars"]]
    assert max(abs(bar["share"]) for bar in bars) == 1
    longest = max(bars, key=lambda bar: abs(bar["adds"]))
    for bar in bars:
        assert bar["share"] == pytest.approx(bar["adds"] / abs(longest["adds"]))


def test_a_grade_is_kept_and_taken_back(merchant):
    first = lab(merchant, q="cheese")["results"][0]["card"]["id"]
    judge = {"q": "cheese", "item_id": first}
    answer = merchant.post("/console/search/judge", data={**judge, "grade": "3"})
    assert "Grade kept." in answer.text
    assert lab(merchant, q="cheese")["results"][0]["grade"] == 3
    assert lab(merchant, q="milk")["results"][0]["grade"] is None
    merchant.post("/console/search/judge", data={**judge, "grade": ""})
    assert lab(merchant, q="cheese")["results"][0]["grade"] is None
    assert merchant.post("/console/search/judge", data={**judge, "grade": "9"}).status_code == 400


def test_why_a_product_is_not_found_and_how_to_mend_it(merchant, shop):
    bananas = "1082185"
    asked = {"q": "zzgelb", "item": bananas}
    told = merchant.get("/console/search/why.json", params=asked).json()
    assert told["verdict"] == "unmatched"
    assert [fix["kind"] for fix in told["fixes"]] == ["synonym", "pin"]
    meant = {"q": "zzgelb", "item_id": bananas, "word": "zzgelb", "means": "bananas", "both": "1"}
    page = merchant.post("/console/synonyms", data=meant)
    assert "Shown at place" in page.text or "Found, but" in page.text
    pin = {"q": "milk", "item_id": bananas, "position": "2"}
    merchant.post("/console/search/pin", data=pin)
    results = lab(merchant, q="milk")["results"]
    assert results[1]["card"]["id"] == bananas
    (rule,) = [each for each in lab(merchant)["choices"] if each["kind"] == "rule"]
    other = lab(merchant, q="milk", against=rule["value"])
    assert bananas not in [card["id"] for _, card, _ in other["other"]["cards"]]
    assert other["results"][1]["other"] is None
    assert other["other"]["cards"][1][2] == 3
    delete_rule(shop, rule["value"].removeprefix("rule:"), By("me", "test"))


def test_words_in_the_place_of_an_id_offer_products(merchant):
    told = merchant.get(
        "/console/search/why.json", params={"q": "milk", "item": "bananas ripe"}
    ).json()
    assert told["card"] is None
    assert any("banana" in card["title"].lower() for card, _ in told["meant"])
