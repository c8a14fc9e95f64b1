from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mercato.data.assets.items import ITEMS
from mercato.data.importers import DIALECTS, shopify
from mercato.data.importers.csv_files import read_csv
from mercato.data.importers.raw import RawBatch, Reading, Source
from mercato.data.importers.shopify_columns import headers_of

ReadItems = Callable[..., Any]
WriteCsv = Callable[..., Path]
FIXTURES = Path(__file__).parent / "fixtures"
READING = Reading("items", frozenset(ITEMS.schema.names))
HEADER = (
    "Handle",
    "Title",
    "Option1 Name",
    "Option1 Value",
    "Variant SKU",
    "Variant Price",
    "Variant Compare At Price",
    "Image Src",
    "Image Position",
    "Status",
)


@pytest.fixture
def products(write_csv: WriteCsv) -> Callable[..., Path]:
    """Writes rows given as ``Header=value`` texts under the legacy headers."""

    def write(*rows: str, header: tuple[str, ...] = HEADER) -> Path:
        named = [dict(part.split("=", 1) for part in row.split("|")) for row in rows]
        return write_csv(
            "products.csv", header, *([row.get(h, "") for h in header] for row in named)
        )

    return write


def test_drafts_and_pictures_are_left_out_and_counted(read_items: ReadItems) -> None:
    found = read_items(FIXTURES / "shopify_2024.csv")
    assert found.left_out == {"draft": 1, "further picture": 1}
    assert "SP-1" not in found.items


def test_items_stand_where_their_rows_do(read_items: ReadItems) -> None:
    found = read_items(FIXTURES / "shopify_legacy.csv")
    assert found.lines == {
        "HT-RED-S": 2,
        "HT-RED-M": 3,
        "HT-BLUE-S": 4,
        "harbour-tee:blue:m:relaxed-fit": 5,
        "gift-note": 7,
        "WC-1": 8,
    }


def test_html_comes_as_it_is() -> None:
    path = FIXTURES / "shopify_legacy.csv"
    batches = DIALECTS["shopify"].read(Source(path, (path,)), READING)
    (first, _) = [batch.columns for batch in batches]
    assert first["description"][0].as_py() == "<p>Heavy cotton, <strong>cut straight</strong>.</p>"


def test_costs_are_for_no_shopper(read_items: ReadItems) -> None:
    for name in ("shopify_2024.csv", "shopify_legacy.csv"):
        assert "6.10" not in str(read_items(FIXTURES / name).items)


def in_fives(source: Source) -> Iterator[RawBatch]:
    for batch in read_csv(source):
        for start in range(0, len(batch.lines), 5):
            columns = {name: column[start : start + 5] for name, column in batch.columns.items()}
            yield RawBatch(batch.lines[start : start + 5], columns)


