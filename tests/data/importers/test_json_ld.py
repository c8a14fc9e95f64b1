import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mercato.data.importers import DIALECTS
from mercato.data.importers.raw import Source

ReadItems = Callable[..., Any]
ReadProduct = Callable[..., dict[str, Any]]
PRODUCT = {"@context": "https://schema.org", "@type": "Product", "sku": "1", "name": "A"}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def read_product(read_items: ReadItems, write: Callable[..., Path]) -> ReadProduct:
    """The item of `PRODUCT` with some more properties."""

    def read(**properties: Any) -> dict[str, Any]:
        found = read_items(write("a.json", json.dumps(PRODUCT | properties)))
        assert found.dialects == {"json-ld"}
        (item,) = found.items.values()
        return dict(item)

    return read


def page(*scripts: object) -> str:
    tags = (
        f'<script type="application/ld+json">{s if isinstance(s, str) else json.dumps(s)}</script>'
        for s in scripts
    )
    return "<!doctype html>\n<html><body>" + "\n".join(tags) + "</body></html>"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"brand": "Acme"}, {"brand": "Acme"}),
        ({"brand": {"@type": "Brand", "name": "Acme"}}, {"brand": "Acme"}),
        ({"brand": [{"@type": "Brand", "name": ["Acme", "Acme Ltd"]}]}, {"brand": "Acme"}),
        ({"brand": {"@value": "Acme", "@language": "en"}}, {"brand": "Acme"}),
        ({"image": "https://x/1"}, {"image_link": "https://x/1"}),
        ({"image": {"url": "https://x/1", "caption": "c"}}, {"image_link": "https://x/1"}),
        ({"image": {"@list": [{"@id": "https://x/1"}]}}, {"image_link": "https://x/1"}),
        ({"category": "A > B"}, {"product_type": "A > B"}),
        ({"category": {"@type": "CategoryCode", "codeValue": "77"}}, {"product_type": "77"}),
        ({"gtin13": "4006381333931"}, {"gtin": "4006381333931"}),
        ({"gtin8": 40170725}, {"gtin": "40170725"}),
        ({"size": {"@type": "QuantitativeValue", "value": 5, "unitText": "l"}}, {"size": "5 l"}),
        ({"inLanguage": "en"}, {"language": "en"}),
        ({"price": 7, "availability": "in_stock"}, {"price": 7.0}),
        ({"sku": None, "productID": "sku:1"}, {"id": "1"}),
        ({"sku": None, "mpn": "1", "@id": "x"}, {"id": "1"}),
        ({"sku": None, "@id": "https://x/p#1"}, {"id": "https://x/p#1"}),
        ({"sku": None, "url": "https://x/p"}, {"id": "https://x/p", "link": "https://x/p"}),
    ],
)
def test_properties_and_their_forms(
    read_product: ReadProduct, properties: dict[str, Any], expected: dict[str, Any]
) -> None:
    item = read_product(**properties)
    assert {name: item.get(name) for name in expected} == expected


def test_what_has_no_column_is_an_attribute(read_product: ReadProduct) -> None:
    item = read_product(
        image=["https://x/1", "https://x/2"],
        weight={"@type": "QuantitativeValue", "value": 1.5, "unitCode": "KGM"},
        pattern="plain",
        keywords=["a", "b"],
        numberOfPieces=4,
        isFamilyFriendly=True,
        depth={"minValue": 3, "maxValue": 5, "unitCode": "CMT"},
        aggregateRating={"ratingValue": "4.5", "reviewCount": 12, "@type": "AggregateRating"},
        additionalProperty=[
            {"name": "Power", "value": 40, "unitCode": "WTT"},
            {"propertyID": "Price", "value": "cheap"},
            {"name": "Colour", "value": ["red", "blue"]},
        ],
        review=[{"reviewBody": "Good"}],
        isRelatedTo={"@type": "Product", "name": "B", "sku": "2"},
    )
    assert item["attributes"] == {
        "additional_image_link": ["https://x/2"],
        "colour": ["red", "blue"],
        "depth": "3–5 cm",
        "is_family_friendly": "true",
        "keywords": ["a", "b"],
        "number_of_pieces": 4,
        "pattern": "plain",
        "power": "40 W",
        "property_price": "cheap",
        "rating_value": "4.5",
        "review_count": 12,
        "weight": "1.5 kg",
    }


