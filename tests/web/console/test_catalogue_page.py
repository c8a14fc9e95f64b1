"""The catalogue's page counts what assets say, and what they say once."""

import pytest

BANANAS = "1082185"


def sold(item_id, views=0, purchases=0):
    counts = {"impressions": 0, "clicks": 0, "views": views, "carts": 0, "purchases": purchases}
    return {"item_id": item_id, "shoppers": purchases, **counts}


ROWS = {
    "item_statistics": [sold(BANANAS, views=7), sold("a", 2, 1), sold("b"), sold("c", 1, 4)],
    "item_quality": [
        {"item_id": BANANAS, "score": 40, "lacks": ["image", "gtin"]},
        {"item_id": "a", "score": 80, "lacks": ["gtin"]},
    ],
    "near_duplicates": [
        {"item_id": BANANAS, "other_id": "995242", "similarity": 0.95},
        {"item_id": "995242", "other_id": BANANAS, "similarity": 0.95},
    ],
    "quarantine": [
        {"asset": "items", "check": "price-readable", "column": "price", "value": str(n)}
        for n in range(3)
    ],
}


@pytest.fixture
def summed(saying):
    with saying(ROWS):
        yield


def test_what_is_never_met_never_bought_and_badly_described(merchant, summed, shop):
    page = merchant.get("/console/catalogue.json").json()
    read = page["read"]
    assert read["items"] == len(shop.live.catalogue.living)
    assert read["never_bought"] == pytest.approx(2 / 4)
    assert read["never_seen"] == pytest.approx(1 / 4)
    assert read["mean_score"] == 60
    assert read["lacking"] == [["gtin", 1.0], ["image", 0.5]]
    assert [each["item_id"] for each in read["worst"]] == [BANANAS, "a"]
    assert [(each["item_id"], each["views"]) for each in read["idle"]] == [(BANANAS, 7)]
    # Products that are not sold any more have no card.
    assert [card["id"] for card, *_ in page["worst"]] == [BANANAS]
    # A pair that reads alike stands there once, though each of them has a double.
    assert (read["doubled"], len(read["doubles"])) == (2, 1)
    assert [each["id"] for each in page["doubles"][0][:2]] == [BANANAS, "995242"]
    assert read["unmet"] == ["b"]
    assert read["refused"] == [
        {"asset": "items", "check": "price-readable", "column": "price", "rows": 3}
    ]
    spots = page["map"]
    assert bool(spots) == (shop.live.catalogue.vectors is not None)
    assert {spot["near"] for spot in spots} <= {spot["name"] for spot in spots}
    assert sum(spot["items"] for spot in spots) <= read["items"]
    chart = merchant.get("/console/catalogue.svg?figure=lacking")
    assert "Valid GTIN" in chart.text
