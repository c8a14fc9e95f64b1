"""Scores of products and fields."""

import pyarrow as pa

from mercato.core.settings import Settings
from mercato.data.assets.items import ITEMS
from mercato.data.derive import derive
from mercato.data.engines import open_engine
from mercato.data.quality.fields import field_scores
from mercato.data.quality.gtin import is_gtin
from mercato.data.quality.scoring import PARTS

WHOLE = {
    "id": "whole",
    "title": "Norrvik electric kettle 1.7 l",
    "description": "Boils a litre and a half in three minutes and switches itself off.",
    "link": "https://shop.example/kettle",
    "image_link": "https://shop.example/kettle.jpg",
    "price": 39.9,
    "currency": "EUR",
    "product_type": "Kitchen > Kettles",
    "brand": "Norrvik",
    "gtin": "4006381333931",
    "color": "steel",
}
ALL = ["title", "description", "image", "price", "category", "brand", "gtin", "link", "variant"]


def scores_of(store, *rows):
    store.commit("items", pa.Table.from_pylist(list(rows), schema=ITEMS.schema))
    made = derive(store, ["item_quality"], settings=Settings())["item_quality"]
    return {row["item_id"]: (row["score"], row["lacks"]) for row in made.to_pylist()}


def test_the_weights_sum_to_a_hundred():
    assert sum(part.weight for part in PARTS) == 100
    assert [part.name for part in PARTS] == ALL


def test_a_whole_entry_has_a_hundred_and_an_empty_one_nothing(store):
    assert scores_of(store, WHOLE, {"id": "empty", "title": "Kettle"}) == {
        "whole": (100, []),
        "empty": (0, ALL),
    }


LACKING = [
    ({"title": "Kettle"}, "title"),
    ({"title": "k" * 151}, "title"),
    ({"description": "Boils water."}, "description"),
    ({"image_link": "kettle.jpg"}, "image"),
    ({"price": 0.0}, "price"),
    ({"currency": None}, "price"),
    ({"product_type": "Kitchen"}, "category"),
    ({"brand": None}, "brand"),
    ({"gtin": "4006381333930"}, "gtin"),
    ({"link": "javascript:alert(1)"}, "link"),
    ({"color": None}, "variant"),
]


def test_one_part_that_lacks_costs_its_weight(store):
    weights = {part.name: part.weight for part in PARTS}
    rows = [WHOLE | change | {"id": str(n)} for n, (change, _) in enumerate(LACKING)]
    assert scores_of(store, *rows) == {
        str(n): (100 - weights[part], [part]) for n, (_, part) in enumerate(LACKING)
    }


def test_check_digits():
    """GS1's own examples, an EAN-8 and an UPC-A; then one digit wrong, letters, wrong lengths."""
    right = ["6291041500213", "96385074", "036000291452", "10614141000415"]
    wrong = ["6291041500214", "96385075", "03600029145x", "123", "0629104150021300", ""]
    with open_engine() as engine:
        table = engine.arrow(pa.table({"gtin": [*right, *wrong, None]}))
        found = engine.table(table.select(ok=is_gtin(table.gtin), gtin="gtin")).to_pylist()
    assert {row["gtin"]: row["ok"] for row in found} == {
        **dict.fromkeys(right, True),
        **dict.fromkeys(wrong, False),
        None: None,
    }


def test_fields_are_filled_valid_and_distinct():
    rows = [
        {"id": "a", "title": "Cup", "gtin": "96385074", "price": 1.0},
        {"id": "b", "title": "Cup", "gtin": "96385075", "price": -1.0},
        {"id": "c", "title": "Mug", "gtin": None, "price": None},
        {"id": "d", "title": "Jug", "gtin": None, "price": 2.0},
    ]
    with open_engine() as engine:
        table = engine.arrow(pa.Table.from_pylist(rows, schema=ITEMS.schema))
        found = {each.column: each for each in field_scores(engine, ITEMS, table)}
    assert list(found) == ITEMS.schema.names
    said = {name: (each.filled, each.valid, each.distinct) for name, each in found.items()}
    assert said["title"] == (1, 1, 3)
    assert said["gtin"] == (0.5, 0.5, 2)
    assert said["price"] == (0.75, 2 / 3, 3)
    assert said["brand"] == (0, None, 0)