STRUCK = {"priceType": "https://schema.org/StrikethroughPrice", "price": "20.00"}


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ({"price": 10}, (10.0, None)),
        ({"price": "1.299,00", "priceCurrency": "EUR"}, (1299.0, None)),
        ({"price": 10, "priceSpecification": STRUCK}, (20.0, 10.0)),
        ({"price": 30, "priceSpecification": [STRUCK]}, (30.0, None)),
        ({"priceSpecification": {"minPrice": 8}}, (8.0, None)),
        (
            {"priceSpecification": [{"price": 1, "referenceQuantity": {}}, {"price": 9}]},
            (9.0, None),
        ),
        ({"@type": "AggregateOffer", "lowPrice": 5, "highPrice": 9}, (5.0, None)),
        ([{"price": 10}, {"price": 9}, {"price": 8, "availability": "SoldOut"}], (9.0, None)),
        ([{"price": 10, "availability": "SoldOut"}, {"price": "ask"}], None),
        ([], (None, None)),
    ],
)
def test_what_is_paid_and_what_it_cost_before(
    read_items: ReadItems,
    write: Callable[..., Path],
    offers: object,
    expected: tuple[float | None, float | None] | None,
) -> None:
    found = read_items(write("a.json", json.dumps(PRODUCT | {"offers": offers})))
    if expected is None:
        assert [(each.check, each.value) for each in found.refusals] == [("price-readable", "ask")]
    else:
        assert (found.items["1"].get("price"), found.items["1"].get("sale_price")) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://schema.org/InStock", "in_stock"),
        ("http://www.schema.org/OutOfStock", "out_of_stock"),
        ("schema:PreOrder", "preorder"),
        ({"@id": "https://schema.org/SoldOut"}, "out_of_stock"),
        ("MadeToOrder", "backorder"),
        ("https://schema.org/Reserved", "out_of_stock"),
        ("LimitedAvailability", "in_stock"),
        (None, "in_stock"),
    ],
)
def test_availability(read_product: ReadProduct, written: object, expected: str) -> None:
    item = read_product(offers={"price": 1, "availability": written})
    assert item["availability"] == expected


def test_offers_of_several_skus_are_variants(
    read_items: ReadItems, write: Callable[..., Path]
) -> None:
    one = [{"sku": "1", "price": 3}, {"sku": "1", "price": 2}]
    two = [{"sku": "1a", "price": 3, "availability": "SoldOut"}, {"sku": "1b", "price": 2}]
    found = read_items(write("a.json", json.dumps(PRODUCT | {"offers": one}))).items
    assert {key: (row["price"], row.get("item_group_id")) for key, row in found.items()} == {
        "1": (2.0, None)
    }
    found = read_items(write("a.json", json.dumps(PRODUCT | {"offers": two}))).items
    assert {key: (row["price"], row["item_group_id"]) for key, row in found.items()} == {
        "1a": (3.0, "1"),
        "1b": (2.0, "1"),
    }


def test_a_group_without_variants_is_a_product(read_product: ReadProduct) -> None:
    assert read_product(**{"@type": "ProductGroup", "productGroupID": "G"})["id"] == "1"


def test_groups_and_variants_of_a_page_find_each_other(
    read_items: ReadItems, write: Callable[..., Path]
) -> None:
    group = {"@type": "ProductGroup", "@id": "#g", "name": "G", "sku": "G1", "color": "red"}
    chain = [
        {"@type": "WebPage", "@id": f"#p{n}", "mainEntity": {"@id": f"#p{n + 1}"}}
        for n in range(5_000)
    ]
    variants = [
        {"@type": "Product", "sku": "V1", "isVariantOf": {"@id": "#g"}, "size": "S"},
        {"@type": "Product", "@id": "#v2", "sku": "V2", "size": "M", "name": "V"},
    ]
    pointing = group | {
        "hasVariant": [{"@id": "#v2"}, {"@id": "#elsewhere"}, {"sku": "V3", "size": "L"}]
    }
    found = read_items(write("a.html", page({"@graph": chain}, pointing, variants))).items
    assert {key: (row["title"], row["size"], row["color"]) for key, row in found.items()} == {
        "V1": ("G", "S", "red"),
        "V2": ("V", "M", "red"),
        "V3": ("G", "L", "red"),
    }
    assert {row["item_group_id"] for row in found.values()} == {"G1"}


def test_references_may_go_in_circles(read_items: ReadItems, write: Callable[..., Path]) -> None:
    graph = [
        PRODUCT | {"@id": "#a", "brand": {"@id": "#b"}, "isVariantOf": {"@id": "#a"}},
        {"@type": "Brand", "@id": "#b", "name": {"@id": "#b"}},
        {"@type": "WebPage", "@id": "#p", "mainEntity": {"@id": "#p"}},
    ]
    found = read_items(write("a.html", page({"@graph": graph})))
    assert not found.refusals
    assert found.items["1"]["title"] == "A" and "brand" not in found.items["1"]