def test_products_may_span_batches(
    read_items: ReadItems, products: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every product has three variants and a fourth row with a picture; batches are of five
    rows, so most products lie in two of them."""
    rows = []
    for n in range(60):
        start = f"Handle=p{n}|Title=Product {n}|Option1 Name=Size|Option1 Value=S|"
        rows += [
            f"{start}Variant SKU=p{n}-S|Variant Price=1|Image Src=https://x/{n}a|Image Position=2",
            f"Handle=p{n}|Option1 Value=M|Variant SKU=p{n}-M|Variant Price=2",
            f"Handle=p{n}|Option1 Value=L|Variant SKU=p{n}-L|Variant Price=3",
            f"Handle=p{n}|Image Src=https://x/{n}b|Image Position=1",
        ]
    path = products(*rows)
    monkeypatch.setattr(shopify, "read_csv", in_fives)
    found = read_items(path)
    assert len(found.items) == 180
    assert found.left_out == {"further picture": 60}
    for n in range(60):
        for at, size in enumerate("SML"):
            item = found.items[f"p{n}-{size}"]
            assert item["title"] == f"Product {n}"
            assert (item["item_group_id"], item["size"]) == (f"p{n}", size)
            assert item["image_link"] == f"https://x/{n}b"
            assert item["attributes"] == {"additional_image_link": [f"https://x/{n}a"]}
            assert (item["price"], found.lines[f"p{n}-{size}"]) == (at + 1, 2 + 4 * n + at)


@pytest.mark.parametrize(
    ("price", "compare_at", "expected"),
    [
        ("24.00", "30.00", (30.0, 24.0)),
        ("24.00", "", (24.0, None)),
        ("24.00", "0", (24.0, None)),
        ("24.00", "24.00", (24.0, None)),
        ("24.00", "20.00", (24.0, None)),
        ("9.00", "10.00", (10.0, 9.0)),  # as texts, 9 would be more than 10
        ("1,050.00", "1,299.00", (1299.0, 1050.0)),
    ],
)
def test_what_it_cost_before_is_the_price(
    read_items: ReadItems,
    products: Callable[..., Path],
    price: str,
    compare_at: str,
    expected: tuple[float, float | None],
) -> None:
    row = f"Handle=a|Title=A|Variant Price={price}|Variant Compare At Price={compare_at}"
    item = read_items(products(row)).items["a"]
    assert (item["price"], item.get("sale_price")) == expected


@pytest.mark.parametrize(
    ("quantity", "policy", "tracker", "expected"),
    [
        ("3", "deny", "shopify", "in_stock"),
        ("0", "deny", "shopify", "out_of_stock"),
        ("-4", "deny", "shopify", "out_of_stock"),
        ("0", "continue", "shopify", "backorder"),
        ("0", "TRUE", "shopify", "backorder"),
        ("0", "", "shopify", "out_of_stock"),
        ("", "deny", "shopify", "in_stock"),
        ("0", "deny", "", "in_stock"),
        ("many", "deny", "shopify", None),
    ],
)
def test_stock_decides_what_can_be_had(
    read_items: ReadItems,
    products: Callable[..., Path],
    quantity: str,
    policy: str,
    tracker: str,
    expected: str | None,
) -> None:
    header = (*HEADER, "Inventory quantity", "Variant Inventory Policy", "Inventory tracker")
    row = (
        f"Handle=a|Title=A|Inventory quantity={quantity}|Variant Inventory Policy={policy}|"
        f"Inventory tracker={tracker}"
    )
    found = read_items(products(row, header=header))
    if expected is None:
        assert [(each.check, each.value) for each in found.refusals] == [
            ("availability-accepted", "many")
        ]
    else:
        assert found.items["a"]["availability"] == expected


@pytest.mark.parametrize("status", ["archived", "Unlisted", "unpublished"])
def test_what_is_not_on_sale_any_more_is_out_of_stock(
    read_items: ReadItems, products: Callable[..., Path], status: str
) -> None:
    row = "Handle=a|Title=A|Variant Price=2|" + (
        "Published=FALSE" if status == "unpublished" else f"Status={status}"
    )
    item = read_items(products(row, header=(*HEADER, "Published"))).items["a"]
    assert item["availability"] == "out_of_stock"
    said = {"published": "false"} if status == "unpublished" else {"status": status.lower()}
    assert item["attributes"] == said


def test_rows_without_their_product_are_refused(
    read_items: ReadItems, products: Callable[..., Path]
) -> None:
    found = read_items(
        products(
            "Handle=lost|Variant SKU=1|Variant Price=1",
            "Handle=a|Title=A|Variant SKU=2|Variant Price=1",
            "Handle=b|Variant SKU=3|Variant Price=1",
            "Variant SKU=4|Variant Price=1",
            "Handle=a|Variant SKU=5|Variant Price=1",
        )
    )
    assert list(found.items) == ["2", "5"]
    assert [(each.line, each.check, each.value) for each in found.refusals] == [
        (2, "product-rows", "lost"),
        (4, "product-rows", "b"),
        (5, "product-rows", None),
    ]


def test_a_product_without_a_handle_is_called_as_shopify_would(
    read_items: ReadItems, products: Callable[..., Path]
) -> None:
    row = "Title=Women's Tee|Option1 Name=Color|Option1 Value=Dark Red|Variant Price=1"
    (item,) = read_items(products(row)).items.values()
    assert (item["id"], item["item_group_id"], item["color"]) == (
        "women-s-tee:dark-red",
        "women-s-tee",
        "Dark Red",
    )


def test_columns_may_be_mapped(read_items: ReadItems, products: Callable[..., Path]) -> None:
    header = (*HEADER, "Supplier")
    path = products(
        "Handle=a|Title=A|Supplier=Acme|Variant SKU=1|Variant Price=1",
        "Handle=a|Variant SKU=2|Variant Price=1",
        header=header,
    )
    assert read_items(path).items["2"]["attributes"] == {"supplier": "Acme"}
    assert [item["brand"] for item in read_items(path, brand="Supplier").items.values()] == [
        "Acme",
        "Acme",
    ]


def test_names_of_attributes() -> None:
    headers = {
        "Google Shopping / MPN": "mpn",
        "Google Shopping / Manufacturer part number (MPN)": "mpn",
        "Google Shopping / Google product category": "google_product_category",
        "Google Shopping / Custom Label 0": "custom_label_0",
        "Care guide (product.metafields.custom.care)": "care_guide",
        "Color (product.metafields.shopify.color-pattern)": "color",
        "Title (product.metafields.custom.title)": "custom.title",
        "Variant Grams": "weight_grams",
        "Language": "shopify_language",
    }
    assert dict(headers_of(headers).further) == headers
