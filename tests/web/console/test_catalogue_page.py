"""The catalogue's page counts what assets say, and what they say once."""

import shutil

import pyarrow as pa
import pytest

from mercato.data.assets import ASSETS
from mercato.data.store import AssetStore

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
    "quarantine": [
        {"asset": "items", "check": "price-readable", "column": "price", "value": str(n)}
        for n in range(3)
    ],
}


@pytest.fixture
def summed(shop):
    store = AssetStore(shop.paths.assets)
    before = {name: store.version(name) for name in ROWS}
    kept = {name: store.read(name) for name, version in before.items() if version is not None}
    for name, rows in ROWS.items():
        store.commit(name, pa.Table.from_pylist(rows, ASSETS[name].stored))
    yield
    for name in ROWS:
        if name in kept:
            store.commit(name, kept[name])
        else:
            shutil.rmtree(store.root / name)


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
    assert read["refused"] == [
        {"asset": "items", "check": "price-readable", "column": "price", "rows": 3}
    ]
    chart = merchant.get("/console/catalogue.svg?figure=lacking")
    assert "Valid GTIN" in chart.text
