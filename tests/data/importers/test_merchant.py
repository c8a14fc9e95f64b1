from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from mercato.core.settings import Settings
from mercato.data.importers import dialect_of, sources_of
from mercato.data.importing import import_items
from mercato.data.store import AssetStore

HEADER = [
    "id", "title", "description", "link", "image link", "availability", "price", "sale price",
    "brand", "gtin", "condition", "product type", "google product category", "item group id",
    "additional image link", "product detail",
]  # fmt: skip
SHIRT = [
    "SKU-1", "Linen shirt", "Airy, for summer", "https://shop.example/1",
    "https://shop.example/1.jpg", "in stock", "15.00 EUR", "12,50 EUR", "Acme", "0042100005264",
    "new", "Clothing > Shirts, Summer > Linen", "Apparel & Accessories > Clothing", "G1",
    "https://shop.example/2.jpg, https://shop.example/3.jpg",
    "General:Sleeve:short,Fabric:Weight:120 g/m²",
]  # fmt: skip


@pytest.mark.parametrize(("name", "delimiter"), [("feed.csv", ","), ("feed.tsv", "\t")])
@pytest.mark.parametrize("spelling", [str, lambda name: "g:" + name.replace(" ", "_")])
def test_the_feed_is_found_and_read(
    store: AssetStore,
    settings: Settings,
    write_csv: Callable[..., Path],
    name: str,
    delimiter: str,
    spelling: Callable[[str], str],
) -> None:
    feed = write_csv(name, [spelling(each) for each in HEADER], SHIRT, delimiter=delimiter)
    assert dialect_of(sources_of(feed)[0], "items", None).name == "merchant"
    import_items(store, [feed], settings=settings)
    (item,) = store.read("items").to_pylist()
    attributes = orjson.loads(item.pop("attributes"))
    assert {key: value for key, value in item.items() if value is not None} == {
        "id": "SKU-1",
        "title": "Linen shirt",
        "description": "Airy, for summer",
        "link": "https://shop.example/1",
        "image_link": "https://shop.example/1.jpg",
        "availability": "in_stock",
        "price": 15.0,
        "sale_price": 12.5,
        "currency": "EUR",
        "brand": "Acme",
        "gtin": "0042100005264",
        "product_type": "Clothing > Shirts",
        "item_group_id": "G1",
    }
    assert attributes == {
        "additional_image_link": ["https://shop.example/2.jpg", "https://shop.example/3.jpg"],
        "additional_product_type": ["Summer > Linen"],
        "condition": "new",
        "google_product_category": "Apparel & Accessories > Clothing",
        "sleeve": "short",
        "weight": "120 g/m²",
    }


@pytest.mark.parametrize(
    ("product_type", "expected"),
    [
        ("", "Apparel & Accessories > Clothing"),
        ("Home > Garden, Patio > Chairs", "Home > Garden"),
        ("Food, drinks and more", "Food, drinks and more"),
        ("Home > Lamps, bulbs", "Home > Lamps, bulbs"),
    ],
)
def test_the_category_is_one_path(
    store: AssetStore,
    settings: Settings,
    write_csv: Callable[..., Path],
    product_type: str,
    expected: str,
) -> None:
    row = dict(zip(HEADER, SHIRT, strict=True)) | {"product type": product_type}
    if not product_type:
        del row["product type"]
    import_items(store, [write_csv("feed.csv", list(row), list(row.values()))], settings=settings)
    assert store.read("items")["product_type"].to_pylist() == [expected]


def test_a_plain_file_is_not_the_feed(write_csv: Callable[..., Path]) -> None:
    plain = write_csv("items.csv", ["id", "title", "price"], ["1", "x", "2"])
    assert dialect_of(sources_of(plain)[0], "items", None).name == "plain"