def test_different_things_of_one_id_stay_apart(
    read_items: ReadItems, write: Callable[..., Path]
) -> None:
    """Shops give every product of a list the id ``#product``."""
    products = [PRODUCT | {"@id": "#product", "sku": str(n), "name": f"P{n}"} for n in range(40)]
    found = read_items(write("a.html", page({"@graph": products})))
    assert {key: row["title"] for key, row in found.items.items()} == {
        str(n): f"P{n}" for n in range(40)
    }


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(PRODUCT, indent=2),
        json.dumps([PRODUCT], indent=2),
        json.dumps({"@graph": [PRODUCT]}),
        json.dumps(PRODUCT) + "\n\n" + json.dumps(PRODUCT | {"@type": "Organization"}),
        '{"name": "A", "sku": "1", "@type": "Product"}',
        '[{"@type": ["http://schema.org/Product"], "http://schema.org/sku": [{"@value": "1"}],'
        ' "http://schema.org/name": [{"@value": "A", "@language": "en"}]}]',
    ],
)
def test_json_of_every_make(
    read_items: ReadItems, write: Callable[..., Path], content: str
) -> None:
    found = read_items(write("export.dat", content))
    assert found.dialects == {"json-ld"}
    assert found.items["1"]["title"] == "A"


def test_lines_are_those_of_objects_and_of_scripts(
    read_items: ReadItems, write: Callable[..., Path]
) -> None:
    rows = [PRODUCT | {"sku": str(n)} for n in (1, 2)]
    lines = read_items(write("a.jsonl", "\n".join(map(json.dumps, rows)))).lines
    assert lines == {"1": 1, "2": 2}
    # The scripts of a page stand in lines 2 and 3.
    assert read_items(write("a.html", page(*rows))).lines == {"1": 2, "2": 3}


def test_what_cannot_be_read_is_refused_with_its_place(
    read_items: ReadItems, write: Callable[..., Path]
) -> None:
    deep = PRODUCT | {"more": json.loads("[" * 100 + "]" * 100)}
    nameless = {"@type": "Product", "description": "x"}
    found = read_items(write("a.html", page(PRODUCT, '{"@type": "Product",', nameless)))
    assert list(found.items) == ["1"]
    refused = [(each.line, each.check) for each in found.refusals]
    assert sorted(refused) == [(3, "row-json"), (4, "id-required")]
    (refusal,) = read_items(write("b.json", json.dumps(deep))).refusals
    assert (refusal.line, refusal.check) == (1, "row-depth")


@pytest.mark.parametrize(
    "script",
    [
        "\n//<![CDATA[\n{}\n//]]>\n",
        "<!--\n{}\n-->",
        "/*<![CDATA[*/{}/*]]>*/",
        "{};",
    ],
)
def test_what_old_pages_write_around_their_json(
    read_items: ReadItems, write: Callable[..., Path], script: str
) -> None:
    wrapped = script.replace("{}", json.dumps(PRODUCT))
    assert list(read_items(write("a.html", page(wrapped))).items) == ["1"]


def test_a_page_in_another_encoding(read_items: ReadItems, write: Callable[..., Path]) -> None:
    head = '<html><head><meta charset="windows-1252"></head>'
    tag = '<script type="application/ld+json">{"@type":"Product","sku":"1","name":"Café"}</script>'
    assert read_items(write("a.html", (head + tag).encode("cp1252"))).items["1"]["title"] == "Café"


def test_pages_without_measure_end(read_items: ReadItems, write: Callable[..., Path]) -> None:
    """Each would take a naive reader minutes."""
    for filling in ("<script " * 200_000, "<!--" * 400_000, " " * 1_000_000, "<" * 1_000_000):
        tag = page(" " * 500_000 + json.dumps(PRODUCT))
        found = read_items(write("a.html", tag + filling))
        assert list(found.items) == ["1"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", "<html><body>Not found</body></html>"),
        ("a.json", '{"id": "1", "title": "A", "ld": {"@type": "Product"}}'),
        ("a.json", '{"@type": "Event", "name": "Concert"}'),
        ("a.json", '{"@type": "Product'),
        ("a.json", "[[[[[["),
        ("a.csv", 'id,title\n1,"{""@type"": ""Product""}"'),
        ("a.csv", ""),
    ],
)
def test_other_files_are_not(write: Callable[..., Path], name: str, content: str) -> None:
    path = write(name, content)
    assert not DIALECTS["json-ld"].holds(Source(path, (path,)), "items")


def test_a_script_may_stand_at_the_end_of_a_page(write: Callable[..., Path]) -> None:
    path = write("a.html", page(PRODUCT).replace("<body>", "<body>" + "<p>text</p>" * 20_000))
    assert DIALECTS["json-ld"].holds(Source(path, (path,)), "items")
